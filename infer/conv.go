package infer

// A convolution, transposed or not, is cut into phases: sets of output pixels that see the same taps of the kernel. An
// ordinary convolution has one. A transposed convolution of stride s has s², one for each remainder of row and column, each
// of them an ordinary convolution of stride 1 with a part of the kernel; so no zero is ever put between the pixels.
type phase struct {
	row, col int   // the first output pixel
	outStep  int   // distance between output pixels of this phase, in both directions
	inStep   int   // distance between the input pixels that they start from
	taps     []tap // kernel row and column ascending
	steps    int   // length of a chain: input channels × taps, channel slowest
	weights  []quadA
}

// tap is the place of an input pixel, relative to the one that an output pixel starts from.
type tap struct{ dy, dx int }

// convolution is a layer's weights, packed for the matrix product: output channels × steps.
type convolution struct {
	layer  Layer
	phases []phase
}

// newConvolution packs weight, which has l's shape.
func newConvolution(l Layer, weight []float32) *convolution {
	c := &convolution{layer: l}
	if l.Type == Conv {
		c.add(phase{outStep: 1, inStep: l.Stride}, weight, func(k int) (int, bool) { return k - l.Padding, true },
			func(k int) (int, bool) { return k - l.Padding, true })
		return c
	}
	// Output pixel y takes input pixel i through kernel row k where y = i·stride − padding + k.
	reach := func(first int) func(k int) (int, bool) {
		return func(k int) (int, bool) {
			d := first + l.Padding - k
			return d / l.Stride, d%l.Stride == 0
		}
	}
	for row := range l.Stride {
		for col := range l.Stride {
			c.add(phase{row: row, col: col, outStep: l.Stride, inStep: 1}, weight, reach(row), reach(col))
		}
	}
	return c
}

// add completes p: rowTap and colTap say which rows and columns of the kernel it sees, and at what distance.
func (c *convolution) add(p phase, weight []float32, rowTap, colTap func(k int) (int, bool)) {
	l := c.layer
	var at []int // place of each tap in the kernel
	for ky := range l.Kernel {
		for kx := range l.Kernel {
			dy, okY := rowTap(ky)
			dx, okX := colTap(kx)
			if okY && okX {
				p.taps = append(p.taps, tap{dy, dx})
				at = append(at, ky*l.Kernel+kx)
			}
		}
	}
	p.steps = l.In * len(p.taps)
	area := l.Kernel * l.Kernel
	p.weights = packRows(l.Out, p.steps, func(m, k int) float32 {
		in, t := k/len(at), at[k%len(at)]
		if l.Type == ConvTranspose {
			return weight[(in*l.Out+m)*area+t]
		}
		return weight[(m*l.In+in)*area+t]
	})
	c.phases = append(c.phases, p)
}

// grid is how many rows and columns of an output of height × width belong to p.
func (p *phase) grid(height, width int) (rows, cols int) {
	count := func(first, n int) int { return max(0, (n-first+p.outStep-1)/p.outStep) }
	return count(p.row, height), count(p.col, width)
}

// Sizes of what one worker holds: a block of pixels, and of steps, of the unfolded input, 64 kB, to stay in the second-level
// cache while all output channels pass over it.
const (
	blockCols  = 64
	blockSteps = 256
)

// workspace is one worker's memory.
type workspace struct {
	rows [groupStep][blockCols]float32
	b    []quadB
	c    []tile
}

func (w *workspace) reserve(outChannels int) {
	const panels = blockCols / tileCols
	if w.b == nil {
		w.b = make([]quadB, panels*blockSteps/groupStep)
	}
	if n := roundUp(outChannels, tileRows) / tileRows * panels; len(w.c) < n {
		w.c = make([]tile, n)
	}
}

// run computes out, of shape to, from in, of shape from. It shares the blocks of pixels out among the workers; who computes
// a pixel does not change it.
func (c *convolution) run(out []float32, to shape3, in []float32, from shape3, workers []workspace) {
	type unit struct{ phase, first int }
	var units []unit
	for i := range c.phases {
		rows, cols := c.phases[i].grid(to.height, to.width)
		for first := 0; first < rows*cols; first += blockCols {
			units = append(units, unit{i, first})
		}
	}
	parallel(len(workers), len(units), func(worker, i int) {
		c.phases[units[i].phase].block(out, to, in, from, units[i].first, &workers[worker])
	})
}

// block computes the pixels [first, first + blockCols) of the phase, in all output channels.
func (p *phase) block(out []float32, to shape3, in []float32, from shape3, first int, w *workspace) {
	w.reserve(to.channels)
	rows, cols := p.grid(to.height, to.width)
	n := min(blockCols, rows*cols-first)
	panels := roundUp(n, tileCols) / tileCols
	c := w.c[:roundUp(to.channels, tileRows)/tileRows*panels]
	clear(c)
	stride := roundUp(p.steps, groupStep) / groupStep
	for k := 0; k < p.steps; k += blockSteps {
		steps := min(blockSteps, p.steps-k)
		groups := roundUp(steps, groupStep) / groupStep
		b := w.b[:panels*groups]
		for g := range groups {
			p.unfold(&w.rows, in, from, first, n, cols, k+g*groupStep)
			for j := range panels {
				q := &b[j*groups+g]
				for i := range groupStep {
					q[i] = [tileCols]float32(w.rows[i][tileCols*j:])
				}
			}
		}
		multiply(c, p.weights, stride, k/groupStep, groups, b)
	}
	plane := to.height * to.width
	for j := range n {
		y, x := (first+j)/cols*p.outStep+p.row, (first+j)%cols*p.outStep+p.col
		dst := out[y*to.width+x:]
		for m := range to.channels {
			dst[m*plane] = c[m/tileRows*panels+j/tileCols][m%tileRows][j%tileCols]
		}
	}
}

// unfold writes, for groupStep steps from k, what n pixels of the phase from first see: its input pixel, or zero outside.
// What follows the n-th pixel, and steps past the last, are zero.
func (p *phase) unfold(dst *[groupStep][blockCols]float32, in []float32, from shape3, first, n, cols, k int) {
	for i := range groupStep {
		row := dst[i][:]
		if k+i >= p.steps {
			clear(row)
			continue
		}
		clear(row[n:])
		channel, t := (k+i)/len(p.taps), p.taps[(k+i)%len(p.taps)]
		plane := in[channel*from.height*from.width:][:from.height*from.width]
		for j := 0; j < n; { // a piece for each row of the phase's grid
			y, x := (first+j)/cols, (first+j)%cols
			piece := row[j:min(n, j+cols-x)]
			j += len(piece)
			y = y*p.inStep + t.dy
			if y < 0 || y >= from.height {
				clear(piece)
				continue
			}
			p.unfoldRow(piece, plane[y*from.width:][:from.width], x*p.inStep+t.dx)
		}
	}
}

// unfoldRow sets dst[j] to line[x + j·inStep], or zero where that is outside.
func (p *phase) unfoldRow(dst, line []float32, x int) {
	lead := 0 // pixels left of the line
	if x < 0 {
		lead = min(len(dst), (-x+p.inStep-1)/p.inStep)
		clear(dst[:lead])
		dst, x = dst[lead:], x+lead*p.inStep
	}
	if x >= len(line) {
		clear(dst)
		return
	}
	inside := min(len(dst), (len(line)-max(x, 0)+p.inStep-1)/p.inStep)
	clear(dst[inside:])
	dst = dst[:inside]
	if p.inStep == 1 {
		copy(dst, line[max(x, 0):])
		return
	}
	for j := range dst { // none where all of dst was left of the line, and x still is
		dst[j] = line[x]
		x += p.inStep
	}
}
