package kernel

// sumLanes is how many chains the sums along a row are spread over.
const sumLanes = 16

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

// Slope is the factor of LeakyReLU for numbers below zero.
const Slope = float32(0.2)

// Activation is a function of one number.
type Activation int

const (
	Identity  Activation = iota
	ReLU                 // x < 0 becomes +0; −0 and NaN stay
	LeakyReLU            // x < 0 becomes x·Slope; −0 and NaN stay
)

// Affine is the work after a convolution, for each pixel and channel, every operation rounded:
//
//	y = activation(before((x − Mean)·Scale + Shift) + Add) + NoiseScale·Noise
//
// Only Mean and Scale must be there.
type Affine struct {
	X              []float32 // changed in place
	Stride         int       // of its pixels
	Pixels, Blocks int
	Mean, Scale    []float32 // of a channel
	Shift          []float32 // of a channel
	LeakyBefore    bool      // before is LeakyReLU
	Add            []float32 // as X
	AddStride      int
	Activation     Activation
	Noise          []float32 // of a pixel
	NoiseScale     []float32 // of a channel
}

// Affine computes a.
func (s *Set) Affine(a *Affine) {
	if a.Pixels < 1 || a.Blocks < 1 {
		return
	}
	n := a.Blocks * Block
	need("x", a.X, (a.Pixels-1)*a.Stride+n)
	need("mean", a.Mean, n)
	need("scale", a.Scale, n)
	if a.Shift != nil {
		need("shift", a.Shift, n)
	}
	if a.Add != nil {
		need("add", a.Add, (a.Pixels-1)*a.AddStride+n)
	}
	if a.Noise != nil {
		need("noise", a.Noise, a.Pixels)
		need("noise scale", a.NoiseScale, n)
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
		if a.Shift != nil {
			Add(x, a.Shift)
		}
		if a.LeakyBefore {
			LeakyReLU.Apply(x)
		}
		if a.Add != nil {
			Add(x, a.Add[i*a.AddStride:])
		}
		a.Activation.Apply(x)
		if a.Noise != nil {
			for c, w := range a.NoiseScale[:n] {
				x[c] += float32(w * a.Noise[i])
			}
		}
	}
}

// Add adds y to x, element by element.
func Add(x, y []float32) {
	y = y[:len(x)]
	for c := range x {
		x[c] += y[c]
	}
}

// Apply replaces each number of x by its activation.
func (a Activation) Apply(x []float32) {
	for c, v := range x {
		switch {
		case v >= 0 || a == Identity:
		case a == ReLU && v < 0:
			x[c] = 0
		case a == LeakyReLU && v < 0:
			x[c] = float32(v * Slope)
		}
	}
}
