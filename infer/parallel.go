package infer

import (
	"sync"
	"sync/atomic"
)

// parallel calls do(worker, i) once for each i in [0, n), on up to workers goroutines, worker telling which, and returns
// when all are done. Which worker takes which i is left to chance, so do must give the same for any.
func parallel(workers, n int, do func(worker, i int)) {
	workers = min(workers, n)
	if workers <= 1 {
		for i := range n {
			do(0, i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(worker, i)
			}
		})
	}
	wg.Wait()
}

// team is goroutines that take stages together, one after the other. It is made once and takes no memory when it works.
type team struct {
	stages  []stage
	starts  []chan int // of each goroutine but the caller's: the stage to take, or −1 to end
	helpers []func()   // what each of them does
	next    atomic.Int64
	working sync.WaitGroup
}

// stage is work that can be done in any order, after all of the stage before.
type stage struct {
	units int
	do    func(worker, unit int) // gives the same for any worker
}

func newTeam(workers int) *team {
	t := &team{starts: make([]chan int, max(0, workers-1))}
	for i := range t.starts {
		t.starts[i] = make(chan int, 1)
		t.helpers = append(t.helpers, func() { t.help(i) })
	}
	return t
}

// run does all stages; the caller is worker 0.
func (t *team) run() {
	for _, help := range t.helpers {
		go help()
	}
	for i := range t.stages {
		helpers := t.starts[:max(0, min(len(t.starts), t.stages[i].units-1))]
		t.next.Store(0)
		t.working.Add(len(helpers))
		for _, start := range helpers {
			start <- i
		}
		t.take(0, i)
		t.working.Wait()
	}
	for _, start := range t.starts {
		start <- -1
	}
}

// help is the life of a goroutine.
func (t *team) help(i int) {
	for stage := range t.starts[i] {
		if stage < 0 {
			return
		}
		t.take(i+1, stage)
		t.working.Done()
	}
}

// take does units of a stage until there are no more.
func (t *team) take(worker, stage int) {
	s := &t.stages[stage]
	for {
		unit := int(t.next.Add(1)) - 1
		if unit >= s.units {
			return
		}
		s.do(worker, unit)
	}
}
