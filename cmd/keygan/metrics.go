package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"

	"keygan/data/imagefile"
	"keygan/evaluate/metrics"

	"github.com/spf13/cobra"
)

func (a *app) metricsCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "metrics A B [--json]",
		Short: "Compare two images: NPCR, UACI, MSE, PSNR, SSIM, and each image's entropy, χ² and correlation",
		Long: `Compare two images of the same shape. NPCR and UACI are those of the two images as they are: to judge a cipher by them,
give two cipher images of plain images that differ in one bit. Between a plain image and its cipher image any scheme gets
an NPCR of 99.6 %, however weak it is.

NPCR and UACI count samples: a sample of 16 bits counts once, and its UACI is a share of 65535. Two random images have

               NPCR, %   UACI, %
    8 bits     99.6094   33.4635
    16 bits    99.9985   33.3338`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("metrics takes two images, as in: keygan metrics a.png b.png")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			x, err := imagefile.ReadImage(args[0])
			if err != nil {
				return fmt.Errorf("metrics: %w", err)
			}
			y, err := imagefile.ReadImage(args[1])
			if err != nil {
				return fmt.Errorf("metrics: %w", err)
			}
			if x.String() != y.String() {
				return fmt.Errorf("metrics: %s is %s, %s is %s: only images of the same shape can be compared", args[0], x, args[1], y)
			}
			result, err := metrics.Compare(x, y)
			if err != nil {
				return fmt.Errorf("metrics: %s, %s: %w", args[0], args[1], err)
			}
			if asJSON {
				return writeJSON(a.stdout, result)
			}
			printComparison(a.stdout, result)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object")
	return c
}

func printComparison(w io.Writer, c metrics.Comparison) {
	line := func(name, a, b string) { fmt.Fprintf(w, "%-26s %16s %16s\n", name, a, b) }
	one := func(name, value string) { fmt.Fprintf(w, "%-26s %16s\n", name, value) }
	one("identical", map[bool]string{true: "yes", false: "no"}[c.Identical])
	one("MSE", number(&c.MSE, 4))
	psnr := number(c.PSNR, 4)
	if c.Identical {
		psnr = "∞"
	}
	one("PSNR, dB", psnr)
	one("SSIM, Gaussian 11×11", number(c.SSIM, 6))
	one("SSIM, uniform 7×7", number(c.SSIMUniform7, 6))
	of := "of the pair, %"
	if c.Depth == 16 {
		of = "of 16-bit samples, %" // other programs may count bytes
	}
	one("NPCR "+of, number(&c.NPCR, 4))
	one("UACI "+of, number(&c.UACI, 4))
	line("", "A", "B")
	line("entropy, bits a byte", number(&c.A.Entropy, 6), number(&c.B.Entropy, 6))
	line("χ², 255 degrees of freedom", number(&c.A.ChiSquare, 3), number(&c.B.ChiSquare, 3))
	line("correlation, horizontal", number(c.A.Correlation.Horizontal, 6), number(c.B.Correlation.Horizontal, 6))
	line("correlation, vertical", number(c.A.Correlation.Vertical, 6), number(c.B.Correlation.Vertical, 6))
	line("correlation, diagonal", number(c.A.Correlation.Diagonal, 6), number(c.B.Correlation.Diagonal, 6))
}

// number prints v with so many digits after the point.
func number(v *float64, digits int) string {
	if v == nil {
		return "undefined"
	}
	return strconv.FormatFloat(*v, 'f', digits, 64)
}

// writeJSON prints v as JSON, in which all that is not printable is escaped: it may reach a terminal. JSON has no bytes that are not UTF-8.
func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	var out strings.Builder
	for _, r := range b.String() {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, "\\u%04x\\u%04x", high, low)
		default: // only within strings: JSON itself is plain ASCII
			fmt.Fprintf(&out, "\\u%04x", r)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}
