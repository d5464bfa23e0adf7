package metrics

import (
	"fmt"
	"testing"

	"keygan/data/raster"
	"keygan/evaluate/internal/expansion"
)

// TestConstants: the first million bits of a few constants are data whose χ² and entropy are known.
func TestConstants(t *testing.T) {
	const bits = 1_000_000
	for _, c := range []struct {
		name          string
		bytes         []byte
		chi2, entropy string
	}{
		{"π", expansion.Pi(bits), "249.470464", "7.998562"},
		{"e", expansion.E(bits), "301.587968", "7.998260"},
		{"√2", expansion.Root(2, bits), "245.222912", "7.998587"},
		{"√3", expansion.Root(3, bits), "233.594368", "7.998648"},
	} {
		m := raster.NewImage(len(c.bytes), 1, 1, 8)
		copy(m.Pix, c.bytes)
		if got := fmt.Sprintf("%.6f", ChiSquare(m)); got != c.chi2 {
			t.Errorf("χ² of %s: %s, want %s", c.name, got, c.chi2)
		}
		if got := fmt.Sprintf("%.6f", Entropy(m)); got != c.entropy {
			t.Errorf("entropy of %s: %s, want %s", c.name, got, c.entropy)
		}
	}
}
