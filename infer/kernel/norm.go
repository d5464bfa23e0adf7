package kernel

// sumLanes is how many chains the sums along a row are spread over.
const sumLanes = 16

// sumOrder is the order of the lanes that lets the tree be added up with five sums at hand: first lanes 0 and 8, then 4 and 12.
var sumOrder = [sumLanes]int{0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}

// RowSums adds up a row of width pixels, stride apart, channel by channel, in float64: sum[c] = Σx and square[c] = Σx². Pixel x
// belongs to lane x mod 16, whose pixels are added ascending; lanes i and i + 8 are added, then i + 4, i + 2, i + 1.
func (s *Set) RowSums(sum, square []float64, x []float32, width, stride, blocks int) {
	if width < 1 || blocks < 1 {
		return
	}
	need("row", x, (width-1)*stride+blocks*Block)
	need("sum", sum, blocks*Block)
	need("square", square, blocks*Block)
	s.rowSums(sum, square, x, width, stride, blocks)
}

func rowSumsGo(sum, square []float64, x []float32, width, stride, blocks int) {
	for b := range blocks {
		var s, q [sumLanes][Block]float64
		for i := range width {
			lane := i % sumLanes
			for c, v := range x[i*stride+b*Block:][:Block] {
				// The square of a float32 is exact in float64, so that fusing would change nothing.
				s[lane][c] += float64(v)
				q[lane][c] += float64(v) * float64(v)
			}
		}
		for half := sumLanes / 2; half > 0; half /= 2 {
			for i := range half {
				for c := range Block {
					s[i][c] += s[i+half][c]
					q[i][c] += q[i+half][c]
				}
			}
		}
		copy(sum[b*Block:], s[0][:])
		copy(square[b*Block:], q[0][:])
	}
}

// Affine is what follows a convolution, for each pixel and channel: (x − Mean)·Scale, then Add if there is one, then max(0, ·) if
// ReLU is set; each operation is rounded. ReLU keeps −0.
type Affine struct {
	X           []float32 // changed in place
	Stride      int       // of its pixels
	Pixels      int
	Blocks      int
	Mean, Scale []float32 // of a channel
	Add         []float32 // nil, or as X
	AddStride   int
	ReLU        bool
}

// Affine computes a.
func (s *Set) Affine(a *Affine) {
	if a.Pixels < 1 || a.Blocks < 1 {
		return
	}
	need("x", a.X, (a.Pixels-1)*a.Stride+a.Blocks*Block)
	need("mean", a.Mean, a.Blocks*Block)
	need("scale", a.Scale, a.Blocks*Block)
	if a.Add != nil {
		need("add", a.Add, (a.Pixels-1)*a.AddStride+a.Blocks*Block)
	}
	s.affine(a)
}

func affineGo(a *Affine) {
	n := a.Blocks * Block
	mean, scale := a.Mean[:n], a.Scale[:n]
	for i := range a.Pixels {
		x := a.X[i*a.Stride:][:n]
		for c, v := range x {
			x[c] = float32(float32(v-mean[c]) * scale[c])
		}
		if a.Add != nil {
			for c, v := range a.Add[i*a.AddStride:][:n] {
				x[c] += v
			}
		}
		if a.ReLU {
			for c, v := range x {
				if v < 0 {
					x[c] = 0
				}
			}
		}
	}
}
