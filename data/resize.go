package data

import (
	"fmt"
	"math/bits"
)

// weightBits is the precision of a resampling weight: the weights of one output sample add up to exactly 1 << weightBits,
// so a flat area keeps its level and, since both passes carry all their bits in integers, the only rounding is the last.
const weightBits = 16

// Resize returns the image at width×height, channels and depth kept. The filter is a triangle as wide as the step between
// output samples when reducing (area-weighted, so nothing aliases) and as wide as that between input samples when
// enlarging (bilinear). This is what Pillow calls BILINEAR, to within a level. All arithmetic is in integers: the result is
// the same on every machine. Alpha is filtered like any other channel. It panics unless both sizes are positive.
func (m *Image) Resize(width, height int) *Image {
	if width <= 0 || height <= 0 {
		panic(fmt.Sprintf("data: cannot resize to %d×%d", width, height))
	}
	if width == m.Width && height == m.Height {
		return m.Clone()
	}
	out := NewImage(width, height, m.Channels, m.Depth)
	columns, rows := triangleWeights(m.Width, width), triangleWeights(m.Height, height)
	line := make([]uint32, m.Width*m.Channels)
	narrow := make([]uint32, m.Height*width*m.Channels) // [Height, width, channels], weightBits fractional bits
	for y := range m.Height {
		m.unpackRow(line, y)
		resampleRow(narrow[y*width*m.Channels:(y+1)*width*m.Channels], line, columns, m.Channels)
	}
	sums := make([]uint64, width*m.Channels)
	for y, taps := range rows {
		const half = 1 << (2*weightBits - 1)
		for i := range sums {
			sums[i] = half
		}
		for k, weight := range taps.weights {
			from := (taps.first + k) * len(sums)
			for i, v := range narrow[from : from+len(sums)] {
				sums[i] += uint64(v) * uint64(weight)
			}
		}
		for i, sum := range sums {
			out.SetSample(y*len(sums)+i, int(sum>>(2*weightBits)))
		}
	}
	return out
}

// unpackRow writes row y's samples to line.
func (m *Image) unpackRow(line []uint32, y int) {
	if m.Depth == 8 {
		for i, v := range m.Pix[y*len(line) : (y+1)*len(line)] {
			line[i] = uint32(v)
		}
		return
	}
	for i := range line {
		line[i] = uint32(m.Sample(y*len(line) + i))
	}
}

// resampleRow computes each output sample of a row. No sum exceeds 65535 << weightBits, which fits.
func resampleRow(out, in []uint32, columns []taps, channels int) {
	for x, t := range columns {
		for c := range channels {
			var sum uint32
			at := t.first*channels + c
			for _, weight := range t.weights {
				sum += in[at] * weight
				at += channels
			}
			out[x*channels+c] = sum
		}
	}
}

// taps are the input samples that make one output sample: first, first+1, … with their weights.
type taps struct {
	first   int
	weights []uint32
}

// triangleWeights computes the taps for each of m outputs from n inputs. Input x lies at (2x+1)/2n of the length,
// output i at (2i+1)/2m; multiplied by 2nm, every position and the triangle itself are integers.
func triangleWeights(inputs, outputs int) []taps {
	all := make([]taps, outputs)
	n, m := int64(inputs), int64(outputs) // the products need more than 32 bits
	reach := 2 * max(n, m)                // where the triangle is zero
	for i := range all {
		centre := (2*int64(i) + 1) * n
		weight := func(x int64) int64 {
			distance := (2*x+1)*m - centre
			return reach - max(distance, -distance)
		}
		first := max(0, (centre-reach)/(2*m)-1)
		for weight(first) <= 0 {
			first++
		}
		last, total := first, int64(0)
		for ; last < n && weight(last) > 0; last++ {
			total += weight(last)
		}
		// Rounding the running sums, not the weights, makes them add up to exactly one.
		w := make([]uint32, last-first)
		done, rounded := int64(0), int64(0)
		for k := range w {
			done += weight(first + int64(k))
			upTo := scaledRatio(done, total)
			w[k] = uint32(upTo - rounded)
			rounded = upTo
		}
		all[i] = taps{int(first), w}
	}
	return all
}

// scaledRatio is part/whole in weightBits fractional bits, rounded. The product needs 128 bits for the widest images.
func scaledRatio(part, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(part), 1<<weightBits)
	lo, carry := bits.Add64(lo, uint64(whole)/2, 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(whole))
	return int64(q)
}
