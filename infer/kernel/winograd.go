package kernel

// Winograd's F(4×4, 3×3) (Lavin and Gray, arXiv:1509.09308) makes 4×4 outputs of a 3×3 convolution from 6×6 inputs by 36 products of 144:
//
//	Y = Aᵀ [ Σ over channels of (G g Gᵀ) ⊙ (Bᵀ d B) ] A
//
// with polynomials at the points 0, 1, −1, 2, −2 and infinity. In each of the three transforms the columns come first, then the
// rows, by the lines below; all products in Bᵀ and Aᵀ are by powers of two and so exact, fused or not. The scales of G,
// 1/4, −1/6, −1/6, 1/24, 1/24 and 1, are left out of the lines; their product for row and column is applied at the end.
const (
	tileSide     = 4 // of the outputs
	windowSide   = 6 // of the inputs
	kernelSide   = 3
	WinogradTile = tileSide
	Frequencies  = windowSide * windowSide // products of a tile
)

// winogradScale is the exact product of the scales of G for row i and column j, rounded.
var winogradScale = func() (s [Frequencies]float32) {
	line := [windowSide]float64{6, -4, -4, 1, 1, 24} // in 24ths
	for i, a := range line {
		for j, b := range line {
			s[i*windowSide+j] = float32(a * b / 576)
		}
	}
	return s
}()

func inputLine(d [windowSide]float32) [windowSide]float32 {
	a, b := d[4]-float32(4*d[2]), d[3]-float32(4*d[1])
	c, e := d[4]-d[2], d[3]-d[1]
	return [windowSide]float32{
		float32(4*float32(d[0]-d[2])) + c,
		a + b,
		a - b,
		float32(2*e) + c,
		c - float32(2*e),
		d[5] - d[3] - float32(4*float32(d[3]-d[1])),
	}
}

func outputLine(m [windowSide]float32) [windowSide]float32 {
	s, d := m[1]+m[2], m[1]-m[2]
	t, e := m[3]+m[4], m[3]-m[4]
	return [windowSide]float32{m[0] + s + t, float32(2*e) + d, float32(4*t) + s, float32(8*e) + d + m[5]}
}

func weightLine(g [windowSide]float32) [windowSide]float32 {
	s, t, d := g[0]+g[2], float32(4*g[2])+g[0], float32(2*g[1])
	return [windowSide]float32{g[0], s + g[1], s - g[1], t + d, t - d, g[2]}
}

// Winograd is a row of tiles on its way into frequencies, or out of them. Frequency f of channel c of tile t is at
// Tiles[f·Frequency + t·TileStride + c]; pixel (y, x) of tile t at Pixels[y·Row + (4·t + x)·Pixel + c].
type Winograd struct {
	Tiles                 []float32
	Frequency, TileStride int
	Pixels                []float32
	Row, Pixel            int
	Count                 int // of tiles
	Blocks                int
}

// ready reports whether there is anything to do, and panics unless the slices hold it.
func (w *Winograd) ready(side int) bool {
	if w.Count < 1 || w.Blocks < 1 {
		return false
	}
	need("tiles", w.Tiles, (Frequencies-1)*w.Frequency+(w.Count-1)*w.TileStride+w.Blocks*Block)
	need("pixels", w.Pixels, (side-1)*w.Row+((w.Count-1)*tileSide+side-1)*w.Pixel+w.Blocks*Block)
	return true
}

// WinogradInput computes Bᵀ d B of the 6×6 pixels from each tile's first.
func (s *Set) WinogradInput(w *Winograd) {
	if w.ready(windowSide) {
		s.winogradInput(w)
	}
}

// WinogradOutput computes Aᵀ m A, 4×4 pixels for each tile.
func (s *Set) WinogradOutput(w *Winograd) {
	if w.ready(tileSide) {
		s.winogradOutput(w)
	}
}

// WinogradWeights computes G g Gᵀ for n input channels and 16 output channels: weight (y, x) of channel i, output l, is at
// src[(i·9 + 3·y + x)·stride + l], frequency f goes to dst[f·frequency + i·16 + l].
func (s *Set) WinogradWeights(dst []float32, frequency int, src []float32, stride, n int) {
	if n < 1 {
		return
	}
	need("frequencies", dst, (Frequencies-1)*frequency+n*Block)
	need("weights", src, (n*kernelSide*kernelSide-1)*stride+Block)
	s.winogradWeights(dst, frequency, src, stride, n)
}

func winogradInputGo(w *Winograd) {
	for t := range w.Count {
		for c := range w.Blocks * Block {
			transform(inputLine, windowSide, w.Pixels[t*tileSide*w.Pixel+c:], w.Row, w.Pixel,
				windowSide, w.Tiles[t*w.TileStride+c:], windowSide*w.Frequency, w.Frequency)
		}
	}
}

func winogradOutputGo(w *Winograd) {
	for t := range w.Count {
		for c := range w.Blocks * Block {
			transform(outputLine, windowSide, w.Tiles[t*w.TileStride+c:], windowSide*w.Frequency, w.Frequency,
				tileSide, w.Pixels[t*tileSide*w.Pixel+c:], w.Row, w.Pixel)
		}
	}
}

func winogradWeightsGo(dst []float32, frequency int, src []float32, stride, n int) {
	for i := range n {
		for l := range Block {
			transform(weightLine, kernelSide, src[i*kernelSide*kernelSide*stride+l:], kernelSide*stride, stride,
				windowSide, dst[i*Block+l:], windowSide*frequency, frequency)
		}
		for f, scale := range winogradScale {
			for l := range Block {
				dst[f*frequency+i*Block+l] *= scale
			}
		}
	}
}

// transform applies line to the columns of an n×n matrix, and then to the rows of what that gives, and keeps m×m numbers: element
// (y, x) of the matrix is src[y·srcRow + x·srcColumn], and that of the result goes to the same place in dst.
func transform(line func([windowSide]float32) [windowSide]float32, n int, src []float32, srcRow, srcColumn int,
	m int, dst []float32, dstRow, dstColumn int) {
	var columns [windowSide][windowSide]float32 // [column][row]
	var v [windowSide]float32
	for x := range n {
		for y := range n {
			v[y] = src[y*srcRow+x*srcColumn]
		}
		columns[x] = line(v)
	}
	for y := range m {
		for x := range n {
			v[x] = columns[x][y]
		}
		row := line(v)
		for x := range m {
			dst[y*dstRow+x*dstColumn] = row[x]
		}
	}
}
