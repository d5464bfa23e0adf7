package infer

import (
	"runtime"
	"testing"
)

// Memory is what a pass leaves for the next, and not much more.
func TestMemory(t *testing.T) {
	for name, a := range map[string]Arch{
		"resnet":       ResNet(16, 2, 3, 64),
		"resnet, wide": ResNet(32, 1, 1, 64),
		"chaos":        Chaos(16, 2, 1, 64),
		"dcgan":        DCGAN(16, 100, 3, 128),
	} {
		for _, side := range []int{64, 130} {
			if a.Latent > 0 {
				side = a.ImageSize
			}
			for _, threads := range []int{1, 3} {
				m := newModel(a, randomParams(a, 1))
				x := make([]float32, a.Channels*side*side)
				before := liveMemory()
				y, err := m.forwardInto(nil, threads, x, side, side, Seed{})
				if err != nil {
					t.Fatal(err)
				}
				taken, told := liveMemory()-before, m.Memory(threads, side, side)
				runtime.KeepAlive(y)
				runtime.KeepAlive(m)
				t.Logf("%s, %d×%d, %d threads: %d bytes taken, Memory is %d", name, side, side, threads, taken, told)
				if told < taken || told > 3*taken {
					t.Errorf("%s, %d×%d, %d threads: %d bytes taken, Memory is %d", name, side, side, threads, taken, told)
				}
			}
		}
	}
	m := newModel(ResNet(4, 1, 3, 64), randomParams(ResNet(4, 1, 3, 64), 1))
	for _, side := range []int{0, -4, 1 << 16, 1 << 40} {
		if n := m.Memory(1, side, side); n != 0 {
			t.Errorf("Memory for %d×%d is %d, want 0", side, side, n)
		}
	}
}

// liveMemory is the bytes of all that is reachable.
func liveMemory() int64 {
	var m runtime.MemStats
	for range 3 { // pools let go of what they hold in the second
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
