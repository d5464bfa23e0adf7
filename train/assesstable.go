package train

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"

	"gonum.org/v1/gonum/stat"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
	"keygan/train/inputs"
	"keygan/train/runlog"
)

// assessMetrics are the columns of an assessment's tables.
var assessMetrics = []struct {
	name, head string
	decimals   int
	value      func(*Fidelity) *float64
}{
	{"mse", "MSE", 1, func(f *Fidelity) *float64 { return f.MSE }},
	{"psnr", "PSNR", 2, func(f *Fidelity) *float64 { return f.PSNR }},
	{"ssim", "SSIM", 4, func(f *Fidelity) *float64 { return f.SSIM }},
	{"entropy", "entropy", 4, func(f *Fidelity) *float64 { return f.Entropy }},
	{"correlation", "r", 4, func(f *Fidelity) *float64 { return f.Correlation }},
}

// Print writes the table for people: a line for each image and row, and under them mean and standard deviation over the images.
func (t *Assessment) Print(w io.Writer) error {
	fmt.Fprintf(w, "%s, step %d, %s: %s\n", t.Run, t.Step, t.Objective, inputs.Count(len(t.Images), "image"))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(first, row string, cell func(metric int) string) {
		fmt.Fprintf(table, "%s\t%s", first, row)
		for k := range assessMetrics {
			fmt.Fprintf(table, "\t%s", cell(k))
		}
		fmt.Fprintln(table)
	}
	line("image", "row", func(k int) string { return assessMetrics[k].head })
	for _, image := range t.Images {
		for _, row := range t.Rows {
			line(image.Name, row, func(k int) string { return decimal(assessMetrics[k].value(image.Rows[row]), assessMetrics[k].decimals) })
		}
	}
	for _, row := range t.Rows {
		line("mean ± sd", row, func(k int) string { return t.meanOf(row, k) })
	}
	if err := table.Flush(); err != nil {
		return err
	}
	noise, _ := metrics.EntropyExpected(len(t.Images[0].pictures[0].Pix))
	_, err := fmt.Fprintf(w, "MSE (squared grey levels of 255), PSNR (dB) and SSIM compare a row with the plain image. Entropy (bits a byte)\n"+
		"and r (correlation of horizontal neighbours) are the image's own: %.4f and 0 for bytes of noise in images of this size.\n", noise)
	return err
}

// meanOf is mean ± standard deviation of one metric over the images of a row that have it.
func (t *Assessment) meanOf(row string, metric int) string {
	var values []float64
	for _, image := range t.Images {
		if v := assessMetrics[metric].value(image.Rows[row]); v != nil {
			values = append(values, *v)
		}
	}
	decimals := assessMetrics[metric].decimals
	switch len(values) {
	case 0:
		return decimal(nil, 0)
	case 1:
		return decimal(&values[0], decimals)
	}
	mean, sd := stat.MeanStdDev(values, nil)
	return decimal(&mean, decimals) + " ± " + decimal(&sd, decimals)
}

// decimal writes v, and a dash for what is undefined.
func decimal(v *float64, decimals int) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(*v, 'f', decimals, 64)
}

// JSON is the assessment for programs.
func (t *Assessment) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(t, "", "  ")
	return append(b, '\n'), err
}

// csv has a line an image and row.
func (t *Assessment) csv() ([]byte, error) {
	lines := [][]string{{"image", "row"}}
	for _, m := range assessMetrics {
		lines[0] = append(lines[0], m.name)
	}
	for _, image := range t.Images {
		for _, row := range t.Rows {
			line := []string{image.Name, row}
			for _, m := range assessMetrics {
				cell := ""
				if v := m.value(image.Rows[row]); v != nil {
					cell = strconv.FormatFloat(*v, 'g', 8, 64)
				}
				line = append(line, cell)
			}
			lines = append(lines, line)
		}
	}
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(lines)
	return b.Bytes(), err
}

// write leaves rows.png, test.csv and test.json in dir.
func (t *Assessment) write(dir string) error {
	rows := make([][]*raster.Image, len(t.Rows))
	for k := range rows {
		for _, image := range t.Images {
			rows[k] = append(rows[k], image.pictures[k])
		}
	}
	table, err := t.csv()
	object, err2 := t.JSON()
	if err := errors.Join(err, err2, os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	return errors.Join(
		imagefile.WritePNG(filepath.Join(dir, "rows.png"), grid(rows), true),
		runlog.WriteFile(filepath.Join(dir, "test.csv"), table),
		runlog.WriteFile(filepath.Join(dir, "test.json"), object),
	)
}
