package cipher

import "sync"

// apply maps the h×w pixels of src, of size bytes each, to dst, which may be src.
//
// A shear along the rows rotates each row, which is a copy. One along the columns is the same on the transposed image. So
// one pass over the image rotates its rows, transposes it and rotates the rows of the result: two shears, of which the
// second is along the columns. The next pass transposes back. There is always an even number of passes.
func (s shears) apply(dst, src []byte, h, w, size int) {
	if len(s) == 1 && s[0] == 0 {
		copy(dst, src)
		return
	}
	scratch := takeScratch(len(src))
	defer scratches.Put(&scratch)
	if len(s) == 1 {
		for x := range h {
			rotate(scratch[x*w*size:][:w*size], src[x*w*size:][:w*size], mod(s[0]*x, w)*size)
		}
		copy(dst, scratch)
		return
	}
	t := newTiles(size, max(h, w))
	first := s[0]
	for i := 1; i < len(s); i += 2 {
		t.transpose(scratch, src, h, w, first, s[i])
		t.transpose(dst, scratch, w, h, 0, s[i+1])
		src, first = dst, 0
	}
}

// scratches keeps the memory for the transposed image from one image to the next: to get it anew, cleared, takes a quarter of the
// time of the map.
var scratches sync.Pool

func takeScratch(n int) []byte {
	if b, ok := scratches.Get().(*[]byte); ok && cap(*b) >= n {
		return (*b)[:n]
	}
	return make([]byte, n)
}

// rotate copies src to dst so that its start comes to lie at the offset at, in [0, len(src)).
func rotate(dst, src []byte, at int) {
	copy(dst[at:], src)
	copy(dst, src[len(src)-at:])
}

// tileRow is how long a row of a tile is at most, in bytes. Each row of a tile is copied from a page of memory of its own, which
// is the slower the shorter the rows are; two tiles must still fit in the second cache.
const tileRow = 512

// tiles is the workplace of the transpositions: two squares of side×side pixels of size bytes. Images are taken tile by
// tile, because their rows often lie a multiple of 4096 bytes apart and then all compete for a few lines of the cache. Rows
// of tiles lie an odd number of lines apart, and do not.
type tiles struct {
	size, side int
	stride     int // bytes from one row of a tile to the next
	in, out    []byte
}

// newTiles makes tiles for images whose longer side is longest pixels.
func newTiles(size, longest int) *tiles {
	side := min(tileRow/size&^7, (longest+7)&^7)
	stride := (side*size+63)&^127 + 64
	n := side*stride + 8 // the kernels read and write up to 8 bytes at a time
	return &tiles{size, side, stride, make([]byte, n), make([]byte, n)}
}

// transpose rotates every row x of src, h×w pixels, by before·x to the right, transposes, and rotates every row of the
// result, w×h pixels, by after times its number. dst and src must not overlap.
func (t *tiles) transpose(dst, src []byte, h, w, before, after int) {
	before, after = mod(before, w), mod(after, h)
	for y := 0; y < w; y += t.side { // in the rotated rows
		ny := min(t.side, w-y)
		for x := 0; x < h; x += t.side {
			nx := min(t.side, h-x)
			t.load(src, x, y, nx, ny, w, before)
			t.turn(nx, ny)
			t.store(dst, y, x, ny, nx, h, after)
		}
	}
}

// load fills the tile in with nx×ny pixels from row x, column y on, of the image whose rows are rotated by shear·row.
func (t *tiles) load(src []byte, x, y, nx, ny, w, shear int) {
	at := mod(y-shear*x, w) // of column y in row x as it is stored
	n, row := ny*t.size, w*t.size
	for i := range nx {
		line, to := src[(x+i)*row:][:row], t.in[i*t.stride:][:n]
		from := at * t.size
		if m := copy(to, line[from:]); m < n {
			copy(to[m:], line)
		}
		if at -= shear; at < 0 {
			at += w
		}
	}
}

// store puts nx×ny pixels of the tile out at row x, column y of dst, whose rows are rotated by shear·row.
func (t *tiles) store(dst []byte, x, y, nx, ny, w, shear int) {
	at := mod(y+shear*x, w)
	n, row := ny*t.size, w*t.size
	for i := range nx {
		line, from := dst[(x+i)*row:][:row], t.out[i*t.stride:][:n]
		if m := copy(line[at*t.size:], from); m < n {
			copy(line, from[m:])
		}
		if at += shear; at >= w {
			at -= w
		}
	}
}

// turn transposes the first nx×ny pixels of the tile in into the tile out, and a few more up to a whole block.
func (t *tiles) turn(nx, ny int) {
	switch t.size {
	case 1:
		t.turn1(nx, ny)
	case 2:
		t.turn2(nx, ny)
	case 3:
		t.turn3(nx, ny)
	case 4:
		t.turn4(nx, ny)
	case 6:
		t.turn6(nx, ny)
	case 8:
		t.turn8(nx, ny)
	default:
		panic("cipher: no image has pixels of this size")
	}
}
