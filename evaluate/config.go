package evaluate

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"keygan/cipher"
	"keygan/data"
	"keygan/data/strictyaml"
)

// Config is one evaluation: the `evaluate:` section of an experiment file.
//
//	evaluate:
//	  name: paper
//	  generator: runs/paper/generator.npz
//	  sources:
//	    - {name: xray, folder: ~/datasets/montgomery}
//	    - {name: mri, synthetic: mri, count: 20, seed: 7}
//	  schemes: [xor, paper]
//	  images: 10
//	  changes: 50
//
// What is left out, or 0, takes its default. Paths are relative to the working folder.
type Config struct {
	Name       string   `yaml:"name,omitempty" json:"name"`                        // heading of the tables; default "evaluation"
	Generator  string   `yaml:"generator,omitempty" json:"generator,omitempty"`    // generator.npz; a command may take another, or a built-in one
	Sources    []Source `yaml:"sources,omitempty" json:"-"`                        // where the plain images come from
	Size       int      `yaml:"size,omitempty" json:"size"`                        // images are brought to size × size pixels; default 256
	Schemes    []string `yaml:"schemes,omitempty" json:"schemes"`                  // default xor, paper
	Iterations int      `yaml:"iterations,omitempty" json:"iterations"`            // of the cat map; default 30, the published count
	Images     int      `yaml:"images,omitempty" json:"images_per_source"`         // at most so many of each source, drawn by Seed; default 4
	Changes    int      `yaml:"changes,omitempty" json:"one_bit_changes_a_source"` // one-bit changes for NPCR and UACI, over all images of a source; default 20
	Seed       uint64   `yaml:"seed,omitempty" json:"seed"`                        // of every random choice
}

// Source is a named set of plain images. File names carry the name with a dash for each run of spaces.
type Source struct {
	Name      string `yaml:"name,omitempty"` // default: the synthetic kind, or the folder's last element
	data.Spec `yaml:",inline"`
}

// The bounds of a configuration. They keep a mistyped number from asking for days or for all memory.
const (
	minSize, maxSize = 16, 4096 // pixels
	maxImages        = 10_000
	maxChanges       = 1_000_000
)

// FieldError reports a value of a Config that is impossible. Field is its path in the section, as in "sources[1].name".
type FieldError struct{ Field, Reason string }

func (e *FieldError) Error() string { return "evaluate." + e.Field + ": " + e.Reason }

// DefaultConfig is what Resolved fills in, without sources.
func DefaultConfig() Config {
	return Config{
		Name: "evaluation", Size: 256, Schemes: []string{"xor", "paper"}, Iterations: cipher.DefaultIterations, Images: 4, Changes: 20,
	}
}

// ReadConfig reads the `evaluate:` section of the YAML file at path, and nothing else of it. Unknown keys, wrong types
// and impossible values are errors with the file, the line and what is allowed. The result is resolved: it says every
// default.
func ReadConfig(path string) (Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return Config{}, fmt.Errorf("%s: %w", path, err)
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
	d := DefaultConfig()
	c.Name = cmp.Or(c.Name, d.Name)
	c.Size, c.Iterations = cmp.Or(c.Size, d.Size), cmp.Or(c.Iterations, d.Iterations)
	c.Images, c.Changes = cmp.Or(c.Images, d.Images), cmp.Or(c.Changes, d.Changes)
	if len(c.Schemes) == 0 {
		c.Schemes = d.Schemes
	}
	c.Sources = append([]Source(nil), c.Sources...)
	for i := range c.Sources {
		s := &c.Sources[i]
		if s.Name == "" && s.Folder != "" {
			s.Name = notInNames.ReplaceAllString(filepath.Base(s.Folder), " ")
		}
		s.Name = cmp.Or(s.Name, s.Synthetic)
	}
	return c
}

// Validate says which value is impossible and what is allowed, as a *FieldError. It opens no files.
func (c Config) Validate() error {
	c = c.Resolved()
	for _, b := range []struct {
		field          string
		value, low, up int
	}{
		{"size", c.Size, minSize, maxSize},
		{"images", c.Images, 1, maxImages},
		{"changes", c.Changes, 1, maxChanges},
		{"iterations", c.Iterations, 1, cipher.MaxIterations},
	} {
		if b.value < b.low || b.value > b.up {
			return &FieldError{b.field, fmt.Sprintf("%d is not possible, it must be %d to %d", b.value, b.low, b.up)}
		}
	}
	if err := c.validateSources(); err != nil {
		return err
	}
	return c.validateSchemes()
}

// sourceName is what a name may be: letters, digits, '_', '-', '.' and spaces.
var (
	sourceName = regexp.MustCompile(`^[\p{L}\p{N}_][\p{L}\p{N}_. -]{0,63}$`)
	notInNames = regexp.MustCompile(`[^\p{L}\p{N}_. -]+`)
)

// fileName is a source's name as a part of file names.
func fileName(source string) string { return strings.Join(strings.Fields(source), "-") }

func (c Config) validateSources() error {
	if len(c.Sources) == 0 {
		return &FieldError{"sources", "is missing: name at least one source, as in {name: mri, synthetic: mri, count: 20} or {name: xray, folder: images}"}
	}
	seen := map[string]bool{}
	for i, s := range c.Sources {
		at := fmt.Sprintf("sources[%d]", i)
		if err := s.Spec.Validate(); err != nil {
			return &FieldError{at, err.Error()}
		}
		switch {
		case !sourceName.MatchString(s.Name):
			return &FieldError{at + ".name", fmt.Sprintf("%q is not possible: it must be of letters, digits, '_', '-', '.' and spaces, 64 at most, and begin with a letter or digit", s.Name)}
		case seen[strings.ToLower(fileName(s.Name))]:
			return &FieldError{at + ".name", fmt.Sprintf("%q is the name of another source, or would give the same file names", s.Name)}
		}
		seen[strings.ToLower(fileName(s.Name))] = true
	}
	return nil
}

// params are those of every scheme. The logistic map's are the same for all images, so that a report can be made again.
func (c Config) params() cipher.Params {
	return cipher.Params{Iterations: c.Iterations, X0: cipher.LogisticX0, R: cipher.LogisticR}
}

func (c Config) validateSchemes() error {
	shape := data.NewImage(c.Size, c.Size, 3, 8)
	seen := map[string]bool{}
	for i, name := range c.Schemes {
		at := fmt.Sprintf("schemes[%d]", i)
		scheme, err := cipher.SchemeByName(name)
		if err != nil {
			return &FieldError{at, err.Error()}
		}
		if seen[name] {
			return &FieldError{at, fmt.Sprintf("%q is there already", name)}
		}
		seen[name] = true
		err = scheme.Check(shape, c.params())
		if size := (*cipher.SizeError)(nil); errors.As(err, &size) {
			return &FieldError{"size", fmt.Sprintf("%d is not possible with the scheme %q, which takes only %d", c.Size, name, size.Side)}
		}
		if err != nil {
			return &FieldError{"iterations", err.Error()}
		}
	}
	return nil
}
