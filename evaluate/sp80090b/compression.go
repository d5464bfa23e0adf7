package sp80090b

import "math"

const (
	blockBits   = 6
	blockValues = 1 << blockBits
	warmUp      = 1000 // blocks that only fill the dictionary
)

// compression is section 6.3.4, Maurer's universal statistic on blocks of 6 bits: the mean of log₂ of the distance to the last block with the same
// value. Only complete blocks count.
func compression(s *text) float64 {
	var last [blockValues]int // index of the last block with a value, from 1; 0 for none
	blocks := len(s.s) / blockBits
	logs := logarithms(blocks)
	var sum, squares float64
	for i := 1; i <= blocks; i++ {
		value := 0
		for _, bit := range s.s[(i-1)*blockBits : i*blockBits] {
			value = value<<1 | int(bit)
		}
		if i > warmUp {
			x := logs[i-last[value]]
			sum += x
			squares += x * x
		}
		last[value] = i
	}
	n := float64(blocks - warmUp)
	mean := sum / n
	deviation := 0.5907 * math.Sqrt(squares/(n-1)-mean*mean)
	bound := mean - zAlpha*deviation/math.Sqrt(n)

	// One value has probability p, the 63 others share the rest. The expected mean falls as p grows from 1/64.
	expected := func(p float64) float64 {
		return meanLog(p, logs) + (blockValues-1)*meanLog((1-p)/(blockValues-1), logs)
	}
	if expected(1.0/blockValues) <= bound {
		return 1
	}
	p := bisect(1.0/blockValues, 1, func(p float64) bool { return expected(p) > bound })
	return information(p) / blockBits
}

// logarithms is log₂ of the numbers from 0, which is not used, to n.
func logarithms(n int) []float64 {
	logs := make([]float64, n+1)
	for i := 1; i <= n; i++ {
		logs[i] = math.Log2(float64(i))
	}
	return logs
}

// meanLog is G(z) of step 7 for len(logs) − 1 blocks: what a value of probability z adds to the mean. The double sum over blocks t and distances
// u ≤ t is here a single sum over u: the term log₂(u) z²(1−z)ᵘ⁻¹ of u < t stands in every block t > u that is counted, that of u = t in one.
func meanLog(z float64, logs []float64) float64 {
	blocks := len(logs) - 1
	power := 1.0 // (1−z)ᵘ⁻¹
	var before, ends float64
	for u := 1; u <= blocks; u++ {
		term := logs[u] * power
		before += term * float64(blocks-max(u, warmUp))
		if u > warmUp {
			ends += term
		}
		if power *= 1 - z; power < 1e-30 {
			break
		}
	}
	return z * (z*before + ends) / float64(blocks-warmUp)
}

// bisect returns the end of the region [low, …) in which below holds, between low and high.
func bisect(low, high float64, below func(float64) bool) float64 {
	for {
		middle := low + (high-low)/2
		if middle <= low || middle >= high || high-low < 1e-15*high {
			return middle
		}
		if below(middle) {
			low = middle
		} else {
			high = middle
		}
	}
}
