package gotorch

import (
	"errors"
	"sync"
	"testing"
	"time"
)

// base is the number of live tensors once the garbage of other tests is gone.
func base() int64 {
	n := LiveTensors()
	for range 10 {
		GC()
		if m := LiveTensors(); m == n {
			return n
		} else {
			n = m
		}
	}
	return n
}

func TestScopeFrees(t *testing.T) {
	before := base()
	Scope(func() {
		a := Ones([]int64{2}, true)
		a.Add(a, 1).Sum().Backward()
		if LiveTensors() != before+3 {
			t.Errorf("%d tensors inside, want 3", LiveTensors()-before)
		}
		Scope(func() { a.MulScalar(2) })
		if LiveTensors() != before+3 {
			t.Error("an inner scope frees too little or too much")
		}
	})
	if n := LiveTensors() - before; n != 0 {
		t.Errorf("%d tensors left", n)
	}
}

func TestKeep(t *testing.T) {
	before := base()
	var out Tensor
	Scope(func() {
		outer := Ones([]int64{1}, false)
		var inner Tensor
		Scope(func() {
			inner = outer.AddScalar(1).Keep()
			if inner.Keep() != inner || outer.Keep() != outer { // again, and one of the scope around: both no change
				t.Error("Keep returns another tensor")
			}
		})
		if LiveTensors() != before+2 {
			t.Errorf("%d tensors, want the outer and the kept one", LiveTensors()-before)
		}
		out = inner.AddScalar(1).Keep()
	})
	if LiveTensors() != before+1 || out.Float() != 3 {
		t.Errorf("%d tensors, want the one kept out of all scopes", LiveTensors()-before)
	}
	if out.Keep() != out {
		t.Error("Keep outside every scope")
	}
	out.Close()
	out.Close()
	if LiveTensors() != before {
		t.Error("Close did not free it, or freed it twice")
	}
	wantError(t, "keep", "freed", func() { out.Keep() })
}

func TestScopeFreesOnPanic(t *testing.T) {
	before := base()
	err := Try(func() {
		Scope(func() {
			a := Ones([]int64{2, 3}, false)
			Scope(func() { MM(a, a) })
		})
	})
	var e *Error
	if !errors.As(err, &e) || LiveTensors() != before {
		t.Errorf("error %v, %d tensors left", err, LiveTensors()-before)
	}
	// The thread must be out of the scopes that the panic went through.
	a := Ones([]int64{1}, false)
	Scope(func() {})
	if a.Float() != 1 {
		t.Error("a tensor made after a panic belonged to a dead scope")
	}
	a.Close()
}

// TestScopesOfGoroutines has scopes open and close on many goroutines at once: each frees its own tensors only.
func TestScopesOfGoroutines(t *testing.T) {
	before := base()
	Scope(func() {
		mine := Full([]int64{1}, 5, false)
		var wait sync.WaitGroup
		outside := make([]Tensor, 8)
		for i := range outside {
			wait.Go(func() {
				// A goroutine that the scope's function starts is not in the scope.
				outside[i] = Full([]int64{1}, float32(i), false)
				for range 50 {
					Scope(func() {
						a := outside[i].AddScalar(1)
						time.Sleep(10 * time.Microsecond)
						if a.Float() != float64(i+1) || mine.Float() != 5 {
							t.Errorf("goroutine %d sees another's numbers", i)
						}
					})
				}
			})
		}
		wait.Wait()
		if n := LiveTensors() - before; n != 9 {
			t.Errorf("%d tensors, want 9", n)
		}
		for _, o := range outside {
			o.Close()
		}
	})
	if LiveTensors() != before {
		t.Errorf("%d tensors left", LiveTensors()-before)
	}
}

func TestGarbageCollectorIsTheBackstop(t *testing.T) {
	before := base()
	for range 100 {
		Ones([]int64{1}, false)
	}
	deadline := time.Now().Add(10 * time.Second)
	for LiveTensors() > before && time.Now().Before(deadline) {
		GC()
	}
	FinishGC()
	if n := LiveTensors() - before; n > 0 {
		t.Errorf("%d tensors left", n)
	}
}
