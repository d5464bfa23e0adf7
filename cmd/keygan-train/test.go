package main

import (
	"io"

	"github.com/spf13/cobra"

	"keygan/cmd/internal/cli"
	"keygan/data/dataset"
	"keygan/internal/failure"
	"keygan/train"
)

func testCommand() *cobra.Command {
	var f flags
	var sources []string
	var asJSON bool
	o := train.AssessOptions{}
	c := &cobra.Command{
		Use:   "test RUN [--images N] [--source FOLDER]... [--json]",
		Short: "Test a run's networks on images that they have not seen in training",
		Long: `Run the networks of a run's newest checkpoint on images that were held out of its training (data.held_out), or on the images
in other folders. A chaos GAN encrypts and reconstructs them; other networks make their keys. The table compares each result with
its plain image (MSE, PSNR, SSIM) and shows how much it looks like noise. A restored image should be more like the plain image than
the mean of the training images is. RUN/test gets test.csv, test.json and rows.png, whose first row shows the plain images and whose
other rows show the results.`,
		Args: cli.OneArg("run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Images < 1 || o.Images > 1000 {
				return failure.Usagef("--images %d: there must be 1 to 1000", o.Images)
			}
			for _, folder := range sources {
				o.Source = append(o.Source, dataset.Spec{Folder: folder})
			}
			o.Options = f.options()
			found, err := train.Assess(cmd.Context(), args[0], o)
			if err != nil {
				return withRunsHint(args[0], err)
			}
			return results(func(w io.Writer) error {
				if !asJSON {
					return found.Print(w)
				}
				b, err := found.JSON()
				if err == nil {
					_, err = w.Write(b)
				}
				return err
			})
		},
	}
	c.Flags().IntVar(&o.Images, "images", 10, "number of images, spread over the set")
	c.Flags().StringArrayVar(&sources, "source", nil, "a folder of other images (repeatable)")
	c.Flags().StringVar(&o.Victim, "victim", "", "a run that RUN attacks: it encrypts the images that were held out of its own training")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	c.Flags().BoolVar(&f.force, "force", false, "replace the results of an earlier test")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "show no progress; warnings remain")
	return c
}
