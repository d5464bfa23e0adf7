package infer

import "keygan/infer/kernel"

// A layerType is what this package knows about one value of Layer.Type. A new one is an entry of layerTypes, whose algorithm holds the
// forward pass, and a case in package train. Sizes, names of arrays, cost, checks, the file and ONNX follow.
type layerType struct {
	weight     func(l Layer) []int                          // shape of the array Name + ".weight"
	outputSize func(l Layer, n int) int                     // height or width made from n; not positive where nothing is left
	operations func(l Layer, in, out shape3) float64        // multiplications and additions
	validate   func(l Layer) error                          // of the fields that only this type uses
	onnx       func(g *onnxGraph, l Layer, x string) string // adds the nodes, bias included, and returns the name of their output
	algorithms []*algorithm                                 // the slowest first; the first computes every layer of the type
}

var layerTypes = map[string]*layerType{
	Conv: {
		weight: func(l Layer) []int { return []int{l.Out, l.In, l.Kernel, l.Kernel} },
		outputSize: func(l Layer, n int) int {
			if n+2*l.Padding < l.Kernel {
				return 0
			}
			return (n+2*l.Padding-l.Kernel)/l.Stride + 1
		},
		operations: func(l Layer, _, out shape3) float64 { return l.kernelOperations(out) },
		validate:   func(l Layer) error { return l.validateKernel(0) },
		onnx: func(g *onnxGraph, l Layer, x string) string {
			return g.convolution("Conv", l, x)
		},
		algorithms: []*algorithm{fmaAlgorithm, columnsAlgorithm, winogradAlgorithm},
	},
	ConvTranspose: {
		weight: func(l Layer) []int { return []int{l.In, l.Out, l.Kernel, l.Kernel} },
		outputSize: func(l Layer, n int) int {
			return (n-1)*l.Stride - 2*l.Padding + l.Kernel + l.OutputPadding
		},
		operations: func(l Layer, in, _ shape3) float64 { return l.kernelOperations(in) },
		validate:   func(l Layer) error { return l.validateKernel(l.Stride - 1) },
		onnx: func(g *onnxGraph, l Layer, x string) string {
			return g.convolution("ConvTranspose", l, x, onnxInts("output_padding", l.OutputPadding, l.OutputPadding))
		},
		algorithms: []*algorithm{fmaAlgorithm, winogradAlgorithm},
	},
}

// kernelOperations counts the operations of l's kernel at every pixel of s, its taps on padding included.
func (l Layer) kernelOperations(s shape3) float64 {
	return 2 * float64(l.In*l.Out*l.Kernel*l.Kernel) * float64(s.height*s.width)
}

// A normType is one value of Layer.Norm. Its arrays, [Out] each, are also the inputs of its ONNX operator.
type normType struct {
	learnt   []string // names of its arrays, after Layer.NormName
	measured bool     // by the mean and variance of the image, not of the file
	onnx     string   // operator
}

// The names of a norm's arrays.
const normWeight, normBias, normMean, normVariance = "weight", "bias", "running_mean", "running_var"

var normTypes = map[string]*normType{
	"":                 {},
	NormInstance:       {measured: true, onnx: "InstanceNormalization"},
	NormInstanceAffine: {learnt: []string{normWeight, normBias}, measured: true, onnx: "InstanceNormalization"},
	NormBatch:          {learnt: []string{normWeight, normBias, normMean, normVariance}, onnx: "BatchNormalization"},
}

// An activationType is one value of Layer.Activation and Layer.BeforeAdd.
type activationType struct {
	onnx       string                           // operator
	attributes []message                        // of the operator
	kernel     kernel.Activation                // how kernel.Affine computes it
	fused      bool                             // kernel.Affine computes it as Layer.Activation
	before     bool                             // kernel.Affine computes it as Layer.BeforeAdd
	apply      func(k *kernel.Set, x []float32) // computes it elsewhere
}

var activationTypes = map[string]*activationType{
	"": {kernel: kernel.Identity, fused: true, before: true, apply: func(*kernel.Set, []float32) {}},
	ActivationReLU: {
		onnx: "Relu", kernel: kernel.ReLU, fused: true,
		apply: func(_ *kernel.Set, x []float32) { kernel.ReLU.Apply(x) },
	},
	ActivationTanh: {onnx: "Tanh", apply: (*kernel.Set).Tanh},
	ActivationLeakyReLU: {
		onnx: "LeakyRelu", attributes: []message{onnxFloat("alpha", LeakySlope)},
		kernel: kernel.LeakyReLU, fused: true, before: true,
		apply: func(_ *kernel.Set, x []float32) { kernel.LeakyReLU.Apply(x) },
	},
}

// The entries of a layer. Validate has refused a value that has none.
func (l Layer) kind() *layerType            { return layerTypes[l.Type] }
func (l Layer) norm() *normType             { return normTypes[l.Norm] }
func (l Layer) beforeAdd() *activationType  { return activationTypes[l.BeforeAdd] }
func (l Layer) activation() *activationType { return activationTypes[l.Activation] }

// algorithm is the one that l names, nil if its type has no such algorithm.
func (l Layer) algorithm() *algorithm {
	for _, a := range l.kind().algorithms {
		if a.name == l.Algorithm {
			return a
		}
	}
	return nil
}

// The values of Layer.Algorithm for convolutions. The contract in doc.go says what each computes.
const (
	AlgorithmFMA      = "direct_fma"  // one chain of fused multiply-adds for each output element, for any layer
	AlgorithmColumns  = "columns_fma" // one chain for each column of the kernel, and their sum; for few output channels
	AlgorithmWinograd = "winograd4"   // Winograd's F(4×4, 3×3), a quarter of the products
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

func (a *algorithm) canCompute(l Layer) bool { return a.computes == nil || a.computes(l) }

func (l Layer) fastestAlgorithm() (name string) {
	for _, a := range l.kind().algorithms {
		if a.canCompute(l) && (a.faster == nil || a.faster(l)) {
			name = a.name
		}
	}
	return name
}
