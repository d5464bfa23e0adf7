package gotorch_test

import (
	"fmt"

	torch "keygan/gotorch"
)

// A straight line y = 2x + 1 is fitted to four points. docs/gotorch.md shows the same program.
func Example() {
	torch.ManualSeed(1)
	x := torch.NewTensor([][]float32{{-1}, {0}, {1}, {2}})
	y := torch.NewTensor([][]float32{{-1}, {1}, {3}, {5}})
	w, b := torch.RandN([]int64{1, 1}, true), torch.Zeros([]int64{1}, true)
	opt := torch.SGD(0.1, 0.9, 0, 0, false)
	opt.AddParameters([]torch.Tensor{w, b})
	defer opt.Close()
	for range 200 {
		torch.Scope(func() { // frees the tensors that the step makes
			loss := torch.MM(x, w).Add(b, 1).Sub(y, 1).Square().Mean()
			opt.ZeroGrad()
			loss.Backward()
			opt.Step()
		})
	}
	fmt.Printf("y = %.2f x + %.2f\n", w.Float(), b.Float())
	// Output: y = 2.00 x + 1.00
}

// An operation that fails panics; Try returns the panic as an error.
func ExampleTry() {
	a := torch.Ones([]int64{2, 3}, false)
	err := torch.Try(func() { a.View(5) })
	fmt.Println(err)
	// Output: gotorch: view: shape '[5]' is invalid for input of size 6
}

// Keep lets a tensor outlive the scope that made it.
func ExampleTensor_Keep() {
	var sum torch.Tensor
	torch.Scope(func() {
		squares := torch.Arange(0, 4, 1, false).Square()
		sum = squares.Sum().Keep()
	})
	fmt.Println(sum.Float())
	sum.Close()
	// Output: 14
}
