package sp80090b

import "math/bits"

// The three slowest predictors have a faster form for bits, with the same results: contexts are numbers, and lags are compared 64 at a time.

// contextCounts counts, for each context of 1 to 16 bits, how often a 0 and a 1 came after it. The context of d bits c is at 1<<d | c.
type contextCounts [2 << orders][2]int32

// guess is the bit that came after a context more often, 1 for as often, and its count; 0 for a context that was not met.
func guess(n *[2]int32) (bit byte, count int32) {
	bit = byte(uint32(n[0]-n[1]-1) >> 31) // n[0] ≤ n[1], without a jump that nothing can foresee
	return bit, max(n[0], n[1])
}

// multiMMCBits is multiMMC for bits. Only the longest contexts can have more pairs than there is room for.
func multiMMCBits(s []byte) *board {
	b := &board{scores: make([]int, orders)}
	var met contextCounts
	pairs := 0 // of the longest contexts
	history := uint32(s[0])
	for i := 1; i < len(s); i++ {
		c, leader := s[i], b.leader
		for d := 1; d <= min(orders, i); d++ {
			n := &met[1<<d|history&(1<<d-1)]
			bit, count := guess(n)
			right := 1 ^ int(bit^c)
			if count == 0 {
				right = 0
			} else if leader == d-1 {
				b.counted(right == 1)
			}
			score := b.scores[d-1] + right
			b.scores[d-1] = score
			if score >= b.scores[b.leader] && right == 1 {
				b.leader = d - 1
			}
			if d == orders && n[c&1] == 0 {
				if pairs == mostPairs {
					continue
				}
				pairs++
			}
			n[c&1]++
		}
		history = history<<1 | uint32(c)
	}
	return b
}

// lz78yBits is lz78y for bits.
func lz78yBits(s []byte) *board {
	b := &board{}
	var met contextCounts
	room := mostKeys
	history := uint32(0)
	for i, c := range s {
		if i >= orders {
			var best, most = byte(0), int32(0)
			for d := 1; d <= orders; d++ {
				n := &met[1<<d|history&(1<<d-1)]
				bit, count := guess(n)
				if count >= most {
					best, most = bit, count
				}
				if count > 0 {
					n[c&1]++
				}
			}
			if i > orders {
				b.counted(most > 0 && best == c)
			}
			for d := orders; d >= 1 && room > 0; d-- { // the longest first
				if n := &met[1<<d|history&(1<<d-1)]; n[0]|n[1] == 0 {
					n[c&1]++
					room--
				}
			}
		}
		history = history<<1 | uint32(c)
	}
	return b
}

// lagBits is lag for bits. In 64 steps a predictor gains at most 64 points, so only those that can reach the leader are followed step
// by step.
func lagBits(s []byte) *board {
	b := &board{scores: make([]int, lags)}
	words := pack(s)
	var right [lags]uint64       // what each predictor is right about in the next 64 steps, the first in the top bit
	near := make([]int, 0, lags) // the predictors that may lead there, in order
	for from := 0; from < len(s); from += 64 {
		steps := min(64, len(s)-from)
		inside := ^uint64(0) << (64 - steps)
		lead := b.scores[b.leader]
		near = near[:0]
		for d := range right {
			early := max(0, d+1-from) // steps at which there is no bit that far back
			right[d] = ^(words.at(from) ^ words.at(from-d-1)) & inside & (^uint64(0) >> early)
			if points := bits.OnesCount64(right[d]); b.scores[d]+points >= lead {
				near = append(near, d)
			} else {
				b.scores[d] += points
			}
		}
		for bit := 63; bit > 63-steps; bit-- {
			b.counted(right[b.leader]>>bit&1 == 1)
			for _, d := range near {
				if right[d]>>bit&1 == 1 {
					b.scored(d)
				}
			}
		}
	}
	return b
}

// packed is a bit string after 128 zeros, with the first bit in the top bit of a word, and a word of zeros after it.
type packed []uint64

func pack(s []byte) packed {
	w := make(packed, len(s)/64+lags/64+2)
	for i, c := range s {
		w[(i+lags)>>6] |= uint64(c) << (63 - i&63)
	}
	return w
}

// at is the 64 bits from i on, i ≥ −128.
func (w packed) at(i int) uint64 {
	i += lags
	return w[i>>6]<<(i&63) | w[i>>6+1]>>1>>(63-i&63)
}
