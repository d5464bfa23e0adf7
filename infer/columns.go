package infer

import "keygan/infer/kernel"

// columnsConvolution computes a layer by AlgorithmColumns: first a convolution with a kernel of one column, which has an output for
// each column and channel of the real kernel; then it adds the columns, each from its own pixel. With 3 output channels and 7 columns
// that fills 21 numbers of two vectors, where AlgorithmFMA would fill 3 of 16 for each column.
type columnsConvolution struct {
	layer   Layer
	panels  int
	weights []float32 // [panel][kernel row][input channel][16], lane: kernel column · Out + output channel
}

func newColumnsConvolution(l Layer, weight []float32) operator {
	c := &columnsConvolution{layer: l, panels: kernel.Blocks(l.Kernel * l.Out)}
	steps := l.Kernel * l.In
	c.weights = make([]float32, c.panels*steps*kernel.Block)
	for o := range l.Out {
		for kx := range l.Kernel {
			lane := kx*l.Out + o
			panel := c.weights[lane/kernel.Block*steps*kernel.Block+lane%kernel.Block:]
			for ky := range l.Kernel {
				for in := range l.In {
					panel[(ky*l.In+in)*kernel.Block] = weight[((o*l.In+in)*l.Kernel+ky)*l.Kernel+kx]
				}
			}
		}
	}
	return c
}

func (c *columnsConvolution) border(_, _ shape3) border {
	p := c.layer.Padding
	return border{p, p, p}
}

func (c *columnsConvolution) plan(s *schedule, out, in *pixels, rowDone func(y int)) {
	l := c.layer
	var offsets []int
	for ky := range l.Kernel {
		offsets = append(offsets, ky*in.pitch)
	}
	width, stride := out.width+l.Kernel-1, c.panels*kernel.Block
	s.workspace(out.height, width*stride)
	s.stage(out.height, func(worker, y int) {
		sums := s.scratch[worker][:width*stride]
		s.kernels.Product(&kernel.Product{
			C: sums, CRow: stride, A: in.at(y-l.Padding, -l.Padding), ARow: in.stride, Offsets: offsets, Run: l.In,
			B: c.weights, Rows: width, Panels: c.panels,
		})
		row := out.at(y, 0)
		for x := range out.width {
			pixel := row[x*out.stride:][:out.blocks()*kernel.Block]
			clear(pixel)
			copy(pixel[:l.Out], sums[x*stride:])
			for kx := 1; kx < l.Kernel; kx++ {
				for o, v := range sums[(x+kx)*stride+kx*l.Out:][:l.Out] {
					pixel[o] += v
				}
			}
		}
		rowDone(y)
	})
}
