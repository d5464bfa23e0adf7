//go:build !amd64 || purego

package kernel

// Without assembly, plain Go is the only set.
var sets = []*Set{goSet}

func (s *Set) tile(p *Product, steps, first, rows, panel, _ int) {
	tileGo(p, steps, first, rows, panel)
}
func (s *Set) winogradInput(w *Winograd)  { winogradInputGo(w) }
func (s *Set) winogradOutput(w *Winograd) { winogradOutputGo(w) }
func (s *Set) affine(a *Affine)           { affineGo(a) }

// Peak does nothing in plain Go.
func (s *Set) Peak(int) (operations int) { return 0 }

func (s *Set) winogradWeights(dst []float32, frequency int, src []float32, stride, n int) {
	winogradWeightsGo(dst, frequency, src, stride, n)
}

func (s *Set) rowSums(sum, square []float64, x []float32, width, stride, blocks int) {
	rowSumsGo(sum, square, x, width, stride, blocks)
}

// Tanh replaces each number by its hyperbolic tangent.
func (s *Set) Tanh(x []float32) {
	for i, v := range x {
		x[i] = Tanh(v)
	}
}
