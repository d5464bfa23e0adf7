package gotorch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestDevices(t *testing.T) {
	cpu := NewDevice("cpu")
	if cpu != (Device{}) || cpu.IsCUDA() || cpu.String() != "cpu" {
		t.Errorf("cpu is %v", cpu)
	}
	Synchronize(cpu)
	if _, _, _, err := CUDAMemory(cpu); err == nil {
		t.Error("CUDA memory of the CPU")
	}
	for _, name := range []string{"cudax", "cuda:", "cuda:-1", "cuda:01", "CPU", ""} {
		wantError(t, "device", "unknown", func() { NewDevice(name) })
	}
	if IsCUDAAvailable() {
		return // TestCUDA has the rest
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

func TestThreadsAndVersion(t *testing.T) {
	n := NumThreads()
	SetNumThreads(2)
	if NumThreads() != 2 {
		t.Errorf("%d threads, want 2", NumThreads())
	}
	SetNumThreads(int32(n))
	if v := Version(); len(v) < 5 || v != BuiltVersion() || CheckVersion() != nil {
		t.Errorf("version %q, built for %q: %v", v, BuiltVersion(), CheckVersion())
	}
	for loaded, same := range map[string]bool{"2.6.0": true, "2.6.1+cu126": true, "2.7.0": false, "1.13.0": false, "2.60.0": false} {
		if err := compatible("2.6.0", loaded); (err == nil) != same {
			t.Errorf("built for 2.6.0, loaded %s: %v", loaded, err)
		}
	}
}

// TestSettingsReadBack sets each setting and reads libtorch's own value; a build without CUDA keeps them as well.
func TestSettingsReadBack(t *testing.T) {
	values := func() string {
		var b strings.Builder
		for _, s := range Settings() {
			fmt.Fprintf(&b, "%s=%v ", s.Name, s.On())
		}
		return b.String()
	}
	for _, s := range Settings() {
		old := s.On()
		for _, on := range []bool{true, false, old} {
			s.Set(on)
			if s.On() != on {
				t.Errorf("%s: set to %v, libtorch has %v", s.Name, on, s.On())
			}
		}
	}
	before := values()
	for _, c := range []struct {
		set   func(on bool)
		names []string
	}{
		{SetTF32, []string{"cuda.matmul.allow_tf32", "cudnn.allow_tf32"}},
		{SetDeterministic, []string{"cudnn.deterministic", "use_deterministic_algorithms"}},
		{SetCuDNNBenchmark, []string{"cudnn.benchmark"}},
	} {
		old := map[string]bool{}
		for _, s := range Settings() {
			old[s.Name] = s.On()
		}
		for _, on := range []bool{true, false} {
			c.set(on)
			for _, s := range Settings() {
				want := old[s.Name]
				if slices.Contains(c.names, s.Name) {
					want = on
				}
				if s.On() != want {
					t.Errorf("a setter for %v, set to %v, leaves %s at %v", c.names, on, s.Name, s.On())
				}
			}
		}
		for _, s := range Settings() {
			s.Set(old[s.Name])
		}
	}
	if after := values(); after != before {
		t.Errorf("settings before the test %s, after it %s", before, after)
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
