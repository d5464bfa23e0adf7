package main

import (
	"context"
	"os"
	"path/filepath"

	"keygan/internal/atomicfile"
	"keygan/internal/npz"

	"github.com/spf13/cobra"
)

type keygen struct {
	app        *app
	out        string
	resize     int
	npy, force bool
	shard      shard
	listing    resultList
	generator  generator
}

func (a *app) keygenCommand() *cobra.Command {
	k := keygen{app: a}
	c := &cobra.Command{
		Use:   "keygen IMAGE... [-w generator.npz] [-o DIR] [--npy] [--resize N] [--noise-seed N] [--shard i/n]",
		Short: "Make key images from images",
		Long: `Make the key image of each image: X.png gives X.key.png, of the same width and height, beside the image or in the
folder that -o names. Folders are walked and keep their tree. The files are written for their owner alone (mode 0600).
Of a NIfTI volume or a NumPy stack the middle image is taken.

Some generators draw keys with noise. Then each key is another, even of the same image, and is there only once: keep it.
--noise-seed makes the noise from the number and the image, so that the same two give the same key, and different images
never do. Whoever knows or guesses the number can make the keys: it is for experiments.

` + shardHelp,
		Args: someArgs("image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkResize(cmd.Flags().Changed("resize"), k.resize); err != nil {
				return err
			}
			if err := k.shard.parse(os.Getenv); err != nil {
				return err
			}
			if err := k.generator.load(cmd); err != nil {
				return err
			}
			all, left, bad := collect(args, plainImage)
			inputs := k.shard.of(all)
			a.noteShard("keygen", k.shard, len(inputs), len(all))
			jobs := make([]job, len(inputs))
			for i, in := range inputs {
				jobs[i] = k.job(in)
			}
			return a.run(cmd.Context(), batch{
				what: "keygen", jobs: jobs, bad: bad, leftOut: left, root: k.out, listing: k.listing, force: k.force, note: k.generator.note(),
				workers: k.generator.workers(len(jobs)), summed: true, generator: &k.generator,
			})
		},
	}
	k.generator.addFlags(c)
	c.Flags().StringVarP(&k.out, "output", "o", "", "the folder to write to; default: beside each image")
	c.Flags().BoolVar(&k.npy, "npy", false, "write X.key.npy too, a NumPy array of uint8 [height, width, channels]")
	c.Flags().IntVar(&k.resize, "resize", 0, "resize images to so many pixels in width and height first")
	k.shard.addFlags(c)
	k.listing.addFlags(c)
	addForce(c, &k.force)
	return c
}

func (k *keygen) job(in input) job {
	dir := filepath.Dir(in.path)
	if k.out != "" {
		dir = filepath.Join(k.out, in.folder)
	}
	base := filepath.Join(dir, stem(in.path))
	outputs := []string{base + keyImageSuffix}
	if k.npy {
		outputs = append(outputs, base+keyArraySuffix)
	}
	return job{input: in.path, outputs: outputs, do: func(ctx context.Context) (string, error) { return "", k.make(ctx, in.path, outputs) }}
}

func (k *keygen) make(ctx context.Context, path string, outputs []string) error {
	m, err := readPlain(path, k.resize)
	if err != nil {
		return err
	}
	key, err := k.generator.key(m)
	if err != nil {
		return named(path, err)
	}
	files := []atomicfile.File{pngOutput(outputs[0], secret, key)}
	if k.npy {
		array := npz.Bytes("key", key.Pix, key.Height, key.Width, key.Channels)
		files = append(files, atomicfile.File{Path: outputs[1], Perm: secret, Write: array.Write})
	}
	return k.app.write(ctx, k.out, k.force, files...)
}
