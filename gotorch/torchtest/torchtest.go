// Package torchtest helps tests that need a GPU, or run on one as well.
package torchtest

import (
	"os"
	"testing"

	torch "keygan/gotorch"
)

// Device is the device of tests that run on any: that which the variable KEYGAN_TEST_DEVICE names, else the CPU.
func Device() torch.Device {
	if name := os.Getenv("KEYGAN_TEST_DEVICE"); name != "" {
		return torch.NewDevice(name)
	}
	return torch.Device{}
}

// Main runs the tests of a package with new tensors on [Device], in full precision.
func Main(m *testing.M) {
	torch.SetDefaultDevice(Device())
	torch.SetTF32(false)
	os.Exit(m.Run())
}

// CUDA returns the first CUDA device. It skips the test if there is none. scripts/test looks for the reason.
func CUDA(t testing.TB) torch.Device {
	t.Helper()
	if !torch.IsCUDAAvailable() {
		t.Skip("CUDA: not tested here")
	}
	return torch.NewDevice("cuda:0")
}
