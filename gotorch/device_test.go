package gotorch

import "testing"

func TestDevices(t *testing.T) {
	cpu := NewDevice("cpu")
	if cpu != (Device{}) || cpu.IsCUDA() || cpu.String() != "cpu" {
		t.Errorf("cpu is %v", cpu)
	}
	Synchronize(cpu)
	if _, _, _, err := CUDAMemory(cpu); err == nil {
		t.Error("CUDA memory of the CPU")
	}
	if IsCUDAAvailable() {
		d := NewDevice("cuda:0")
		if !d.IsCUDA() || d.String() != "cuda:0" || CUDADeviceName(0) == "" {
			t.Errorf("cuda:0 is %v", d)
		}
		Synchronize(d)
		Scope(func() {
			stream := NewCUDAStream(d)
			stream.Synchronize()
			if !stream.Query() || Ones([]int64{2}, false).To(d).Device() != d {
				t.Error("a stream with nothing on it is busy, or a tensor went elsewhere")
			}
			GetCurrentCUDAStream(d).Synchronize()
		})
		wantError(t, "device", "cuda:0", func() { NewDevice("cuda:99") })
		return
	}
	wantError(t, "device", "no CUDA device", func() { NewDevice("cuda") })
	wantError(t, "device", "no CUDA device", func() { NewDevice("cuda:1") })
	wantError(t, "current_stream", "CUDA", func() { GetCurrentCUDAStream(cpu) })
	wantError(t, "new_stream", "CUDA", func() { NewCUDAStream(cpu) })
	wantError(t, "cuda_device_name", "CUDA", func() { CUDADeviceName(0) })
	if IsCUDNNAvailable() || CUDADeviceCount() != 0 {
		t.Error("cuDNN without CUDA")
	}
}

func TestSwitches(t *testing.T) {
	n := NumThreads()
	SetNumThreads(2)
	if NumThreads() != 2 {
		t.Errorf("%d threads, want 2", NumThreads())
	}
	SetNumThreads(int32(n))
	SetDeterministic(true)
	SetDeterministic(false)
	SetCuDNNBenchmark(false)
	SetTF32(true)
	SetTF32(false)
	if v := Version(); len(v) < 5 {
		t.Errorf("version %q", v)
	}
}

func TestRNGState(t *testing.T) {
	Scope(func() {
		ManualSeed(11)
		RandN([]int64{5}, false) // an odd number: half of a Box-Muller pair is left in the generator
		state := RNGState(Device{})
		a := RandN([]int64{33}, false)
		if err := SetRNGState(Device{}, state); err != nil {
			t.Fatal(err)
		}
		if b := RandN([]int64{33}, false); !Equal(a, b) {
			t.Error("the same state gives other numbers")
		}
		ManualSeed(11)
		c := RandN([]int64{5}, false)
		ManualSeed(11)
		if !Equal(c, RandN([]int64{5}, false)) {
			t.Error("the same seed gives other numbers")
		}
		if err := SetRNGState(Device{}, state[:len(state)/2]); err == nil {
			t.Error("half a state was taken")
		}
	})
}
