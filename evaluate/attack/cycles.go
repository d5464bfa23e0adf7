package attack

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"keygan/cipher"
	"keygan/data/raster"
)

// brent follows the orbit of x under next to the cycle that it ends in (Brent, 1980), and returns how many values come before the cycle
// and how long it is. It gives up, and is not ok, after limit steps; 0 is no limit. An orbit that comes back within n values is found
// in fewer than 5n steps.
func brent[T comparable](x T, next func(T) T, limit int) (tail, length int, ok bool) {
	tortoise, hare := x, next(x)
	length = 1
	for power, steps := 1, 1; tortoise != hare; length++ {
		if length == power {
			tortoise, power, length = hare, 2*power, 0
		}
		if hare = next(hare); steps == limit {
			return 0, 0, false
		}
		steps++
	}
	tortoise, hare = x, x
	for range length {
		hare = next(hare)
	}
	for ; tortoise != hare; tail++ {
		tortoise, hare = next(tortoise), next(hare)
	}
	return tail, length, true
}

// cycleLength is the length of the cycle that the orbit of x ends in, in float32.
func cycleLength(x, r float32) int {
	_, length, _ := brent(x, func(x float32) float32 { return cipher.LogisticNext32(x, r) }, 0)
	return length
}

// A cycle is one that orbits end in.
type cycle struct {
	length int
	share  float64 // of the orbits, in percent
}

// cycles are those that n orbits end in, the most common first.
func cycles(random *rand.Rand, n int, r float32) []cycle {
	seen := map[int]int{}
	for range n {
		seen[cycleLength(random.Float32(), r)]++
	}
	var out []cycle
	for length, count := range seen {
		out = append(out, cycle{length, 100 * float64(count) / float64(n)})
	}
	slices.SortFunc(out, func(a, b cycle) int {
		return cmp.Or(cmp.Compare(b.share, a.share), cmp.Compare(a.length, b.length))
	})
	return out
}

// An orbit is the stream of one key of the logistic map in float64, from the first value that makes a byte.
type orbit struct {
	x, r         float64
	tail, length int  // of the stream; 0 where it was not followed to its cycle
	followed     bool // to its cycle
}

// repeatsWithin says whether the stream has shown a whole cycle after n bytes, and begins to repeat itself.
func (o orbit) repeatsWithin(n int) bool { return o.followed && o.tail+o.length < n }

// orbits follows the streams of keys that the cryptosystem takes, drawn as it draws them; r is drawn as well where it is 0. Limit is that
// of brent.
func orbits(system cipher.Cryptosystem, random *rand.Rand, n int, r float64, limit int) []orbit {
	shape := raster.NewImage(16, 16, 1, 8)
	var out []orbit
	for len(out) < n {
		o := orbit{x: random.Float64(), r: cmp.Or(r, 3.9+0.1*random.Float64())}
		if system.Check(shape, cipher.Params{X0: o.x, R: o.r}) != nil {
			continue // a degenerate key, which is refused
		}
		next := func(x float64) float64 { return cipher.LogisticNext(x, o.r) }
		for range cipher.LogisticBurnIn + 1 {
			o.x = next(o.x)
		}
		o.tail, o.length, o.followed = brent(o.x, next, limit)
		out = append(out, o)
	}
	return out
}

// repeating counts the streams that repeat themselves within n bytes.
func repeating(orbits []orbit, n int) int {
	count := 0
	for _, o := range orbits {
		if o.repeatsWithin(n) {
			count++
		}
	}
	return count
}
