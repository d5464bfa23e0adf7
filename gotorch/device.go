package gotorch

// #include "cgotorch.h"
import "C"

import (
	"fmt"
	"strconv"
	"strings"
)

// Device is where a tensor's elements are: the CPU, which is the zero value, or one CUDA device. Devices compare with ==.
type Device struct {
	number int // 0 is the CPU, i + 1 is CUDA device i
}

func (d Device) index() C.int { return C.int(d.number - 1) }

// NewDevice returns the device named "cpu", "cuda" (the current CUDA device) or "cuda:1". It panics with *[Error] if there is none.
func NewDevice(name string) Device {
	if name == "cpu" {
		return Device{}
	}
	number, indexed := strings.CutPrefix(name, "cuda:")
	i, err := strconv.Atoi(number)
	if name != "cuda" && (!indexed || err != nil || i < 0 || strconv.Itoa(i) != number) {
		fail("device", "unknown device %q, expected cpu, cuda or cuda:N", name)
	}
	n := CUDADeviceCount()
	if n == 0 {
		fail("device", "%q: no CUDA device can be used (libtorch %s)", name, Version())
	}
	if name == "cuda" {
		var current C.int
		check("device", C.kg_cuda_current_device(&current))
		i = int(current)
	}
	if i >= n {
		fail("device", "%q: there are %d CUDA devices, the first is cuda:0", name, n)
	}
	return Device{i + 1}
}

// IsCUDA reports whether the device is a CUDA device.
func (d Device) IsCUDA() bool { return d.number > 0 }

// Number is −1 for the CPU and i for cuda:i.
func (d Device) Number() int { return d.number - 1 }

// String is the device's name: "cpu" or "cuda:0".
func (d Device) String() string {
	if !d.IsCUDA() {
		return "cpu"
	}
	return fmt.Sprintf("cuda:%d", d.number-1)
}

// IsCUDAAvailable reports whether a CUDA device can be used.
func IsCUDAAvailable() bool { return CUDADeviceCount() > 0 }

// IsCUDNNAvailable reports whether a CUDA device can be used with cuDNN.
func IsCUDNNAvailable() bool { return C.kg_cudnn_available() != 0 }

// CUDADeviceCount is the number of CUDA devices. It is 0 in a build without CUDA.
func CUDADeviceCount() int { return int(C.kg_cuda_devices()) }

// Setting is one of libtorch's switches between speed and exactness, which hold for the whole process. All but
// deterministic algorithms matter to CUDA only; without CUDA they can be set and read but change nothing.
type Setting struct {
	Name string // as in Python, below torch or torch.backends
	code C.int
}

var (
	cuDNNBenchmark     = Setting{"cudnn.benchmark", C.KG_CUDNN_BENCHMARK}
	cuDNNDeterministic = Setting{"cudnn.deterministic", C.KG_CUDNN_DETERMINISTIC}
	cuDNNTF32          = Setting{"cudnn.allow_tf32", C.KG_CUDNN_TF32}
	cuBLASTF32         = Setting{"cuda.matmul.allow_tf32", C.KG_CUBLAS_TF32}
	deterministic      = Setting{"use_deterministic_algorithms", C.KG_DETERMINISTIC}
)

// Settings returns all settings.
func Settings() []Setting {
	return []Setting{{"cudnn.enabled", C.KG_CUDNN}, cuDNNBenchmark, cuDNNDeterministic, cuDNNTF32, cuBLASTF32, deterministic}
}

// On reports what libtorch uses now.
func (s Setting) On() bool {
	var on C.int
	check(s.Name, C.kg_setting(s.code, &on))
	return on != 0
}

// Set switches the setting on or off.
func (s Setting) Set(on bool) { check(s.Name, C.kg_set_setting(s.code, cBool(on))) }

// SetDeterministic makes cuDNN, oneDNN and all other operations use algorithms that give the same bits each time. An
// operation without such an algorithm then panics. Some CUDA versions need CUBLAS_WORKSPACE_CONFIG=:4096:8 in the environment.
func SetDeterministic(on bool) {
	cuDNNDeterministic.Set(on)
	deterministic.Set(on)
}

// SetCuDNNBenchmark makes cuDNN time its algorithms on the first use of each shape and keep the fastest.
func SetCuDNNBenchmark(on bool) { cuDNNBenchmark.Set(on) }

// SetTF32 lets float32 convolutions (cuDNN) and matrix products (cuBLAS) round their factors to 10 bits of mantissa, which
// makes them several times as fast on recent chips. libtorch starts with TF32 on for convolutions and off for matrix products.
func SetTF32(on bool) {
	cuBLASTF32.Set(on)
	cuDNNTF32.Set(on)
}

// CUDADeviceName is the name of CUDA device i, such as "NVIDIA H200". It panics with *[Error] if there is none.
func CUDADeviceName(i int) string {
	var name *C.char
	check("cuda_device_name", C.kg_cuda_name(C.int(i), &name))
	defer C.kg_free_error(name)
	return C.GoString(name)
}

// Synchronize waits until a device has finished its work. The CPU never has work outstanding.
func Synchronize(d Device) {
	if d.IsCUDA() {
		check("synchronize", C.kg_cuda_synchronize(d.index()))
	}
}

// CUDAMemory returns the bytes of a CUDA device that tensors use, that libtorch reserved, and that tensors used at most since
// [ResetCUDAPeak].
func CUDAMemory(d Device) (allocated, reserved, peak int64, err error) {
	var a, r, p C.int64_t
	err = errorOf("cuda_memory", C.kg_cuda_memory(d.index(), &a, &r, &p))
	return int64(a), int64(r), int64(p), err
}

// EmptyCUDACache gives memory that no tensor uses back to the CUDA devices.
func EmptyCUDACache() { check("empty_cache", C.kg_cuda_empty_cache()) }

// ResetCUDAPeak restarts the peak of [CUDAMemory] from what tensors use now.
func ResetCUDAPeak(d Device) error {
	return errorOf("reset_cuda_peak", C.kg_cuda_reset_peak(d.index()))
}
