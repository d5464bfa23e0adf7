package data

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// folder is the images in the files below a folder.
type folder struct {
	items  []item
	axis   string
	stacks *stackCache
}

type item struct {
	path  string
	slice int // image of a stack; −1 for a file that is read with ReadImage
	name  string
	bad   error // why there is no such image
}

// openFolder lists the images of path, a folder or a file: at most count of them, or all when count is 0. What cannot be
// listed is an error or, to keep the bad, an item.
func openFolder(path, axis string, count int, keepBad bool) (*folder, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, reason(err))
	}
	files := []string{path}
	var unlisted []error
	if info.IsDir() {
		if files, unlisted = Files(path, ImageName); len(unlisted) > 0 && (!keepBad || len(files) == 0) {
			return nil, unlisted[0]
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no images: no file ends in %s", path, strings.Join(Extensions(), ", "))
	}
	f := &folder{axis: axis, stacks: newStackCache(func(path string) (*stack, error) { return readStack(path, axis) })}
	if f.items, err = f.list(files, keepBad); err != nil {
		return nil, err
	}
	for _, err := range unlisted {
		at := err.(*unreadablePath)
		f.items = append(f.items, item{path: at.path, slice: -1, name: at.path, bad: err})
	}
	if n := len(f.items); count > 0 && count < n {
		some := make([]item, count)
		for i := range some {
			some[i] = f.items[i*n/count]
		}
		f.items = some
	}
	return f, nil
}

func (f *folder) Len() int          { return len(f.items) }
func (f *folder) Name(i int) string { return f.items[i].name }

// Locate names the axis of a slice too, since it is another image along another.
func (f *folder) Locate(i int) (path, part string) {
	it := f.items[i]
	if it.slice < 0 {
		return it.path, ""
	}
	return it.path, fmt.Sprintf("#%d %s", it.slice, f.axis)
}

func (f *folder) Image(i int) (*Image, error) {
	it := f.items[i]
	if it.bad != nil {
		return nil, it.bad
	}
	if it.slice < 0 {
		return ReadImage(it.path)
	}
	s, err := f.stacks.get(it.path)
	if err != nil {
		return nil, err
	}
	if it.slice >= s.count {
		return nil, fmt.Errorf("%s: has %d images, no number %d: it changed while in use", it.path, s.count, it.slice)
	}
	return s.image(it.slice), nil
}

// list makes the items of the files, reading the stacks, a few at a time, to learn how many images each shows.
func (f *folder) list(files []string, keepBad bool) ([]item, error) {
	found := make([][]item, len(files))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range files {
		if !isStack(path) {
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
	return slices.Concat(found...), err
}

func (f *folder) listStack(path string) (items []item, err error) {
	if hasExtension(path, ".parquet") {
		return listSpectrogram(path)
	}
	s, err := f.stacks.get(path)
	if err != nil {
		return nil, err
	}
	for _, k := range s.shown {
		name := path
		if !s.single {
			name = fmt.Sprintf("%s#%d", path, k)
		}
		items = append(items, item{path: path, slice: k, name: name})
	}
	return items, nil
}

func readStack(path, axis string) (*stack, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	s, err := guard(func() (*stack, error) {
		switch {
		case hasPrefix(npyMagic)(b):
			return decodeNPY(b)
		case hasPrefix(parquetMagic)(b):
			return decodeParquet(b)
		}
		return decodeNIfTI(b, axis)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// HoldsStack reports whether the file at path is, by its content, of a format that may hold several images: a volume, an
// array or a spectrogram. Errors read "path: reason".
func HoldsStack(path string) (bool, error) {
	if _, err := regularSize(path); err != nil {
		return false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, reason(err))
	}
	defer f.Close()
	start := make([]byte, len(npyMagic))
	n, err := io.ReadFull(f, start)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, fmt.Errorf("%s: %w", path, reason(err))
	}
	return startsStack(start[:n]), nil
}

// startsStack is HoldsStack for the first bytes of a file.
func startsStack(b []byte) bool { return hasPrefix(npyMagic, parquetMagic)(b) || isNIfTI(b) }

func isStack(path string) bool { return hasExtension(path, ".npy", ".nii", ".nii.gz", ".parquet") }

func hasExtension(path string, extensions ...string) bool {
	name := strings.ToLower(filepath.Base(path))
	return slices.ContainsFunc(extensions, func(e string) bool { return strings.HasSuffix(name, e) && name != e })
}

// ImageName reports whether a file's name ends as those of images do.
func ImageName(name string) bool { return hasExtension(name, Extensions()...) }
