package catmap

import "sync"

// A pass rotates every row x of an image by before·x to the right, transposes the image, moves every row y of the result to row scale·y,
// and rotates it there by after times its new number. All is modulo the number of rows or columns. scale has no divisor in common with
// the number of rows that it applies to.
//
// So a pass is a shear along the rows, which copies each row in two parts, and one along the former columns. The next pass transposes
// back.
type pass struct{ before, scale, after int }

// Passes is a map of the pixels of an image, made of an even number of passes.
type Passes []pass

// Apply maps the h×w pixels of src, of size bytes each, to dst, which may be src.
func (p Passes) Apply(dst, src []byte, h, w, size int) {
	if len(p) == 0 {
		copy(dst, src)
		return
	}
	scratch, _ := scratches.Get().(*[]byte)
	if scratch == nil || cap(*scratch) < len(src) {
		scratch = new(make([]byte, len(src)))
	}
	defer scratches.Put(scratch)
	between := (*scratch)[:len(src)]
	t := NewTiles(size, max(h, w))
	for i := 0; i < len(p); i += 2 {
		t.pass(between, src, h, w, p[i])
		t.pass(dst, between, w, h, p[i+1])
		src = dst
	}
}

// ApplySquare maps a square of n×n pixels that fits a tile, from src to dst, which may be the same. It needs no memory but the tiles:
// between two passes the rows go from tile to tile. There is at least one pass.
func (p Passes) ApplySquare(t *Tiles, dst, src []byte, n int) {
	t.load(src, 0, 0, n, n, n, mod(p[0].before, n))
	for i, q := range p {
		t.turn(n, n)
		to, row, shear := dst, n*t.size, q.after
		if i+1 < len(p) {
			to, row, shear = t.in, t.stride, q.after+p[i+1].before
		}
		t.store(to, row, 0, 0, n, n, n, n, mod(q.scale, n), mod(shear, n))
	}
}

// scratches keeps the memory for the transposed image from one image to the next. New, cleared memory would take a tenth of the map's
// time.
var scratches sync.Pool

// tileRow bounds the length of a tile's row, in bytes. Each row is copied from a page of memory of its own, so short rows are slow. Two
// tiles must still fit in the second cache.
const tileRow = 512

// Tiles is the workplace of the transpositions: two squares of side×side pixels of size bytes. Images are taken tile by
// tile, because their rows often lie a multiple of 4096 bytes apart and then all compete for a few lines of the cache. Rows
// of tiles lie an odd number of lines apart, and do not.
type Tiles struct {
	size, side int
	stride     int // bytes from one row of a tile to the next
	in, out    []byte
}

// NewTiles makes tiles for images whose longer side is longest pixels.
func NewTiles(size, longest int) *Tiles {
	side := min(tileRow/size&^7, (longest+7)&^7)
	stride := (side*size+63)&^127 + 64
	n := side*stride + 8 // the kernels read and write up to 8 bytes at a time
	return &Tiles{size, side, stride, make([]byte, n), make([]byte, n)}
}

// pass does one pass over src, h×w pixels, to dst, w×h pixels, which must not overlap.
func (t *Tiles) pass(dst, src []byte, h, w int, p pass) {
	before, scale, after := mod(p.before, w), mod(p.scale, w), mod(p.after, h)
	for y := 0; y < w; y += t.side { // in the rotated rows
		ny := min(t.side, w-y)
		for x := 0; x < h; x += t.side {
			nx := min(t.side, h-x)
			t.load(src, x, y, nx, ny, w, before)
			t.turn(nx, ny)
			t.store(dst, h*t.size, y, x, ny, nx, w, h, scale, after)
		}
	}
}

// load fills the tile in with nx×ny pixels from row x, column y on, of the image whose rows are rotated by shear·row, for a shear in
// [0, w).
func (t *Tiles) load(src []byte, x, y, nx, ny, w, shear int) {
	n, row := ny*t.size, w*t.size
	at := mod(y-shear*x, w) // the column of the stored row x where column y lies; divisions would take as long as the copying
	for i := range nx {
		line, to := src[(x+i)*row:][:row], t.in[i*t.stride:][:n]
		if m := copy(to, line[at*t.size:]); m < n {
			copy(to[m:], line)
		}
		if at -= shear; at < 0 {
			at += w
		}
	}
}

// store puts nx×ny pixels of the tile out into the image dst of h×w pixels, whose rows lie row bytes apart. Row x, from column y on, goes
// to row scale·x, which is rotated by shear·scale·x. scale is in [0, h), shear in [0, w).
func (t *Tiles) store(dst []byte, row, x, y, nx, ny, h, w, scale, shear int) {
	n := ny * t.size
	x1 := scale * x % h
	at := (y + shear*x1) % w
	step, wrap := shear*scale%w, shear*h%w // by how much at grows from row to row, and shrinks where x1 starts over
	for i := range nx {
		line, from := dst[x1*row:][:w*t.size], t.out[i*t.stride:][:n]
		if m := copy(line[at*t.size:], from); m < n {
			copy(line, from[m:])
		}
		if at += step; at >= w {
			at -= w
		}
		if x1 += scale; x1 >= h {
			x1 -= h
			if at -= wrap; at < 0 {
				at += w
			}
		}
	}
}

// turn transposes the first nx×ny pixels of the tile in into the tile out, and a few more up to a whole block.
func (t *Tiles) turn(nx, ny int) { turns[t.size](t, nx, ny) }

// turns are the transpositions by the size of a pixel, in bytes. Where there are kernels in assembly, they take the places of some.
var turns = [...]func(t *Tiles, nx, ny int){
	1: (*Tiles).turn1, 2: (*Tiles).turn2, 3: (*Tiles).turn3, 4: (*Tiles).turn4, 6: (*Tiles).turn6, 8: (*Tiles).turn8,
}
