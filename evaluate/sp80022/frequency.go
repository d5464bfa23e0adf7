package sp80022

import "math"

// frequency compares the number of ones with that of zeros (section 2.1).
func frequency(b *Bits) float64 {
	sum := 2*b.ones(0, b.n) - b.n // of the bits as ±1
	return math.Erfc(math.Abs(float64(sum)) / math.Sqrt(2*float64(b.n)))
}

// blockFrequency compares the number of ones in each whole block of m bits with m/2 (section 2.2): χ² = 4m Σ (πᵢ − ½)².
func blockFrequency(b *Bits, m int) float64 {
	blocks := b.n / m
	sum := 0 // Σ (2·ones − m)² = 4m² Σ (πᵢ − ½)²
	for i := range blocks {
		d := 2*b.ones(i*m, (i+1)*m) - m
		sum += d * d
	}
	return igamc(float64(blocks)/2, float64(sum)/float64(2*m))
}
