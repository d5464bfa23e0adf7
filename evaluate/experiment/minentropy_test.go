package experiment

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// Keys that have 8 bits of Shannon entropy can have no min-entropy: a counter has each byte equally often, and each predicts the next.
func TestMinEntropyOfKeys(t *testing.T) {
	m := Metrics[slices.IndexFunc(Metrics, func(m Metric) bool { return m.ID == IDMinEntropy })]
	counter, random := raster.NewImage(64, 64, 3, 8), raster.NewImage(64, 64, 3, 8)
	for i := range counter.Pix {
		counter.Pix[i] = byte(i)
	}
	rand.NewChaCha8([32]byte{3}).Read(random.Pix)
	if h := metrics.Entropy(counter); h != 8 {
		t.Errorf("Shannon entropy of a counter %v", h)
	}
	expected := m.Expected(Observation{A: random})
	if expected < 5.5 || expected > 7.5 {
		t.Errorf("random bytes should have %v", expected)
	}
	for _, c := range []struct {
		name      string
		key       *raster.Image
		low, high float64
	}{{"counter", counter, 0, 0.1}, {"constant", raster.NewImage(64, 64, 3, 8), 0, 0}, {"random", random, expected - 0.7, expected + 0.7}} {
		if v, err := m.Measure(Observation{A: c.key}); err != nil || v < c.low || v > c.high {
			t.Errorf("%s: %v (%v), want %v to %v", c.name, v, err, c.low, c.high)
		}
	}
	if _, err := m.Measure(Observation{A: raster.NewImage(16, 16, 3, 8)}); !errors.Is(err, metrics.ErrUndefined) {
		t.Errorf("a small key: %v", err)
	}
}
