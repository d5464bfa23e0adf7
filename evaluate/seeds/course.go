package seeds

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"keygan/data/dataset"
	"keygan/evaluate/experiment"
	"keygan/evaluate/figure"
	"keygan/evaluate/sp80090b"
	"keygan/infer"
)

// A Course is one measure of the keys of one system over the steps of its trainings.
type Course struct {
	Row     string    `json:"row"`
	Measure string    `json:"measure"` // as in a column of metrics.csv: "Entropy", or MinEntropy
	Images  string    `json:"images"`  // figure.HeldOut or figure.Trained, without the space
	Steps   []int     `json:"steps"`
	Over    []Summary `json:"over_seeds"` // at each step
}

// MinEntropy is the measure that is taken of checkpoints rather than while a run trains.
const MinEntropy = "Min-entropy"

// courses reads the metrics.csv of each training. A step that one of a system's trainings lacks is left out.
func courses(systems []System, trainings []Training) (out []Course, err error) {
	for _, s := range systems {
		if s.Restores { // its columns are about restored images
			continue
		}
		seeds := 0
		values := map[string]map[int][]float64{} // by column and step, one of each training
		for _, t := range trainings {
			if t.Row != s.Row {
				continue
			}
			seeds++
			if err := addColumns(values, t.Folder); err != nil {
				return nil, err
			}
		}
		for _, column := range slices.Sorted(maps.Keys(values)) {
			images, measure := figure.KeyColumn(column)
			c := Course{Row: s.Row, Measure: measure, Images: images}
			c.add(values[column], seeds)
			out = append(out, c)
		}
	}
	return out, nil
}

// add summarizes the steps that all trainings have.
func (c *Course) add(values map[int][]float64, trainings int) {
	for _, step := range slices.Sorted(maps.Keys(values)) {
		if len(values[step]) == trainings {
			c.Steps, c.Over = append(c.Steps, step), append(c.Over, Summarize(values[step]))
		}
	}
}

// addColumns adds the columns of a run that judge keys. Without metrics.csv there are none.
func addColumns(values map[string]map[int][]float64, run string) error {
	var record struct {
		Steps         int `json:"steps"`
		StepsPerEpoch int `json:"steps_per_epoch"`
	}
	b, err := os.ReadFile(filepath.Join(run, "run.json"))
	if err == nil {
		err = json.Unmarshal(b, &record)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(run, "run.json"), err)
	}
	path := filepath.Join(run, "metrics.csv")
	b, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	curves, err := figure.ReadCurves(bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, c := range curves {
		if _, measure := figure.KeyColumn(c.Name); measure == "" {
			continue
		}
		if values[c.Name] == nil {
			values[c.Name] = map[int][]float64{}
		}
		for _, p := range c.Points {
			step := min(int(p.X)*record.StepsPerEpoch, record.Steps)
			values[c.Name][step] = append(values[c.Name][step], p.Y)
		}
	}
	return nil
}

const (
	judgedCheckpoints = 12 // of a training, at most
	judgedImages      = 4
)

// minEntropyCourse measures the min-entropy of the keys that the checkpoints of each training make of a few images at the size that it
// was trained with: of all these keys together, which are long enough for SP 800-90B.
func minEntropyCourse(ctx context.Context, in Input, sources []dataset.Source, row string) (*Course, error) {
	c := &Course{Row: row, Measure: MinEntropy, Images: strings.ToLower(strings.TrimSpace(figure.HeldOut))}
	var runs []string
	var common []int // steps of which all trainings have kept a checkpoint
	for _, t := range in.Trainings {
		if t.Row != row {
			continue
		}
		steps, err := checkpointSteps(t.Folder)
		if err != nil {
			return nil, err
		}
		if runs = append(runs, t.Folder); len(runs) == 1 {
			common = steps
		}
		common = slices.DeleteFunc(common, func(step int) bool { return !slices.Contains(steps, step) })
	}
	for _, step := range spread(common, judgedCheckpoints) {
		var values []float64
		for _, run := range runs {
			v, err := checkpointMinEntropy(ctx, in, sources, run, step)
			if err != nil {
				return nil, fmt.Errorf("%s, step %d: %w", run, step, err)
			}
			values = append(values, v)
		}
		if s := Summarize(values); s.N == len(runs) {
			c.Steps, c.Over = append(c.Steps, step), append(c.Over, s)
		}
	}
	return c, nil
}

func checkpointMinEntropy(ctx context.Context, in Input, sources []dataset.Source, run string, step int) (float64, error) {
	dir, err := os.MkdirTemp("", "keygan-seeds-*")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "generator.npz")
	if err := in.Weights(run, step, path); err != nil {
		return 0, err
	}
	m, err := infer.ReadFile(path)
	if err != nil {
		return 0, err
	}
	images, err := plainImages(sources, max(1, judgedImages/len(sources)), m.Arch().ImageSize, m.Arch().Channels)
	if err != nil {
		return 0, err
	}
	keys, err := keysOf(ctx, m, images)
	if err != nil {
		return 0, err
	}
	var all []byte
	for _, k := range keys {
		all = append(all, k.Pix...)
	}
	found, err := sp80090b.Assess(all, sp80090b.Options{SymbolBits: 8})
	if err != nil { // too few bytes, or all the same
		return math.NaN(), nil
	}
	return found.MinEntropy, nil
}

// checkpointSteps are the steps of the checkpoints that a run has kept, in order.
func checkpointSteps(run string) (steps []int, err error) {
	files, err := filepath.Glob(filepath.Join(run, "checkpoints", "step-*.npz"))
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "step-"), ".npz")
		if step, err := strconv.Atoi(name); err == nil {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	return steps, err
}

// spread takes at most n values from all over a list, the first and the last among them.
func spread(list []int, n int) (out []int) {
	if len(list) <= n {
		return list
	}
	for i := range n {
		out = append(out, list[i*(len(list)-1)/(n-1)])
	}
	return out
}

// drawCourses draws what tells most about the keys, a panel a measure and a band a system.
func drawCourses(systems []System, all []Course) ([]byte, error) {
	var panels []figure.BandPanel
	for _, measure := range []string{"Entropy", "Chi2", MinEntropy, "Correlation", "Zeros", "Distance", "Plain Correlation"} {
		p := figure.BandPanel{Title: measure, Logarithmic: measure == "Chi2"}
		found := shown(all, measure)
		for _, system := range systems { // each has its colour, also where it has no course
			b := figure.Band{Name: system.Row}
			for _, c := range found {
				for i, s := range c.Over {
					if c.Row == system.Row {
						b.X, b.Mean = append(b.X, float64(c.Steps[i])), append(b.Mean, *s.Mean)
						b.Low, b.High = append(b.Low, slices.Min(s.Values)), append(b.High, slices.Max(s.Values))
					}
				}
			}
			if !system.Restores {
				p.Bands = append(p.Bands, b)
			}
		}
		panels = append(panels, p)
	}
	return figure.Bands("step", panels)
}

// shown are the courses of a measure, each system's on held-out images if it has such.
func shown(all []Course, measure string) (out []Course) {
	for _, c := range all {
		if c.Measure != measure || len(c.Steps) == 0 {
			continue
		}
		if i := slices.IndexFunc(out, func(o Course) bool { return o.Row == c.Row }); i < 0 {
			out = append(out, c)
		} else if c.Images == strings.ToLower(strings.TrimSpace(figure.HeldOut)) {
			out[i] = c
		}
	}
	return out
}

// sourceNames are those of the evaluation's sources.
func sourceNames(cfg experiment.Config) (names []string) {
	for _, s := range cfg.Sources {
		names = append(names, s.Name)
	}
	return names
}
