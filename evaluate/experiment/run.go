package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/evaluate/attack"
	"keygan/evaluate/scan"
	"keygan/evaluate/timing"
	"keygan/infer"
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
	var generators []*generator
	for _, g := range cfg.Generators {
		generators = append(generators, open(g))
	}
	e, sources, err := newExperiment(ctx, cfg, generators)
	if err != nil {
		return nil, err
	}
	if err := e.plan(sources, progress); err != nil {
		return nil, err
	}
	return e.measureAll(ctx, sources)
}

// newExperiment opens the sources.
func newExperiment(ctx context.Context, cfg Config, generators []*generator) (*experiment, []dataset.Source, error) {
	generators, attackers := split(generators)
	e := &experiment{cfg: cfg, channels: mainChannels(generators), generators: generators, attackers: attackers}
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
		src, err := e.openSource(ctx, s)
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
		if t.info.Seen, err = t.seenBy(ctx); err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
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
	if e.many, err = e.manyImages(ctx, sources); err != nil {
		return nil, err
	}
	if r.Attacks, err = e.attacks(ctx, r.Specimens); err != nil {
		return nil, err
	}
	if r.Scan, err = e.scan(ctx, r.Specimens); err != nil {
		return nil, err
	}
	r.Alvarez = attack.Checklist(r.Attacks)
	r.Times, err = e.times(ctx, r.Specimens[0].Plain)
	return r, err
}

// times measures how long keys and encryption take at several sizes.
func (e *experiment) times(ctx context.Context, plain *raster.Image) ([]timing.Row, error) {
	var networks []*cipher.Network
	for _, g := range e.generators {
		if g.keys != nil {
			networks = append(networks, g.network(e.noise("times", 0)))
		}
	}
	var schemes []string
	for _, s := range e.measured() {
		if !s.Control && !slices.Contains(schemes, s.Scheme) {
			schemes = append(schemes, s.Scheme)
		}
	}
	sizes := timing.Sizes
	if e.cfg.Quick {
		sizes = sizes[:2]
	}
	return timing.Run(ctx, plain, schemes, networks, e.cfg.params(), sizes)
}

// scan tries other definitions on the first images of each source, under the schemes that XOR with a raw key.
func (e *experiment) scan(ctx context.Context, specimens []*Specimen) ([]scan.Row, error) {
	if !e.cfg.Scan {
		return nil, nil
	}
	var groups []scan.Group
	for _, s := range e.measured() {
		if s.cryptosystem.Info().Keystream != cipher.RawKeystream {
			continue
		}
		for _, sp := range specimens {
			for _, k := range sp.Keys {
				if k.Generator == s.Generator {
					groups = append(groups, scan.Group{Scheme: s.Scheme, Generator: s.Generator, Plain: k.Plain, Key: k.Key})
				}
			}
		}
	}
	return scan.Run(ctx, e.cfg.params(), groups)
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

// The attacks get so many plain images: as many as there are up to the one number, and with mirror images at least the other.
const (
	mostAttacked  = 8
	leastAttacked = 4
)

// attacks runs the attacks on the first images of the sources.
func (e *experiment) attacks(ctx context.Context, specimens []*Specimen) ([]attack.Result, error) {
	o := attack.Options{Seed: e.cfg.Seed, Iterations: e.cfg.Iterations, Quick: e.cfg.Quick}
	o.Plain, o.Mirrored = attacked(specimens)
	o.Many = e.many
	for _, g := range e.attackers {
		o.Learned = append(o.Learned, g.attacker)
	}
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
		if s.cryptosystem.Info().OnlyAttacks == nil && !slices.Contains(o.Schemes, s.Scheme) {
			o.Schemes = append(o.Schemes, s.Scheme)
		}
	}
	before := e.progress.done
	return attack.Run(ctx, o, func(done, total int, what string) {
		e.progress.passed(before+attackCost*float64(done)/float64(max(total, 1))-e.progress.done, "attack: "+what)
	})
}

// attacked are the plain images of the attacks: those of each source in turn, and mirror images where there are too few.
func attacked(specimens []*Specimen) (images []*raster.Image, mirror int) {
	for i := range mostAttacked {
		for _, sp := range specimens {
			if i < len(sp.Plains) && len(images) < mostAttacked {
				images = append(images, sp.Plains[i])
			}
		}
	}
	for ; len(images) < leastAttacked; mirror++ {
		images = append(images, mirrored(images[mirror]))
	}
	return images, mirror
}

// Progress says how far a run is, and is made for a bar.
type Progress struct {
	Share float64       // of the work that is done, 0 to 1, by the time that it takes
	Left  time.Duration // about so much longer
	What  string        // is being done
}

// tracker adds up work. Its unit is an estimated millisecond: only ratios matter.
type tracker struct {
	report      func(Progress) // nil: nobody asks
	began       time.Time
	done, total float64
}

// passed counts work that was done.
func (t *tracker) passed(cost float64, what string) {
	if t == nil || t.report == nil {
		return
	}
	t.done += cost
	t.total = max(t.total, t.done, 1) // the estimate may be too low
	p := Progress{Share: t.done / t.total, What: what}
	if p.Share > 0 {
		p.Left = time.Duration(float64(time.Since(t.began)) * (1 - p.Share) / p.Share)
	}
	t.report(p)
}

// The costs of work, as measured on one core, in milliseconds for 256×256 RGB images.
const (
	systemCost = 250    // all metrics of an image under a scheme
	changeCost = 6      // two encryptions and their comparison
	bitCost    = 15e-5  // SP 800-22, a bit
	attackCost = 10_000 // all attacks
)

// RoughTime is about how long Run takes on one core with a number of generators, apart from the time that these take for keys.
func (c Config) RoughTime(generators int) time.Duration {
	c = c.Resolved()
	share := float64(c.Size*c.Size) / (256 * 256)
	systems, sources := float64(generators*len(c.Schemes)), float64(len(c.Sources))
	ms := systems*sources*share*(float64(c.Images)*systemCost+float64(c.Changes)*changeCost) + float64(generators)*attackCost
	ms += 2 * systems * float64(c.Randomness.Sequences) * bitCost * float64(c.Randomness.Bits)
	return time.Duration(ms * float64(time.Millisecond))
}

// plan estimates what everything costs, and adds it up.
func (e *experiment) plan(sources []dataset.Source, report func(Progress)) error {
	e.progress = &tracker{report: report, began: time.Now(), total: attackCost}
	image, change := 0.0, 0.0 // the costs of one image, and of one change of one bit
	for _, g := range e.generators {
		if g.keys == nil {
			continue
		}
		start := time.Now()
		if _, err := g.keys.KeyFrom(raster.NewImage(e.cfg.Size, e.cfg.Size, g.info.Channels, 8), infer.Seed{}); err != nil {
			return err
		}
		if g.cost = milliseconds(time.Since(start)); !g.chaos() {
			image, change = image+g.cost, change+g.cost
		}
	}
	share := float64(e.cfg.Size*e.cfg.Size*e.channels) / (256 * 256 * 3)
	for _, s := range e.measured() {
		s.cost, s.changeCost = share*systemCost, share*changeCost
		if s.cryptosystem.Info().Takes == cipher.EncryptingNetwork {
			s.cost += (4 + 2 + 2*keyBits) * s.generator.cost
			s.changeCost += 2 * s.generator.cost
		}
		image, change = image+s.cost, change+s.changeCost
	}
	for _, src := range sources {
		e.progress.total += float64(e.planned(src))*image + float64(e.cfg.Changes)*change
	}
	kinds := float64(len(e.makers()) + 2*len(e.measured())) // of bits for SP 800-22
	e.progress.total += kinds * float64(e.cfg.Randomness.Sequences) * bitCost * float64(e.cfg.Randomness.Bits)
	return nil
}
