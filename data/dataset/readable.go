package dataset

import (
	"context"
	"keygan/data/raster"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// A Bad image is one that cannot be read.
type Bad struct {
	Name string // of the image in its source, most often the file
	Err  error  // why, without the name
}

func (b Bad) String() string { return b.Name + ": " + b.Err.Error() }

// Readable returns the images of a source that can be read, and those that cannot, in the order of the source. All files are
// decoded to find out, on all cores, but for images that are in a cache or are drawn: so a cache is best put before it.
// When nothing can be read, what it returns has no images.
//
// progress, if not nil, is called with 0 first, then after each image, by one goroutine at a time; not at all when there is
// nothing to decode. When ctx ends, Readable does, with its error.
func Readable(ctx context.Context, src Source, progress func(done, total int)) (Source, []Bad, error) {
	var unknown []int
	for i := range src.Len() {
		if !isReadable(src, i) {
			unknown = append(unknown, i)
		}
	}
	if progress != nil && len(unknown) > 0 {
		progress(0, len(unknown))
	}
	errs := map[int]error{}
	done := 0
	err := Each(ctx, src, unknown, func(i int, _ *raster.Image, err error) {
		if err != nil {
			errs[i] = err
		}
		if done++; progress != nil {
			progress(done, len(unknown))
		}
	})
	if err != nil {
		return nil, nil, err
	}
	var bad []Bad
	var good []int
	for i := range src.Len() {
		if errs[i] == nil {
			good = append(good, i)
			continue
		}
		bad = append(bad, NewBad(src, i, errs[i]))
	}
	if len(bad) == 0 {
		return src, nil, nil
	}
	return Select(src, good), bad, nil
}

// NewBad says that image i of a source cannot be read.
func NewBad(src Source, i int, err error) Bad { return Bad{src.Name(i), unnamed{err, src.Name(i)}} }

// Each reads images of a source on all cores and gives each, or why it cannot be read, to visit: in any order, one at a time.
// When ctx ends, Each does, with its error.
func Each(ctx context.Context, src Source, images []int, visit func(i int, m *raster.Image, err error)) error {
	var mu sync.Mutex
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, i := range images {
		work.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			m, err := src.Image(i)
			mu.Lock()
			defer mu.Unlock()
			visit(i, m, err)
			return nil
		})
	}
	if err := work.Wait(); err != nil || ctx.Err() == nil {
		return err
	}
	return context.Cause(ctx)
}

// unnamed is an error without the name that it begins with.
type unnamed struct {
	error
	name string
}

func (e unnamed) Error() string { return strings.TrimPrefix(e.error.Error(), e.name+": ") }
func (e unnamed) Unwrap() error { return e.error }

// isReadable reports whether an image is known to be readable without trying.
func isReadable(src Source, i int) bool {
	s, ok := src.(interface{ Readable(i int) bool })
	return ok && s.Readable(i)
}
