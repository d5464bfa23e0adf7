package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"keygan/cipher"
	"keygan/data"
	"keygan/data/atomicfile"
	"keygan/infer"
)

// ErrUnreadable is wrapped by the error of a run in which some images could not be read. Its tables are complete but for
// those images.
var ErrUnreadable = errors.New("some images could not be read")

// Run measures the schemes of cfg on its sources, with keys made by m, and writes into the folder out, which it makes:
// results.md, results.csv and results.json, and for the first image of each source
//
//	<source>-plain.png, <source>-key.png, <source>-strip.png   (the strip shows all of them side by side)
//	<source>-<scheme>-scrambled.png (where there is a cat map), -cipher.png, -decrypted.png
//	histogram-<source>-<scheme>.png
//
// with a dash for the spaces in a source's name.
// Files of an earlier run are replaced; Config.Outputs lists them before. They appear all together, and none when the run is
// cancelled or fails.
//
// progress, when not nil, is called before each key and once at the end, with the number of keys made and to make.
//
// Images that cannot be read are left out and named in the report; then Run returns the report and an error wrapping
// [ErrUnreadable]. With any other error the report is nil. The error of a cancelled context wraps ctx.Err().
func Run(ctx context.Context, cfg Config, m *infer.Model, out string, progress func(done, total int, what string)) (*Report, error) {
	if m == nil {
		return nil, errors.New("evaluate: there is no generator to make keys")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.Resolved()
	e, sources, err := newExperiment(cfg, m, progress)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.Probe(out); err != nil {
		return nil, err
	}
	report := &Report{Config: cfg, Generator: describe(m), Alpha: Alpha, Published: Published}
	limits := criteria(data.NewImage(cfg.Size, cfg.Size, e.channels, 8))
	var pictures []outputFile
	var unreadable []string
	for i, s := range cfg.Sources {
		one, err := e.source(ctx, s, sources[i])
		if err != nil {
			return nil, err
		}
		report.addSource(one, e.schemes, limits)
		made, err := picturesOf(s.Name, one.first)
		if err != nil {
			return nil, err
		}
		pictures = append(pictures, made...)
		unreadable = append(unreadable, one.info.Unreadable...)
	}
	report.Findings = findings(report)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := report.write(out, pictures); err != nil {
		return nil, err
	}
	if progress != nil {
		progress(e.total, e.total, "done")
	}
	if len(unreadable) > 0 {
		return report, fmt.Errorf("%w, %d in all: %s", ErrUnreadable, len(unreadable), some(unreadable))
	}
	return report, nil
}

// some is a list for one line: its first few elements and how many more there are.
func some(list []string) string {
	const most = 3
	if n := len(list) - most; n > 0 {
		return fmt.Sprintf("%s; and %d more", strings.Join(list[:most], "; "), n)
	}
	return strings.Join(list, "; ")
}

// newExperiment opens the sources and counts the keys to make.
func newExperiment(cfg Config, m *infer.Model, progress func(done, total int, what string)) (*experiment, []data.Source, error) {
	a := m.Arch()
	if a.Latent > 0 && a.ImageSize != cfg.Size {
		return nil, nil, &FieldError{"size", fmt.Sprintf("%d is not possible with this generator, whose keys are %d×%d", cfg.Size, a.ImageSize, a.ImageSize)}
	}
	e := &experiment{cfg: cfg, channels: a.Channels, keys: m, progress: progress}
	for _, name := range cfg.Schemes {
		s, err := cipher.SchemeByName(name)
		if err != nil {
			return nil, nil, err
		}
		e.schemes = append(e.schemes, s)
	}
	sources := make([]data.Source, len(cfg.Sources))
	for i, s := range cfg.Sources {
		src, err := data.Open(s.Spec)
		if err != nil {
			return nil, nil, fmt.Errorf("source %s: %w", s.Name, err)
		}
		sources[i] = src
		e.total += e.planned(src) + cfg.Changes
	}
	return e, sources, nil
}

func describe(m *infer.Model) GeneratorInfo {
	a := m.Arch()
	return GeneratorInfo{
		Network: a.Network, Parameters: a.Parameters(), Channels: a.Channels, ImageSize: a.ImageSize, TakesNoise: m.TakesNoise(),
		Hash: m.Hash(), ConfigHash: a.ConfigHash,
	}
}

// addSource turns the series of a source into rows: the plain images, the raw keys, then scheme by scheme.
func (r *Report) addSource(one *measured, schemes []cipher.Scheme, limits map[string]criterion) {
	r.Sources = append(r.Sources, one.info)
	add := func(scheme string, metrics []metric) {
		for _, m := range metrics {
			r.Rows = append(r.Rows, one.results.row(one.info.Name, scheme, m, limits))
		}
	}
	add(PlainImage, statistics)
	add(RawKey, keyMetrics)
	for _, s := range schemes {
		add(s.Name(), schemeMetrics)
	}
}

// write puts the pictures and the tables into the folder out.
func (r *Report) write(out string, pictures []outputFile) error {
	var files []atomicfile.File
	for _, f := range append(pictures, r.tables()...) {
		files = append(files, atomicfile.File{Path: filepath.Join(out, f.name), Perm: 0o644, Write: f.write})
	}
	return atomicfile.WriteAll(true, files...)
}

// An outputFile is kept in memory until all of a run is measured.
type outputFile struct {
	name  string
	write func(io.Writer) error
}

// The names of the tables.
const (
	tableMarkdown = "results.md"
	tableCSV      = "results.csv"
	tableJSON     = "results.json"
)

// Outputs lists the names of all files that Run may write for c: the tables, then the pictures.
func (c Config) Outputs() []string {
	c = c.Resolved()
	names := []string{tableMarkdown, tableCSV, tableJSON}
	for _, s := range c.Sources {
		name := fileName(s.Name)
		names = append(names, name+"-plain.png", name+"-key.png", name+"-strip.png")
		for _, scheme := range c.Schemes {
			names = append(names, name+"-"+scheme+"-scrambled.png", name+"-"+scheme+"-cipher.png", name+"-"+scheme+"-decrypted.png",
				"histogram-"+name+"-"+scheme+".png")
		}
	}
	return names
}
