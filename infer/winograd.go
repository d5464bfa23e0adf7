package infer

import "keygan/infer/kernel"

// winogradConvolution computes a 3×3 layer of stride 1 by AlgorithmWinograd (see kernel.Winograd). It transforms its weights anew for
// each image: that takes a fraction of the time of the products, while the transforms of all layers would take four times the memory.
type winogradConvolution struct {
	layer   Layer
	padding int       // of the convolution that the layer is, transposed or not
	outs    int       // output channels, rounded up to blocks
	weights []float32 // [input channel][3·row + column][outs]
}

const (
	winogradTile  = kernel.WinogradTile
	unitTiles     = 64 // of one unit of work, so that its frequencies, of all channels, stay in the cache
	frequencySkew = 64 // numbers between frequencies, so that not all fall into the same set of the cache
)

func newWinogradConvolution(l Layer, weight []float32) operator {
	c := &winogradConvolution{layer: l, padding: l.Padding, outs: kernel.Blocks(l.Out) * kernel.Block}
	c.weights = make([]float32, l.In*9*c.outs)
	if l.Type == ConvTranspose {
		c.padding = 2 - l.Padding
	}
	for first := 0; first < l.Out; first += kernel.Block { // a block at a time, so that reads and writes stay near
		for in := range l.In {
			packed := c.weights[in*9*c.outs+first:]
			for lane := range min(kernel.Block, l.Out-first) {
				for k, v := range weight[l.weightIndex(in, first+lane)*9:][:9] {
					if l.Type == ConvTranspose {
						k = 8 - k // a transposed convolution sees its kernel from the other end
					}
					packed[k*c.outs+lane] = v
				}
			}
		}
	}
	return c
}

func winogradTiles(to shape3) (rows, cols int) {
	return (to.height + winogradTile - 1) / winogradTile, (to.width + winogradTile - 1) / winogradTile
}

func (c *winogradConvolution) border(from, to shape3) border {
	rows, cols := winogradTiles(to)
	return border{max(0, c.padding), max(0, rows*winogradTile+2-c.padding-from.height), max(0, cols*winogradTile+2-c.padding-from.width)}
}

// winogradUnit is a rectangle of tiles that one worker brings from input to output.
type winogradUnit struct{ row, col, rows, cols int }

// winogradUnits covers all tiles. A unit is a whole row unless that is too long, and several rows where they are short.
func winogradUnits(rows, cols, workers int) (units []winogradUnit, wholeRows bool) {
	width := cols
	if parts := (cols + unitTiles - 1) / unitTiles; parts > 1 {
		width = (cols + parts - 1) / parts
	}
	height := max(1, min(unitTiles/width, (rows+workers-1)/workers))
	for row := 0; row < rows; row += height {
		for col := 0; col < cols; col += width {
			units = append(units, winogradUnit{row, col, min(height, rows-row), min(width, cols-col)})
		}
	}
	return units, width == cols
}

func (c *winogradConvolution) plan(s *schedule, out, in *pixels, rowDone func(y int)) {
	panels, ins := c.outs/kernel.Block, in.blocks()*kernel.Block
	panel := c.layer.In * kernel.Block
	frequency := panels*panel + 64
	s.transformed = grow(s.transformed, kernel.Frequencies*frequency)
	const channels = 16 // of a unit
	groups := (c.layer.In + channels - 1) / channels
	s.stage(panels*groups, func(_, unit int) {
		p, first := unit/groups, unit%groups*channels
		s.kernels.WinogradWeights(s.transformed[p*panel+first*kernel.Block:], frequency,
			c.weights[first*9*c.outs+p*kernel.Block:], c.outs, min(channels, c.layer.In-first))
	})

	rows, cols := winogradTiles(out.shape3)
	units, wholeRows := winogradUnits(rows, cols, s.workers)
	tiles := units[0].rows * units[0].cols // of the largest
	inFrequency, outFrequency := tiles*ins+frequencySkew, tiles*c.outs+frequencySkew
	s.workspace(len(units), kernel.Frequencies*(inFrequency+outFrequency))
	s.stage(len(units), func(worker, i int) {
		u := units[i]
		v, m := s.scratch[worker], s.scratch[worker][kernel.Frequencies*inFrequency:]
		for row := range u.rows {
			s.kernels.WinogradInput(&kernel.Winograd{
				Tiles: v[row*u.cols*ins:], Frequency: inFrequency, TileStride: ins,
				Pixels: in.at((u.row+row)*winogradTile-c.padding, u.col*winogradTile-c.padding), Row: in.pitch, Pixel: in.stride,
				Count: u.cols, Blocks: in.blocks(),
			})
		}
		for f := range kernel.Frequencies {
			s.kernels.Product(&kernel.Product{
				C: m[f*outFrequency:], CRow: c.outs, A: v[f*inFrequency:], ARow: ins, Offsets: s.zeroOffset[:], Run: c.layer.In,
				B: s.transformed[f*frequency:][:panels*panel], Rows: u.rows * u.cols, Panels: panels,
			})
		}
		for row := range u.rows { // into the border, where tiles reach beyond the output
			s.kernels.WinogradOutput(&kernel.Winograd{
				Tiles: m[row*u.cols*c.outs:], Frequency: outFrequency, TileStride: c.outs,
				Pixels: out.at((u.row+row)*winogradTile, u.col*winogradTile), Row: out.pitch, Pixel: out.stride,
				Count: u.cols, Blocks: out.blocks(),
			})
		}
		if wholeRows {
			for y := u.row * winogradTile; y < min((u.row+u.rows)*winogradTile, out.height); y++ {
				rowDone(y)
			}
		}
	})
	if !wholeRows {
		s.stage(out.height, func(_, y int) { rowDone(y) })
	}
}
