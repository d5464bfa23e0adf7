package infer

import (
	"sync"
	"sync/atomic"
)

// parallel calls do(i) once for each i in [0, n), on up to workers goroutines, and returns when all calls have.
func parallel(workers, n int, do func(i int)) {
	t := newTeam(min(workers, n))
	t.stages = []stage{{n, func(_, i int) { do(i) }}}
	t.run()
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

func (t *team) help(i int) {
	for stage := range t.starts[i] {
		if stage < 0 {
			return
		}
		t.take(i+1, stage)
		t.working.Done()
	}
}

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
