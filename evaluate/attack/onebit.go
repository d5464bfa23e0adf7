package attack

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// A Bit is one bit of one sample of an image of 8 bits: what “one bit” means in attacks and tables.
type Bit struct {
	Row, Column int
	Channel     int // modulo the channels of the image, so that grey and colour copies of an image change in one place
	Bit         int // 0, worth 1, to 7, worth 128
}

// RandomBit draws a place for a changed bit, the bit itself being given.
func RandomBit(r *rand.Rand, width, height, bit int) Bit {
	return Bit{Row: r.IntN(height), Column: r.IntN(width), Channel: r.IntN(3), Bit: bit}
}

// Change returns a copy of the image with the bit changed.
func (b Bit) Change(m *raster.Image) *raster.Image {
	out := m.Clone()
	out.Pix[(b.Row*m.Width+b.Column)*m.Channels+b.Channel%m.Channels] ^= 1 << b.Bit
	return out
}

// String is the bit for people.
func (b Bit) String() string {
	return fmt.Sprintf("bit %d of row %d, column %d, channel %d", b.Bit, b.Row, b.Column, b.Channel)
}

// bitMap says how many samples of the cipher image change when a bit changes, on a grid of positions: one row of counts for each row of
// the grid. Each position has its highest bit changed, in the first channel.
func bitMap(encrypt oracle, plain *raster.Image, grid int) (counts [][]int) {
	original := encrypt(plain)
	for i := range grid {
		row := make([]int, grid)
		for k := range row {
			bit := Bit{Row: (2*i + 1) * plain.Height / (2 * grid), Column: (2*k + 1) * plain.Width / (2 * grid), Bit: 7}
			npcr := must(metrics.NPCR(original, encrypt(bit.Change(plain))))
			row[k] = int(npcr/100*float64(len(plain.Pix)) + 0.5)
		}
		counts = append(counts, row)
	}
	return counts
}

// mapPicture shows counts: black where no sample changes, white where all do, on a logarithmic scale.
func mapPicture(counts [][]int, samples int) *raster.Image {
	const cell = 16
	n := len(counts)
	out := raster.NewImage(n*cell, n*cell, 1, 8)
	for i := range out.Pix {
		out.Pix[i] = grey(counts[i/(n*cell)/cell][i%(n*cell)/cell], samples)
	}
	return out
}

func grey(count, samples int) byte {
	return byte(math.Round(255 * math.Log1p(float64(count)) / math.Log1p(float64(samples))))
}

// mapped adds what a map shows to a result.
func (r *Result) mapped(counts [][]int, samples int) {
	all := slices.Concat(counts...)
	slices.Sort(all)
	r.Measured = append(r.Measured, Value{"positions on the map", float64(len(all)), ""},
		Value{"samples that change, at the position with the fewest", float64(all[0]), ""},
		Value{"samples that change, median", float64(all[len(all)/2]), ""},
		Value{"samples that change, at the position with the most", float64(all[len(all)-1]), ""})
	r.Pictures = append(r.Pictures, Picture{"map", fmt.Sprintf("how many samples of the cipher image change with the highest bit of the "+
		"pixel there, at %d positions: black none, white all, logarithmic", len(all)), mapPicture(counts, samples)})
}
