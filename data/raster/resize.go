package raster

import (
	"fmt"
	"math/bits"
)

// weightBits is the precision of a resampling weight. The weights of one output sample add up to exactly 1 << weightBits, so a flat area
// keeps its level. Both passes carry all their bits in integers, so only the last step rounds.
const weightBits = 16

// Resize returns the image at width×height, with the same channels and depth. The filter is a triangle as wide as the step between output
// samples when it reduces (area-weighted, so nothing aliases) and between input samples when it enlarges (bilinear), in integers. Pillow's
// BILINEAR agrees to within a level. Alpha is filtered like any other channel. Resize panics unless both sizes are positive.
func (m *Image) Resize(width, height int) *Image {
	if width <= 0 || height <= 0 {
		panic(fmt.Sprintf("raster: cannot resize to %d×%d", width, height))
	}
	if width == m.Width && height == m.Height {
		return m.Clone()
	}
	r := NewResizer(m.Width, m.Height, m.Channels, m.Depth, width, height)
	stride := len(m.Pix) / m.Height
	for y := range m.Height {
		r.Add(m.Pix[y*stride:][:stride])
	}
	return r.Out
}

// Fit returns the image at size×size with 1 or 3 channels and the same depth. It returns m itself if m is so already.
func (m *Image) Fit(size, channels int) *Image {
	if m.Channels > channels { // before the resizing, which then has less to do
		m = m.Convert(channels)
	}
	if m.Width != size || m.Height != size {
		m = m.Resize(size, size)
	}
	if m.Channels != channels {
		m = m.Convert(channels)
	}
	return m
}

// A Resizer resizes an image row by row, as Resize does. It holds the resized image and a few sums, not the image that it reads.
type Resizer struct {
	Out           *Image // complete after the last row
	columns, rows []taps
	y             int        // rows added
	done          int        // finished rows of Out
	sums          [][]uint64 // of the rows from done on, [width, channels], 2·weightBits fractional bits
	free          [][]uint64 // sums for another use
	line          []uint32   // the row added last, [width, channels]
	narrow        []uint32   // the same at Out's width, weightBits fractional bits
}

// NewResizer resizes images of width×height to newWidth×newHeight.
func NewResizer(width, height, channels, depth, newWidth, newHeight int) *Resizer {
	return &Resizer{Out: NewImage(newWidth, newHeight, channels, depth),
		columns: triangleWeights(width, newWidth), rows: triangleWeights(height, newHeight),
		line: make([]uint32, width*channels), narrow: make([]uint32, newWidth*channels)}
}

// Add takes the next row of samples.
func (r *Resizer) Add(row []byte) {
	unpackRow(r.line, row, r.Out.Depth)
	resampleRow(r.narrow, r.line, r.columns, r.Out.Channels)
	for r.done+len(r.sums) < len(r.rows) && r.rows[r.done+len(r.sums)].first <= r.y {
		r.begin()
	}
	for i, sums := range r.sums {
		t := r.rows[r.done+i]
		weight := uint64(t.weights[r.y-t.first])
		for k, v := range r.narrow {
			sums[k] += uint64(v) * weight
		}
	}
	r.y++
	for len(r.sums) > 0 && r.rows[r.done].first+len(r.rows[r.done].weights) == r.y {
		r.finish()
	}
}

// begin starts the sums of another row at one half, which rounds them.
func (r *Resizer) begin() {
	var sums []uint64
	if n := len(r.free); n > 0 {
		sums, r.free = r.free[n-1], r.free[:n-1]
	} else {
		sums = make([]uint64, len(r.narrow))
	}
	for i := range sums {
		sums[i] = 1 << (2*weightBits - 1)
	}
	r.sums = append(r.sums, sums)
}

// finish writes the first of the rows in sums.
func (r *Resizer) finish() {
	sums := r.sums[0]
	for i, sum := range sums {
		r.Out.SetSample(r.done*len(sums)+i, int(sum>>(2*weightBits)))
	}
	r.free, r.sums = append(r.free, sums), r.sums[1:]
	r.done++
}

// unpackRow writes a row's samples to line.
func unpackRow(line []uint32, row []byte, depth int) {
	if depth == 8 {
		for i, v := range row[:len(line)] {
			line[i] = uint32(v)
		}
		return
	}
	for i := range line {
		line[i] = uint32(row[2*i])<<8 | uint32(row[2*i+1])
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

// taps are the input samples first, first+1, … and their weights in one output sample.
type taps struct {
	first   int
	weights []uint32
}

// triangleWeights computes the taps for each of m outputs from n inputs. Input x lies at (2x+1)/2n of the length, output i at (2i+1)/2m.
// Multiplied by 2nm, all positions and the triangle itself are integers.
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

// scaledRatio is part/whole in weightBits fractional bits, rounded. For the widest images the product needs 128 bits.
func scaledRatio(part, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(part), 1<<weightBits)
	lo, carry := bits.Add64(lo, uint64(whole)/2, 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(whole))
	return int64(q)
}
