package infer

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// Every unit of every stage is done once, by a worker there is, and no stage begins before the one before has ended; again and
// again, with the goroutines of one run ending while those of the next begin.
func TestTeamDoesEachUnitOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 16} {
		team := newTeam(workers)
		counts := [][]atomic.Int32{make([]atomic.Int32, 1), make([]atomic.Int32, 40), nil, make([]atomic.Int32, 2), make([]atomic.Int32, 300)}
		var done atomic.Int32
		before := int32(0) // units of the stages before
		for i := range counts {
			start := before
			team.stages = append(team.stages, stage{len(counts[i]), func(worker, unit int) {
				if worker < 0 || worker >= workers || worker > 0 && worker >= len(counts[i]) {
					t.Errorf("worker %d of %d takes a unit of %d", worker, workers, len(counts[i]))
				}
				if n := done.Load() % 343; n < start {
					t.Errorf("a stage begins after %d units, must be %d", n, start)
				}
				counts[i][unit].Add(1)
				done.Add(1)
			}})
			before += int32(len(counts[i]))
		}
		for run := range int32(50) {
			team.run()
			for i := range counts {
				for unit := range counts[i] {
					if n := counts[i][unit].Load(); n != run+1 {
						t.Fatalf("%d workers: unit %d of stage %d was done %d times in %d runs", workers, unit, i, n, run+1)
					}
				}
			}
		}
	}
}

// The memory of the pass before serves the next, unless the image has another size. Of two passes at once each has its own.
func TestSchedulePool(t *testing.T) {
	m := newModel(small(), randomParams(small(), 1))
	get := func(height, width, workers int) *schedule {
		s, err := m.schedules.get(m, height, width, workers)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b := get(8, 8, 1), get(8, 8, 1)
	if a == b {
		t.Fatal("two passes have the same memory")
	}
	m.schedules.put(a)
	if get(8, 8, 1) != a {
		t.Error("the memory of the last pass is not used again")
	}
	for _, other := range [][3]int{{8, 9, 1}, {9, 8, 1}, {8, 8, 2}} {
		m.schedules.put(a)
		if s := get(other[0], other[1], other[2]); s == a || s.key.height != other[0] || s.key.width != other[1] || s.workers != other[2] {
			t.Errorf("for %v the schedule is one of %v with %d workers", other, s.key, s.workers)
		}
	}
}

// In the steady state, a pass into given memory takes no more.
func TestForwardTakesNoMemory(t *testing.T) {
	a := ResNet(16, 2, 3, 64)
	for _, threads := range []int{1, 2, 3} {
		m := newModel(a, randomParams(a, 1))
		x := a.samples(testImage(64, 64, 3, 1))
		dst := make([]float32, len(x))
		allocations := math.Inf(1)
		for try := 0; try < 5 && allocations > 0; try++ { // the runtime takes memory for goroutines now and then
			allocations = testing.AllocsPerRun(20, func() {
				if _, err := m.forwardInto(dst, threads, x, 64, 64, Seed{}); err != nil {
					t.Fatal(err)
				}
			})
		}
		if allocations > 0 {
			t.Errorf("with %d threads, %v allocations", threads, allocations)
		}
	}
}

// forwardInto gives what Forward gives, with any number of threads, in the given memory if that has room.
func TestForwardInto(t *testing.T) {
	for name, a := range map[string]Arch{"resnet": ResNet(4, 1, 3, 64), "noise": noisy(ResNet(4, 1, 3, 64), 0.2)} {
		m := newModel(a, randomParams(a, 1))
		x := a.samples(testImage(37, 22, 3, 1))
		want, err := m.Forward(x, 22, 37, Seed{})
		if err != nil {
			t.Fatal(err)
		}
		for _, room := range []int{0, len(want) - 1, len(want), len(want) + 9} {
			for _, threads := range []int{1, 2, 5, 64} {
				dst := poisoned(room)
				got, err := m.forwardInto(dst, threads, x, 22, 37, Seed{})
				if err != nil {
					t.Fatal(err)
				}
				if i := differ(got, want); i >= 0 {
					t.Errorf("%s, %d threads, room for %d: number %d differs", name, threads, room, i)
				}
				if inside := room > 0 && &got[0] == &dst[0]; inside != (room >= len(want)) {
					t.Errorf("%s: room for %d of %d numbers was used: %v", name, room, len(want), inside)
				}
			}
		}
	}
}

// From 1 thread to 64, more than there are rows in some layers.
func TestThreadsDoNotMatter(t *testing.T) {
	for name, a := range map[string]Arch{
		"resnet": ResNet(6, 2, 3, 64), "chaos": Chaos(4, 1, 3, 64),
	} {
		t.Run(name, func(t *testing.T) {
			m := newModel(a, randomParams(a, 9))
			x := a.samples(testImage(61, 70, 3, 1))
			var want []float32
			for _, threads := range []int{1, 2, 3, 7, 16, 64} {
				withThreads(t, threads)
				got, err := m.Forward(x, 70, 61, Seed{})
				if err != nil {
					t.Fatal(err)
				}
				if want == nil {
					want = got
				}
				if i := differ(got, want); i >= 0 {
					t.Errorf("with %d threads, number %d is %v, with 1 it is %v", threads, i, got[i], want[i])
				}
			}
		})
	}
}

// One model, several goroutines, images of different sizes, so that memory is passed on between them.
func TestConcurrentForward(t *testing.T) {
	a := ResNet(3, 1, 1, 32)
	m := newModel(a, randomParams(a, 2))
	var wg sync.WaitGroup
	for g := range 4 {
		img := testImage(16+8*g, 40-7*g, 1, uint64(g))
		want, err := newModel(a, randomParams(a, 2)).Key(img)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			wg.Go(func() {
				for range 5 {
					if key, err := m.Key(img); err != nil || !slices.Equal(key.Pix, want.Pix) {
						t.Errorf("%v: %v, or another key than by itself", img, err)
					}
				}
			})
		}
	}
	wg.Wait()
}
