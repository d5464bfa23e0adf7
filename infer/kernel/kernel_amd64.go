//go:build amd64 && !purego

package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// sets depends on the machine. The checks of package cpu also ask the operating system whether it keeps the registers.
var sets = func() []*Set {
	sets := []*Set{goSet}
	if cpu.X86.HasAVX && cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		sets = append(sets, avx2Set)
		if cpu.X86.HasAVX512F {
			sets = append(sets, avx512Set)
		}
	}
	return sets
}()

// The structs are the arguments of the kernels, which _asm lists by the same names in the same order. Distances are in bytes.
type productArgs struct {
	c             unsafe.Pointer
	cRow          int
	a             unsafe.Pointer
	aRow          int
	offsets       unsafe.Pointer // in numbers
	segments, run int            // in numbers
	b             unsafe.Pointer
	panel         int
	next          unsafe.Pointer
	rows          int
}

// tile computes rows from first, and panels from panel.
func (s *Set) tile(p *Product, steps, first, rows, panel, panels int) {
	if s == goSet {
		tileGo(p, steps, first, rows, panel)
		return
	}
	var args productArgs // filled in place: copied, it would have to wait until the stores before it are done
	args.c, args.cRow = unsafe.Pointer(&p.C[first*p.CRow+panel*Block]), 4*p.CRow
	args.a, args.aRow = unsafe.Pointer(&p.A[first*p.ARow]), 4*p.ARow
	args.offsets, args.segments, args.run = at(p.Offsets), len(p.Offsets), p.Run
	args.b, args.panel = unsafe.Pointer(&p.B[panel*steps*Block]), 4*steps*Block
	args.next = args.b
	if panel+2*panels <= p.Panels && first == 0 {
		args.next = unsafe.Pointer(&p.B[(panel+panels)*steps*Block])
	}
	args.rows = rows
	b := (*byte)(unsafe.Pointer(&args))
	switch {
	case s == avx2Set:
		product1AVX2(b)
	case panels == 2:
		product2AVX512(b)
	default:
		product1AVX512(b)
	}
}

// winogradArgs is what the kernels of _asm/winograd.go take. Distances are in bytes.
type winogradArgs struct {
	tiles                      unsafe.Pointer
	frequency, tileStride      int
	pixels                     unsafe.Pointer
	row, pixel, count, vectors int
	scale                      unsafe.Pointer
}

// at is where x begins, nil for a nil slice.
func at[T any](x []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }

func (s *Set) winogradArgs(w *Winograd) winogradArgs {
	return winogradArgs{
		tiles: at(w.Tiles), frequency: 4 * w.Frequency, tileStride: 4 * w.TileStride,
		pixels: at(w.Pixels), row: 4 * w.Row, pixel: 4 * w.Pixel,
		count: w.Count, vectors: s.vectors * w.Blocks,
	}
}

func (s *Set) winogradInput(w *Winograd) {
	switch args := s.winogradArgs(w); s {
	case goSet:
		winogradInputGo(w)
	case avx2Set:
		winogradInputAVX2((*byte)(unsafe.Pointer(&args)))
	case avx512Set:
		winogradInputAVX512((*byte)(unsafe.Pointer(&args)))
	}
}

func (s *Set) winogradOutput(w *Winograd) {
	switch args := s.winogradArgs(w); s {
	case goSet:
		winogradOutputGo(w)
	case avx2Set:
		winogradOutputAVX2((*byte)(unsafe.Pointer(&args)))
	case avx512Set:
		winogradOutputAVX512((*byte)(unsafe.Pointer(&args)))
	}
}

func (s *Set) winogradWeights(dst []float32, frequency int, src []float32, stride, n int) {
	if s == goSet {
		winogradWeightsGo(dst, frequency, src, stride, n)
		return
	}
	args := winogradArgs{
		frequency: 4 * frequency, tileStride: 4 * Block, pixel: 4 * stride, scale: unsafe.Pointer(&winogradScale[0]),
	}
	for v := range s.vectors {
		lane := v * Block / s.vectors
		args.tiles, args.pixels, args.count = unsafe.Pointer(&dst[lane]), unsafe.Pointer(&src[lane]), n
		if s == avx2Set {
			winogradWeightsAVX2((*byte)(unsafe.Pointer(&args)))
		} else {
			winogradWeightsAVX512((*byte)(unsafe.Pointer(&args)))
		}
	}
}

// sumsArgs and affineArgs are what the kernels of _asm/epilogue.go take.
type sumsArgs struct {
	sum, square, x        unsafe.Pointer
	width, stride, groups int
}

func (s *Set) rowSums(sum, square []float64, x []float32, width, stride, blocks int) {
	args := sumsArgs{
		sum: at(sum), square: at(square), x: at(x),
		width: width, stride: 4 * stride, groups: 2 * s.vectors * blocks, // float64 takes twice the room
	}
	switch s {
	case goSet:
		rowSumsGo(sum, square, x, width, stride, blocks)
	case avx2Set:
		rowSumsAVX2((*byte)(unsafe.Pointer(&args)))
	case avx512Set:
		rowSumsAVX512((*byte)(unsafe.Pointer(&args)))
	}
}

type affineArgs struct {
	x                       unsafe.Pointer
	stride, pixels, vectors int
	mean, scale, shift      unsafe.Pointer
	leakyBefore             int
	add                     unsafe.Pointer
	addStride               int
	activation              Activation
	noise, noiseScale       unsafe.Pointer
}

func (s *Set) affine(a *Affine) {
	args := affineArgs{
		x: at(a.X), stride: 4 * a.Stride, pixels: a.Pixels, vectors: s.vectors * a.Blocks,
		mean: at(a.Mean), scale: at(a.Scale),
		shift: at(a.Shift), add: at(a.Add), addStride: 4 * a.AddStride,
		activation: a.Activation, noise: at(a.Noise), noiseScale: at(a.NoiseScale),
	}
	if a.LeakyBefore {
		args.leakyBefore = 1
	}
	switch s {
	case goSet:
		affineGo(a)
	case avx2Set:
		affineAVX2((*byte)(unsafe.Pointer(&args)))
	case avx512Set:
		affineAVX512((*byte)(unsafe.Pointer(&args)))
	}
}

// Peak only multiplies and adds, rounds times, to measure the machine, and returns the number of operations: 0 in plain Go.
func (s *Set) Peak(rounds int) (operations int) {
	const chains = 12 // peakChains in _asm/main.go
	switch {
	case rounds < 1 || s == goSet:
		return 0
	case s == avx2Set:
		peakAVX2(rounds)
		return rounds * chains * 8 * 2
	}
	peakAVX512(rounds)
	return rounds * chains * 16 * 2
}

// tanhArgs is what the kernels of _asm/epilogue.go take.
type tanhArgs struct {
	x       unsafe.Pointer
	vectors int
	series  unsafe.Pointer
}

// Tanh replaces each number by its hyperbolic tangent.
func (s *Set) Tanh(x []float32) {
	lanes := 8 / s.vectors // float64 in a vector
	if n := len(x) / lanes; n > 0 && s != goSet {
		args := tanhArgs{at(x), n, unsafe.Pointer(&expSeries[0])}
		if s == avx2Set {
			tanhAVX2((*byte)(unsafe.Pointer(&args)))
		} else {
			tanhAVX512((*byte)(unsafe.Pointer(&args)))
		}
		x = x[n*lanes:]
	}
	for i, v := range x {
		x[i] = Tanh(v)
	}
}
