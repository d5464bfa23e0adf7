package dataset

import (
	"errors"
	"fmt"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// counted is a source of n images of one grey pixel each, of value i, that counts what is asked of it. Images in bad
// cannot be read.
type counted struct {
	n     int
	bad   []int
	reads atomic.Int64
	delay time.Duration
}

func (c *counted) Len() int          { return c.n }
func (c *counted) Name(i int) string { return fmt.Sprint(i) }
func (c *counted) Image(i int) (*raster.Image, error) {
	c.reads.Add(1)
	time.Sleep(c.delay * time.Duration(i%3))
	if slices.Contains(c.bad, i) {
		return nil, fmt.Errorf("image %d is bad", i)
	}
	return &raster.Image{Width: 1, Height: 1, Channels: 1, Depth: 8, Pix: []byte{byte(i)}}, nil
}

func newLoader(t testing.TB, src Source, o LoaderOptions) *Loader {
	t.Helper()
	if o.Size == 0 {
		o.Size = 1
	}
	if o.Channels == 0 {
		o.Channels = 1
	}
	l, err := NewLoader(src, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func next(t testing.TB, l *Loader, batches int) []Batch {
	t.Helper()
	all := make([]Batch, batches)
	for i := range all {
		var err error
		if all[i], err = l.Next(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestEachEpochHasEachImageOnceInAnotherOrder(t *testing.T) {
	l := newLoader(t, &counted{n: 12}, LoaderOptions{Batch: 3, Seed: 5})
	if l.BatchesPerEpoch() != 4 {
		t.Fatalf("%d batches an epoch", l.BatchesPerEpoch())
	}
	var orders [][]string
	for range 3 {
		var order []string
		for _, b := range next(t, l, 4) {
			order = append(order, b.Names...)
		}
		orders = append(orders, slices.Clone(order))
		slices.Sort(order)
		if len(slices.Compact(order)) != 12 {
			t.Errorf("an epoch of %v", order)
		}
	}
	if slices.Equal(orders[0], orders[1]) || slices.Equal(orders[1], orders[2]) {
		t.Errorf("orders do not change: %v", orders)
	}
}

// The order is part of what makes a resumed run the same run: it must not change with Go's version either.
func TestOrderGolden(t *testing.T) {
	if diff := cmp.Diff([]int{1, 6, 0, 4, 3, 9, 5, 2, 7, 8}, shuffled(10, 7, 3)); diff != "" {
		t.Error(diff)
	}
}

func TestResumeGivesTheSameBatches(t *testing.T) {
	src := &counted{n: 11}
	for _, workers := range []int{1, 3, 8} {
		whole := next(t, newLoader(t, src, LoaderOptions{Batch: 3, Seed: 9, Workers: 2}), 14)
		for _, start := range []int{0, 1, 3, 5, 9} {
			rest := next(t, newLoader(t, src, LoaderOptions{Batch: 3, Seed: 9, Workers: workers, Start: start}), 14-start)
			if diff := cmp.Diff(whole[start:], rest); diff != "" {
				t.Errorf("%d workers from %d: %s", workers, start, diff)
			}
		}
	}
	a, b := next(t, newLoader(t, src, LoaderOptions{Batch: 11, Seed: 1}), 1), next(t, newLoader(t, src, LoaderOptions{Batch: 11, Seed: 2}), 1)
	if cmp.Equal(a[0].Names, b[0].Names) {
		t.Error("the seed does not matter")
	}
}

// Loaders that divide the batches among them give together what one gives.
func TestPartsOfBatches(t *testing.T) {
	src := &counted{n: 13}
	whole := next(t, newLoader(t, src, LoaderOptions{Batch: 5, Seed: 9}), 6)
	parts := make([]Batch, 6)
	for _, part := range [][2]int{{0, 1}, {1, 3}, {3, 5}} {
		for i, b := range next(t, newLoader(t, src, LoaderOptions{Batch: 5, Seed: 9, From: part[0], To: part[1]}), 6) {
			parts[i].Pixels, parts[i].Names = append(parts[i].Pixels, b.Pixels...), append(parts[i].Names, b.Names...)
		}
	}
	if diff := cmp.Diff(whole, parts); diff != "" {
		t.Error(diff)
	}
}

// Slow images must not overtake or be overtaken.
func TestOrderDoesNotDependOnSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fast := next(t, newLoader(t, &counted{n: 20}, LoaderOptions{Batch: 2, Workers: 1}), 25)
		slow := next(t, newLoader(t, &counted{n: 20, delay: time.Second}, LoaderOptions{Batch: 2, Workers: 5}), 25)
		if diff := cmp.Diff(fast, slow); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSmallSourceRepeatsWithinABatch(t *testing.T) {
	l := newLoader(t, &counted{n: 2}, LoaderOptions{Batch: 5})
	for _, b := range next(t, l, 3) {
		slices.Sort(b.Names)
		if n := len(slices.Compact(b.Names)); n != 2 || len(b.Pixels) != 5 {
			t.Errorf("%d of 2 images in a batch of %d", n, len(b.Pixels))
		}
	}
}

func TestBatchIsPlanarAndScaled(t *testing.T) {
	dir := folderOf(t, "1.png")
	imagetest.Write(t, dir+"/1.png", pngBytes(t, &raster.Image{Width: 2, Height: 2, Channels: 4, Depth: 8, Pix: []byte{0, 51, 255, 9, 0, 51, 255, 9, 0, 51, 255, 9, 0, 51, 255, 9}}))
	src, err := Open(Spec{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	got := next(t, newLoader(t, src, LoaderOptions{Batch: 1, Size: 3, Channels: 3}), 1)[0]
	var want []float32
	for _, v := range []float32{-1, -0.6, 1} {
		want = append(want, slices.Repeat([]float32{v}, 9)...)
	}
	for i := range want {
		if d := got.Pixels[i] - want[i]; d < -1e-6 || d > 1e-6 {
			t.Fatalf("got %v, want %v", got.Pixels, want)
		}
	}
	if got.Names[0] != dir+"/1.png" {
		t.Errorf("name %q", got.Names[0])
	}
}

// An unreadable image is an error in its batch's turn, once an epoch; all other batches come as ever.
func TestErrorsComeInOrder(t *testing.T) {
	order := shuffled(10, 4, 0)
	bad := order[5]
	l := newLoader(t, &counted{n: 10, bad: []int{bad}}, LoaderOptions{Batch: 2, Seed: 4, Workers: 4})
	for k := range 5 {
		b, err := l.Next()
		if k == 2 {
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("image %d is bad", bad)) {
				t.Errorf("batch 2: %v, %v", b, err)
			}
			continue
		}
		if want := []string{fmt.Sprint(order[2*k]), fmt.Sprint(order[2*k+1])}; err != nil || !slices.Equal(b.Names, want) {
			t.Errorf("batch %d: %v, %v, want %v", k, b.Names, err, want)
		}
	}
}

func TestImagesAreDecodedOnce(t *testing.T) {
	src := &counted{n: 8}
	images, err := Fitted(src, 8, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * src.n { // one after the other: two at once may both decode an image that neither finds
		if _, err := images.Image(i % src.n); err != nil {
			t.Fatal(err)
		}
	}
	if n := src.reads.Load(); n != 8 {
		t.Errorf("%d reads of 8 images", n)
	}
}

func TestCloseStopsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		l := newLoader(t, &counted{n: 5}, LoaderOptions{Batch: 2, Workers: 4})
		next(t, l, 3)
		l.Close()
		l.Close()
		if _, err := l.Next(); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	// A goroutine that has told its end may still be counted for a moment.
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// In the bubble of synctest, a Next that would wait for ever is a failure, and so is a goroutine left behind.
func TestCloseWhileNextWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoader(t, &counted{n: 3, delay: time.Hour}, LoaderOptions{Batch: 3, Workers: 2})
		done := make(chan error)
		go func() {
			_, err := l.Next()
			done <- err
		}()
		synctest.Wait()
		go l.Close()
		if err := <-done; !errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

// Nobody calls Next: no more than Workers + 1 batches are prepared.
func TestPrefetchingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &counted{n: 1000}
		l := newLoader(t, src, LoaderOptions{Batch: 10, Workers: 3})
		synctest.Wait()
		if n := src.reads.Load(); n > 40 {
			t.Errorf("%d images were read ahead", n)
		}
		l.Close()
	})
}

func TestLoaderRefusesNonsense(t *testing.T) {
	good := LoaderOptions{Batch: 1, Size: 1, Channels: 1}
	for _, change := range []func(*LoaderOptions){
		func(o *LoaderOptions) { o.Batch = 0 }, func(o *LoaderOptions) { o.Size = -1 },
		func(o *LoaderOptions) { o.Channels = 2 }, func(o *LoaderOptions) { o.Start = -1 },
		func(o *LoaderOptions) { o.From, o.To = -1, 1 }, func(o *LoaderOptions) { o.To = 2 }, func(o *LoaderOptions) { o.Batch, o.From, o.To = 3, 2, 2 },
	} {
		o := good
		change(&o)
		if _, err := NewLoader(&counted{n: 1}, o); err == nil {
			t.Errorf("no error for %+v", o)
		}
	}
	if _, err := NewLoader(&counted{}, good); err == nil {
		t.Error("no error for an empty source")
	}
}

func BenchmarkLoader(b *testing.B) {
	for _, kind := range synthetic.Kinds {
		b.Run(kind, func(b *testing.B) {
			src, _ := synthetic.New(kind, 32, 256, 1)
			l := newLoader(b, src, LoaderOptions{Batch: 8, Size: 256, Channels: 3})
			next(b, l, 8) // kept from here on
			b.SetBytes(8 * 3 * 256 * 256)
			for b.Loop() {
				next(b, l, 1)
			}
		})
	}
}
