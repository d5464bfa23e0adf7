package main

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"

	"keygan/data/dataset"
	"keygan/data/synthetic"

	"github.com/spf13/cobra"
)

func (a *app) samplesCommand() *cobra.Command {
	var (
		out     string
		kinds   []string
		n, size int
		seed    uint64
		force   bool
		l       resultList
	)
	c := &cobra.Command{
		Use:   "samples -o DIR [--kind xray|mri|spectrogram|noise] [-n N] [--seed S] [--size PIXELS]",
		Short: "Write built-in synthetic images",
		Long: `Write built-in synthetic images: chest X-rays and axial head MRIs (8-bit grey), and EEG-like spectrograms (RGB).
They are drawn by the program; the same seed gives the same images. All three kinds are written when none is named.
A fourth kind, noise, is uniform random RGB bytes.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{errNoOutput}
			}
			if len(kinds) == 0 {
				kinds = []string{"xray", "mri", "spectrogram"}
			}
			var jobs []job
			for _, kind := range kinds {
				src, err := synthetic.New(kind, n, size, seed)
				if err != nil {
					return usagef("samples: %w", err)
				}
				for i := range src.Len() {
					jobs = append(jobs, a.sampleJob(src, i, out, force))
				}
			}
			return a.run(cmd.Context(), batch{what: "samples", jobs: jobs, root: out, listing: l, force: force, workers: runtime.GOMAXPROCS(0)})
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the folder to write to")
	c.Flags().StringSliceVar(&kinds, "kind", nil, "xray, mri, spectrogram or noise; may be repeated")
	c.Flags().IntVarP(&n, "number", "n", 4, "images of each kind")
	c.Flags().Uint64Var(&seed, "seed", 1, "another seed gives other images")
	c.Flags().IntVar(&size, "size", 256, "width and height in pixels")
	l.addFlags(c)
	complete(c, "kind", "xray", "mri", "spectrogram", "noise")
	addForce(c, &force)
	return c
}

func (a *app) sampleJob(src dataset.Source, i int, out string, force bool) job {
	path := filepath.Join(out, src.Name(i)+".png")
	return job{input: src.Name(i), outputs: []string{path}, do: func(ctx context.Context) (string, error) {
		m, err := src.Image(i)
		if err != nil {
			return "", err
		}
		return "", a.write(ctx, out, force, pngOutput(path, public, m))
	}}
}

var errNoOutput = errors.New("no output folder given: use -o DIR")

func addForce(c *cobra.Command, force *bool) {
	c.Flags().BoolVar(force, "force", false, "replace files that exist")
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}

func someArgs(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return hinted{usagef("%s: no %s given", c.Name(), what), "keygan " + c.Use}
		}
		return nil
	}
}
