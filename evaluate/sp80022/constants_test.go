package sp80022

import (
	"fmt"
	"testing"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// piBits and eBits are the first n bits of the binary expansions of π and e.
func piBits(n int) *Bits { return FromBytes(piBytes(n)).Prefix(n) }
func eBits(n int) *Bits  { return FromBytes(eBytes(n)).Prefix(n) }

func TestExpansions(t *testing.T) {
	for name, c := range map[string]struct {
		bits *Bits
		want string
	}{
		"π": {piBits(100), "1100100100001111110110101010001000100001011010001100001000110100110001001100011001100010100010111000"},
		"e": {eBits(40), "1010110111111000010101000101100010100010"},
	} {
		if got := text(c.bits); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestMetricsOfConstants: of package metrics. The first million bits of a few constants are data whose χ² and entropy are known.
func TestMetricsOfConstants(t *testing.T) {
	const bits = 1_000_000
	for _, c := range []struct {
		name          string
		bytes         []byte
		chi2, entropy string
	}{
		{"π", piBytes(bits), "249.470464", "7.998562"},
		{"e", eBytes(bits), "301.587968", "7.998260"},
		{"√2", rootBytes(2, bits), "245.222912", "7.998587"},
		{"√3", rootBytes(3, bits), "233.594368", "7.998648"},
	} {
		m := raster.NewImage(len(c.bytes), 1, 1, 8)
		copy(m.Pix, c.bytes)
		if got := fmt.Sprintf("%.6f", metrics.ChiSquare(m)); got != c.chi2 {
			t.Errorf("χ² of %s: %s, want %s", c.name, got, c.chi2)
		}
		if got := fmt.Sprintf("%.6f", metrics.Entropy(m)); got != c.entropy {
			t.Errorf("entropy of %s: %s, want %s", c.name, got, c.entropy)
		}
	}
}
