package infer

import "keygan/infer/kernel"

// fmaConvolution computes a layer by AlgorithmFMA. It is cut into phases: sets of output pixels that see the same taps of the
// kernel. An ordinary convolution has one. A transposed convolution of stride s has s², one for each remainder of row and column,
// each of them an ordinary convolution of stride 1 with a part of the kernel; so no zeros are put between the pixels.
type fmaConvolution struct {
	layer  Layer
	phases []phase
}

type phase struct {
	row, col int // the first output pixel
	outStep  int // distance between output pixels, in both directions
	inStep   int // distance between the input pixels that they start from
	taps     []tap
	panels   int
	weights  []float32 // [panel][tap][input channel][16]
}

// tap is an element of the kernel: the input pixel that it meets, relative to the one that an output pixel starts from.
type tap struct{ dy, dx, place int }

func newFMAConvolution(l Layer, weight []float32) operator {
	c := &fmaConvolution{layer: l}
	outStep, inStep := 1, l.Stride
	if l.Type == ConvTranspose {
		outStep, inStep = l.Stride, 1
	}
	for row := range outStep {
		for col := range outStep {
			p := phase{row: row, col: col, outStep: outStep, inStep: inStep, taps: l.taps(row, col), panels: kernel.Blocks(l.Out)}
			p.pack(l, weight)
			c.phases = append(c.phases, p)
		}
	}
	return c
}

// taps lists those that the output pixels of a phase see, rows and then columns of the kernel ascending.
func (l Layer) taps(row, col int) (taps []tap) {
	for ky := range l.Kernel {
		for kx := range l.Kernel {
			dy, dx := ky-l.Padding, kx-l.Padding
			if l.Type == ConvTranspose { // output pixel y takes input pixel i where y = i·stride − padding + ky
				dy, dx = row+l.Padding-ky, col+l.Padding-kx
				if dy%l.Stride != 0 || dx%l.Stride != 0 {
					continue
				}
				dy, dx = dy/l.Stride, dx/l.Stride
			}
			taps = append(taps, tap{dy, dx, ky*l.Kernel + kx})
		}
	}
	return taps
}

func (p *phase) pack(l Layer, weight []float32) {
	steps, area := len(p.taps)*l.In, l.Kernel*l.Kernel
	p.weights = make([]float32, p.panels*steps*kernel.Block)
	for out := range l.Out {
		panel, lane := out/kernel.Block, out%kernel.Block
		for t, tap := range p.taps {
			for in := range l.In {
				p.weights[(panel*steps+t*l.In+in)*kernel.Block+lane] = weight[l.weightIndex(in, out)*area+tap.place]
			}
		}
	}
}

// weightIndex counts the kernels before the one from input channel in to output channel out.
func (l Layer) weightIndex(in, out int) int {
	if l.Type == ConvTranspose {
		return in*l.Out + out
	}
	return out*l.In + in
}

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

func (p *phase) grid(to shape3) (rows, cols int) {
	count := func(first, n int) int { return max(0, (n-first+p.outStep-1)/p.outStep) }
	return count(p.row, to.height), count(p.col, to.width)
}

// bandRows is how many rows of a phase's grid are computed together, while one pair of panels passes over them.
const bandRows = 4

func (c *fmaConvolution) plan(s *schedule, out, in *pixels, rowDone func(y int)) {
	var phases []placedPhase
	for i := range c.phases {
		phases = append(phases, c.phases[i].place(c.layer, out, in))
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

// placedPhase is a phase whose taps are segments of one input: a row of a kernel.Product is the pixel that an output starts from.
type placedPhase struct {
	*phase
	rows, cols int   // of its grid
	dy, dx     int   // of its first row and column of taps
	offsets    []int // of the segments
	length     int   // of a segment
}

func (p *phase) place(l Layer, out, in *pixels) placedPhase {
	q := placedPhase{phase: p, length: l.In}
	q.rows, q.cols = p.grid(out.shape3)
	step := 1 // taps to a segment
	if l.Type == Conv && in.stride == l.In {
		step = l.Kernel // the pixels under a row of the kernel lie side by side
		q.length *= step
	}
	for i, t := range p.taps {
		if i == 0 {
			q.dy, q.dx = t.dy, t.dx
		}
		q.dy, q.dx = min(q.dy, t.dy), min(q.dx, t.dx)
	}
	for i := 0; i < len(p.taps); i += step {
		q.offsets = append(q.offsets, (p.taps[i].dy-q.dy)*in.pitch+(p.taps[i].dx-q.dx)*in.stride)
	}
	return q
}

// run computes the rows of the phase that are in [first, end).
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
				A: a, ARow: p.inStep * in.stride, Offsets: p.offsets, Run: p.length,
				B: p.weights[panel*steps:][:panels*steps], Rows: p.cols, Panels: panels,
			})
		}
	}
}
