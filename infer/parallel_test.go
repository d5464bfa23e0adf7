package infer

import (
	"math"
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

// The memory of the pass before serves the next, and of two that run at once each has its own.
func TestRunPool(t *testing.T) {
	var p runPool
	a, b := p.get(), p.get()
	if a == b {
		t.Fatal("two passes have the same memory")
	}
	p.put(a)
	if c := p.get(); c != a {
		t.Error("the memory of the last pass is not used again")
	}
}

// In the steady state a pass into memory that is there takes none.
func TestForwardTakesNoMemory(t *testing.T) {
	a := ResNet(16, 2, 3, 64).WithFastAlgorithms()
	for _, threads := range []int{1, 2, 3} {
		m := newModel(a, randomParams(a, 1))
		x := a.samples(testImage(64, 64, 3, 1))
		dst := make([]float32, len(x))
		allocations := math.Inf(1)
		for try := 0; try < 5 && allocations > 0; try++ { // the runtime takes memory for goroutines now and then
			allocations = testing.AllocsPerRun(20, func() {
				if _, err := m.ForwardInto(dst, threads, x, 64, 64, Seed{}); err != nil {
					t.Fatal(err)
				}
			})
		}
		if allocations > 0 {
			t.Errorf("with %d threads, %v allocations", threads, allocations)
		}
	}
}

// ForwardInto gives what Forward gives, with any number of threads, in the memory it is given as far as that has room.
func TestForwardInto(t *testing.T) {
	for name, a := range map[string]Arch{"direct": ResNet(4, 1, 3, 64), "fast": ResNet(4, 1, 3, 64).WithFastAlgorithms()} {
		m := newModel(a, randomParams(a, 1))
		x := a.samples(testImage(37, 22, 3, 1))
		want, err := m.Forward(x, 22, 37)
		if err != nil {
			t.Fatal(err)
		}
		for _, room := range []int{0, len(want) - 1, len(want), len(want) + 9} {
			for _, threads := range []int{1, 2, 5, 64} {
				dst := poisoned(room)
				got, err := m.ForwardInto(dst, threads, x, 22, 37, Seed{})
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
