package kernel_test

import (
	"fmt"

	"keygan/infer/kernel"
)

// Two pixels of three channels each become 16 channels: a 1×1 convolution. Whatever instructions the machine has, the bits are the same.
func Example() {
	pixels := []float32{1, 2, 3, 4, 5, 6}      // [pixel][input channel]
	weights := make([]float32, 3*kernel.Block) // [input channel][output channel]
	for in := range 3 {
		weights[in*kernel.Block] = 1                 // channel 0 is their sum
		weights[in*kernel.Block+1] = float32(in) / 2 // channel 1 weighs them
	}
	out := make([]float32, 2*kernel.Block)
	kernel.Best().Product(&kernel.Product{
		C: out, CRow: kernel.Block,
		A: pixels, ARow: 3,
		Offsets: []int{0}, Run: 3,
		B: weights, Rows: 2, Panels: 1,
	})
	fmt.Println(out[:2], out[kernel.Block:][:2])
	// Output: [6 4] [15 8.5]
}
