package experiment

import (
	"context"
	"slices"

	"keygan/data/raster"
	"keygan/evaluate/attack"
)

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
