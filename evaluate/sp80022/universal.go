package sp80022

import "math"

// universalMinimum[i] is the number of bits from which on Universal takes blocks of i + 6 bits: section 2.9.7's
// 1010·2^L·L, of which 10·2^L blocks only fill the table.
var universalMinimum = [...]int{
	387_840, 904_960, 2_068_480, 4_654_080, 10_342_400, 22_753_280, 49_643_520, 107_560_960, 231_669_760, 496_435_200, 1_059_061_760,
}

// universalMoments[i] holds the mean and the variance of log₂ of the distance between equal blocks of i + 6 bits (section 2.9.4).
var universalMoments = [len(universalMinimum)]struct{ mean, variance float64 }{
	{5.2177052, 2.954}, {6.1962507, 3.125}, {7.1836656, 3.238}, {8.1764248, 3.311}, {9.1723243, 3.356}, {10.170032, 3.384},
	{11.168765, 3.401}, {12.168070, 3.410}, {13.167693, 3.416}, {14.167488, 3.419}, {15.167379, 3.421},
}

// universal is Maurer's test (section 2.9): how far apart equal blocks lie tells whether the sequence can be compressed.
func universal(b *Bits) float64 {
	i := 0
	for i+1 < len(universalMinimum) && b.n >= universalMinimum[i+1] {
		i++
	}
	length := i + 6 // L
	skip := 10 << length
	k := float64(b.n/length - skip)
	l := float64(length)
	c := 0.7 - 0.8/l + (4+32/l)*math.Pow(k, -3/l)/15
	sigma := c * math.Sqrt(universalMoments[i].variance/k)
	return math.Erfc(math.Abs(maurer(b, length, skip)-universalMoments[i].mean) / (math.Sqrt2 * sigma))
}

// maurer is the mean of log₂ of the distance, in blocks, from each block of length bits to the one before that is equal; the
// first skip blocks only count as ones before. One that never stood before is as far away as the beginning.
func maurer(b *Bits, length, skip int) float64 {
	last := make([]int, 1<<length)
	blocks := b.n / length
	distances := make([]int, 64<<length) // how often each occurs; longer ones are so rare that they are summed at once
	far := 0.0
	for i := range blocks {
		v := b.from(i*length) >> (64 - length)
		d := i + 1 - last[v]
		last[v] = i + 1
		switch {
		case i < skip:
		case d < len(distances):
			distances[d]++
		default:
			far += math.Log2(float64(d))
		}
	}
	sum := far
	for d, count := range distances {
		if count > 0 {
			sum += float64(count) * math.Log2(float64(d))
		}
	}
	return sum / float64(blocks-skip)
}
