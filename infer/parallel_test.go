package infer

import (
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

// In the steady state a pass takes memory for the key and little else.
func TestForwardTakesNoMemory(t *testing.T) {
	a := ResNet(16, 2, 3, 64).WithFastAlgorithms()
	for _, threads := range []int{1, 2} {
		withThreads(t, threads)
		m := newModel(a, randomParams(a, 1))
		x := a.samples(testImage(64, 64, 3, 1))
		allocations := testing.AllocsPerRun(20, func() {
			if _, err := m.Forward(x, 64, 64); err != nil {
				t.Fatal(err)
			}
		})
		if allocations > 12 {
			t.Errorf("with %d threads, %v allocations", threads, allocations)
		}
	}
}
