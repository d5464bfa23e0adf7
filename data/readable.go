package data

import (
	"context"
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
	errs, err := tryAll(ctx, src, unknown, progress)
	if err != nil {
		return nil, nil, err
	}
	var bad []Bad
	good := &subset{src: src}
	for i := range src.Len() {
		if errs[i] == nil {
			good.images = append(good.images, i)
			continue
		}
		bad = append(bad, Bad{src.Name(i), unnamed{errs[i], src.Name(i)}})
	}
	if len(bad) == 0 {
		return src, nil, nil
	}
	return good, bad, nil
}

// tryAll reads images and returns why those that fail do.
func tryAll(ctx context.Context, src Source, images []int, progress func(done, total int)) (map[int]error, error) {
	errs := map[int]error{}
	if len(images) == 0 {
		return errs, ctx.Err()
	}
	var mu sync.Mutex
	done := 0
	report := func(i int, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			errs[i] = err
		}
		if done++; progress != nil {
			progress(done, len(images))
		}
	}
	if progress != nil {
		progress(0, len(images))
	}
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, i := range images {
		work.Go(func() error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			_, err := src.Image(i)
			report(i, err)
			return nil
		})
	}
	return errs, work.Wait()
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
	s, ok := src.(interface{ readable(i int) bool })
	return ok && s.readable(i)
}
