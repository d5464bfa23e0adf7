package functional_test

import (
	"fmt"

	torch "keygan/gotorch"
	F "keygan/gotorch/nn/functional"
)

// A convolution with the kernel (−1, 0, 1) takes differences along a row.
func Example() {
	row := torch.NewTensor([]float32{1, 2, 4, 8, 16}).View(1, 1, 1, 5)
	kernel := torch.NewTensor([]float32{-1, 0, 1}).View(1, 1, 1, 3)
	one, none := []int64{1, 1}, []int64{0, 0}
	y := F.Conv2d(row, kernel, torch.Tensor{}, one, none, one, 1)
	fmt.Println(y.Shape(), y.Floats())
	// Output: [1 1 1 3] [3 6 12]
}
