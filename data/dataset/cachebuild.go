package dataset

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"keygan/internal/fileerr"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// A cacheBuild makes a cache, or finds it made.
type cacheBuild struct {
	ctx   context.Context
	src   Source
	o     CacheOptions
	parts []cachePart // of each image

	want cacheIndex // what the cache holds; the checksums come with the pixels
	rows []int      // of each image; −1 for one that is not cached

	mu   sync.Mutex
	done int
}

// plan gives each image its row. Rows are sorted, so that the order of the images and their names do not matter.
func (b *cacheBuild) plan() {
	b.want = cacheIndex{Transform: cacheTransform, Size: b.o.Size, Channels: b.o.Channels}
	for _, p := range b.parts {
		if p.state.path != "" {
			b.want.Images = append(b.want.Images, cachedRow{cachePart: p})
		}
	}
	compare := func(r, q cachedRow) int { return r.compare(q.cachePart) }
	slices.SortFunc(b.want.Images, compare)
	b.want.Images = slices.CompactFunc(b.want.Images, func(r, q cachedRow) bool { return compare(r, q) == 0 })
	b.rows = make([]int, len(b.parts))
	for i, p := range b.parts {
		b.rows[i] = -1
		if p.state.path != "" {
			b.rows[i], _ = slices.BinarySearchFunc(b.want.Images, p, cachedRow.compareTo)
		}
	}
}

func (r cachedRow) compareTo(p cachePart) int { return r.compare(p) }

// open returns the cache, making it first if need be.
func (b *cacheBuild) open() (*cacheFile, error) {
	path := b.want.path(b.o.Dir)
	if f, err := openCache(path, &b.want); err == nil {
		return f, nil
	}
	unlock, err := lockFile(b.ctx, path+".lock", b.o.Waiting)
	if err != nil {
		return nil, fmt.Errorf("%s.lock: %w", path, fileerr.Reason(err))
	}
	defer unlock()
	if f, err := openCache(path, &b.want); err == nil { // another process was about it
		return f, nil
	}
	if err := b.write(path); err != nil {
		return nil, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	f, err := openCache(path, &b.want)
	if err != nil {
		return nil, fmt.Errorf("%s: %w, as soon as it was written", path, fileerr.Reason(err))
	}
	return f, nil
}

// write makes the array under a temporary name, then gives it its own, then writes the index, without which it is nothing.
func (b *cacheBuild) write(path string) (err error) {
	prefix := filepath.Base(path) + "."
	b.removeLeft(prefix)
	f, err := os.CreateTemp(b.o.Dir, prefix+"*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := b.fill(f); err != nil {
		return err
	}
	// An index that does not go with the new array must not be there when that gets its name.
	if err := os.Remove(indexPath(path)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return writeSealed(indexPath(path), &b.want)
}

// removeLeft removes what killed processes left: arrays of the very cache that is locked, and indices, which take no hour to write.
func (b *cacheBuild) removeLeft(prefix string) {
	for _, left := range filesNamed(b.o.Dir, prefix, ".tmp") {
		os.Remove(left)
	}
	for _, left := range filesNamed(b.o.Dir, ".keygan-", ".tmp") { // of atomicfile
		if info, err := os.Stat(left); err == nil && time.Since(info.ModTime()) > time.Hour {
			os.Remove(left)
		}
	}
}

// fill writes the header and every row, in the order of the images, since the slices of a volume are decoded together.
func (b *cacheBuild) fill(f *os.File) error {
	head := b.want.header()
	if _, err := f.WriteAt(head, 0); err != nil {
		return err
	}
	bytes := b.want.rowBytes()
	if err := f.Truncate(int64(len(head)) + int64(len(b.want.Images))*int64(bytes)); err != nil {
		return err
	}
	b.report(0)
	old := b.others()
	begun := make([]bool, len(b.want.Images))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, row := range b.rows {
		if row < 0 || begun[row] {
			continue
		}
		begun[row] = true
		work.Go(func() error {
			if err := b.ctx.Err(); err != nil {
				return err
			}
			defer b.report(1)
			pix := b.pixels(i, old)
			if pix == nil {
				b.want.Images[row].Absent = true
				return nil
			}
			b.want.Images[row].CRC = crc32.Checksum(pix, castagnoli)
			_, err := f.WriteAt(pix, int64(len(head))+int64(row)*int64(bytes))
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	return b.ctx.Err()
}

// pixels makes image i, or finds it in another cache; nil when it cannot be read. The file may have changed since it was
// hashed: then the image is not the one to keep.
func (b *cacheBuild) pixels(i int, old map[string]cacheRow) []byte {
	if from, ok := old[b.parts[i].key()]; ok {
		pix := make([]byte, b.want.rowBytes())
		if from.file.read(from.row, pix) == nil {
			return pix
		}
	}
	m, err := b.src.Image(i)
	if err != nil || !isCurrent(b.parts[i].state) {
		return nil
	}
	return eightBits(fit(m, b.o.Size, b.o.Channels)).Pix
}

// A cacheRow is an image in some cache.
type cacheRow struct {
	file *cacheFile
	row  int
}

func (p cachePart) key() string { return string(p.File[:]) + p.Part }

// others finds the images of the same size and channels that other caches hold.
func (b *cacheBuild) others() map[string]cacheRow {
	all := map[string]cacheRow{}
	for _, path := range filesNamed(b.o.Dir, fmt.Sprintf("images-%dx%dx%d-", b.o.Size, b.o.Size, b.o.Channels), ".npy") {
		f, err := openCache(path, nil)
		if err != nil || f.index.Size != b.o.Size || f.index.Channels != b.o.Channels {
			continue
		}
		for row, r := range f.index.Images {
			if !r.Absent {
				all[r.key()] = cacheRow{f, row}
			}
		}
	}
	return all
}

// filesNamed lists the files of a folder by the beginning and the end of their names.
func filesNamed(dir, prefix, suffix string) []string {
	entries, _ := os.ReadDir(dir)
	var paths []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) && strings.HasSuffix(e.Name(), suffix) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}

func (b *cacheBuild) report(more int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += more
	if b.o.Progress != nil {
		b.o.Progress(b.done, len(b.want.Images))
	}
}

// A mapping is the content of a file.
type mapping interface {
	read(p []byte, at int64) error // all of p, or an error
}

// An openFile is a mapping for systems on which files are not mapped to memory.
type openFile struct{ io.ReaderAt }

func (f openFile) read(p []byte, at int64) error {
	n, err := f.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	return err
}
