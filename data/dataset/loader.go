package dataset

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"sync"

	"keygan/data/raster"
)

// LoaderOptions say what batches a Loader makes.
type LoaderOptions struct {
	Batch    int    // images a batch
	From, To int    // the loader gives images From to To − 1 of each batch; To 0: all
	Size     int    // every image is resized to Size×Size
	Channels int    // 1 grey or 3 RGB
	Workers  int    // batches made ahead, each by its own goroutine; 0 is one for each CPU
	Seed     uint64 // of the order and of what Augment draws
	Start    int    // batches already consumed, by the run that is being resumed
	Augment  Augment
	// Last changes each image after Augment; nil: it stays. place numbers the images of all batches, from 0 on: each epoch has others.
	Last func(m *raster.Image, place uint64) (*raster.Image, error)
}

// A Batch is some images as a network takes them.
type Batch struct {
	Pixels []float32 // [N, C, S, S] in [−1, 1]
	Names  []string  // N
}

// ErrClosed is what Next returns after Close.
var ErrClosed = errors.New("the loader is closed")

// A Loader gives endless batches of a source's images, shuffled anew each epoch, prepared ahead by other goroutines.
//
// The order depends only on the seed and the epoch, and so do the changes of Augment: a loader that starts at k gives exactly what another
// gives from its batch k on, whatever the number of workers. An epoch leaves out its last images if they do not fill a batch. A source
// smaller than a batch repeats itself within the batch. A loader holds at most Workers + 2 batches. It decodes images anew in every
// epoch, unless Cached made src.
type Loader struct {
	src     Source
	o       LoaderOptions
	pending chan chan result // in order
	ctx     context.Context  // ends with Close
	close   context.CancelFunc
	running sync.WaitGroup
}

type result struct {
	batch Batch
	err   error
}

// NewLoader starts preparing batches. Close it when done.
func NewLoader(src Source, o LoaderOptions) (*Loader, error) {
	switch {
	case src.Len() == 0:
		return nil, errors.New("no images to load")
	case o.Batch < 1:
		return nil, fmt.Errorf("a batch of %d images: there must be at least 1", o.Batch)
	case o.Size < 1:
		return nil, fmt.Errorf("an image size of %d: it must be at least 1", o.Size)
	case o.Channels != 1 && o.Channels != 3:
		return nil, fmt.Errorf("%d channels: there must be 1 (grey) or 3 (RGB)", o.Channels)
	case o.From < 0 || o.To > o.Batch || o.To != 0 && o.From >= o.To:
		return nil, fmt.Errorf("images %d to %d of batches of %d", o.From, o.To-1, o.Batch)
	case o.Start < 0:
		return nil, fmt.Errorf("a start after %d batches: it must be at least 0", o.Start)
	}
	if err := o.Augment.check(); err != nil {
		return nil, err
	}
	if o.To == 0 {
		o.To = o.Batch
	}
	if o.Workers < 1 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	l := &Loader{src: src, o: o, pending: make(chan chan result, o.Workers)}
	l.ctx, l.close = context.WithCancel(context.Background())
	l.running.Go(l.plan)
	return l, nil
}

// BatchesPerEpoch is the number of batches between two shuffles.
func (l *Loader) BatchesPerEpoch() int { return max(1, l.src.Len()/l.o.Batch) }

// Next waits for the next batch. An error names the file of the batch that cannot be read; the next call goes on with the batch after it.
func (l *Loader) Next() (Batch, error) {
	if l.ctx.Err() != nil {
		return Batch{}, ErrClosed
	}
	select {
	case reply := <-l.pending:
		select {
		case r := <-reply:
			return r.batch, r.err
		case <-l.ctx.Done():
		}
	case <-l.ctx.Done():
	}
	return Batch{}, ErrClosed
}

// Close stops the goroutines and waits for them to end. It may be called twice, and while Next waits.
func (l *Loader) Close() {
	l.close()
	l.running.Wait()
}

// plan starts the batches in order, until Close. The length of pending bounds what is made ahead.
func (l *Loader) plan() {
	perEpoch := l.BatchesPerEpoch()
	var order []int
	for k := l.o.Start; ; k++ {
		if order == nil || k%perEpoch == 0 {
			order = shuffled(l.src.Len(), l.o.Seed, uint64(k/perEpoch))
		}
		images := make([]placed, l.o.To-l.o.From)
		for j := range images {
			i := l.o.From + j
			images[j] = placed{order[(k%perEpoch*l.o.Batch+i)%len(order)], uint64(k*l.o.Batch + i)}
		}
		reply := make(chan result, 1)
		select {
		case l.pending <- reply:
		case <-l.ctx.Done():
			return
		}
		l.running.Go(func() {
			batch, err := l.load(images)
			reply <- result{batch, err}
		})
	}
}

// shuffled returns 0 to n−1 in the order of an epoch. No library does it, because another version might resume a run in another order.
func shuffled(n int, seed, epoch uint64) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	source := rand.NewPCG(seed, epoch)
	for i := n - 1; i > 0; i-- {
		j, _ := bits.Mul64(source.Uint64(), uint64(i+1)) // uniform in [0, i]
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// placed is an image of the source, by its number, at its place in the order of all batches.
type placed struct {
	number int
	place  uint64
}

// load makes a batch.
func (l *Loader) load(images []placed) (Batch, error) {
	size := l.o.Channels * l.o.Size * l.o.Size
	b := Batch{Pixels: make([]float32, len(images)*size), Names: make([]string, len(images))}
	for k, i := range images {
		if l.ctx.Err() != nil {
			return Batch{}, ErrClosed
		}
		m, err := l.src.Image(i.number)
		if err != nil {
			return Batch{}, err
		}
		m = m.Fit(l.o.Size, l.o.Channels)
		if l.o.Augment != (Augment{}) {
			m = l.o.Augment.draw(l.o.Seed, i.place).apply(m)
		}
		if l.o.Last != nil {
			if m, err = l.o.Last(m, i.place); err != nil {
				return Batch{}, fmt.Errorf("%s: %w", l.src.Name(i.number), err)
			}
		}
		m.PutFloats(b.Pixels[k*size : (k+1)*size])
		b.Names[k] = l.src.Name(i.number)
	}
	return b, nil
}
