package seeds

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"

	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
)

// Input is what a report is made of.
type Input struct {
	Name        string
	Note        string // what a reader must know first, as that the networks are small; "": nothing
	Systems     []System
	Trainings   []Training
	Evaluations map[uint64]string // by seed: the folder of the evaluation
	Config      experiment.Config // of the evaluations
	Failures    []string          // what failed, for the report

	// Weights writes the generator of a checkpoint of a run to a file. nil: min-entropy is not measured over the steps.
	Weights func(run string, step int, path string) error
}

// A System is a row of the tables.
type System struct {
	Row    string `json:"row"`    // its name, and that of its generator in the evaluations
	Scheme string `json:"scheme"` // the cryptosystem that it is published with; "" for none
	Train  string `json:"train"`  // the file of the experiment

	Victim string `json:"victim,omitempty"` // the row that it attacks, if any
	Pairs  bool   `json:"pairs,omitempty"`  // it has learnt from pairs of the very network that it attacks

	// Objective and Generator are from the configuration of a run.
	Objective string `json:"objective,omitempty"`
	Generator string `json:"generator,omitempty"`
	Restores  bool   `json:"restores,omitempty"`  // it makes no keys, but restores images that were encrypted
	Attacks   string `json:"attacks,omitempty"`   // the scheme of the images that it restores
	Side      int    `json:"side,omitempty"`      // of the images of the training, pixels
	Width     int    `json:"width,omitempty"`     // of the generator, channels
	Steps     int    `json:"steps,omitempty"`     // of the training
	KeyBytes  int    `json:"key_bytes,omitempty"` // of a key of the size that it was trained with

	settings map[string]string // all values of its configuration
}

// Title is the system in a table: the row, and the scheme where it has another name.
func (s System) Title() string {
	if s.Scheme == "" || s.Scheme == s.Row {
		return s.Row
	}
	return s.Row + " + " + s.Scheme
}

// A Training is a finished run.
type Training struct {
	Row    string `json:"row"`
	Seed   uint64 `json:"seed"`
	Folder string `json:"folder"`
}

// evaluation is what is read of a results.json.
type evaluation struct {
	seed    uint64
	Rows    []experiment.Row `json:"rows"`
	Attacks []attack.Result  `json:"attacks"`

	Sources []experiment.SourceInfo `json:"sources"`
}

func readEvaluation(seed uint64, folder string) (e evaluation, err error) {
	path := filepath.Join(folder, "results.json")
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &e)
	}
	e.seed = seed
	if err != nil {
		return e, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// row finds the line of a metric, or returns nil.
func (e evaluation) row(source string, of experiment.System, metric string) *experiment.Row {
	i := slices.IndexFunc(e.Rows, func(r experiment.Row) bool { return r.Source == source && r.System() == of && r.Metric == metric })
	if i < 0 {
		return nil
	}
	return &e.Rows[i]
}

// describe fills in what the runs say about the systems.
func describe(systems []System, trainings []Training) ([]System, error) {
	systems = slices.Clone(systems)
	for i, s := range systems {
		k := slices.IndexFunc(trainings, func(t Training) bool { return t.Row == s.Row })
		if k < 0 {
			continue
		}
		path := filepath.Join(trainings[k].Folder, "config.yaml")
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var c struct {
			Objective struct{ Name string }
			Encrypt   struct{ Scheme string }
			Image     struct{ Size, Channels int }
			Generator struct {
				Name  string
				Width int
			}
		}
		if err := yaml.Unmarshal(b, &c); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		var all any
		if err := yaml.Unmarshal(b, &all); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		systems[i].settings = flatten(all)
		var record struct{ Steps int }
		if b, err = os.ReadFile(filepath.Join(trainings[k].Folder, "run.json")); err == nil { // without it the steps are not known
			err = json.Unmarshal(b, &record)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", filepath.Join(trainings[k].Folder, "run.json"), err)
		}
		systems[i].Side, systems[i].Width, systems[i].Steps = c.Image.Size, c.Generator.Width, record.Steps
		systems[i].Objective, systems[i].Generator, systems[i].Restores = c.Objective.Name, c.Generator.Name, c.Encrypt.Scheme != ""
		systems[i].Attacks, systems[i].KeyBytes = c.Encrypt.Scheme, c.Image.Size*c.Image.Size*c.Image.Channels
	}
	return systems, nil
}

// A Cell is one metric of one system on one source, over seeds and over images.
type Cell struct {
	Row       string   `json:"row"`
	Scheme    string   `json:"scheme"` // or experiment.RawKey
	Source    string   `json:"source"`
	Metric    string   `json:"metric"`
	Name      string   `json:"name"`
	Unit      string   `json:"unit,omitempty"`
	Expected  *float64 `json:"expected"` // of random data or of an exact decryption
	Published string   `json:"published,omitempty"`
	Infinite  bool     `json:"infinite,omitempty"` // every value is +∞
	Note      string   `json:"note,omitempty"`     // of the first training that has one
	OverSeeds Summary  `json:"over_seeds"`         // a value is the mean of a training
	// OverImages has a value for each image, or for each channel or one-bit change of one: the mean over the trainings.
	OverImages Summary `json:"over_images"`

	digits int
}

// cells has all metrics of the systems' schemes and raw keys.
func cells(systems []System, sources []string, all []evaluation) (out []Cell) {
	for _, source := range sources {
		for _, s := range systems {
			for _, of := range []struct {
				scheme  string
				metrics []experiment.Metric
			}{{experiment.RawKey, experiment.KeyMetrics()}, {s.Scheme, experiment.SchemeMetrics()}} {
				for _, m := range of.metrics {
					if c, measured := cellOf(source, experiment.System{Scheme: of.scheme, Generator: s.Row}, m, all); measured && !m.Timed {
						out = append(out, c)
					}
				}
			}
		}
	}
	return out
}

func cellOf(source string, of experiment.System, m experiment.Metric, all []evaluation) (c Cell, measured bool) {
	c = Cell{Row: of.Generator, Scheme: of.Scheme, Source: source, Metric: m.ID, Name: m.Name, Unit: m.Unit, Infinite: true, digits: m.Digits}
	var means []float64
	var images [][]float64
	for _, e := range all {
		r := e.row(source, of, m.ID)
		if r == nil {
			continue
		}
		measured = true
		c.Expected, c.Published, c.Note = r.Expected, cmp.Or(c.Published, r.Published), cmp.Or(c.Note, r.Note)
		c.Infinite = c.Infinite && r.Infinite
		if r.Measured != nil {
			means, images = append(means, *r.Measured), append(images, r.Values)
		}
	}
	c.OverSeeds, c.OverImages = Summarize(means), Summarize(acrossTrainings(images))
	return c, measured
}

// acrossTrainings is the mean of each image over the trainings; nothing if these have measured different numbers of images.
func acrossTrainings(images [][]float64) (means []float64) {
	for i, values := range images {
		if len(values) != len(images[0]) {
			return nil
		}
		if i == 0 {
			means = make([]float64, len(values))
		}
		for k, v := range values {
			means[k] += v / float64(len(images))
		}
	}
	return means
}
