package sp80022

import (
	"fmt"
	"math"
)

// step is what eight bits do to the walk S, which goes up by 1 for a one and down for a zero.
type step struct{ change, highest, lowest int8 } // from where it stood before the first of them

// steps are the steps for all bytes.
var steps = func() (table [256]step) {
	for v := range table {
		t := &table[v]
		for bit := 7; bit >= 0; bit-- {
			t.change += int8(v>>bit&1)*2 - 1
			t.highest, t.lowest = max(t.highest, t.change), min(t.lowest, t.change)
		}
	}
	return table
}()

// cumulativeSums asks how far the walk strays (section 2.13): z = max |Sₖ| forward, and max |Sₙ − Sₖ| in reverse.
func cumulativeSums(b *Bits) []float64 {
	s, highest, lowest := 0, 0, 0
	whole := b.n / 8
	for i := range whole {
		t := steps[byte(b.words[i>>3]>>(56-8*(i&7)))]
		highest, lowest = max(highest, s+int(t.highest)), min(lowest, s+int(t.lowest))
		s += int(t.change)
	}
	for i := 8 * whole; i < b.n; i++ {
		s += 2*int(b.bit(i)) - 1
		highest, lowest = max(highest, s), min(lowest, s)
	}
	return []float64{cusumPValue(b.n, max(highest, -lowest)), cusumPValue(b.n, max(highest-s, s-lowest))}
}

// cusumPValue is the probability that a random walk of n steps strays z or more (section 2.13.4). Division rounds towards 0, as NIST's.
func cusumPValue(n, z int) float64 {
	// Φ beyond 40 is 1, and the terms, differences of Φ, are 0.
	limit := int(40*math.Sqrt(float64(n)))/(4*z) + 2
	phi := func(k int) float64 { return normal(float64(k) * float64(z) / math.Sqrt(float64(n))) }
	sum := 0.0
	for k := max((-n/z+1)/4, -limit); k <= min((n/z-1)/4, limit); k++ {
		sum += phi(4*k+1) - phi(4*k-1)
	}
	for k := max((-n/z-3)/4, -limit); k <= min((n/z-1)/4, limit); k++ {
		sum -= phi(4*k+3) - phi(4*k+1)
	}
	return probability(1 - sum)
}

const (
	farthest      = 9   // state of the walk that RandomExcursionsVariant looks at
	nearest       = 4   // states up to which RandomExcursions does
	mostVisits    = 5   // that RandomExcursions tells apart
	fewestCycles  = 500 // that both need, or 0.005 √n
	cyclesPerRoot = 0.005
)

// excursions is what the walk of section 2.14 does, cut into cycles where it comes back to 0.
type excursions struct {
	cycles int                                // J; the last one need not be closed
	visits [2*farthest + 1]int                // [x+9]: times in state x
	often  [2*nearest + 1][mostVisits + 1]int // [x+4][k]: cycles with k visits to x, the last k meaning or more
}

// walk follows the bits. Far from 0 it goes in strides of eight.
func walk(b *Bits) excursions {
	var e excursions
	var within [2*farthest + 1]int // visits in this cycle
	closeCycle := func() {
		e.cycles++
		for x := -nearest; x <= nearest; x++ {
			e.often[x+nearest][min(within[x+farthest], mostVisits)]++
		}
		for i, v := range within {
			e.visits[i] += v
			within[i] = 0
		}
	}
	s := 0
	for i := 0; i < b.n; {
		if (s > farthest+8 || s < -farthest-8) && i&7 == 0 && i+8 <= b.n {
			s += int(steps[byte(b.words[i>>6]>>(56-i&63))].change)
			i += 8
			continue
		}
		s += 2*int(b.bit(i)) - 1
		i++
		if s == 0 {
			closeCycle()
		} else if -farthest <= s && s <= farthest {
			within[s+farthest]++
		}
	}
	if s != 0 {
		closeCycle()
	}
	return e
}

// overStates are the p-values of the states from −most to most, without 0, or why there are too few cycles for them.
func overStates(b *Bits, most int, pValue func(e excursions, x int) float64) (p []float64, skipped string) {
	e := walk(b)
	need := max(cyclesPerRoot*math.Sqrt(float64(b.n)), fewestCycles)
	if float64(e.cycles) < need {
		return nil, fmt.Sprintf("the walk of the bits comes back to 0 too rarely: %d cycles, and it takes at least %.0f", e.cycles, math.Ceil(need))
	}
	for x := -most; x <= most; x++ {
		if x != 0 {
			p = append(p, pValue(e, x))
		}
	}
	return p, ""
}

// visitsPValue is the p-value of state x in RandomExcursions: how often the walk visits it within a cycle (section 2.14).
func (e excursions) visitsPValue(x int) float64 {
	return chiSquare(e.often[x+nearest][:], visitProbabilities(x))
}

// visitProbabilities are the probabilities of 0 to 4 visits to state x in a cycle, and of more (section 3.14).
func visitProbabilities(x int) []float64 {
	away := 1 / (2 * math.Abs(float64(x)))
	p := make([]float64, mostVisits+1)
	p[0] = 1 - away
	for k := 1; k < mostVisits; k++ {
		p[k] = away * away * math.Pow(1-away, float64(k-1))
	}
	p[mostVisits] = away * math.Pow(1-away, mostVisits-1)
	return p
}

// variantPValue is the p-value of state x in RandomExcursionsVariant: how often the walk visits it in all (section 2.15).
func (e excursions) variantPValue(x int) float64 {
	j := float64(e.cycles)
	return math.Erfc(math.Abs(float64(e.visits[x+farthest])-j) / math.Sqrt(2*j*(4*math.Abs(float64(x))-2)))
}
