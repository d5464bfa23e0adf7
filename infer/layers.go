package infer

import "keygan/infer/kernel"

// A layerType is what this package knows about one value of Layer.Type. A new type of layer is an entry of layerTypes, whose
// algorithm holds the code of the forward pass, and a case in package train, which runs the layer in libtorch. Sizes, names of
// arrays, cost, checks, the file and ONNX follow from the entry.
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
const (
	normWeight   = "weight"
	normBias     = "bias"
	normMean     = "running_mean"
	normVariance = "running_var"
)

var normTypes = map[string]*normType{
	"":                 {},
	NormInstance:       {measured: true, onnx: "InstanceNormalization"},
	NormInstanceAffine: {learnt: []string{normWeight, normBias}, measured: true, onnx: "InstanceNormalization"},
	NormBatch:          {learnt: []string{normWeight, normBias, normMean, normVariance}, onnx: "BatchNormalization"},
}

// normEpsilon is added to a variance before its root is taken.
const normEpsilon = 1e-5

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
