package infer

import "keygan/infer/kernel"

// border is how many rows and columns of zeros an activation has around it, for the layer that reads it.
type border struct{ before, bottom, right int }

// pixels is an activation stored channels last: the channels of a pixel lie side by side, filled up to whole vectors.
type pixels struct {
	shape3
	border
	stride int // from a pixel to the next
	pitch  int // from a row to the next
	data   []float32
}

// newPixels lays out an activation but takes no memory. stride is at least the number of channels.
func newPixels(s shape3, b border, stride int) *pixels {
	return &pixels{shape3: s, border: b, stride: stride, pitch: (b.before + s.width + b.right) * stride}
}

func (p *pixels) length() int { return (p.before + p.height + p.bottom) * p.pitch }

// index is where pixel (y, x) begins; the border has indices below 0 and beyond the sides.
func (p *pixels) index(y, x int) int { return (p.before+y)*p.pitch + (p.before+x)*p.stride }

// at is the memory from pixel (y, x) on.
func (p *pixels) at(y, x int) []float32 { return p.data[p.index(y, x):] }

func (p *pixels) blocks() int { return kernel.Blocks(p.channels) }

// clearBorder sets the border beside row y to zero, and above the first row and below the last.
func (p *pixels) clearBorder(y int) {
	first, last := y, y
	if y == 0 {
		first = -p.before
	}
	if y == p.height-1 {
		last = y + p.bottom
	}
	for row := first; row <= last; row++ {
		line := p.data[p.index(row, -p.before):][:p.pitch]
		if row != y {
			clear(line)
			continue
		}
		clear(line[:p.before*p.stride])
		clear(line[len(line)-p.right*p.stride:])
	}
}

// loadRow sets row y of p, and its border, from an image [channels, height, width], which p extends by repeating its last column and row.
func (p *pixels) loadRow(x []float32, image shape3, y int) {
	p.clearBorder(y)
	row := p.at(y, 0)
	for c := range p.channels {
		line := x[(c*image.height+min(y, image.height-1))*image.width:][:image.width]
		for i := range p.width {
			row[i*p.stride+c] = line[min(i, len(line)-1)]
		}
	}
}

// storeRow copies row y of p to a key [channels, height, width], which may be narrower.
func (p *pixels) storeRow(x []float32, key shape3, y int) {
	row := p.at(y, 0)
	for c := range key.channels {
		line := x[(c*key.height+y)*key.width:][:key.width]
		for i := range line {
			line[i] = row[i*p.stride+c]
		}
	}
}
