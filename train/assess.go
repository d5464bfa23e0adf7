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

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
	torch "keygan/gotorch"
	"keygan/internal/atomicfile"
	"keygan/train/config"
	"keygan/train/fidelity"
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
	Name string                     `json:"name"`
	Rows map[string]fidelity.Values `json:"rows"`

	pictures []*raster.Image // in the order of Assessment.Rows
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
	saved, _, err := newestWhole(run)
	if err != nil {
		return nil, err
	}
	objective, device, err := restored(saved, c)
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
	victim, err := inputs.OpenVictim(c)
	if err != nil {
		return nil, err
	}
	seen, err := victim.Show(images)
	if err != nil {
		return nil, err
	}
	t := &Assessment{Run: run, Step: saved.meta.Step, Objective: c.Objective.Name}
	for part := range slices.Chunk(images, c.Train.Batch) { // as many at a time as training had
		if ctx.Err() != nil {
			return nil, ErrInterrupted
		}
		console.Printf("image %d of %d\n", len(t.Images)+1, len(images))
		at := len(t.Images)
		torch.Scope(func() { t.add(objective, part, seen[at:at+len(part)], names[at:], c.Image, device) })
	}
	if err := t.measure(); err != nil {
		return nil, err
	}
	return t, t.write(folder)
}

// add shows some images to the networks, as they see them, and keeps what they make of them.
func (t *Assessment) add(o Objective, plain, seen []*raster.Image, names []string, as config.Image, device torch.Device) {
	rows := [][]*raster.Image{plain}
	t.Rows = []string{plainRow}
	for _, row := range o.Show(asTensor(seen, as).To(device), len(t.Images)) {
		rows, t.Rows = append(rows, imagesOf(row.Images)), append(t.Rows, row.Name)
	}
	for i := range plain {
		image := AssessedImage{Name: names[i], Rows: map[string]fidelity.Values{}}
		for _, row := range rows {
			image.pictures = append(image.pictures, row[i])
		}
		t.Images = append(t.Images, image)
	}
}

// measure measures each row.
func (t *Assessment) measure() error {
	rows := t.pictures()
	for k, name := range t.Rows {
		var plain []*raster.Image
		if k > 0 {
			plain = rows[0]
		}
		found, err := fidelity.Of(plain, rows[k])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for i, f := range found {
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
func (t *Assessment) lines(measures []fidelity.Measure, name func(fidelity.Measure) string, cell func(v *float64, decimals int) string) [][]string {
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
	fmt.Fprintf(w, "%s, step %d, %s: %s\n", t.Run, t.Step, t.Objective, inputs.Count(len(t.Images), "image"))
	printed := slices.DeleteFunc(slices.Clone(fidelity.Measures), func(m fidelity.Measure) bool { return m.Head == "" })
	lines := t.lines(printed, func(m fidelity.Measure) string { return m.Head }, decimal)
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
	return err
}

// meanOf is mean ± standard deviation of one metric over the images of a row that have it.
func (t *Assessment) meanOf(row string, m fidelity.Measure) string {
	var all []fidelity.Values
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
	err := csv.NewWriter(&b).WriteAll(t.lines(fidelity.Measures, func(m fidelity.Measure) string { return m.Name }, func(v *float64, _ int) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', 8, 64)
	}))
	return b.Bytes(), err
}

// write leaves rows.png, test.csv and test.json in dir.
func (t *Assessment) write(dir string) error {
	table, err := t.csv()
	object, err2 := t.JSON()
	if err := errors.Join(err, err2, os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	return errors.Join(
		imagefile.WritePNG(filepath.Join(dir, "rows.png"), grid(t.pictures()), true),
		runlog.WriteFile(filepath.Join(dir, "test.csv"), table),
		runlog.WriteFile(filepath.Join(dir, "test.json"), object),
	)
}
