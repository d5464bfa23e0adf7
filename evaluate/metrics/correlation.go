package metrics

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"keygan/data/raster"
)

// ErrUndefined is wrapped by the errors of metrics that have no value for an image, as opposed to a wrong use of them.
var ErrUndefined = errors.New("undefined")

// Direction is where the second sample of an adjacent pair lies.
type Direction int

// The three directions: the neighbour to the right, below, and below to the right.
const (
	Horizontal Direction = iota
	Vertical
	Diagonal
)

// Directions lists the three in the order of the tables.
var Directions = []Direction{Horizontal, Vertical, Diagonal}

// String is the direction's name, as in "horizontal".
func (d Direction) String() string { return [...]string{"horizontal", "vertical", "diagonal"}[d] }

// Step is the direction as a step in columns and rows.
func (d Direction) Step() (dx, dy int) {
	return [...]int{1, 0, 1}[d], [...]int{0, 1, 1}[d]
}

// Pairs is the number of pairs of adjacent pixels of an image in a direction.
func (d Direction) Pairs(m *raster.Image) int {
	dx, dy := d.Step()
	return (m.Width - dx) * (m.Height - dy)
}

// Correlation is Pearson's r over all pairs of adjacent samples of one channel in a direction, in [−1, 1].
//
// The error wraps [ErrUndefined] where r has no value: an image one pixel wide or high has no pairs, and the channel may be constant.
func Correlation(m *raster.Image, channel int, d Direction) (float64, error) {
	if channel < 0 || channel >= m.Channels {
		return 0, fmt.Errorf("correlation: no channel %d in an image of %d channels", channel, m.Channels)
	}
	return correlate(plane(m, channel), m.Width, m.Height, d)
}

// correlate is r over the pairs (p, p + step) of a plane of width × height samples. Two passes: with the means taken off
// first nothing cancels, and a constant plane gives a variance of exactly 0, its mean being exact.
func correlate(p []float64, width, height int, d Direction) (float64, error) {
	dx, dy := d.Step()
	w, h := width-dx, height-dy
	if w < 1 || h < 1 {
		return 0, fmt.Errorf("correlation is %w: no %s pairs in %d×%d pixels", ErrUndefined, d, width, height)
	}
	var sumA, sumB float64
	for y := range h {
		a, b := p[y*width:][:w], p[(y+dy)*width+dx:][:w]
		for x, v := range a {
			sumA += v
			sumB += b[x]
		}
	}
	n := float64(w) * float64(h)
	meanA, meanB := sumA/n, sumB/n
	var aa, bb, ab float64
	for y := range h {
		a, b := p[y*width:][:w], p[(y+dy)*width+dx:][:w]
		for x, v := range a {
			da, db := v-meanA, b[x]-meanB
			aa += da * da
			bb += db * db
			ab += da * db
		}
	}
	if aa == 0 || bb == 0 {
		return 0, fmt.Errorf("correlation is %w: the samples of the %s pairs are constant", ErrUndefined, d)
	}
	return max(-1, min(1, ab/math.Sqrt(aa*bb))), nil
}

// Pearson is Pearson's r of the samples of two images of one shape, over all channels, in [−1, 1]. The error wraps [ErrUndefined] where
// one of them is constant.
func Pearson(a, b *raster.Image) (float64, error) {
	if err := sameShape(a, b); err != nil {
		return 0, err
	}
	var sa, sb, saa, sbb, sab float64 // sums of whole numbers, of 8-bit samples far below 2⁵³: exact
	for i := range a.Samples() {
		x, y := float64(a.Sample(i)), float64(b.Sample(i))
		sa, sb, saa, sbb, sab = sa+x, sb+y, saa+x*x, sbb+y*y, sab+x*y
	}
	n := float64(a.Samples())
	va, vb := n*saa-sa*sa, n*sbb-sb*sb
	if va <= 0 || vb <= 0 {
		return 0, fmt.Errorf("correlation is %w: one of the images is constant", ErrUndefined)
	}
	return max(-1, min(1, (n*sab-sa*sb)/math.Sqrt(va*vb))), nil
}

// CorrelationBand is the r that random samples exceed in absolute value with probability alpha: z/√pairs.
func CorrelationBand(pairs int, alpha float64) float64 {
	return distuv.UnitNormal.Quantile(1-alpha/2) / math.Sqrt(float64(pairs))
}
