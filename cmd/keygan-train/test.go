package main

import (
	"io"

	"github.com/spf13/cobra"

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
		Short: "Try a run's networks on images that they were not trained with",
		Long: `Run the networks of a run's newest checkpoint on images that were held out of its training (data.held_out), or on those of
other folders. For the chaos GAN that is to encrypt and to reconstruct them, for the others to make their keys. The table has
MSE, PSNR and SSIM of each result beside the plain image, and how much each looks like noise. RUN/test gets rows.png, with a row
of plain images and one for each thing made of them, test.csv and test.json.`,
		Args: oneRun("runs/chaos-gan-small"),
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
				return err
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
	c.Flags().IntVar(&o.Images, "images", 10, "how many images, spread over the set")
	c.Flags().StringArrayVar(&sources, "source", nil, "a folder of other images (repeatable)")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	c.Flags().BoolVar(&f.force, "force", false, "replace the results of an earlier test")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	return c
}
