package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"

	"keygan/data/raster"
)

// The parameters of Wu et al. (2013).
const (
	localBlocks = 30
	localBlock  = 1936 // samples: 44×44
)

// LocalEntropy is the local Shannon entropy of Wu, Zhou, Saveriades, Agaian, Noonan and Natarajan (2013), in bits: the mean of the
// entropies of 30 blocks of 1,936 bytes that do not overlap. It tells an image whose parts are not random, though all together
// look so.
//
// A block is a stretch of one channel in reading order, since 30 squares of 44×44 do not fit into 256×256 pixels. Which blocks are taken
// is drawn, the same for all images of a shape. The error wraps [ErrUndefined] where there are fewer than 30.
func LocalEntropy(m *raster.Image) (float64, error) {
	size := m.Width * m.Height * m.Depth / 8 // bytes of a channel
	inChannel := size / localBlock
	if n := inChannel * m.Channels; n < localBlocks {
		return 0, fmt.Errorf("local entropy is %w: %s has %d blocks of %d bytes, it takes %d", ErrUndefined, m, n, localBlock, localBlocks)
	}
	sum := 0.0
	sample := m.Depth / 8
	for _, b := range rand.New(rand.NewPCG(2013, 1936)).Perm(inChannel * m.Channels)[:localBlocks] {
		var counts [256]int
		channel, first := b/inChannel, b%inChannel*localBlock
		for i := first; i < first+localBlock; i++ {
			counts[m.Pix[(i/sample*m.Channels+channel)*sample+i%sample]]++
		}
		sum += entropyOf(counts[:], localBlock)
	}
	return sum / localBlocks, nil
}

// localMoments are mean and standard deviation of the entropy of 1,936 random bytes, from the exact distribution of their counts: the
// entropy is a sum of 256 terms, of which any two have the counts of a trinomial distribution.
var localMoments = sync.OnceValues(func() (mean, sd float64) {
	const n, most = localBlock, 60 // the probability of a higher count is below 1e-30
	term := func(k int) float64 {
		if k == 0 {
			return 0
		}
		return float64(k) / n * math.Log2(float64(n)/float64(k))
	}
	logFactorial := func(k int) float64 {
		v, _ := math.Lgamma(float64(k + 1))
		return v
	}
	var one, square, product float64 // the means of a term, of its square, and of the product of two
	for i := range most {
		p := math.Exp(logFactorial(n) - logFactorial(i) - logFactorial(n-i) - float64(i)*math.Log(256) + float64(n-i)*math.Log(255./256))
		one += p * term(i)
		square += p * term(i) * term(i)
		for j := range most {
			p := math.Exp(logFactorial(n) - logFactorial(i) - logFactorial(j) - logFactorial(n-i-j) -
				float64(i+j)*math.Log(256) + float64(n-i-j)*math.Log(254./256))
			product += p * term(i) * term(j)
		}
	}
	return 256 * one, math.Sqrt(256*square + 256*255*product - 256*256*one*one)
})

// LocalEntropyExpected is mean and standard deviation of the local entropy of random bytes.
func LocalEntropyExpected() (mean, sd float64) {
	mean, sd = localMoments()
	return mean, sd / math.Sqrt(localBlocks)
}

// LocalEntropyBand is the band that the local entropy of random bytes leaves with probability alpha, on either side: 7.8994 to 7.9056 for
// α = 0.05. The band of Wu et al., 7.9019 to 7.9030, has the same middle, but divides the deviation of a block by 30 and not by √30: 73 of
// 100 random images lie outside of it.
func LocalEntropyBand(alpha float64) (low, high float64) {
	mean, sd := LocalEntropyExpected()
	z := distuv.UnitNormal.Quantile(1 - alpha/2)
	return mean - z*sd, mean + z*sd
}

// floatingWindow is the number of bytes that FloatingFrequency looks at together.
const floatingWindow = 256

// FloatingFrequency is how many different byte values 256 neighbouring bytes of a channel have, on average over all places of the window
// in reading order. It is the measure that CrypTool draws as a curve, with a window as long as there are byte values.
//
// The error wraps [ErrUndefined] if a channel has fewer bytes.
func FloatingFrequency(m *raster.Image) (float64, error) {
	step := m.Channels * m.Depth / 8
	if len(m.Pix)/step < floatingWindow {
		return 0, fmt.Errorf("floating frequency is %w: fewer than %d pixels", ErrUndefined, floatingWindow)
	}
	sum, places := 0, 0
	for c := range step { // of 16 bits, high and low bytes by themselves
		var counts [256]int
		different := 0
		for i := c; i < len(m.Pix); i += step {
			if counts[m.Pix[i]]++; counts[m.Pix[i]] == 1 {
				different++
			}
			if i/step < floatingWindow-1 {
				continue
			}
			sum, places = sum+different, places+1
			old := m.Pix[i-(floatingWindow-1)*step]
			if counts[old]--; counts[old] == 0 {
				different--
			}
		}
	}
	return float64(sum) / float64(places), nil
}

// FloatingFrequencyExpected is what random bytes give on average: 256 (1 − (255/256)²⁵⁶), about 162.
func FloatingFrequencyExpected() float64 { return 256 * (1 - math.Pow(255./256, floatingWindow)) }
