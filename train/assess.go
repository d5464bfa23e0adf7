package train

import (
	"bytes"
	"context"
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

	"gonum.org/v1/gonum/stat"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
	torch "keygan/gotorch"
	"keygan/internal/atomicfile"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/runlog"
)

// AssessOptions say with which images Assess assesses a run.
type AssessOptions struct {
	Options                // Force and Log
	Images  int            // how many at most, spread over the set
	Source  []dataset.Spec // other images than those that were held out of the training
}

// Assessment is what the networks of a run make of images that they were not trained with.
type Assessment struct {
	Run       string          `json:"run"`
	Step      int             `json:"step"` // of the checkpoint
	Objective string          `json:"objective"`
	Rows      []string        `json:"rows"`   // plain, and what is made of it: the rows of rows.png, from the top
	Images    []AssessedImage `json:"images"` // its columns
}

// AssessedImage is one image with all that was made of it.
type AssessedImage struct {
	Name string               `json:"name"`
	Rows map[string]*Fidelity `json:"rows"`

	pictures []*raster.Image // in the order of Assessment.Rows
}

// Fidelity is an image beside the plain one, and what it is by itself. All are 8-bit images; what is undefined is nil.
type Fidelity struct {
	MSE         *float64 `json:"mse,omitempty"`  // squared grey levels; nil of the plain image itself
	PSNR        *float64 `json:"psnr,omitempty"` // decibels; nil of the plain image and of one that is equal to it
	SSIM        *float64 `json:"ssim,omitempty"` // 11×11 Gaussian window
	Entropy     *float64 `json:"entropy"`        // bits per byte
	Correlation *float64 `json:"correlation"`    // Pearson's r of horizontal neighbours, the mean over the channels; nil of a flat image
}

const (
	assessFolder = "test" // in a run's folder
	plainRow     = "plain"
)

// Assess runs the networks of the newest checkpoint of a run on images that were held out of its training. It writes rows.png,
// test.csv and test.json into the run's folder test, and returns what it found.
func Assess(ctx context.Context, run string, o AssessOptions) (a *Assessment, err error) {
	err = guarded(func() error {
		a, err = assess(ctx, run, o)
		return err
	})
	return a, err
}

func assess(ctx context.Context, run string, o AssessOptions) (*Assessment, error) {
	c, err := readRunConfig(run)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(run, assessFolder)
	if _, err := os.Lstat(folder); err == nil && !o.Force {
		return nil, fmt.Errorf("%s: %w", folder, atomicfile.ErrExists)
	}
	objective, step, device, err := restored(run, c)
	if err != nil {
		return nil, err
	}
	defer closeModels(objective)
	console := o.Console()
	set, err := inputs.OpenHeldOut(ctx, c, console, o.Source)
	if err != nil {
		return nil, err
	}
	images, names, err := spread(set, o.Images, c.Image)
	if err != nil {
		return nil, err
	}
	t := &Assessment{Run: run, Step: step, Objective: c.Objective.Name}
	for part := range slices.Chunk(images, c.Train.Batch) { // as many at a time as training had
		if ctx.Err() != nil {
			return nil, ErrInterrupted
		}
		console.Printf("image %d of %d\n", len(t.Images)+1, len(images))
		torch.Scope(func() { err = t.add(objective, part, names[len(t.Images):], c.Image, device) })
		if err != nil {
			return nil, err
		}
	}
	return t, t.write(folder)
}

// add shows some images to the networks, and compares what they make with each image.
func (t *Assessment) add(o Objective, plain []*raster.Image, names []string, as config.Image, device torch.Device) error {
	rows := [][]*raster.Image{plain}
	t.Rows = []string{plainRow}
	for _, row := range o.Show(asTensor(plain, as).To(device), len(t.Images)) {
		rows, t.Rows = append(rows, imagesOf(row.Images)), append(t.Rows, row.Name)
	}
	for i := range plain {
		image := AssessedImage{Name: names[i], Rows: map[string]*Fidelity{}}
		for k, name := range t.Rows {
			image.pictures = append(image.pictures, rows[k][i])
			c, err := metrics.Compare(plain[i], rows[k][i])
			if err != nil {
				return fmt.Errorf("%s, %s: %w", names[i], name, err)
			}
			f := &Fidelity{Entropy: &c.B.Entropy, Correlation: c.B.Correlation.Horizontal}
			if k > 0 {
				f.MSE, f.PSNR, f.SSIM = &c.MSE, c.PSNR, c.SSIM
			}
			image.Rows[name] = f
		}
		t.Images = append(t.Images, image)
	}
	return nil
}

// assessMetrics are the columns of an assessment's tables.
var assessMetrics = []assessMetric{
	{"mse", "MSE", 1, func(f *Fidelity) *float64 { return f.MSE }},
	{"psnr", "PSNR", 2, func(f *Fidelity) *float64 { return f.PSNR }},
	{"ssim", "SSIM", 4, func(f *Fidelity) *float64 { return f.SSIM }},
	{"entropy", "entropy", 4, func(f *Fidelity) *float64 { return f.Entropy }},
	{"correlation", "r", 4, func(f *Fidelity) *float64 { return f.Correlation }},
}

type assessMetric struct {
	name, head string
	decimals   int
	value      func(*Fidelity) *float64
}

// lines has a line for each image and row, below the metrics' names.
func (t *Assessment) lines(name func(assessMetric) string, cell func(v *float64, decimals int) string) [][]string {
	lines := [][]string{{"image", "row"}}
	for _, m := range assessMetrics {
		lines[0] = append(lines[0], name(m))
	}
	for _, image := range t.Images {
		for _, row := range t.Rows {
			line := []string{image.Name, row}
			for _, m := range assessMetrics {
				line = append(line, cell(m.value(image.Rows[row]), m.decimals))
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// Print writes the table for people: a line for each image and row, and under them mean and standard deviation over the images.
func (t *Assessment) Print(w io.Writer) error {
	fmt.Fprintf(w, "%s, step %d, %s: %s\n", t.Run, t.Step, t.Objective, inputs.Count(len(t.Images), "image"))
	lines := t.lines(func(m assessMetric) string { return m.head }, decimal)
	for _, row := range t.Rows {
		line := []string{"mean ± sd", row}
		for _, m := range assessMetrics {
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
	_, err := fmt.Fprintf(w, "MSE (squared grey levels of 255), PSNR (dB) and SSIM compare a row with the plain image. Entropy (bits per byte)\n"+
		"and r (correlation of horizontal neighbours) are the image's own: %.4f and 0 for bytes of noise in images of this size.\n", noise)
	return err
}

// meanOf is mean ± standard deviation of one metric over the images of a row that have it.
func (t *Assessment) meanOf(row string, m assessMetric) string {
	var values []float64
	for _, image := range t.Images {
		if v := m.value(image.Rows[row]); v != nil {
			values = append(values, *v)
		}
	}
	mean, sd := stat.MeanStdDev(values, nil)
	switch len(values) {
	case 0:
		return decimal(nil, 0)
	case 1:
		return decimal(&mean, m.decimals)
	}
	return decimal(&mean, m.decimals) + " ± " + decimal(&sd, m.decimals)
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
	err := csv.NewWriter(&b).WriteAll(t.lines(func(m assessMetric) string { return m.name }, func(v *float64, _ int) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', 8, 64)
	}))
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
