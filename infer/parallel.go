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
