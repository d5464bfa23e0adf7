package experiment

import (
	"context"
	"slices"

	"keygan/data/raster"
	"keygan/evaluate/attack"
)

// attackCost is about what the attacks take, in the tracker's unit.
const attackCost = 10_000

// attackImages is how many plain images the attacks get.
const attackImages = 4

// attacks runs the attacks on the first images of the sources.
func (e *experiment) attacks(ctx context.Context, specimens []*Specimen) ([]attack.Result, error) {
	o := attack.Options{Schemes: e.cfg.Schemes, Seed: e.cfg.Seed, Iterations: e.cfg.Iterations, Quick: e.cfg.Quick, Plain: e.attacked(specimens)}
	for i, g := range e.makers() {
		noise := e.noise("attacks", i)
		o.Generators = append(o.Generators, attack.Generator{
			Name: g.info.Name, Key: func(plain *raster.Image) (*raster.Image, error) { return g.keys.KeyFrom(plain, noise) },
		})
	}
	o.Schemes = slices.DeleteFunc(slices.Clone(o.Schemes), func(scheme string) bool {
		return scheme == SchemeAES || !slices.ContainsFunc(e.measured(), func(s *system) bool { return s.Scheme == scheme && s.Scheme != SchemeChaosGAN })
	})
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
