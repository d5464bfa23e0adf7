package gotorch

// #include "cgotorch.h"
import "C"

import "runtime"

// ManualSeed seeds the random number generators of all devices.
func ManualSeed(seed int64) { check("manual_seed", C.kg_manual_seed(C.int64_t(seed))) }

// RNGState returns the state of a device's generator. The state determines all numbers that the generator draws next.
func RNGState(device Device) []byte {
	var out C.kg_tensor
	err := C.kg_rng_state(device.index(), &out)
	t := newTensor("rng_state", err, out)
	defer t.Close()
	return t.Bytes()
}

// SetRNGState restores a state that [RNGState] returned from the same version of libtorch.
func SetRNGState(device Device, state []byte) error {
	return Try(func() {
		t := FromBytes(state, int64(len(state)))
		defer t.Close()
		err := C.kg_set_rng_state(device.index(), t.ptr("set_rng_state"))
		runtime.KeepAlive(t.T)
		check("set_rng_state", err)
	})
}
