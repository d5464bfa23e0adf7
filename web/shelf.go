package web

import (
	"io"
	"sync"
	"time"

	"keygan/batch"
	"keygan/internal/spool"

	"filippo.io/age"
)

// mostItems is how many things a shelf holds: the pairs of some thousand files.
const mostItems = 6000

// mostBenches is how many images the key lab has at a time: one in each tab, of half a megabyte.
const mostBenches = 32

// mostGenerators is how many networks the key lab has at a time besides the server's own. Each may take a gigabyte.
const mostGenerators = 4

// A shelf holds what was uploaded and what is to be fetched, by numbers that nobody can guess.
type shelf struct {
	pool *spool.Pool

	mu    sync.Mutex
	items map[string]*item
}

// An item is a content, a key, identities, recipients, or an image or a network in the key lab.
type item struct {
	name, folder string // folder has slashes; "" for none
	modified     time.Time
	content      *spool.Content
	file         *io.SectionReader

	key        batch.NamedKey
	research   *batch.ResearchKey // of content
	identities []age.Identity
	recipients []age.Recipient
	bench      *bench
	generator  *batch.Service

	users   int  // requests that use it
	dropped bool // the last user wipes it
}

func (i *item) batchContent() batch.Content {
	return batch.Content{Name: i.name, Folder: i.folder, Modified: i.modified, File: io.NewSectionReader(i.file, 0, i.file.Size())}
}

// wipe forgets what is secret.
func (i *item) wipe() {
	if i.content != nil {
		i.content.Close()
	}
	if i.key.Key != nil {
		i.key.Wipe()
	}
	i.identities = nil
}

// put takes an item, whose content is complete. After an error it is wiped.
func (s *shelf) put(i *item) (id string, err error) {
	if i.content != nil {
		if i.file, err = i.content.File(); err != nil {
			i.wipe()
			return "", err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.items) >= mostItems || (i.bench != nil && s.benches() >= mostBenches) || (i.generator != nil && s.generators() >= mostGenerators) {
		i.wipe()
		return "", errTooMany
	}
	if s.items == nil {
		s.items = map[string]*item{}
	}
	id = newToken()
	s.items[id] = i
	return id, nil
}

// benches counts the images in the key lab.
func (s *shelf) benches() (n int) {
	for _, i := range s.items {
		if i.bench != nil {
			n++
		}
	}
	return n
}

// generators counts the networks, those that only an image's key was made with among them.
func (s *shelf) generators() int {
	all := map[*batch.Service]bool{}
	for _, i := range s.items {
		if i.generator != nil {
			all[i.generator] = true
		} else if i.bench != nil && i.bench.own {
			all[i.bench.service] = true
		}
	}
	return len(all)
}

// use returns an item until done is called.
func (s *shelf) use(id string) (i *item, done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.items[id]
	if !ok {
		return nil, nil, errGone
	}
	i.users++
	return i, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i.users--; i.users == 0 && i.dropped {
			i.wipe()
		}
	}, nil
}

// file uses an item that has a content.
func (s *shelf) file(id string) (*item, func(), error) {
	i, done, err := s.use(id)
	if err == nil && i.file == nil {
		done()
		err = errGone
	}
	return i, done, err
}

// setResearch says that the content of an item is a key file.
func (s *shelf) setResearch(i *item, key *batch.ResearchKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i.research = key
}

// drop forgets items as soon as nobody uses them.
func (s *shelf) drop(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if i, ok := s.items[id]; ok {
			delete(s.items, id)
			if i.dropped = true; i.users == 0 {
				i.wipe()
			}
		}
	}
}

// clear forgets everything.
func (s *shelf) clear() {
	s.mu.Lock()
	var ids []string
	for id := range s.items {
		ids = append(ids, id)
	}
	s.mu.Unlock()
	s.drop(ids...)
}
