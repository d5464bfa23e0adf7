package attack

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// singleBytes are the n bytes after x of the map in float32.
func singleBytes(n int, x, r float32) []byte {
	out := make([]byte, n)
	for i := range out {
		x = cipher.LogisticNext32(x, r)
		out[i] = cipher.LeadingByte(x)
	}
	return out
}

// degenerate are the starting values whose orbits at r = 4 end in a fixed point at once.
var degenerate = []float64{0, 0.25, 0.5, 0.75, 1}

// knownBytes is how many bytes of the plain image the attacker knows: a part of a black border does.
const knownBytes = 96

// floatingLogistic is attack 15: a known-plaintext attack on the map as the cryptosystem uses it, in float32 or float64, and what is known
// of the map in floating point.
func floatingLogistic(b *bench, t *target) Result {
	plain, random := t.plain[1], b.source("float32")
	if t.info.FloatBits == 32 {
		result := recoverSingle(plain, must(b.newSecret(t, plain, nil, random).Encrypt(plain)))
		b.singleLogistic(&result, rand.New(random))
		return result
	}
	result := b.recoverDouble(t, plain, must(t.kept.Encrypt(plain)))
	b.doubleLogistic(&result, t)
	return result
}

// singleLogistic follows orbits in float32 to their cycles.
func (b *bench) singleLogistic(result *Result, random *rand.Rand) {
	orbits := b.many(100, 1000)
	whole, below := cycles(random, orbits, 4), cycles(random, orbits, 3.99)
	result.Measured = append(result.Measured,
		Value{"orbits followed at each r", float64(orbits), ""},
		Value{"values in the most common cycle at r = 4", float64(whole[0].length), ""},
		Value{"orbits that end in it, r = 4", whole[0].share, "%"},
		Value{"cycles at r = 4", float64(len(whole)), ""},
		Value{"values in the most common cycle at r = 3.99", float64(below[0].length), ""},
		Value{"orbits that end in it, r = 3.99", below[0].share, "%"},
		Value{"cycles at r = 3.99", float64(len(below)), ""},
		Value{"entropy of ⌊256·x⌋ at r = 4, float64", leadingEntropy(1 << 20), "bits per byte"})
	result.Conclusion += fmt.Sprintf(" Of %d orbits at r = 4, %.0f %% end in a cycle of %d values, at r = 3.99 %.0f %% in one of %d: "+
		"the keystream repeats itself within an image.",
		orbits, whole[0].share, whole[0].length, below[0].share, below[0].length)
}

// leadingEntropy is the entropy of n bytes ⌊256·x⌋ of the map in float64 at r = 4, whose density is that of the arcsine law.
func leadingEntropy(n int) float64 {
	m := raster.NewImage(n, 1, 1, 8)
	x := 0.3
	for i := range m.Pix {
		x = float64(float64(4*x) * float64(1-x))
		m.Pix[i] = byte(min(255, 256*x))
	}
	return metrics.Entropy(m)
}

// doubleLogistic tries degenerate parameters in float64, and asks how many keys give a stream that repeats itself within the image.
func (b *bench) doubleLogistic(result *Result, t *target) {
	refused := 0
	for _, x := range degenerate {
		if t.system.Check(t.plain[0], cipher.Params{X0: x, R: 4}) != nil {
			refused++
		}
	}
	samples, keys := len(t.plain[0].Pix), b.many(15, 150)
	repeat := newRate(repeating(orbits(t.system, b.random("cycles"), keys, 0, 5*samples), samples), keys)
	result.Measured = append(result.Measured, Value{"degenerate x0 at r = 4", float64(len(degenerate)), ""},
		Value{"degenerate x0 refused", float64(refused), ""}, Value{"keys followed", float64(keys), ""},
		Value{"keys whose stream repeats itself within the image", float64(repeat.Successes), ""})
	result.Conclusion += fmt.Sprintf(" Of %d degenerate parameters %d are refused with an error. Of %d keys, %d give a stream that repeats "+
		"itself within the image's %d samples (95 %%: %.0f to %.0f %%); larger images see more.", len(degenerate), refused, keys,
		repeat.Successes, samples, repeat.Low, repeat.High)
	if !result.Succeeded {
		result.Conclusion += " That is no proof: nothing is known that makes this map hard to predict, and a kept x0 and r fall to " +
			"attacks 4 and 5."
	}
}

// recoverSingle is the known-plaintext attack on the map in float32: the attacker knows the first bytes of the plain image, thus of the
// keystream, looks for the state and the r that make them, and runs the map on.
func recoverSingle(plain, cipherImage *raster.Image) Result {
	known := make([]byte, min(knownBytes, len(plain.Pix)/2))
	cipher.XOR(known, plain.Pix[:len(known)], cipherImage.Pix[:len(known)])
	x, r, tried, ok := singleState(known)
	result := Result{
		Expected:   "weak: x0 and r, or what is as good, from a few known bytes; short cycles; an entropy of 7.69; strong: does not apply",
		Criterion:  fmt.Sprintf("the whole plain image is found from %d known bytes of it", len(known)),
		Measured:   []Value{{"known bytes", float64(len(known)), ""}, {"values of r tried", float64(tried), ""}},
		Conclusion: fmt.Sprintf("No state and r of a float32 map make the %d known bytes of the keystream.", len(known)),
		Pictures:   []Picture{{"cipher", "what the attacker has, with a few bytes of the plain image", cipherImage}},
	}
	if !ok {
		return result
	}
	found := cipherImage.Clone()
	cipher.XOR(found.Pix, found.Pix, slices.Concat([]byte{cipher.LeadingByte(x)}, singleBytes(len(found.Pix)-1, x, r)))
	f := judge(found, plain)
	result.Succeeded = f.whole()
	result.Measured = append(result.Measured, f.values...)
	result.Conclusion = fmt.Sprintf("From %d known bytes the attacker finds the state and r = %v of the map, and with them %.2f %% of "+
		"the samples.", len(known), r, f.equal)
	result.Pictures = append(result.Pictures, Picture{"recovered", "the keystream run on from the state that was found", found})
	return result
}

// singleState looks for a state x, whose leading byte is the first one, and an r in [3.9, 4] that make the bytes. Any r near the true one
// has an x that follows the bytes for a while, so that all r have to be tried, some 420,000; for each the state is looked for by halving.
func singleState(bytes []byte) (x, r float32, tried int, ok bool) {
	for r = 3.9; r <= 4; r = math.Nextafter32(r, 5) {
		tried++
		low, high := float32(bytes[0])/256, math.Nextafter32((float32(bytes[0])+1)/256, 0)
		if x, ok = narrow(bytes, low, high, r); ok {
			return x, r, tried, true
		}
	}
	return 0, 0, tried, false
}

// narrow looks for a state in [low, high] that makes the bytes. As long as the map is monotonous on the interval, the interval's image is
// that of its ends, and says for all of it that it misses a byte. An interval that does not is halved.
func narrow(bytes []byte, low, high, r float32) (x float32, ok bool) {
	a, b := low, high
	for _, want := range bytes[1:] {
		if a < 0.5 && b > 0.5 {
			break
		}
		a, b = cipher.LogisticNext32(a, r), cipher.LogisticNext32(b, r)
		if a > b {
			a, b = b, a
		}
		// Rounding may put an inner value beyond the ends by a unit or two in the last place.
		if cipher.LeadingByte(b+1e-6) < want || cipher.LeadingByte(a-1e-6) > want {
			return 0, false
		}
	}
	if math.Nextafter32(low, 1) >= high {
		for _, x := range []float32{low, high} {
			if slices.Equal(singleBytes(len(bytes)-1, x, r), bytes[1:]) {
				return x, true
			}
		}
		return 0, false
	}
	middle := low + (high-low)/2
	if x, ok = narrow(bytes, low, middle, r); ok {
		return x, true
	}
	return narrow(bytes, math.Nextafter32(middle, 1), high, r)
}
