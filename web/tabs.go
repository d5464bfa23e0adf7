package web

import (
	"net/http"
	"sync"
	"time"
)

// tabs counts the tabs that show the page.
type tabs struct {
	mu     sync.Mutex
	open   int
	timer  *time.Timer   // runs while there is none
	closed chan struct{} // closed when there has been none for a while
	once   sync.Once
}

func (t *tabs) opened() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open++
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
}

// left is called when a tab was closed. If no other opens within grace, it calls last.
func (t *tabs) left(grace time.Duration, last func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open--; t.open > 0 {
		return
	}
	t.timer = time.AfterFunc(grace, func() {
		t.mu.Lock()
		none := t.open == 0
		t.mu.Unlock()
		if none {
			last()
		}
	})
}

// alive answers as long as the tab is open: a byte now and then, which finds out that it was closed.
func (s *server) alive(w http.ResponseWriter, r *http.Request) error {
	deadline(w, 0)
	s.tabs.opened()
	defer s.tabs.left(s.Grace, func() {
		s.shelf.clear()
		if !s.Stay {
			s.tabs.once.Do(func() { close(s.tabs.closed) })
		}
	})
	w.Header().Set("Content-Type", "application/octet-stream")
	c := http.NewResponseController(w)
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		c.SetWriteDeadline(time.Now().Add(stalled))
		if _, err := w.Write([]byte{'\n'}); err != nil || c.Flush() != nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return nil
		case <-s.stopping:
			return nil
		}
	}
}
