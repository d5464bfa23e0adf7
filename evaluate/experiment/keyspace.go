package experiment

import (
	"fmt"
	"math"

	"keygan/cipher/catmap"
)

// keySpace is the number of keys that a system can have, as a power of two, and how it is counted.
type keySpace struct {
	nominal      float64 // bits of what the receiver must be sent
	nominalHow   string
	effective    float64 // bits that are left to guess for whoever has the program, the weights, and the plain image or a guess at it
	effectiveHow string
}

// logisticBits are those of x0, a multiple of 2⁻⁵³ in (0, 1), and of r in (3.9, 4) in steps of 2⁻⁵³.
var logisticBits = 53 + math.Log2(0.1*0x1p53)

func keySpaceOf(s *system, cfg Config) keySpace {
	bytes := cfg.Size * cfg.Size * s.Channels
	raw := keySpace{
		nominal: float64(8 * bytes), nominalHow: fmt.Sprintf("8 bits for each of the %d bytes of the raw key", bytes),
		effectiveHow: "none: published weights and the image give the key; to guess it is to guess the image",
	}
	if s.generator != nil && s.generator.info.TakesNoise {
		raw.effective, raw.effectiveHow = 256, "the 256 bits of the seed that the generator's noise is drawn from"
	}
	switch s.Scheme {
	case SchemeSealed, SchemeAES:
		return keySpace{256, "a secret of 256 bits", 256, "the same: it depends on neither image nor weights"}
	case SchemeChaosGAN:
		if s.generator == nil || s.generator.keys == nil {
			return keySpace{}
		}
		return keySpace{
			32 * float64(s.generator.models[1].Arch().Parameters()), "32 bits for each number of the reconstruction network",
			0, "none: the weights are the key, and they are published, or the same for all images",
		}
	case "logistic":
		return keySpace{logisticBits, "53 bits of x0 and those of r between 3.9 and 4", logisticBits, "at most the same: in float64 many keys lead to the same few cycles"}
	case "paper":
		counts := math.Log2(float64(catmap.Period(cfg.Size, 1, 1) - 1))
		raw.nominal += counts
		raw.nominalHow += fmt.Sprintf(", and log2 of the %.0f iteration counts of the cat map", math.Exp2(counts))
		raw.effective += counts
		raw.effectiveHow = "the iteration count of the cat map; besides it, " + raw.effectiveHow
	}
	return raw
}
