package fidelity

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
	"keygan/train/runlog"
)

// Assessment is what the networks of a run make of images that they were not trained with.
type Assessment struct {
	Run       string          `json:"run"`
	Step      int             `json:"step"` // of the checkpoint
	Objective string          `json:"objective"`
	Victim    string          `json:"victim,omitempty"`             // the run whose networks have encrypted the images, for an attacker
	Learnt    bool            `json:"learnt_from_victim,omitempty"` // the attacker has learnt from those very networks
	Rows      []string        `json:"rows"`                         // PlainRow, and what is made of it: the rows of rows.png, from the top
	Restored  []string        `json:"restored,omitempty"`           // those of Rows that should be the plain image again
	Images    []AssessedImage `json:"images"`                       // its columns
}

// AssessedImage is one image with all that was made of it.
type AssessedImage struct {
	Name string            `json:"name"`
	Rows map[string]Values `json:"rows"`

	pictures []*raster.Image // in the order of Assessment.Rows
}

// The rows that every assessment can have.
const (
	PlainRow = "plain"
	MeanRow  = "mean image" // of the training, which needs no network to guess: what is restored should be more like the plain image
)

// Add appends images: the plain ones, and each row that was made of them.
func (t *Assessment) Add(names []string, plain []*raster.Image, made []MadeRow) {
	t.Rows, t.Restored = []string{PlainRow}, nil
	for _, row := range made {
		t.Rows = append(t.Rows, row.Name)
		if row.Restored {
			t.Restored = append(t.Restored, row.Name)
		}
	}
	for i := range plain {
		image := AssessedImage{Name: names[i], Rows: map[string]Values{}, pictures: []*raster.Image{plain[i]}}
		for _, row := range made {
			image.pictures = append(image.pictures, row.Images[i])
		}
		t.Images = append(t.Images, image)
	}
}

// MadeRow is what was made of some images.
type MadeRow struct {
	Name     string
	Images   []*raster.Image
	Restored bool // they should be the plain images again
}

// Guess appends the row of the mean image, the same for all images.
func (t *Assessment) Guess(mean *raster.Image) {
	t.Rows = append(t.Rows, MeanRow)
	for i := range t.Images {
		t.Images[i].pictures = append(t.Images[i].pictures, mean)
	}
}

// Measure measures each row.
func (t *Assessment) Measure() error {
	rows := t.pictures()
	for k, name := range t.Rows {
		var plain []*raster.Image
		if k > 0 {
			plain = rows[0]
		}
		found, err := Of(plain, rows[k])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for i, f := range found {
			if n := len(found); n > 1 && slices.Contains(t.Restored, name) {
				v, err := metrics.SSIM(rows[0][i], rows[k][(i+1)%n], metrics.Gaussian11)
				if err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				f.Another = &v
			}
			t.Images[i].Rows[name] = f
		}
	}
	return nil
}

// pictures are the rows of rows.png.
func (t *Assessment) pictures() [][]*raster.Image {
	rows := make([][]*raster.Image, len(t.Rows))
	for k := range rows {
		for _, image := range t.Images {
			rows[k] = append(rows[k], image.pictures[k])
		}
	}
	return rows
}

// lines has a line for each image and row, below the measures' names.
func (t *Assessment) lines(measures []Measure, name func(Measure) string, cell func(v *float64, decimals int) string) [][]string {
	lines := [][]string{{"image", "row"}}
	for _, m := range measures {
		lines[0] = append(lines[0], name(m))
	}
	for _, image := range t.Images {
		for _, row := range t.Rows {
			line, f := []string{image.Name, row}, image.Rows[row]
			for _, m := range measures {
				line = append(line, cell(m.Value(&f), m.Decimals))
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// Print writes the table for people: a line for each image and row, and under them mean and standard deviation over the images.
func (t *Assessment) Print(w io.Writer) error {
	fmt.Fprintf(w, "%s, step %d, %s: %s\n", t.Run, t.Step, t.Objective, count(len(t.Images)))
	printed := slices.DeleteFunc(slices.Clone(Measures), func(m Measure) bool { return m.Head == "" })
	lines := t.lines(printed, func(m Measure) string { return m.Head }, decimal)
	for _, row := range t.Rows {
		line := []string{"mean ± sd", row}
		for _, m := range printed {
			line = append(line, t.meanOf(row, m))
		}
		lines = append(lines, line)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		fmt.Fprintln(table, strings.Join(line, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	noise, _ := metrics.EntropyExpected(len(t.Images[0].pictures[0].Pix))
	_, err := fmt.Fprintf(w, "MSE (squared grey levels of 255), PSNR (dB) and SSIM compare a row with the plain image. Entropy (bits per byte), χ² of the\n"+
		"bytes and |r| (correlation of neighbours, the mean of three directions) are the image's own: %.4f, 255 and nearly 0 for bytes\n"+
		"of noise in images of this size.\n", noise)
	for _, row := range t.Restored {
		err = errors.Join(err, t.printGuesses(w, row))
	}
	return err
}

// printGuesses sets what is restored beside two guesses that need nothing of the cipher image: the mean image, and what is made of another
// cipher image. What restores images no better than these has learnt nothing of the encryption.
func (t *Assessment) printGuesses(w io.Writer, row string) error {
	ssim := func(row string, value func(*Values) *float64) string {
		return t.meanOf(row, Measure{Value: value, Decimals: 4})
	}
	of := func(f *Values) *float64 { return f.SSIM }
	_, err := fmt.Fprintf(w, "SSIM with the plain image: %s %s; mean training image %s; %s from the next image %s.\n", row, ssim(row, of),
		ssim(MeanRow, of), row, ssim(row, func(f *Values) *float64 { return f.Another }))
	return err
}

// count is 1 image, 2 images.
func count(n int) string {
	if n == 1 {
		return "1 image"
	}
	return fmt.Sprintf("%d images", n)
}

// meanOf is mean ± standard deviation of one metric over the images of a row that have it.
func (t *Assessment) meanOf(row string, m Measure) string {
	var all []Values
	for _, image := range t.Images {
		all = append(all, image.Rows[row])
	}
	mean, sd, n := m.Mean(all)
	switch n {
	case 0:
		return decimal(nil, 0)
	case 1:
		return decimal(&mean, m.Decimals)
	}
	return decimal(&mean, m.Decimals) + " ± " + decimal(&sd, m.Decimals)
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

func (t *Assessment) csv() ([]byte, error) {
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(t.lines(Measures, func(m Measure) string { return m.Name }, func(v *float64, _ int) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', 8, 64)
	}))
	return b.Bytes(), err
}

// Write leaves rows.png, test.csv and test.json in dir.
func (t *Assessment) Write(dir string) error {
	table, err := t.csv()
	object, err2 := t.JSON()
	if err := errors.Join(err, err2, os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	return errors.Join(
		imagefile.WritePNG(filepath.Join(dir, "rows.png"), Grid(t.pictures()), true),
		runlog.WriteFile(filepath.Join(dir, "test.csv"), table),
		runlog.WriteFile(filepath.Join(dir, "test.json"), object),
	)
}

// Grid sets rows of images of one size below each other. A row may be shorter than the first.
func Grid(rows [][]*raster.Image) *raster.Image {
	const gap = 2
	first := rows[0][0]
	width, height := first.Width+gap, first.Height+gap
	m := raster.NewImage(len(rows[0])*width-gap, len(rows)*height-gap, first.Channels, 8)
	for y, row := range rows {
		for x, image := range row {
			m.Paste(image, x*width, y*height)
		}
	}
	return m
}
