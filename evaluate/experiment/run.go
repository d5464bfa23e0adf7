package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/evaluate/attack"
)

// Run measures the schemes of cfg on its sources, with keys made by its generators. It calls progress, if not nil, now and then.
//
// It leaves out what cannot be read and names it in the results, whose Incomplete returns the error for that. The error of a cancelled
// context wraps ctx.Err().
func Run(ctx context.Context, cfg Config, progress func(Progress)) (*Results, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.Resolved()
	e, sources, err := newExperiment(cfg, openGenerators(cfg.Generators))
	if err != nil {
		return nil, err
	}
	if err := e.plan(sources, progress); err != nil {
		return nil, err
	}
	return e.measureAll(ctx, sources)
}

// newExperiment opens the sources.
func newExperiment(cfg Config, generators []*generator) (*experiment, []dataset.Source, error) {
	e := &experiment{cfg: cfg, channels: mainChannels(generators), generators: generators}
	for _, g := range generators {
		if g.models[0] == nil {
			continue
		}
		if a := g.models[0].Arch(); a.Latent > 0 && a.ImageSize != cfg.Size {
			reason := fmt.Sprintf("%d is not possible with the generator %s, whose keys are %d×%d", cfg.Size, g.info.Name, a.ImageSize, a.ImageSize)
			return nil, nil, &FieldError{"size", reason}
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

// measureAll measures the sources, then the randomness, then runs the attacks.
func (e *experiment) measureAll(ctx context.Context, sources []dataset.Source) (*Results, error) {
	r := &Results{Config: e.cfg, Alpha: Alpha}
	for _, g := range e.generators {
		r.Generators = append(r.Generators, g.info)
	}
	for _, s := range e.systems {
		r.Systems = append(r.Systems, s.SystemInfo)
	}
	var empty error // the first source without an image
	for i, s := range e.cfg.Sources {
		t := e.newTrial(s, sources[i])
		err := t.run(ctx)
		if empty = cmp.Or(empty, err); err != nil && !errors.Is(err, errNoImages) {
			return nil, err
		}
		if t.info.Digest, err = dataset.Digest(ctx, sources[i]); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			t.info.Digest = "" // a file that cannot be read has none; it is named among the unreadable ones
		}
		r.addSource(t)
		if t.first != nil {
			r.Specimens = append(r.Specimens, t.first)
		}
	}
	if len(r.Specimens) == 0 {
		return nil, empty
	}
	var err error
	if r.Randomness, err = e.bits.test(ctx, e.systems, e.progress); err != nil {
		return nil, err
	}
	if r.Attacks, err = e.attacks(ctx, r.Specimens); err != nil {
		return nil, err
	}
	r.Alvarez = attack.Checklist(r.Attacks)
	return r, nil
}

// addSource turns the series of a source into rows: the plain images, the raw keys, then system by system.
func (r *Results) addSource(t *trial) {
	r.Sources = append(r.Sources, t.info)
	add := func(of System, channels int, metrics []Metric, missing string) {
		shape := raster.NewImage(t.cfg.Size, t.cfg.Size, channels, 8)
		for _, m := range metrics {
			row := t.results.row(t.info.Name, of, m, shape)
			if missing = cmp.Or(missing, t.missing); missing != "" {
				row.Note = missing
			}
			r.Rows = append(r.Rows, row)
		}
	}
	add(System{Scheme: PlainImage}, t.experiment.channels, PlainMetrics(), "")
	for i, g := range t.makers() {
		metrics := KeyMetrics()
		if i == 0 { // it is the one that others are compared with
			metrics = slices.DeleteFunc(metrics, func(m Metric) bool { return m.On == KeysOfTwoGenerators })
		}
		add(System{Scheme: RawKey, Generator: g.info.Name}, g.info.Channels, metrics, "")
	}
	for _, s := range t.systems {
		add(s.System, s.Channels, SchemeMetrics(), s.NotMeasured)
	}
}

// attackImages is how many plain images the attacks get.
const attackImages = 4

// attacks runs the attacks on the first images of the sources.
func (e *experiment) attacks(ctx context.Context, specimens []*Specimen) ([]attack.Result, error) {
	o := attack.Options{Seed: e.cfg.Seed, Iterations: e.cfg.Iterations, Quick: e.cfg.Quick, Plain: e.attacked(specimens)}
	makers := 0
	for _, g := range e.generators {
		if g.keys == nil {
			continue
		}
		noise := e.noise("attacks by "+g.info.Name, 0)
		if !g.chaos() {
			noise = e.noise("attacks", makers)
			makers++
		}
		o.Networks = append(o.Networks, g.network(noise))
	}
	for _, s := range e.measured() {
		if !slices.Contains(o.Schemes, s.Scheme) {
			o.Schemes = append(o.Schemes, s.Scheme)
		}
	}
	before := e.progress.done
	return attack.Run(ctx, o, func(done, total int, what string) {
		e.progress.passed(before+attackCost*float64(done)/float64(max(total, 1))-e.progress.done, "attack: "+what)
	})
}

// attacked are the plain images of the attacks: the first of each source in turn, and its mirror image where there are too few.
func (e *experiment) attacked(specimens []*Specimen) []*raster.Image {
	var out []*raster.Image
	for _, sp := range specimens {
		out = append(out, sp.Plain)
	}
	for i := 0; len(out) < attackImages; i++ {
		out = append(out, mirrored(out[i]))
	}
	return out[:attackImages]
}
