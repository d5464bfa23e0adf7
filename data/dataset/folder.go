package dataset

import (
	"errors"
	"fmt"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/fileerr"
	"keygan/internal/listing"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// ErrNoImages reports a folder without a file that is named as an image.
var ErrNoImages = errors.New("no images")

// A folder is the images in the files below a folder.
type folder struct {
	items  []item
	way    string // how stacks are read: the axis, and the window if one is chosen
	stacks *stackCache
}

type item struct {
	path  string
	slice int // number in a stack, or −1 for a file that ReadImage reads
	name  string
	bad   error // the reason why it cannot be read, if that is known
	place *imagefile.Place
}

// openFolder lists at most count images (0: all) of a folder or a file, whose stacks it reads in the way of that name. What cannot be listed is an error or, with keepBad, an item.
func openFolder(path, way string, count int, keepBad bool, read func(string) (*imagefile.Stack, error)) (*folder, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	files := []string{path}
	var unlisted []error
	if info.IsDir() {
		if files, unlisted = listing.Files(path, imagefile.ImageName); len(unlisted) > 0 && (!keepBad || len(files) == 0) {
			return nil, unlisted[0]
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: %w: no file ends in %s", path, ErrNoImages, strings.Join(imagefile.Extensions(), ", "))
	}
	f := &folder{way: way, stacks: newStackCache(read)}
	if f.items, err = f.list(files, keepBad); err != nil {
		return nil, err
	}
	for _, err := range unlisted {
		at := err.(*listing.UnreadablePath)
		f.items = append(f.items, item{path: at.Path, slice: -1, name: at.Path, bad: err})
	}
	if n := len(f.items); count > 0 && count < n {
		for i := range count {
			f.items[i] = f.items[i*n/count] // never an earlier one
		}
		f.items = f.items[:count]
	}
	return f, nil
}

func (f *folder) Len() int          { return len(f.items) }
func (f *folder) Name(i int) string { return f.items[i].name }

// Locate also names the axis and the window of a slice, since slice 3 along another axis is another image.
func (f *folder) Locate(i int) (path, part string) {
	it := f.items[i]
	if it.slice < 0 {
		return it.path, ""
	}
	return it.path, fmt.Sprintf("#%d %s", it.slice, f.way)
}

func (f *folder) Image(i int) (*raster.Image, error) {
	it := f.items[i]
	if it.bad != nil {
		return nil, it.bad
	}
	if it.slice < 0 {
		return imagefile.ReadImage(it.path)
	}
	s, err := f.stacks.get(it.path)
	if err != nil {
		return nil, err
	}
	if it.slice >= s.Count {
		return nil, fmt.Errorf("%s: has %d images and no number %d: it changed while in use", it.path, s.Count, it.slice)
	}
	return s.Image(it.slice), nil
}

// list makes the items of the files, the slices of a series in their order. It reads the stacks, a few at a time, to learn which images each shows.
func (f *folder) list(files []string, keepBad bool) ([]item, error) {
	found := make([][]item, len(files))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range files {
		if !imagefile.StackName(path) {
			found[i] = []item{{path: path, slice: -1, name: path}}
			continue
		}
		work.Go(func() (err error) {
			if found[i], err = f.listStack(path); err != nil && keepBad {
				found[i], err = []item{{path: path, slice: -1, name: path, bad: err}}, nil
			}
			return err
		})
	}
	err := work.Wait()
	items := slices.Concat(found...)
	inSeriesOrder(items)
	return items, err
}

// listStack makes the items of a stack. It decodes the stack only if its format gives no outline without that.
func (f *folder) listStack(path string) (items []item, err error) {
	s, err := imagefile.ReadOutline(path)
	if err == nil && s == nil {
		s, err = f.stacks.get(path)
	}
	if err != nil {
		return nil, err
	}
	for _, k := range s.Shown {
		name := path
		if !s.Single {
			name = fmt.Sprintf("%s#%d", path, k)
		}
		items = append(items, item{path: path, slice: k, name: name, place: s.Place})
	}
	return items, nil
}
