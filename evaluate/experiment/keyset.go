package experiment

import (
	"errors"
	"fmt"
	"path/filepath"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/infer/builtin"
)

const (
	mostKeys    = 64 // of one generator that are compared with each other
	mostTargets = 32 // that keys are compared with
)

// keySet is the keys of one generator of the images of one source, the first mostKeys.
type keySet struct {
	keys  []*raster.Image
	small []*raster.Image // of the same images at the size of the training, for the comparison with the targets
}

// collect keeps a key of a subject.
func (t *trial) collect(g *generator, s *subject) error {
	set := t.sets[g.info.Name]
	if set == nil {
		set = &keySet{}
		t.sets[g.info.Name] = set
	}
	if len(set.keys) == mostKeys {
		return nil
	}
	key, side := s.keys[g.info.Name], g.info.ImageSize
	set.keys = append(set.keys, key)
	if side > 0 && side != t.cfg.Size {
		var err error
		if key, err = g.keys.KeyFrom(s.plain[g.info.Channels].Fit(side, g.info.Channels), s.noise); err != nil {
			return fmt.Errorf("key by %s: %w", g.info.Name, err)
		}
	}
	set.small = append(set.small, key)
	return nil
}

// compareKeys takes the metrics of all keys of each generator together.
func (t *trial) compareKeys() error {
	for _, g := range t.makers() {
		of, set := System{Scheme: RawKey, Generator: g.info.Name}, t.sets[g.info.Name]
		if len(set.keys) < 2 {
			for _, on := range []Occasion{KeysOfTwoImages, EveryTwoKeys, AllKeys, KeysAndTargets} {
				t.results.explain(of, on, "not measured: it takes two images")
			}
			continue
		}
		for i, a := range set.keys {
			for _, b := range set.keys[:i] {
				if err := t.results.observe(of, EveryTwoKeys, Observation{A: a, B: b}); err != nil {
					return err
				}
			}
		}
		if err := t.results.observe(of, AllKeys, Observation{A: set.keys[0], Set: set.keys}); err != nil {
			return err
		}
		targets, controls, err := g.targetsFor(len(set.small), set.small[0])
		if err != nil {
			t.results.explain(of, KeysAndTargets, "not measured: "+err.Error())
			continue
		}
		err = t.results.observe(of, KeysAndTargets, Observation{A: set.small[0], Set: set.small, Targets: targets, Controls: controls})
		if err != nil {
			return err
		}
	}
	return nil
}

// targetsFor are up to mostTargets of the images that a generator's keys are to look like, and n others, all of the shape of m.
func (g *generator) targetsFor(n int, m *raster.Image) (targets, controls []*raster.Image, err error) {
	specs := []dataset.Spec{builtin.Target}
	if g.info.File != "" {
		if _, specs, err = runSets(filepath.Dir(g.info.File)); err != nil {
			return nil, nil, fmt.Errorf("its target images are not known: %w", err)
		}
	}
	if len(specs) == 0 {
		return nil, nil, errors.New("it has no target images that are not encrypted")
	}
	src, err := dataset.OpenUnchecked(specs...)
	if err != nil {
		return nil, nil, err
	}
	wanted := min(mostTargets, src.Len()/2)
	if src.Len() < wanted+n || wanted < 2 {
		return nil, nil, fmt.Errorf("%d target images are too few for %d keys", src.Len(), n)
	}
	all := wanted + n
	for k := range all { // evenly spread, and the controls evenly among them
		one, err := src.Image((2*k + 1) * src.Len() / (2 * all))
		if err != nil {
			return nil, nil, err
		}
		one = one.Fit(m.Width, m.Channels).EightBits()
		if (k+1)*n/all > k*n/all {
			controls = append(controls, one)
		} else {
			targets = append(targets, one)
		}
	}
	return targets, controls, nil
}
