package initializer_test

import (
	"fmt"

	torch "keygan/gotorch"
	"keygan/gotorch/nn/initializer"
)

// Kaiming's bound for a ReLU is √(6/fan).
func Example() {
	initializer.ManualSeed(1)
	weight := torch.Empty([]int64{16, 6}, true)
	initializer.KaimingUniform(&weight, 0, "fan_in", "relu")
	in, out := initializer.CalculateFanInAndFanOut(weight)
	outside := weight.Gt(1).Sum().Item().(int64) + weight.Lt(-1).Sum().Item().(int64)
	fmt.Println(in, out, outside)
	// Output: 6 16 0
}
