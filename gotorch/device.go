package gotorch

// #include "cgotorch.h"
import "C"

import (
	"fmt"
	"strconv"
	"strings"
)

// Device is where a tensor's elements are: the CPU (the zero value) or one CUDA device. Devices compare with ==.
type Device struct {
	number int // 0 the CPU, i + 1 CUDA device i
}

// index is the device's number on the C side.
func (d Device) index() C.int { return C.int(d.number - 1) }

func deviceAt(index C.int) Device { return Device{int(index) + 1} }

// NewDevice finds a device by name: "cpu", "cuda" (the current one) or "cuda:1". It panics with *[Error] when there is no
// such device.
func NewDevice(name string) Device {
	if name == "cpu" {
		return Device{}
	}
	rest, ok := strings.CutPrefix(name, "cuda")
	if !ok || (rest != "" && rest[0] != ':') {
		fail("device", "unknown device %q, expected cpu, cuda or cuda:N", name)
	}
	n := CUDADeviceCount()
	if n == 0 {
		fail("device", "%q: no CUDA device can be used (libtorch %s)", name, Version())
	}
	if rest == "" {
		var current C.int
		check("device", C.kg_cuda_current_device(&current))
		return deviceAt(current)
	}
	i, err := strconv.Atoi(rest[1:])
	if err != nil || i < 0 || strconv.Itoa(i) != rest[1:] {
		fail("device", "unknown device %q, expected cpu, cuda or cuda:N", name)
	}
	if i >= n {
		fail("device", "%q: there are %d CUDA devices, the first is cuda:0", name, n)
	}
	return deviceAt(C.int(i))
}

// IsCUDA tells whether the device is a CUDA device.
func (d Device) IsCUDA() bool { return d.number > 0 }

// String is the device's name: "cpu" or "cuda:0".
func (d Device) String() string {
	if !d.IsCUDA() {
		return "cpu"
	}
	return fmt.Sprintf("cuda:%d", d.number-1)
}

// IsCUDAAvailable tells whether there is a CUDA device to use.
func IsCUDAAvailable() bool { return CUDADeviceCount() > 0 }

// IsCUDNNAvailable tells whether there is a CUDA device to use, with cuDNN.
func IsCUDNNAvailable() bool { return C.kg_cudnn_available() != 0 }

// CUDADeviceCount is the number of CUDA devices; none in a build without CUDA.
func CUDADeviceCount() int { return int(C.kg_cuda_devices()) }

// SetDeterministic asks for algorithms that give the same bits each time, on cuDNN, oneDNN and everywhere else. An operation
// that has none panics from then on; some CUDA versions need CUBLAS_WORKSPACE_CONFIG=:4096:8 in the environment.
func SetDeterministic(on bool) { check("set_deterministic", C.kg_set_deterministic(flag(on))) }

// SetCuDNNBenchmark lets cuDNN time its algorithms on the first use of each shape and take the fastest.
func SetCuDNNBenchmark(on bool) { check("set_cudnn_benchmark", C.kg_set_cudnn_benchmark(flag(on))) }

// SetTF32 lets float32 convolutions (cuDNN) and matrix products (cuBLAS) round their factors to 10 bits of mantissa, which
// is several times as fast on recent chips. libtorch starts with it on for convolutions and off for matrix products.
func SetTF32(on bool) { check("set_tf32", C.kg_set_tf32(flag(on))) }
