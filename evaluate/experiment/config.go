package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/internal/fileerr"
	"keygan/internal/strictyaml"
)

// Config is one evaluation: the `evaluate:` section of an experiment file.
//
//	evaluate:
//	  name: paper
//	  generators:
//	    - {name: WGAN-GP, run: runs/paper}
//	    - {name: built-in, weights: built-in}
//	  sources:
//	    - {name: xray, folder: ~/datasets/montgomery}
//	    - {name: mri, synthetic: mri, count: 20, seed: 7}
//	  schemes: [xor, paper, sealed, aes-256-gcm]
//	  images: 10
//	  changes: 50
//
// What is left out, or 0, takes its default. Paths are relative to the working folder.
type Config struct {
	Name       string      `yaml:"name,omitempty" json:"name"`                               // heading of the tables; default "evaluation"
	Generator  string      `yaml:"generator,omitempty" json:"-"`                             // generator.npz or the folder of a run: short for a list of one generator
	Generators []Generator `yaml:"generators,omitempty" json:"generators"`                   // those that make keys, and that of a chaos GAN; default: the one inside the program
	Sources    []Source    `yaml:"sources,omitempty" json:"-"`                               // where the plain images come from
	Size       int         `yaml:"size,omitempty" json:"size"`                               // images are brought to size × size pixels; default 256
	Schemes    []string    `yaml:"schemes,omitempty" json:"schemes"`                         // default xor, paper
	Controls   bool        `yaml:"controls,omitempty" json:"controls,omitempty"`             // adds systems whose verdicts are known beforehand: a one-time key, a constant key, the cat map alone, AES-256-GCM
	Scan       bool        `yaml:"published_scan,omitempty" json:"published_scan,omitempty"` // looks for the definitions under which the published figures come out: pairs of images, colour spaces, ways of storing; takes minutes
	Iterations int         `yaml:"iterations,omitempty" json:"iterations"`                   // of the cat map; default 30, the published count
	Images     int         `yaml:"images,omitempty" json:"images_per_source"`                // at most so many of each source, drawn by Seed; default 4
	Changes    int         `yaml:"changes,omitempty" json:"one_bit_changes_a_source"`        // one-bit changes for NPCR and UACI, over all images of a source; default 50
	Randomness Randomness  `yaml:"randomness,omitempty" json:"randomness"`                   // SP 800-22 on raw keys, keystreams and ciphertexts
	Seed       uint64      `yaml:"seed,omitempty" json:"seed"`                               // of every random choice
	Quick      bool        `yaml:"-" json:"-"`                                               // it was cut down, see Quickened
}

// Source is a named set of plain images. File names carry the name with a dash for each run of spaces.
type Source struct {
	Name         string `yaml:"name,omitempty"` // default: the synthetic kind, or the folder's last element
	dataset.Spec `yaml:",inline"`
	HeldOutOf    []string `yaml:"held_out_of,omitempty" json:",omitempty"` // runs: only images that none of them was trained on; generators: all that are measured; without folder or synthetic: the images that the first run held out
	TrainedIn    string   `yaml:"trained_in,omitempty" json:",omitempty"`  // a run: only images that it was trained on, to show overfitting; without folder or synthetic: all of them
}

// maxGenerators bounds the generators of a configuration.
const maxGenerators = 20

// FieldError reports a value of a Config that is impossible. Field is its path in the section, as in "sources[1].name".
type FieldError struct{ Field, Reason string }

func (e *FieldError) Error() string { return "evaluate." + e.Field + ": " + e.Reason }

// ReadConfig reads the `evaluate:` section of the YAML file at path, and nothing else of it. Unknown keys, wrong types and impossible
// values are errors with the file, the line and what is allowed. The result is resolved: it says every default.
func ReadConfig(path string) (Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	var c Config
	doc, found, err := strictyaml.DecodeSection(path, src, "evaluate", &c)
	if err != nil {
		return Config{}, err
	}
	if !found {
		return Config{}, fmt.Errorf("%s: there is no evaluate: section", path)
	}
	err = c.Validate()
	if at := (*FieldError)(nil); errors.As(err, &at) {
		return Config{}, doc.Errorf("evaluate."+at.Field, "%s", at.Reason)
	}
	return c.Resolved(), err
}

// Resolved returns the configuration with every default filled in.
func (c Config) Resolved() Config {
	c.Name = cmp.Or(c.Name, "evaluation")
	c.Size, c.Iterations = cmp.Or(c.Size, 256), cmp.Or(c.Iterations, cipher.DefaultIterations)
	c.Images, c.Changes = cmp.Or(c.Images, 4), cmp.Or(c.Changes, 50)
	if len(c.Schemes) == 0 {
		c.Schemes = []string{"xor", "paper"}
	}
	c.Randomness = Randomness{cmp.Or(c.Randomness.Sequences, 60), cmp.Or(c.Randomness.Bits, 100_000)}
	if c.Controls {
		c.Schemes = slices.Clone(c.Schemes)
		for _, name := range cipher.Controls() {
			if !slices.Contains(c.Schemes, name) {
				c.Schemes = append(c.Schemes, name)
			}
		}
	}
	c.resolveGenerators()
	c.Sources = slices.Clone(c.Sources)
	for i := range c.Sources {
		s := &c.Sources[i]
		s.Name = cmp.Or(s.Name, s.defaultName())
	}
	return c
}

// resolveGenerators makes a list of whatever names generators, and gives each its name.
func (c *Config) resolveGenerators() {
	list := slices.Clone(c.Generators)
	switch {
	case c.Generator != "":
		one, err := ParseGenerator(c.Generator)
		if err != nil {
			one = Generator{Name: "generator", Weights: c.Generator}
		}
		list = append(list, one)
	case len(list) == 0:
		list = []Generator{{Weights: BuiltIn}}
	}
	c.Generator, c.Generators = "", list
	for i := range list {
		list[i] = list[i].resolved()
	}
}

// Quickened is c cut down to what a minute or so can measure: its numbers show that all works, and are too few to rest on.
func (c Config) Quickened() Config {
	c = c.Resolved()
	c.Quick = true
	c.Images, c.Changes = min(c.Images, 1), min(c.Changes, 4)
	c.Randomness = Randomness{min(c.Randomness.Sequences, 4), min(c.Randomness.Bits, 20_000)}
	return c
}

// Validate says which value is impossible and what is allowed, as a *FieldError. It opens no files. The bounds keep a mistyped number
// from asking for days or for all memory.
func (c Config) Validate() error {
	c = c.Resolved()
	for _, b := range []struct {
		field          string
		value, low, up int
	}{
		{"size", c.Size, 16, 4096},
		{"images", c.Images, 1, 10_000},
		{"changes", c.Changes, 1, 1_000_000},
		{"iterations", c.Iterations, 1, cipher.MaxIterations},
		{"randomness.sequences", c.Randomness.Sequences, 1, 10_000},
		{"randomness.bits", c.Randomness.Bits, 128, 10_000_000},
	} {
		if b.value < b.low || b.value > b.up {
			return &FieldError{b.field, fmt.Sprintf("%d is not possible, it must be %d to %d", b.value, b.low, b.up)}
		}
	}
	if c.Randomness.Bits%8 != 0 {
		return &FieldError{"randomness.bits", fmt.Sprintf("%d is not possible, it must be a multiple of 8", c.Randomness.Bits)}
	}
	return cmp.Or(c.validateGenerators(), c.validateSources(), c.validateSchemes())
}

// sourceName is what a name may be: letters, digits, '_', '-', '.' and spaces.
var (
	sourceName = regexp.MustCompile(`^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,63}$`)
	notInNames = regexp.MustCompile(`[^\p{L}\p{N}_. -]+`)
)

// FileName is a source's name as a part of file names.
func FileName(source string) string { return strings.Join(strings.Fields(source), "-") }

// A nameCheck refuses names that are impossible, or that would give the same file names as another.
type nameCheck struct {
	what   string
	format *regexp.Regexp
	rule   string
	seen   map[string]bool
}

func (n *nameCheck) check(at, name string) error {
	file := strings.ToLower(FileName(name))
	switch {
	case !n.format.MatchString(name):
		reason := fmt.Sprintf("%q is not possible: it must be of letters, digits, %s, and begin with a letter or digit", name, n.rule)
		return &FieldError{at + ".name", reason}
	case n.seen[file]:
		return &FieldError{at + ".name", fmt.Sprintf("%q is the name of another %s, or would give the same file names", name, n.what)}
	}
	n.seen[file] = true
	return nil
}

func (c Config) validateGenerators() error {
	if len(c.Generators) > maxGenerators {
		return &FieldError{"generators", fmt.Sprintf("%d are too many, %d are possible", len(c.Generators), maxGenerators)}
	}
	names := nameCheck{"generator", generatorName, "'_', '-', '+', '.' and spaces, 40 at most", map[string]bool{}}
	for i, g := range c.Generators {
		at := fmt.Sprintf("generators[%d]", i)
		switch {
		case g.Weights == "" && g.Run == "":
			return &FieldError{at, "needs either weights: a generator.npz or built-in, or run: the folder of a training run"}
		case g.Weights != "" && g.Run != "":
			return &FieldError{at, "has both weights and run; a run's folder holds its weights"}
		}
		if err := names.check(at, g.Name); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) validateSources() error {
	if len(c.Sources) == 0 {
		return &FieldError{"sources", "is missing: name at least one source, " +
			"as in {name: mri, synthetic: mri, count: 20} or {name: xray, folder: images}"}
	}
	names := nameCheck{"source", sourceName, "'_', '-', '.' and spaces, 64 at most", map[string]bool{}}
	for i, s := range c.Sources {
		at := fmt.Sprintf("sources[%d]", i)
		if err := s.validate(); err != nil {
			return &FieldError{at, err.Error()}
		}
		if err := names.check(at, s.Name); err != nil {
			return err
		}
	}
	return nil
}

// params are those of every scheme. The logistic map's are the same for all images, so that a report can be made again.
func (c Config) params() cipher.Params {
	return cipher.Params{Iterations: c.Iterations, X0: cipher.LogisticX0, R: cipher.LogisticR}
}

func (c Config) validateSchemes() error {
	shape := raster.NewImage(c.Size, c.Size, 3, 8)
	seen := map[string]bool{}
	for i, name := range c.Schemes {
		at := fmt.Sprintf("schemes[%d]", i)
		system, err := cipher.ByName(name)
		if err != nil || system.Info().OnlyAttacks != nil && !system.Info().Control {
			return &FieldError{at, fmt.Sprintf("unknown scheme %q: it must be one of %s", name, strings.Join(cipher.Names(), ", "))}
		}
		if seen[name] {
			return &FieldError{at, fmt.Sprintf("%q is there already", name)}
		}
		seen[name] = true
		err = system.Check(shape, c.params())
		if size := (*cipher.SizeError)(nil); errors.As(err, &size) {
			return &FieldError{"size", fmt.Sprintf("%d is not possible with the scheme %q, which takes only %d", c.Size, name, size.Side)}
		}
		if err != nil {
			return &FieldError{"iterations", err.Error()}
		}
	}
	return nil
}
