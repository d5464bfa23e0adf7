package main

import (
	"fmt"
	"io"
	"strconv"

	"keygan/cmd/internal/cli"
	"keygan/data/imagefile"
	"keygan/evaluate/metrics"

	"github.com/spf13/cobra"
)

func (a *app) metricsCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "metrics A B [--json]",
		Short: "Compare two images: NPCR, UACI, MSE, PSNR, SSIM and more, and each image's entropy, χ², correlation and more",
		Long: `Compare two images of the same shape.

  keygan metrics scan.png out/scan.cipher.png

NPCR and UACI are those of the two images as they are. To judge a cipher by them, give two cipher images of plain images that differ
in one bit. Between a plain image and its cipher image every scheme gets an NPCR of 99.6 %, however weak it is.

NPCR and UACI count samples: a sample of 16 bits counts once, and its UACI is a share of 65535. Two random images have

               NPCR, %   UACI, %
    8 bits     99.6094   33.4635
    16 bits    99.9985   33.3338

docs/metrics.md has the definition of each.`,
		Args: cli.TwoArgs("images"),
		RunE: func(_ *cobra.Command, args []string) error {
			x, err := imagefile.ReadImage(args[0])
			if err != nil {
				return err
			}
			y, err := imagefile.ReadImage(args[1])
			if err != nil {
				return err
			}
			if x.String() != y.String() {
				return fmt.Errorf("%s is %s, %s is %s: only images of the same shape can be compared", args[0], x, args[1], y)
			}
			result, err := metrics.Compare(x, y)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", args[0], args[1], err)
			}
			if asJSON {
				return cli.WriteJSON(a.Stdout, result)
			}
			printComparison(a.Stdout, result)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}

func printComparison(w io.Writer, c metrics.Comparison) {
	line := func(name string, values ...string) {
		fmt.Fprintf(w, "%-26s", name)
		for _, v := range values {
			fmt.Fprintf(w, " %16s", v)
		}
		fmt.Fprintln(w)
	}
	identical, psnr, samples := "no", decimal(c.PSNR, 4), "of the pair, %"
	if c.Identical {
		identical, psnr = "yes", "∞"
	}
	if c.Depth == 16 {
		samples = "of 16-bit samples, %" // other programs may count bytes
	}
	line("identical", identical)
	line("MSE", decimal(&c.MSE, 4))
	line("MAE", decimal(&c.MAE, 4))
	line("PSNR, dB", psnr)
	line("SSIM, Gaussian 11×11", decimal(c.SSIM, 6))
	line("SSIM, uniform 7×7", decimal(c.SSIMUniform7, 6))
	line("MS-SSIM, from 176 pixels", decimal(c.MSSSIM, 6))
	line("NPCR "+samples, decimal(&c.NPCR, 4))
	line("UACI "+samples, decimal(&c.UACI, 4))
	line("", "A", "B")
	line("entropy, bits per byte", decimal(&c.A.Entropy, 6), decimal(&c.B.Entropy, 6))
	line("local entropy, bits", decimal(c.A.LocalEntropy, 6), decimal(c.B.LocalEntropy, 6))
	line("χ², 255 degrees of freedom", decimal(&c.A.ChiSquare, 3), decimal(&c.B.ChiSquare, 3))
	line("histogram variance", decimal(&c.A.HistogramVariance, 3), decimal(&c.B.HistogramVariance, 3))
	line("floating frequency", decimal(c.A.FloatingFrequency, 4), decimal(c.B.FloatingFrequency, 4))
	line("correlation, horizontal", decimal(c.A.Correlation.Horizontal, 6), decimal(c.B.Correlation.Horizontal, 6))
	line("correlation, vertical", decimal(c.A.Correlation.Vertical, 6), decimal(c.B.Correlation.Vertical, 6))
	line("correlation, diagonal", decimal(c.A.Correlation.Diagonal, 6), decimal(c.B.Correlation.Diagonal, 6))
	for _, g := range []struct {
		name  string
		value func(metrics.GLCM) float64
	}{
		{"contrast", func(g metrics.GLCM) float64 { return g.Contrast }},
		{"homogeneity", func(g metrics.GLCM) float64 { return g.Homogeneity }},
		{"energy", func(g metrics.GLCM) float64 { return g.Energy }},
	} {
		var cells []string
		for _, of := range []*metrics.GLCM{c.A.GLCM, c.B.GLCM} {
			var v *float64
			if of != nil {
				one := g.value(*of)
				v = &one
			}
			cells = append(cells, decimal(v, 6))
		}
		line("GLCM "+g.name, cells...)
	}
}

// decimal prints a number with some digits after the point; nil is undefined.
func decimal(v *float64, digits int) string {
	if v == nil {
		return "undefined"
	}
	return strconv.FormatFloat(*v, 'f', digits, 64)
}
