package attack

import (
	"fmt"
	"math"

	"keygan/cipher"
	"keygan/data/raster"
)

// The stream of the scheme logistic gives of each state x the byte ⌊10¹⁴·x⌋ mod 256. A known byte leaves 10¹⁴/256 ≈ 2³⁸·⁵ quotients k
// with ⌊10¹⁴·x⌋ = 256·k + byte, and some hundred states for each.
const quotients = 1e14 / 256

// doubleState looks for a state of the map in float64, for a known r, whose stream begins with the bytes. It tries the quotients from
// first to before last: each says what the next byte is to 3 units, so that one in 37 remains, and the bytes after it do the rest.
func doubleState(bytes []byte, r float64, first, last int) (x float64, tried int, ok bool) {
	byte0, byte1 := int64(bytes[0]), int64(bytes[1])
	for k := first; k < last; k++ {
		whole := 256*int64(k) + byte0
		middle := (float64(whole) + 0.5) * 1e-14
		// The state is within half a unit of the middle, and the slope of the map is 4 at most.
		next := int64(1e14 * r * middle * (1 - middle))
		if uint8(next-byte1+3) > 6 {
			continue
		}
		low, high := math.Nextafter(float64(whole)*1e-14, 0), math.Nextafter(float64(whole+1)*1e-14, 1)
		if x, ok = narrowDouble(bytes, low, high, r); ok {
			return x, k - first + 1, true
		}
	}
	return 0, last - first, false
}

// narrowDouble looks for a state in [low, high] that makes the bytes, as narrow does in float32. The bytes are residues: they can only
// be missed where the interval's image is shorter than 256 units.
func narrowDouble(bytes []byte, low, high, r float64) (x float64, ok bool) {
	a, b := low, high
	for _, want := range bytes[1:] {
		if a < 0.5 && b > 0.5 {
			break
		}
		a, b = cipher.LogisticNext(a, r), cipher.LogisticNext(b, r)
		if a > b {
			a, b = b, a
		}
		// Rounding may put an inner value beyond the ends by a unit.
		least, most := int64(a*1e14)-1, int64(b*1e14)+1
		if most-least >= 255 {
			break
		}
		if int64(uint8(int64(want)-least)) > most-least {
			return 0, false
		}
	}
	if math.Nextafter(low, 1) >= high {
		for _, x := range []float64{low, high} {
			if makesBytes(bytes, x, r) {
				return x, true
			}
		}
		return 0, false
	}
	middle := low + (high-low)/2
	if x, ok = narrowDouble(bytes, low, middle, r); ok {
		return x, true
	}
	return narrowDouble(bytes, math.Nextafter(middle, 1), high, r)
}

// doubleByte is the byte that the stream of the scheme logistic takes from a state.
func doubleByte(x float64) byte { return byte(uint64(float64(x * 1e14))) }

func makesBytes(bytes []byte, x, r float64) bool {
	for _, want := range bytes {
		if doubleByte(x) != want {
			return false
		}
		x = cipher.LogisticNext(x, r)
	}
	return true
}

// recoverDouble is the known-plaintext attack on the map in float64. Where x0 and r are both secret, each pair of quotients of two
// neighbouring states gives an r to try: out of reach. Where r is published, as it is in papers, the search of one state's quotients
// remains. Here it is made in one part of them, the one that holds the state, and the work for all is told.
func (b *bench) recoverDouble(t *target, plain, cipherImage *raster.Image) Result {
	known := make([]byte, min(knownBytes, len(plain.Pix)/2))
	cipher.XOR(known, plain.Pix[:len(known)], cipherImage.Pix[:len(known)])
	key := t.kept.(cipher.FiledSecret).KeyFile(cipherImage).Params
	state := key.X0
	for range cipher.LogisticBurnIn + 1 {
		state = cipher.LogisticNext(state, key.R)
	}
	parts := float64(b.many(1<<16, 1<<13))
	part := math.Floor(state * 1e14 / 256 / quotients * parts)
	x, tried, ok := doubleState(known, key.R, int(part*quotients/parts), int((part+1)*quotients/parts)+1)
	found := cipherImage.Clone()
	if ok {
		for i := range found.Pix {
			found.Pix[i] ^= doubleByte(x)
			x = cipher.LogisticNext(x, key.R)
		}
	}
	f := judge(found, plain)
	work := math.Log2(quotients)
	return Result{
		Expected:  "weak: x0 and r, or what is as good, from a few known bytes; short cycles; an entropy of 7.69; strong: does not apply",
		Criterion: fmt.Sprintf("the whole plain image is found from %d known bytes of it, x0 and r being secret", len(known)),
		Measured: []Value{
			{"known bytes", float64(len(known)), ""}, {"log2 of the work, x0 and r secret", 2 * work, "bits"},
			{"log2 of the work, r known", work, "bits"}, {"log2 of the parts of it, of which one was searched", math.Log2(parts), "bits"},
			{"quotients tried in it", float64(tried), ""}, {"samples found, r and the part known", f.equal, "%"},
		},
		Conclusion: fmt.Sprintf("With x0 and r secret the state is not found: the best search that we know tries 2^%.0f pairs of states. "+
			"Where r is published, 2^%.1f tries do. We made a part of them, one in %.0f, which was known to hold the state: after %d tries "+
			"the attacker has %.2f %% of the samples.", 2*work, work, parts, tried, f.equal),
		Pictures: []Picture{{"cipher", "what the attacker has, with a few bytes of the plain image", cipherImage},
			{"recovered", "with the state that was found, r and a part of the search being known", found}},
	}
}
