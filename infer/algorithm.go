package infer

import (
	"fmt"

	"keygan/infer/kernel"
)

// The algorithms besides AlgorithmDirect; doc.go, rule 9, has what each computes. A network has either that one in all layers
// or none of it.
const (
	// AlgorithmFMA is one chain of fused multiply-adds for each output element, for any layer.
	AlgorithmFMA = "direct_fma"

	// AlgorithmColumns is one chain for each column of the kernel, and their sum: for layers with so few output channels that
	// all columns together make full vectors. For a convolution of stride 1.
	AlgorithmColumns = "columns_fma"

	// AlgorithmWinograd is Winograd's F(4×4, 3×3), a quarter of the products. For a 3×3 kernel of stride 1, transposed or not.
	AlgorithmWinograd = "winograd4"
)

// WithFastAlgorithms returns a with the algorithm that runs fastest here in each layer. Its keys are as good as those of the
// direct algorithm, but not the same.
func (a Arch) WithFastAlgorithms() Arch {
	layers := make([]Layer, len(a.Layers))
	for i, l := range a.Layers {
		l.Algorithm = AlgorithmFMA
		for _, algorithm := range []string{AlgorithmColumns, AlgorithmWinograd} {
			if l.suits(algorithm) {
				l.Algorithm = algorithm
			}
		}
		layers[i] = l
	}
	a.Layers, a.FormatVersion = layers, max(2, a.FormatVersion)
	return a
}

// maxColumns is how many sums for one pixel AlgorithmColumns is worth having.
const maxColumns = 64

// suits says whether the algorithm can compute l, and is worth while.
func (l Layer) suits(algorithm string) bool {
	l.Algorithm = algorithm
	switch algorithm {
	case AlgorithmColumns:
		return l.validateAlgorithm() == nil && l.Kernel > 1 && l.Out*l.Kernel <= maxColumns && l.Out < 16
	case AlgorithmWinograd:
		return l.validateAlgorithm() == nil && l.In >= 16
	}
	return true
}

// validateAlgorithm refuses an algorithm that cannot compute l.
func (l Layer) validateAlgorithm() error {
	fail := func(what string) error { return fmt.Errorf("algorithm %q is for %s", l.Algorithm, what) }
	switch {
	case l.Algorithm == AlgorithmColumns && (l.Type != Conv || l.Stride != 1):
		return fail("convolutions of stride 1")
	case l.Algorithm == AlgorithmWinograd && (l.Kernel != 3 || l.Stride != 1):
		return fail("3×3 kernels of stride 1")
	}
	return nil
}

// validateAlgorithms refuses direct layers beside others, which are computed in another order of memory.
func (a Arch) validateAlgorithms() error {
	for i, l := range a.Layers {
		switch {
		case (l.Algorithm == AlgorithmDirect) != (a.Layers[0].Algorithm == AlgorithmDirect):
			return fmt.Errorf("layer %d (%.60q): algorithm %q beside %q", i, l.Name, l.Algorithm, a.Layers[0].Algorithm)
		case l.Algorithm != AlgorithmDirect && a.FormatVersion < 2:
			return fmt.Errorf("layer %d (%.60q): algorithm %q needs format version 2, this is version 1", i, l.Name, l.Algorithm)
		}
	}
	return nil
}

// packed is how many numbers l's weight takes in memory, packed for its algorithm: output channels are filled up to whole vectors.
func (l Layer) packed() int64 {
	outs, steps := roundUp(l.Out, kernel.Block), l.Kernel*l.Kernel*l.In
	switch l.Algorithm {
	case AlgorithmDirect:
		phases := 1
		if l.Type == ConvTranspose {
			phases = l.Stride * l.Stride
		}
		outs, steps = roundUp(l.Out, tileRows), steps+phases*(groupStep-1)
	case AlgorithmColumns:
		outs, steps = roundUp(l.Out*l.Kernel, kernel.Block), l.Kernel*l.In
	}
	return int64(outs) * int64(steps)
}

// direct says whether a is computed by AlgorithmDirect.
func (a Arch) direct() bool { return a.Layers[0].Algorithm == AlgorithmDirect }
