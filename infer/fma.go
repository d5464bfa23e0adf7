package infer

import "keygan/infer/kernel"

// fmaConvolution is a layer by AlgorithmFMA, or by AlgorithmColumns, packed for kernel.Product. Like a direct one it has phases
// (see phase); in each, the rows of A are the pixels that the outputs of a row start from, and its segments the taps.
type fmaConvolution struct {
	layer  Layer
	phases []fmaPhase
}

type fmaPhase struct {
	row, col int // the first output pixel
	outStep  int // distance between outputs, in both directions
	inStep   int // distance between the pixels that they start from
	taps     []tap
	panels   int
	weights  []float32 // [panel][tap][input channel][16]
}

// reach says which input row a transposed convolution's output row first + i·stride takes through kernel row k, less i.
func (l Layer) reach(first, k int) (d int, ok bool) {
	d = first + l.Padding - k
	return d / l.Stride, d%l.Stride == 0
}

// newFMAConvolution packs weight, which has l's shape.
func newFMAConvolution(l Layer, weight []float32) *fmaConvolution {
	c := &fmaConvolution{layer: l}
	if l.Type == Conv {
		same := func(k int) (int, bool) { return k - l.Padding, true }
		c.add(fmaPhase{outStep: 1, inStep: l.Stride}, weight, same, same)
		return c
	}
	for row := range l.Stride {
		for col := range l.Stride {
			c.add(fmaPhase{row: row, col: col, outStep: l.Stride, inStep: 1}, weight,
				func(k int) (int, bool) { return l.reach(row, k) }, func(k int) (int, bool) { return l.reach(col, k) })
		}
	}
	return c
}

// add completes p: rowTap and colTap say which rows and columns of the kernel it sees, and at what distance.
func (c *fmaConvolution) add(p fmaPhase, weight []float32, rowTap, colTap func(k int) (int, bool)) {
	l := c.layer
	area := l.Kernel * l.Kernel
	var places []int // of the taps in the kernel
	for ky := range l.Kernel {
		for kx := range l.Kernel {
			dy, okY := rowTap(ky)
			dx, okX := colTap(kx)
			if okY && okX {
				p.taps = append(p.taps, tap{dy, dx})
				places = append(places, ky*l.Kernel+kx)
			}
		}
	}
	p.panels = kernel.Blocks(l.Out)
	p.weights = make([]float32, p.panels*len(places)*l.In*kernel.Block)
	steps := len(places) * l.In
	for o := range l.Out {
		panel, lane := o/kernel.Block, o%kernel.Block
		for t, place := range places {
			for in := range l.In {
				p.weights[(panel*steps+t*l.In+in)*kernel.Block+lane] = weight[l.weightIndex(in, o)*area+place]
			}
		}
	}
	c.phases = append(c.phases, p)
}

// weightIndex counts the kernels before the one from input channel in to output channel out.
func (l Layer) weightIndex(in, out int) int {
	if l.Type == ConvTranspose {
		return in*l.Out + out
	}
	return out*l.In + in
}

// border is what the input needs around it.
func (c *fmaConvolution) border(from, to shape3) (b border) {
	for i := range c.phases {
		p := &c.phases[i]
		rows, cols := p.grid(to)
		for _, t := range p.taps {
			b.before = max(b.before, -t.dy, -t.dx)
			b.bottom = max(b.bottom, (rows-1)*p.inStep+t.dy-from.height+1)
			b.right = max(b.right, (cols-1)*p.inStep+t.dx-from.width+1)
		}
	}
	return b
}

// grid is how many rows and columns of an output belong to p.
func (p *fmaPhase) grid(to shape3) (rows, cols int) {
	count := func(first, n int) int { return max(0, (n-first+p.outStep-1)/p.outStep) }
	return count(p.row, to.height), count(p.col, to.width)
}

// bandRows is how many rows of a phase's grid are computed together, while one pair of panels passes over them.
const bandRows = 4

func (c *fmaConvolution) plan(s *schedule, out, in *pixels, rowDone func(y int)) {
	var phases []placedPhase
	for i := range c.phases {
		phases = append(phases, c.phases[i].place(c.layer.In, out, in))
	}
	step := c.phases[0].outStep
	rows := (out.height + step - 1) / step // of the grid that all phases share
	bands := (rows + bandRows - 1) / bandRows
	s.stage(bands, func(_, band int) {
		first, end := band*bandRows, min(rows, (band+1)*bandRows)
		for i := range phases {
			phases[i].run(s.kernels, out, in, first, end)
		}
		for y := first * step; y < min(end*step, out.height); y++ {
			rowDone(y)
		}
	})
}

// placedPhase is a phase with its taps as segments of one input.
type placedPhase struct {
	*fmaPhase
	rows, cols int // of its grid
	dy, dx     int // of its first row and column of taps
	offsets    []int
	length     int // of a segment
}

func (p *fmaPhase) place(channels int, out, in *pixels) placedPhase {
	q := placedPhase{fmaPhase: p}
	q.rows, q.cols = p.grid(out.shape3)
	if len(p.taps) == 0 {
		return q
	}
	q.dy, q.dx = p.taps[0].dy, p.taps[0].dx
	for _, t := range p.taps {
		q.dy, q.dx = min(q.dy, t.dy), min(q.dx, t.dx)
	}
	for _, t := range p.taps {
		q.offsets = append(q.offsets, (t.dy-q.dy)*in.pitch+(t.dx-q.dx)*in.stride)
	}
	q.offsets, q.length = joinSegments(q.offsets, channels)
	return q
}

// run computes the rows [first, end) of the grid, as far as the phase has them.
func (p *placedPhase) run(kernels *kernel.Set, out, in *pixels, first, end int) {
	steps := len(p.offsets) * p.length * kernel.Block
	for panel := 0; panel < p.panels; panel += 2 {
		panels := min(2, p.panels-panel)
		for y := first; y < min(end, p.rows); y++ {
			var a []float32 // nothing, for a phase without taps: its outputs are +0
			if len(p.taps) > 0 {
				a = in.at(y*p.inStep+p.dy, p.dx)
			}
			kernels.Product(&kernel.Product{
				C: out.at(y*p.outStep+p.row, p.col)[panel*kernel.Block:], CRow: p.outStep * out.stride,
				A: a, ARow: p.inStep * in.stride,
				Offsets: p.offsets, Run: p.length,
				B:    p.weights[panel*steps:][:panels*steps],
				Rows: p.cols, Panels: panels,
			})
		}
	}
}

// joinSegments makes longer segments of those that follow each other without a gap, as many of each: a row of a kernel where
// pixels have no channels but those of the layer.
func joinSegments(offsets []int, run int) ([]int, int) {
	group := 1
	for group < len(offsets) && offsets[group] == offsets[group-1]+run {
		group++
	}
	var joined []int
	for i, o := range offsets {
		if i%group == 0 {
			joined = append(joined, o)
		} else if o != offsets[i-1]+run {
			return offsets, run
		}
	}
	if len(offsets)%group != 0 {
		return offsets, run
	}
	return joined, run * group
}
