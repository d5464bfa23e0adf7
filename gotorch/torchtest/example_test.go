package torchtest_test

import (
	"fmt"
	"testing"

	torch "keygan/gotorch"
	"keygan/gotorch/torchtest"
)

// The benchmark runs on a machine with a GPU and is skipped on any other.
func Example() {
	result := testing.Benchmark(func(b *testing.B) {
		device := torchtest.CUDA(b)
		for range b.N {
			torch.Synchronize(device)
		}
	})
	fmt.Println((result.N > 0) == torch.IsCUDAAvailable())
	// Output: true
}
