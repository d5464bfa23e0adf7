package dataset

import (
	"container/list"
	"keygan/data/imagefile"
	"sync"
)

// stackCacheBytes bounds the stacks that one folder keeps decoded: about seventy volumes of a brain.
const stackCacheBytes = 512 << 20

// A stackCache keeps the most recently used stacks, at least one. Several goroutines asking for one file decode it once.
type stackCache struct {
	load   func(path string) (*imagefile.Stack, error)
	budget int // bytes

	mu      sync.Mutex
	bytes   int
	entries map[string]*list.Element
	recent  *list.List // of *stackEntry, the latest in front
}

type stackEntry struct {
	path  string
	load  func() (*imagefile.Stack, error) // runs once
	bytes int                              // 0 while loading
}

func newStackCache(load func(path string) (*imagefile.Stack, error)) *stackCache {
	return &stackCache{load: load, budget: stackCacheBytes, entries: map[string]*list.Element{}, recent: list.New()}
}

// get returns the stack in the file at path, decoding it unless it is kept.
func (c *stackCache) get(path string) (*imagefile.Stack, error) {
	c.mu.Lock()
	el := c.entries[path]
	if el == nil {
		entry := &stackEntry{path: path}
		el = c.recent.PushFront(entry)
		c.entries[path] = el
		entry.load = sync.OnceValues(func() (*imagefile.Stack, error) {
			s, err := c.load(path)
			c.loaded(el, s, err)
			return s, err
		})
	}
	c.recent.MoveToFront(el)
	load := el.Value.(*stackEntry).load
	c.mu.Unlock()
	return load()
}

// loaded counts a newly decoded stack and lets go of the oldest beyond the budget. A failure is not kept: the file may be
// there, or whole, the next time.
func (c *stackCache) loaded(el *list.Element, s *imagefile.Stack, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.drop(el)
		return
	}
	el.Value.(*stackEntry).bytes = len(s.Pix)
	c.bytes += len(s.Pix)
	for old := c.recent.Back(); old != nil && c.bytes > c.budget; {
		before := old.Prev()
		if old != el && old.Value.(*stackEntry).bytes > 0 {
			c.drop(old)
		}
		old = before
	}
}

func (c *stackCache) drop(el *list.Element) {
	entry := c.recent.Remove(el).(*stackEntry)
	delete(c.entries, entry.path)
	c.bytes -= entry.bytes
}
