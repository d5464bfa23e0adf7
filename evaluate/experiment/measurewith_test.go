package experiment

import (
	"crypto/sha256"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/infer"
)

// IdealKeys makes keys that are random and change altogether with one bit of the image: what a generator would have to be.
type IdealKeys struct{}

func (IdealKeys) KeyFrom(img *raster.Image, _ infer.Seed) (*raster.Image, error) {
	key := raster.NewImage(img.Width, img.Height, img.Channels, 8)
	rand.NewChaCha8(sha256.Sum256(img.Pix)).Read(key.Pix)
	return key, nil
}

// MeasureWith runs the experiment with other keys than a generator's.
func MeasureWith(t *testing.T, keys keyGenerator, changes int, schemes ...string) *Results {
	t.Helper()
	cfg := Config{
		Sources: []Source{{Name: "xray", Spec: dataset.Spec{Synthetic: "xray", Count: 8}}}, Images: 8, Changes: changes, Seed: 1, Schemes: schemes,
		Randomness: Randomness{2, 20_000},
	}.Resolved()
	g := &generator{info: GeneratorInfo{Name: "keys", Network: infer.NetworkResNet, Channels: 3, Hash: strings.Repeat("0", 64)}, keys: keys}
	e, sources, err := newExperiment(t.Context(), cfg, []*generator{g})
	if err != nil {
		t.Fatal(err)
	}
	r := &Results{Config: cfg, Generators: []GeneratorInfo{g.info}, Alpha: Alpha}
	for _, s := range e.systems {
		r.Systems = append(r.Systems, s.SystemInfo)
	}
	one := e.newTrial(cfg.Sources[0], sources[0])
	if err := one.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.addSource(one)
	if r.Randomness, err = e.bits.test(t.Context(), e.systems, nil); err != nil {
		t.Fatal(err)
	}
	return r
}

// FixedKey is one random key for all images, as when a key is kept.
type FixedKey struct{}

func (FixedKey) KeyFrom(img *raster.Image, seed infer.Seed) (*raster.Image, error) {
	return IdealKeys{}.KeyFrom(raster.NewImage(img.Width, img.Height, img.Channels, 8), seed)
}

// Near fails a test where got is farther from want than a share of it.
func Near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if d := math.Abs(got - want); !(d <= relative*math.Abs(want)) {
		t.Errorf("%s: %.15g, want %.15g (off by %.2g)", what, got, want, d)
	}
}
