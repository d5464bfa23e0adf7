package main

import (
	"keygan/batch"
	"keygan/cmd/internal/cli"

	"github.com/spf13/cobra"
)

func (a *app) samplesCommand() *cobra.Command {
	var o batch.SamplesOptions
	r := &results{app: a}
	c := &cobra.Command{
		Use:   "samples -o DIR [--kind xray|mri|spectrogram|noise] [-n N] [--seed S] [--size PIXELS]",
		Short: "Write built-in synthetic images",
		Long: `Write built-in synthetic images: chest X-rays and axial head MRIs (8-bit grey), and EEG-like spectrograms (RGB). Without
--kind it writes all three. A fourth kind, noise, is uniform random RGB bytes. The program draws the images; the same seed gives the same
images.

  keygan samples -o images -n 2`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(o.Kinds) == 0 {
				o.Kinds = []string{"xray", "mri", "spectrogram"}
			}
			return r.finish(batch.Samples(cmd.Context(), r.host(), o))
		},
	}
	c.Flags().StringVarP(&o.Output, "output", "o", "", "the folder to write to")
	c.Flags().StringSliceVar(&o.Kinds, "kind", nil, "xray, mri, spectrogram or noise; may be repeated")
	c.Flags().IntVarP(&o.Number, "number", "n", 4, "images of each kind")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "another seed gives other images")
	c.Flags().IntVar(&o.Size, "size", 256, "width and height in pixels")
	r.addFlags(c)
	cli.Complete(c, "kind", "xray", "mri", "spectrogram", "noise")
	cli.AddForce(c, &o.Force)
	return c
}
