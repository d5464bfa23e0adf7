package seeds

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"

	"keygan/evaluate/experiment"
	"keygan/evaluate/figure"
	"keygan/internal/atomicfile"
	"keygan/internal/cpumodel"
	"keygan/internal/version"
)

// Report is what all trainings say together; reproduced.json is this.
type Report struct {
	Name      string     `json:"name"`
	Version   string     `json:"keygan"`
	CPU       string     `json:"cpu"` // that made the report
	Systems   []System   `json:"systems"`
	Seeds     []uint64   `json:"seeds"` // that were evaluated
	Trainings []Training `json:"trainings"`
	Failures  []string   `json:"failures,omitempty"`
	Cells     []Cell     `json:"cells"`
	HeldOut   []HeldOut  `json:"held_out"`
	Keys      []Keys     `json:"keys"`
	Courses   []Course   `json:"courses"`
	Claims    []Claim    `json:"claims"`

	note        string
	config      experiment.Config
	evaluations []evaluation
	picture     []byte // of the courses; nil: none
	tradeOff    []byte // nil: none
}

// New reads the evaluations and the trainings, and makes keys with their networks.
func New(ctx context.Context, in Input) (*Report, error) {
	r := &Report{Name: in.Name, Version: version.String(), CPU: cpumodel.Name(), Trainings: in.Trainings, Failures: in.Failures, note: in.Note, config: in.Config}
	var err error
	if r.Systems, err = describe(in.Systems, in.Trainings); err != nil {
		return nil, err
	}
	for _, t := range in.Trainings {
		if slices.Contains(r.Seeds, t.Seed) || in.Evaluations[t.Seed] == "" {
			continue
		}
		e, err := readEvaluation(t.Seed, in.Evaluations[t.Seed])
		if err != nil {
			return nil, err
		}
		r.Seeds, r.evaluations = append(r.Seeds, t.Seed), append(r.evaluations, e)
	}
	r.Cells = cells(r.Systems, sourceNames(in.Config), r.evaluations)
	if r.Courses, err = courses(r.Systems, in.Trainings); err != nil {
		return nil, err
	}
	if r.HeldOut, err = heldOutImages(r.Systems, in.Trainings); err != nil {
		return nil, err
	}
	cfg := in.Config
	for _, t := range in.Trainings {
		cfg.Generators = append(cfg.Generators, experiment.Generator{Name: fmt.Sprintf("%s %d", t.Row, t.Seed), Run: t.Folder})
	}
	if len(in.Trainings) == 0 {
		return r, nil
	}
	sources, err := experiment.OpenSources(ctx, cfg)
	if err != nil {
		return nil, err
	}
	for _, s := range r.Systems {
		if s.Restores {
			continue
		}
		k, err := compareKeys(ctx, in, sources, s.Row)
		if err != nil {
			return nil, err
		}
		if k.Images > 0 {
			r.Keys = append(r.Keys, *k)
		}
		if in.Weights == nil {
			continue
		}
		c, err := minEntropyCourse(ctx, in, sources, s.Row)
		if err != nil {
			return nil, err
		}
		r.Courses = append(r.Courses, *c)
	}
	if r.picture, err = drawCourses(r.Systems, r.Courses); err != nil && !errors.Is(err, figure.ErrNoCurves) {
		return nil, err
	}
	if r.tradeOff, err = r.drawTradeOff(); err != nil {
		return nil, err
	}
	r.Claims = r.claims()
	return r, nil
}

// The files of a report.
const (
	markdownFile = "reproduced.md"
	courseFile   = "reproduced-steps.png"
	tradeOffFile = "reproduced-tradeoff.png"
)

// Write puts reproduced.md, .csv and .json, and a picture of the courses, into a folder, and returns the path of the first.
func (r *Report) Write(folder string) (string, error) {
	object, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", err
	}
	table, err := r.csv()
	if err != nil {
		return "", err
	}
	file := func(name string, content []byte) atomicfile.File {
		return atomicfile.File{Path: filepath.Join(folder, name), Perm: 0o666, Write: func(w io.Writer) error {
			_, err := w.Write(content)
			return err
		}}
	}
	files := []atomicfile.File{file("reproduced.json", append(object, '\n')), file("reproduced.csv", table)}
	for name, picture := range map[string][]byte{courseFile: r.picture, tradeOffFile: r.tradeOff} {
		if picture != nil {
			files = append(files, file(name, picture))
		}
	}
	files = append(files, file(markdownFile, []byte(r.markdown())))
	return filepath.Join(folder, markdownFile), atomicfile.WriteAll("", true, files...)
}

// csv has a line for each cell.
func (r *Report) csv() ([]byte, error) {
	summary := []string{"n", "mean", "sd", "iqm", "bootstrap_low", "bootstrap_high", "low", "high"}
	head := []string{"row", "scheme", "source", "metric", "unit"}
	for _, over := range []string{"seeds_", "images_"} {
		for _, name := range summary {
			head = append(head, over+name)
		}
	}
	lines := [][]string{append(head, "expected", "published", "note")}
	for _, c := range r.Cells {
		line := []string{c.Row, c.Scheme, c.Source, c.Metric, c.Unit}
		for _, s := range []Summary{c.OverSeeds, c.OverImages} {
			line = append(line, strconv.Itoa(s.N))
			for _, v := range []*float64{s.Mean, s.SD, s.IQM, s.BootstrapLow, s.BootstrapHigh, s.Low, s.High} {
				line = append(line, number(v))
			}
		}
		lines = append(lines, append(line, number(c.Expected), c.Published, c.Note))
	}
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(lines)
	return b.Bytes(), err
}

func number(v *float64) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%.8g", *v)
}
