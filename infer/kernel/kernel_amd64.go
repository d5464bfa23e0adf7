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
	c        unsafe.Pointer
	cRow     int
	a        unsafe.Pointer
	aRow     int
	offsets  unsafe.Pointer // in numbers
	segments int
	run      int // in numbers
	b        unsafe.Pointer
	panel    int
	next     unsafe.Pointer
	rows     int
}

// tile computes rows from first, and panels from panel.
func (s *Set) tile(p *Product, steps, first, rows, panel, panels int) {
	if s.level == levelGo {
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
	case s.level == levelAVX2:
		product1AVX2(b)
	case panels == 2:
		product2AVX512(b)
	default:
		product1AVX512(b)
	}
}

// winogradArgs is what the kernels of _asm/winograd.go take. Distances are in bytes.
type winogradArgs struct {
	tiles      unsafe.Pointer
	frequency  int
	tileStride int
	pixels     unsafe.Pointer
	row, pixel int
	count      int
	vectors    int
	scale      unsafe.Pointer
}

// at is where x begins, nil for a nil slice.
func at[T any](x []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(x)) }

// vectors is how many vectors of s hold n blocks.
func (s *Set) vectors(n int) int {
	if s.level == levelAVX2 {
		return 2 * n
	}
	return n
}

func (s *Set) winogradArgs(w *Winograd) winogradArgs {
	return winogradArgs{
		tiles: at(w.Tiles), frequency: 4 * w.Frequency, tileStride: 4 * w.TileStride,
		pixels: at(w.Pixels), row: 4 * w.Row, pixel: 4 * w.Pixel,
		count: w.Count, vectors: s.vectors(w.Blocks),
	}
}

func (s *Set) winogradInput(w *Winograd) {
	args := s.winogradArgs(w)
	switch s.level {
	case levelGo:
		winogradInputGo(w)
	case levelAVX2:
		winogradInputAVX2((*byte)(unsafe.Pointer(&args)))
	case levelAVX512:
		winogradInputAVX512((*byte)(unsafe.Pointer(&args)))
	}
}

func (s *Set) winogradOutput(w *Winograd) {
	args := s.winogradArgs(w)
	switch s.level {
	case levelGo:
		winogradOutputGo(w)
	case levelAVX2:
		winogradOutputAVX2((*byte)(unsafe.Pointer(&args)))
	case levelAVX512:
		winogradOutputAVX512((*byte)(unsafe.Pointer(&args)))
	}
}

func (s *Set) winogradWeights(dst []float32, frequency int, src []float32, stride, n int) {
	if s.level == levelGo {
		winogradWeightsGo(dst, frequency, src, stride, n)
		return
	}
	args := winogradArgs{
		frequency: 4 * frequency, tileStride: 4 * Block, pixel: 4 * stride, scale: unsafe.Pointer(&winogradScale[0]),
	}
	for v := range s.vectors(1) {
		lane := v * Block / s.vectors(1)
		args.tiles, args.pixels, args.count = unsafe.Pointer(&dst[lane]), unsafe.Pointer(&src[lane]), n
		if s.level == levelAVX2 {
			winogradWeightsAVX2((*byte)(unsafe.Pointer(&args)))
		} else {
			winogradWeightsAVX512((*byte)(unsafe.Pointer(&args)))
		}
	}
}

// sumsArgs and affineArgs are what the kernels of _asm/norm.go take.
type sumsArgs struct {
	sum, square   unsafe.Pointer
	x             unsafe.Pointer
	width, stride int
	groups        int
}

func (s *Set) rowSums(sum, square []float64, x []float32, width, stride, blocks int) {
	args := sumsArgs{
		sum: at(sum), square: at(square), x: at(x),
		width: width, stride: 4 * stride, groups: 2 * s.vectors(blocks), // float64 takes twice the room
	}
	switch s.level {
	case levelGo:
		rowSumsGo(sum, square, x, width, stride, blocks)
	case levelAVX2:
		rowSumsAVX2((*byte)(unsafe.Pointer(&args)))
	case levelAVX512:
		rowSumsAVX512((*byte)(unsafe.Pointer(&args)))
	}
}

type affineArgs struct {
	x           unsafe.Pointer
	stride      int
	pixels      int
	vectors     int
	mean, scale unsafe.Pointer
	shift       unsafe.Pointer
	leakyBefore int
	add         unsafe.Pointer
	addStride   int
	activation  Activation
	noise       unsafe.Pointer
	noiseScale  unsafe.Pointer
}

func (s *Set) affine(a *Affine) {
	args := affineArgs{
		x: at(a.X), stride: 4 * a.Stride, pixels: a.Pixels, vectors: s.vectors(a.Blocks),
		mean: at(a.Mean), scale: at(a.Scale),
		shift: at(a.Shift), add: at(a.Add), addStride: 4 * a.AddStride,
		activation: a.Activation, noise: at(a.Noise), noiseScale: at(a.NoiseScale),
	}
	if a.LeakyBefore {
		args.leakyBefore = 1
	}
	switch s.level {
	case levelGo:
		affineGo(a)
	case levelAVX2:
		affineAVX2((*byte)(unsafe.Pointer(&args)))
	case levelAVX512:
		affineAVX512((*byte)(unsafe.Pointer(&args)))
	}
}

func (s *Set) peak(rounds int) (operations int) {
	const chains = 12 // peakChains in _asm/peak.go
	if s.level == levelAVX2 {
		peakAVX2(rounds)
		return rounds * chains * 8 * 2
	}
	peakAVX512(rounds)
	return rounds * chains * 16 * 2
}

// tanhArgs is what the kernels of _asm/tanh.go take.
type tanhArgs struct {
	x       unsafe.Pointer
	vectors int
	series  unsafe.Pointer
}

func (s *Set) tanh(x []float32) {
	lanes := 4 // float64 in a vector
	if s.level == levelAVX512 {
		lanes = 8
	}
	if n := len(x) / lanes; n > 0 && s.level != levelGo {
		args := tanhArgs{at(x), n, unsafe.Pointer(&expSeries[0])}
		if s.level == levelAVX2 {
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
