// Package torchtest helps tests that need a GPU.
package torchtest

import (
	"testing"

	torch "keygan/gotorch"
)

// CUDA returns the first CUDA device. It skips the test if there is none. scripts/test looks for the reason.
func CUDA(t testing.TB) torch.Device {
	t.Helper()
	if !torch.IsCUDAAvailable() {
		t.Skip("CUDA: not tested here")
	}
	return torch.NewDevice("cuda:0")
}
