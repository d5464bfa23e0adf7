package evaluate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/attack"
	"keygan/internal/atomicfile"
)

// ErrUnreadable is wrapped by the error of a run in which some images could not be read. Its tables are complete but for
// those images.
var ErrUnreadable = errors.New("some images could not be read")

// Options of a run beside what is measured.
type Options struct {
	Overwrite bool           // files of an earlier run are replaced
	Command   string         // the command line, for the report
	Progress  func(Progress) // if not nil, is told now and then how far the run is
}

// Run measures the schemes of cfg on its sources, with keys made by its generators, and writes into the folder out, which it
// makes: the tables, a report, and pictures of the first image of each source (see picturesOf). They appear all together, and
// none when the run is cancelled or fails. Without Overwrite, a folder that is Occupied is an error that wraps
// atomicfile.ErrExists.
//
// What cannot be read is left out and named in the report: images, with an error that wraps [ErrUnreadable], and generators,
// with one that wraps [ErrGenerator]. Then Run returns both report and error. With any other error the report is nil. The
// error of a cancelled context wraps ctx.Err().
func Run(ctx context.Context, cfg Config, out string, o Options) (*Report, error) {
	began := time.Now()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.Resolved()
	if file, err := Occupied(out); err == nil && file != "" && !o.Overwrite {
		return nil, fmt.Errorf("%s: %w", file, atomicfile.ErrExists)
	}
	if err := atomicfile.Probe(out); err != nil {
		return nil, err
	}
	e, sources, err := newExperiment(cfg, openGenerators(cfg.Generators))
	if err != nil {
		return nil, err
	}
	e.progress = &tracker{report: o.Progress, began: began}
	if err := e.plan(sources); err != nil {
		return nil, err
	}
	r, specimens, err := e.measureAll(ctx, sources)
	if err != nil {
		return nil, err
	}
	if r.Provenance, err = provenance(cfg, o.Command, began); err != nil {
		return nil, err
	}
	if err := r.draw(specimens); err != nil {
		return nil, err
	}
	r.Checklist, r.Findings = checklist(r), findings(r)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := r.write(out, o.Overwrite); err != nil {
		return nil, err
	}
	return r, r.incomplete()
}

// newExperiment opens the sources.
func newExperiment(cfg Config, generators []*generator) (*experiment, []dataset.Source, error) {
	e := &experiment{cfg: cfg, channels: mainChannels(generators), generators: generators}
	for _, g := range generators {
		if g.models[0] == nil {
			continue
		}
		if a := g.models[0].Arch(); a.Latent > 0 && a.ImageSize != cfg.Size {
			return nil, nil, &FieldError{"size", fmt.Sprintf("%d is not possible with the generator %s, whose keys are %d×%d", cfg.Size, g.info.Name, a.ImageSize, a.ImageSize)}
		}
	}
	var err error
	if e.systems, err = systemsOf(cfg, generators); err != nil {
		return nil, nil, err
	}
	sources := make([]dataset.Source, len(cfg.Sources))
	images := 0
	for i, s := range cfg.Sources {
		src, err := dataset.Open(s.Spec)
		if err != nil {
			return nil, nil, fmt.Errorf("source %s: %w", s.Name, err)
		}
		sources[i] = src
		images += e.planned(src)
	}
	e.bits = newBitBank(cfg.Randomness, max(images, 1))
	return e, sources, nil
}

// plan adds up what there is to do.
func (e *experiment) plan(sources []dataset.Source) error {
	if err := e.estimate(); err != nil {
		return err
	}
	image, change := e.imageCost()
	for _, src := range sources {
		e.progress.total += float64(e.planned(src))*image + float64(e.cfg.Changes)*change
	}
	kinds := float64(len(e.makers()) + 2*len(e.measured()))
	e.progress.total += kinds * float64(e.cfg.Randomness.Sequences) * costOfBits(e.cfg.Randomness.Bits)
	e.progress.total += attackCost
	return nil
}

// measureAll fills in all of a report that is measured.
func (e *experiment) measureAll(ctx context.Context, sources []dataset.Source) (*Report, []*specimen, error) {
	r := &Report{Config: e.cfg, Alpha: Alpha, Published: Published}
	for _, g := range e.generators {
		r.Generators = append(r.Generators, g.info)
	}
	for _, s := range e.systems {
		r.Systems = append(r.Systems, s.SystemInfo)
	}
	var specimens []*specimen
	var empty error // the first source without an image
	for i, s := range e.cfg.Sources {
		t := e.newTrial(s, sources[i])
		err := t.run(ctx)
		if empty = cmp.Or(empty, err); err != nil && !errors.Is(err, errNoImages) {
			return nil, nil, err
		}
		if t.info.Digest, err = dataset.Digest(ctx, sources[i]); err != nil {
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			t.info.Digest = "" // a file that cannot be read has none; it is named among the unreadable ones
		}
		r.addSource(t)
		if t.first != nil {
			specimens = append(specimens, t.first)
		}
	}
	if len(specimens) == 0 {
		return nil, nil, empty
	}
	var err error
	if r.Randomness, err = e.bits.test(ctx, e.systems, e.progress); err != nil {
		return nil, nil, err
	}
	if r.Attacks, err = e.attacks(ctx, specimens); err != nil {
		return nil, nil, err
	}
	r.Alvarez = attack.Checklist(r.Attacks)
	return r, specimens, nil
}

// addSource turns the series of a source into rows: the plain images, the raw keys, then system by system.
func (r *Report) addSource(t *trial) {
	r.Sources = append(r.Sources, t.info)
	add := func(of System, channels int, metrics []metric, missing string) {
		limits := criteria(raster.NewImage(t.cfg.Size, t.cfg.Size, channels, 8))
		for _, m := range metrics {
			row := t.results.row(t.info.Name, of, m, limits)
			row.cite(publishedFigures(of, r.Generators))
			if missing = cmp.Or(missing, t.missing); missing != "" {
				row.Note = missing
			}
			r.Rows = append(r.Rows, row)
		}
	}
	add(System{Scheme: PlainImage}, t.experiment.channels, statistics, "")
	for i, g := range t.makers() {
		metrics := keyMetrics
		if i == 0 { // it is the one that others are compared with
			metrics = slices.DeleteFunc(slices.Clone(metrics), func(m metric) bool { return m.id == idNPCRGenerators || m.id == idUACIGenerators })
		}
		add(System{RawKey, g.info.Name}, g.info.Channels, metrics, "")
	}
	for _, s := range t.systems {
		add(s.System, s.Channels, schemeMetrics, s.NotMeasured)
	}
}

// draw makes the pictures.
func (r *Report) draw(specimens []*specimen) error {
	r.pictures = map[string][]byte{}
	var all []drawing
	for _, sp := range specimens {
		made, err := picturesOf(sp)
		if err != nil {
			return err
		}
		all = append(all, made...)
	}
	for _, a := range r.Attacks {
		for _, p := range a.Pictures {
			all = append(all, drawing{
				Picture{File: p.Name + ".png", Caption: p.Caption, Section: SectionAttacks},
				func(w io.Writer) error { return imagefile.EncodePNG(w, p.Image) },
			})
		}
	}
	for _, d := range append(all, curvesOf(r.Generators)...) {
		var b bytes.Buffer
		if err := d.write(&b); err != nil {
			return fmt.Errorf("%s: %w", d.File, err)
		}
		r.Pictures = append(r.Pictures, d.Picture)
		r.pictures[d.File] = b.Bytes()
	}
	return nil
}

// A drawing is a picture, and what draws it.
type drawing struct {
	Picture
	write func(io.Writer) error
}

// write puts the pictures and the tables into the folder out.
func (r *Report) write(out string, overwrite bool) error {
	var files []atomicfile.File
	add := func(name string, write func(io.Writer) error) {
		files = append(files, atomicfile.File{Path: filepath.Join(out, name), Perm: 0o666, Write: write})
	}
	for _, p := range r.Pictures {
		add(p.File, func(w io.Writer) error {
			_, err := w.Write(r.pictures[p.File])
			return err
		})
	}
	for _, t := range r.tables() {
		add(t.name, t.write)
	}
	return atomicfile.WriteAll("", overwrite, files...)
}

// Occupied returns a file of a folder that a run could want to write: a table, the report, or a picture; or "".
func Occupied(folder string) (string, error) {
	for _, t := range (*Report)(nil).tables() {
		if path := filepath.Join(folder, t.name); isThere(path) {
			return path, nil
		}
	}
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if strings.EqualFold(filepath.Ext(e.Name()), ".png") {
			return filepath.Join(folder, e.Name()), nil
		}
	}
	return "", err
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// incomplete is the error of a report that lacks what could not be read.
func (r *Report) incomplete() error {
	var images, generators []string
	for _, s := range r.Sources {
		images = append(images, s.Unreadable...)
	}
	for _, g := range r.Generators {
		if g.Missing != "" {
			generators = append(generators, g.Name+": "+g.Missing)
		}
	}
	var err error
	if len(images) > 0 {
		err = fmt.Errorf("%w, %d in all: %s", ErrUnreadable, len(images), some(images))
	}
	if len(generators) > 0 {
		missing := fmt.Errorf("%w, %d in all: %s", ErrGenerator, len(generators), some(generators))
		if err != nil {
			return fmt.Errorf("%w; %w", err, missing)
		}
		return missing
	}
	return err
}

// some is a list for one line: its first few elements and how many more there are.
func some(list []string) string {
	const most = 3
	if n := len(list) - most; n > 0 {
		return fmt.Sprintf("%s; and %d more", strings.Join(list[:most], "; "), n)
	}
	return strings.Join(list, "; ")
}
