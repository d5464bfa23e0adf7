package dataset

import (
	"sync"

	"keygan/data/imagefile"
)

// A stackCache keeps the most recently used stacks, at least one. Goroutines that ask for the same file decode it once.
type stackCache struct {
	load   func(path string) (*imagefile.Stack, error)
	budget int // bytes

	mu      sync.Mutex
	bytes   int
	calls   int // of get
	entries map[string]*stackEntry
}

type stackEntry struct {
	load  func() (*imagefile.Stack, error) // runs once
	bytes int                              // 0 while loading
	used  int                              // the last call of get
}

// newStackCache makes a cache of 512 MB, which are about seventy volumes of a brain.
func newStackCache(load func(path string) (*imagefile.Stack, error)) *stackCache {
	return &stackCache{load: load, budget: 512 << 20, entries: map[string]*stackEntry{}}
}

// get returns the stack in the file at path. It decodes the stack unless it is kept.
func (c *stackCache) get(path string) (*imagefile.Stack, error) {
	c.mu.Lock()
	e := c.entries[path]
	if e == nil {
		e = &stackEntry{load: sync.OnceValues(func() (*imagefile.Stack, error) {
			s, err := c.load(path)
			c.loaded(path, s, err)
			return s, err
		})}
		c.entries[path] = e
	}
	c.calls++
	e.used = c.calls
	c.mu.Unlock()
	return e.load()
}

// loaded counts a newly decoded stack and drops the oldest others beyond the budget. A failure is tried again the next time.
func (c *stackCache) loaded(path string, s *imagefile.Stack, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		delete(c.entries, path)
		return
	}
	c.entries[path].bytes = len(s.Pix)
	for c.bytes += len(s.Pix); c.bytes > c.budget; {
		oldest := ""
		for p, e := range c.entries {
			if p != path && e.bytes > 0 && (oldest == "" || e.used < c.entries[oldest].used) {
				oldest = p
			}
		}
		if oldest == "" {
			return
		}
		c.bytes -= c.entries[oldest].bytes
		delete(c.entries, oldest)
	}
}
