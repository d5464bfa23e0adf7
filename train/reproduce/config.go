package reproduce

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"keygan/evaluate/experiment"
	"keygan/internal/fileerr"
	"keygan/internal/strictyaml"
	"keygan/train/config"
)

// Config is a table of a paper: which systems to train, with which seeds, and how to measure them.
//
//	name: reproduce
//	folder: runs/reproduce
//	seeds: [1, 2, 3]
//	rows:
//	- {name: GAN, scheme: xor, train: configs/gan-baseline.yaml}
//	- {name: WGAN-GP, scheme: paper, train: configs/xray-mri-spectrogram.yaml, set: [train.epochs=200], seeds: [1, 2]}
//	- {name: attacker, victim: WGAN-GP, train: configs/restore-small.yaml}
//	evaluate:
//	  sources: [{name: mri, synthetic: mri, count: 20, seed: 7}]
//	  schemes: [xor, paper]
//
// Paths are relative to the working folder.
type Config struct {
	Name     string            `yaml:"name"`     // heading of the tables; default: the file's name
	Note     string            `yaml:"note"`     // below the heading: what a reader must know first
	Folder   string            `yaml:"folder"`   // of everything that is made; default: runs/NAME
	Seeds    []uint64          `yaml:"seeds"`    // of the trainings
	Rows     []Row             `yaml:"rows"`     // the systems
	Evaluate experiment.Config `yaml:"evaluate"` // how they are measured; the rows are its generators

	all      []Row // the rows and seeds of the file, of which only may leave some out
	allSeeds []uint64
}

// Row is one system: a training that is repeated with each seed. With a victim it is an attacker, see attackers.go.
type Row struct {
	Name   string   `yaml:"name"`   // of the generator in the tables
	Scheme string   `yaml:"scheme"` // the cryptosystem that it is published with
	Train  string   `yaml:"train"`  // the experiment, a YAML file
	Set    []string `yaml:"set"`    // options that differ from the file's, as in train.steps=100
	Seeds  []uint64 `yaml:"seeds"`  // some of the tables' seeds; default: all
	Victim string   `yaml:"victim"` // the row that it attacks: its networks encrypt what the attacker learns from, those of all seeds but the one attacked
	Pairs  bool     `yaml:"pairs"`  // the attacker has pairs of the network that he attacks, and of no other
}

// has reports whether the row is trained with a seed.
func (r Row) has(seed uint64) bool { return len(r.Seeds) == 0 || slices.Contains(r.Seeds, seed) }

// rowName is what a row may be called: it names folders and a generator.
var rowName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}_.+-]{0,29}$`)

// Read reads the file at path. Unknown keys and impossible values, also in the experiments of the rows, are errors with file and line.
func Read(path string) (Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	c := Config{Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))}
	doc, err := strictyaml.Decode(path, src, &c)
	if err != nil {
		return c, err
	}
	if c.Folder == "" {
		c.Folder = filepath.Join("runs", c.Name)
	}
	if at, reason := c.wrong(); at != "" {
		return c, doc.Errorf(at, "%s", reason)
	}
	filled := c.Evaluate
	c.all, c.allSeeds = c.Rows, c.Seeds
	for _, r := range c.Rows {
		filled.Generators = append(filled.Generators, experiment.Generator{Name: r.Name, Run: "run"})
	}
	err = filled.Validate()
	if field := (*experiment.FieldError)(nil); errors.As(err, &field) {
		return c, doc.Errorf("evaluate."+field.Field, "%s", field.Reason)
	}
	if err != nil {
		return c, err
	}
	c.Evaluate = c.Evaluate.Resolved()
	c.Evaluate.Generators = nil
	_, err = c.units()
	return c, err
}

// wrong names the first key with an impossible value, and says why.
func (c Config) wrong() (key, reason string) {
	if len(c.Rows) == 0 {
		return "rows", "is missing: name at least one, as in {name: GAN, train: configs/gan-baseline.yaml}"
	}
	if len(c.Seeds) == 0 {
		return "seeds", "is missing: name at least one, as in [1, 2, 3]"
	}
	for i, seed := range c.Seeds {
		if slices.Contains(c.Seeds[:i], seed) {
			return fmt.Sprintf("seeds[%d]", i), fmt.Sprintf("%d is there already", seed)
		}
	}
	for i, r := range c.Rows {
		at := fmt.Sprintf("rows[%d]", i)
		same := func(other Row) bool { return strings.EqualFold(other.Name, r.Name) }
		switch {
		case !rowName.MatchString(r.Name):
			return at + ".name", fmt.Sprintf("%q is not possible: it must be of letters, digits, '_', '.', '+' and '-', 30 at most", r.Name)
		case slices.ContainsFunc(c.Rows[:i], same):
			return at + ".name", fmt.Sprintf("%q is the name of another row", r.Name)
		case r.Train == "":
			return at, "needs train: the experiment, as in train: configs/gan-baseline.yaml"
		}
		for k, seed := range r.Seeds {
			if !slices.Contains(c.Seeds, seed) || slices.Contains(r.Seeds[:k], seed) {
				return fmt.Sprintf("%s.seeds[%d]", at, k), fmt.Sprintf("%d is not possible: it must be one of the seeds of all rows, %v, and only once", seed, c.Seeds)
			}
		}
		if key, reason := c.wrongVictim(r); key != "" {
			return at + "." + key, reason
		}
	}
	if len(c.Evaluate.Generators) > 0 || c.Evaluate.Generator != "" {
		return "evaluate.generators", "is not possible here: the rows are the generators"
	}
	return "", ""
}

// unit is one training: a row with a seed.
type unit struct {
	row      Row
	seed     uint64
	config   config.Config // resolved; that of an attacker has the names of units as encrypt.generators, wherever their runs lie
	attacked string        // the unit that it attacks, or ""
}

// name is the unit's in the ledger, and its run's.
func (u unit) name() string { return unitName(u.row.Name, u.seed) }

func unitName(row string, seed uint64) string { return fmt.Sprintf("%s-seed%d", row, seed) }

// units reads the experiments of the rows. The seeds are in the outer loop: there is a whole table as soon as possible.
func (c Config) units() (all []unit, err error) {
	for _, seed := range c.Seeds {
		for i, r := range c.Rows {
			if !r.has(seed) {
				continue
			}
			u := unit{row: r, seed: seed}
			set := append(slices.Clone(r.Set), fmt.Sprintf("seed=%d", seed))
			if u.config, err = config.Read(r.Train, set...); err != nil {
				return nil, fmt.Errorf("rows[%d] (%s): %w", i, r.Name, err)
			}
			u.config.Name, u.config.Output = u.name(), c.runs()
			u.config.Evaluate = experiment.Config{}
			if err := c.attack(&u); err != nil {
				return nil, fmt.Errorf("rows[%d] (%s): %w", i, r.Name, err)
			}
			all = append(all, u)
		}
	}
	return all, nil
}

// runs is the folder of the runs, ledger that of the ledger, and results that of a seed's evaluation.
func (c Config) runs() string               { return filepath.Join(c.Folder, "runs") }
func (c Config) ledger() string             { return filepath.Join(c.Folder, "ledger") }
func (c Config) results(seed uint64) string { return filepath.Join(c.Folder, evaluationName(seed)) }
func evaluationName(seed uint64) string     { return fmt.Sprintf("evaluation-seed%d", seed) }

// only is c with some of its rows and seeds; none named: all.
func (c Config) only(rows []string, seeds []uint64) (Config, error) {
	kept := c
	if len(rows) > 0 {
		kept.Rows = nil
	}
	for _, name := range rows {
		i := slices.IndexFunc(c.Rows, func(r Row) bool { return r.Name == name })
		if i < 0 {
			var names []string
			for _, r := range c.Rows {
				names = append(names, r.Name)
			}
			return c, fmt.Errorf("--rows %s: there is no such row; the rows are %s", name, strings.Join(names, ", "))
		}
		kept.Rows = append(kept.Rows, c.Rows[i])
	}
	if len(seeds) > 0 {
		kept.Seeds = seeds
	}
	for _, seed := range seeds {
		if !slices.Contains(c.Seeds, seed) {
			return c, fmt.Errorf("--seeds %d: there is no such seed; the seeds are %v", seed, c.Seeds)
		}
	}
	return kept, nil
}
