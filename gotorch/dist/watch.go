package dist

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// Watch keeps an eye on the other processes. Each adds to a number in the store, again and again; one whose number stands still for too
// long is lost. So is one that says that it ends.
type Watch struct {
	store      *Store // a connection of its own: others may be waiting for an answer
	rank, size int
	patience   time.Duration
	ctx        context.Context
	cancel     context.CancelCauseFunc
	running    sync.WaitGroup
	end        chan struct{} // closed by Close
	closing    sync.Once
}

// LostError says which process the others have lost.
type LostError struct{ Reason string }

func (e *LostError) Error() string { return e.Reason }

// Keys in the store.
func beatOf(rank int) string { return fmt.Sprintf("beat/%d", rank) }
func nameOf(rank int) string { return fmt.Sprintf("name/%d", rank) }

const lostKey = "lost" // why all must end

// Watch begins to watch over size processes, of which this is one, and to be watched. A process is lost when nothing was heard of it for
// as long as patience. The watch has the store for itself, and closes it.
func (s *Store) Watch(rank, size int, patience time.Duration) (*Watch, error) {
	w := &Watch{store: s, rank: rank, size: size, patience: patience, end: make(chan struct{})}
	w.ctx, w.cancel = context.WithCancelCause(context.Background())
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	if err := s.Set(nameOf(rank), fmt.Sprintf("rank %d (process %d on %s)", rank, os.Getpid(), host)); err != nil {
		return nil, err
	}
	w.running.Go(w.run)
	return w, nil
}

// Context ends when a process is lost; its cause is a *LostError then.
func (w *Watch) Context() context.Context { return w.ctx }

// interval is the time between two beats.
func (w *Watch) interval() time.Duration {
	return min(max(w.patience/10, 50*time.Millisecond), time.Second)
}

// heard is when a process's number was seen to change.
type heard struct {
	beat int64
	at   time.Time
}

func (w *Watch) run() {
	last := map[int]heard{}
	answered := time.Now()
	for {
		answer := make(chan error, 1)
		go func() { answer <- w.look(last) }()
		select {
		case err := <-answer:
			answered = time.Now()
			if err != nil {
				w.lose(err.Error())
				return
			}
		case <-w.end:
			<-answer // the map is look's, and so is the store
			return
		case <-time.After(w.patience):
			w.lose(fmt.Sprintf("the store at %s has not answered for %v", w.store.name, time.Since(answered).Round(time.Second)))
			return
		}
		select {
		case <-w.end:
			return
		case <-w.ctx.Done():
			return
		case <-time.After(w.interval()):
		}
	}
}

// look beats once and looks at the others: rank 0 at all of them, the others at rank 0, which tells them what it has seen.
func (w *Watch) look(last map[int]heard) error {
	if _, err := w.store.Add(beatOf(w.rank), 1); err != nil {
		return err
	}
	if why, there, err := w.store.Get(lostKey); there || err != nil {
		w.lose(why)
		return err
	}
	first, end := 0, 1
	if w.rank == 0 {
		first, end = 1, w.size
	}
	for r := first; r < end; r++ {
		beat, err := w.store.Add(beatOf(r), 0)
		if err != nil {
			return err
		}
		switch before, seen := last[r]; {
		case !seen || before.beat != beat:
			last[r] = heard{beat, time.Now()}
		case time.Since(before.at) > w.patience:
			return w.Blame(r, fmt.Sprintf("has not been heard of for %v", w.patience))
		}
	}
	return nil
}

func (w *Watch) lose(reason string) { w.cancel(&LostError{reason}) }

// Blame tells all processes that they must end because of one of them. The first to say so is believed.
func (w *Watch) Blame(rank int, what string) error {
	err := w.store.Blame(rank, what)
	if why, there, _ := w.store.Get(lostKey); there {
		w.lose(why)
	}
	return err
}

// Blame is [Watch.Blame] for a process that is not one of the group.
func (s *Store) Blame(rank int, what string) error {
	who, named, err := s.Get(nameOf(rank))
	if !named {
		who = fmt.Sprintf("rank %d", rank)
	}
	if n, err := s.Add("blames", 1); n > 1 || err != nil {
		return err
	}
	if err == nil {
		err = s.Set(lostKey, who+" "+what)
	}
	return err
}

// Explain is called when an operation with the others has failed. It finds out who is gone, and returns that; or err, if all are there.
func (w *Watch) Explain(err error) error {
	before, e := w.beats()
	for deadline := time.Now().Add(4 * w.interval()); e == nil && time.Now().Before(deadline); {
		e = pause(w.ctx, w.interval()/4)
	}
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	after, e2 := w.beats()
	if e != nil || e2 != nil {
		return &LostError{fmt.Sprintf("the store at %s is gone, and with it probably rank 0, which holds it: %v", w.store.name, err)}
	}
	for r := range after {
		if r != w.rank && after[r] == before[r] {
			w.Blame(r, "is gone") // ends the context, unless another rank is about to say who is gone
			w.lose(fmt.Sprintf("rank %d is gone", r))
			return context.Cause(w.ctx)
		}
	}
	return err
}

func (w *Watch) beats() (all []int64, err error) {
	for r := range w.size {
		n, err := w.store.Add(beatOf(r), 0)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// Close ends the watch, and being watched. Call it when no rank needs the others any more.
func (w *Watch) Close() {
	w.closing.Do(func() { close(w.end) })
	w.running.Wait()
	w.store.Close()
}
