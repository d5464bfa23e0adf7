package dataset

import (
	"context"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"keygan/data/raster"
)

// A Bad image cannot be read.
type Bad struct {
	Name string // of the image in its source, most often the file
	Err  error  // why, without the name
}

func (b Bad) String() string { return b.Name + ": " + b.Err.Error() }

// Readable returns the images of a source that can be read, and those that cannot, in the order of the source. To find out it decodes all
// files, on all cores, except images in a cache and drawn ones. So it is best given what Cached returns. report, if not nil, is called
// with 0 and then after each image that is decoded, by one goroutine at a time. When ctx ends, Readable returns its error.
func Readable(ctx context.Context, src Source, report func(done, total int)) (Source, []Bad, error) {
	var unknown []int
	for i := range src.Len() {
		if !isReadable(src, i) {
			unknown = append(unknown, i)
		}
	}
	step := progress(report, len(unknown))
	errs := map[int]error{}
	err := Each(ctx, src, unknown, func(i int, _ *raster.Image, err error) {
		if err != nil {
			errs[i] = err
		}
		step()
	})
	if err != nil {
		return nil, nil, err
	}
	var bad []Bad
	var good []int
	for i := range src.Len() {
		if errs[i] == nil {
			good = append(good, i)
		} else {
			bad = append(bad, NewBad(src, i, errs[i]))
		}
	}
	if len(bad) == 0 {
		return src, nil, nil
	}
	return Select(src, good), bad, nil
}

// NewBad describes image i of a source, which cannot be read because of err.
func NewBad(src Source, i int, err error) Bad { return Bad{src.Name(i), unnamed{err, src.Name(i)}} }

// Each reads images on all cores and calls visit with each, one at a time, in any order. When ctx ends, it returns its error.
func Each(ctx context.Context, src Source, images []int, visit func(i int, m *raster.Image, err error)) error {
	var mu sync.Mutex
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, i := range images {
		work.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			m, err := src.Image(i)
			mu.Lock()
			defer mu.Unlock()
			visit(i, m, err)
			return nil
		})
	}
	work.Wait()
	return context.Cause(ctx) // nil unless ctx has ended
}

// unnamed is an error without the name that it begins with.
type unnamed struct {
	error
	name string
}

func (e unnamed) Error() string { return strings.TrimPrefix(e.error.Error(), e.name+": ") }
func (e unnamed) Unwrap() error { return e.error }

// isReadable reports whether the source knows, without trying, that it can read an image.
func isReadable(src Source, i int) bool {
	s, ok := src.(interface{ Readable(i int) bool })
	return ok && s.Readable(i)
}
