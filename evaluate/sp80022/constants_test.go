package sp80022

import (
	"testing"

	"keygan/evaluate/internal/expansion"
)

// piBits and eBits are the first n bits of the binary expansions of π and e.
func piBits(n int) *Bits { return FromBytes(expansion.Pi(n)).Prefix(n) }
func eBits(n int) *Bits  { return FromBytes(expansion.E(n)).Prefix(n) }

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
