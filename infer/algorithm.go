package infer

import "keygan/infer/kernel"

// The values of Layer.Algorithm for convolutions. The contract in doc.go says what each computes.
const (
	// AlgorithmFMA is one chain of fused multiply-adds for each output element, for any layer.
	AlgorithmFMA = "direct_fma"

	// AlgorithmColumns is one chain for each column of the kernel, and their sum. It serves layers with so few output channels that
	// only all columns together make full vectors.
	AlgorithmColumns = "columns_fma"

	// AlgorithmWinograd is Winograd's F(4×4, 3×3), a quarter of the products.
	AlgorithmWinograd = "winograd4"
)

// An algorithm is one way to compute a type of layer. It decides the last bits of a key, so a file names it.
type algorithm struct {
	name      string
	serves    string             // the layers that it computes, for errors
	computes  func(l Layer) bool // nil: every layer of the type
	faster    func(l Layer) bool // whether it is faster than those before it in layerType.algorithms; nil: always
	tile      int                // it reads whole blocks of channels, and makes tiles of this side; 0: single pixels
	packed    func(l Layer) int64
	workspace func(l Layer, threads int, out shape3) int // numbers that it works in, with threads; nil: none
	pack      func(l Layer, weight []float32) operator
}

// operator is a layer's sums, before bias and norm, with its weights packed.
type operator interface {
	// border says what an input of shape from needs around it for an output of shape to.
	border(from, to shape3) border
	// plan adds to s the stages that compute out from in. They call rowDone(y) when row y of out is complete.
	plan(s *schedule, out, in *pixels, rowDone func(y int))
}

var fmaAlgorithm = &algorithm{
	name:   AlgorithmFMA,
	packed: func(l Layer) int64 { return int64(roundUp(l.Out, kernel.Block)) * int64(l.Kernel*l.Kernel*l.In) },
	pack:   newFMAConvolution,
}

var columnsAlgorithm = &algorithm{
	name:     AlgorithmColumns,
	serves:   "convolutions of stride 1",
	computes: func(l Layer) bool { return l.Stride == 1 },
	faster:   func(l Layer) bool { return l.Kernel > 1 && l.Out*l.Kernel <= 64 && l.Out < kernel.Block },
	packed:   func(l Layer) int64 { return int64(roundUp(l.Out*l.Kernel, kernel.Block)) * int64(l.Kernel*l.In) },
	pack:     newColumnsConvolution,
}

var winogradAlgorithm = &algorithm{
	name:     AlgorithmWinograd,
	serves:   "3×3 kernels of stride 1",
	computes: func(l Layer) bool { return l.Kernel == 3 && l.Stride == 1 },
	faster:   func(l Layer) bool { return l.In >= 16 },
	tile:     winogradTile,
	packed:   fmaAlgorithm.packed,
	workspace: func(l Layer, threads int, out shape3) int {
		ins, outs := roundUp(l.In, kernel.Block), roundUp(l.Out, kernel.Block)
		rows, cols := winogradTiles(out)
		return kernel.Frequencies * (ins*outs + threads*min(unitTiles, rows*cols)*(ins+outs))
	},
	pack: newWinogradConvolution,
}

// canCompute reports whether a can compute l.
func (a *algorithm) canCompute(l Layer) bool { return a.computes == nil || a.computes(l) }

// fastestAlgorithm is the name of the algorithm that computes l fastest.
func (l Layer) fastestAlgorithm() (name string) {
	for _, a := range l.kind().algorithms {
		if a.canCompute(l) && (a.faster == nil || a.faster(l)) {
			name = a.name
		}
	}
	return name
}
