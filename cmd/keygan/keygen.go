package main

import (
	"keygan/batch"
	"keygan/cmd/internal/cli"
	"keygan/internal/failure"

	"github.com/spf13/cobra"
)

func (a *app) keygenCommand() *cobra.Command {
	var o batch.KeygenOptions
	r := &results{app: a, summed: true}
	c := &cobra.Command{
		Use:   "keygen IMAGE... [-w generator.npz] [-o DIR] [--npy] [--series] [--resize N] [--noise-seed N] [--shard i/n]",
		Short: "Make key images from images",
		Long: `Make the key image of each image: X.png gives X.key.png, of the same width and height. It lies beside the image or in the
folder that -o names, and only its owner can read it (mode 0600). Folders are walked and keep their tree. A volume
(NIfTI, DICOM with several frames) or another stack, X.nii.gz, gives X.keys.npz with a key for each slice, axial in NIfTI: an array "keys"
of uint8 [slices, height, width, channels]. X.key.png is then the key of the middle slice. With --series, a folder X of
DICOM slices is such a volume, in the order of the slices: its *.dcm files of one series. If the folder holds several series, each is
called X-FILE after its first file. A second array, "files", lists the names of the slices' files, as JSON.

  keygan keygen scan.png
  keygan keygen scans -o keys -w generator.npz

Some generators draw keys with noise. Then each key is different, even for the same image, and cannot be made again: keep it.
--noise-seed makes the noise from a number and the image, so that the same two give the same key, and different images
never do. Whoever knows or guesses the number can make the keys: use it for experiments only.

` + shardHelp,
		Args: cli.SomeArgs("image"),
	}
	generator, shard := addGenerator(c), addShard(c)
	c.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if o.Shard, err = shard(); err != nil {
			return err
		}
		if cmd.Flags().Changed("resize") && o.Resize == 0 {
			return failure.Usagef("--resize 0: it must be 1 to %d pixels", batch.MaxSide)
		}
		o.Generator = generator()
		return r.finish(batch.Keygen(cmd.Context(), r.host(), o, args))
	}
	c.Flags().StringVarP(&o.Output, "output", "o", "", "the folder to write to; default: beside each image")
	c.Flags().BoolVar(&o.Array, "npy", false, "write X.key.npy as well, a NumPy array of uint8 [height, width, channels]")
	c.Flags().BoolVar(&o.Series, "series", false, "take the DICOM files of a series of slices as one volume")
	c.Flags().IntVar(&o.Resize, "resize", 0, "resize images to this width and height in pixels first")
	r.addFlags(c)
	cli.AddForce(c, &o.Force)
	return c
}
