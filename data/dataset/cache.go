package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"keygan/data/raster"
	"keygan/internal/atomicfile"
	"keygan/internal/fileerr"
)

// cacheTransform is part of a cached image's key. Raise it when decoding, resizing or conversion gives other bytes for some file.
// TestCacheTransform notices the most likely of such changes.
const cacheTransform = 3

// CacheOptions say what Cached keeps and whom it tells.
type CacheOptions struct {
	Dir      string // where images are kept, ~ being the home folder; "" is "keygan" in the user's cache folder, ~/.cache on Linux
	Size     int    // images are Size×Size
	Channels int    // 1 grey or 3 RGB

	// Progress is called for images added to the cache, Reading for files read to find their hashes: with 0 first, then after each, by one
	// goroutine at a time. Waiting is called when another process is adding the same images. All may be nil.
	Progress, Reading func(done, total int)
	Waiting           func()
}

// Cached returns a source of the same images at Size×Size with Channels channels of 8 bits, as a Loader would make them, decoded once and
// for all. A 4020×4892 X-ray takes about half a second to decode, its 256×256 pixels a tenth of a millisecond to fetch.
//
// Each image is a file in Dir, named by a hash of its file's SHA-256, the part of that file, Size, Channels and the transform. So sets
// share their images, and processes share Dir: of two that add the same set, the second waits for the first. A checksum tells damage, and
// a damaged image is decoded again. Hashes of files are remembered by path, size and time of change. Only the user can read Dir.
//
// When ctx ends, Cached returns its error and keeps what it has added. All other errors are about Dir.
//
// Image makes an image that does not come from a file, and keeps up to 512 MB of those in memory, or gives the error of one that is bad.
func Cached(ctx context.Context, src Source, o CacheOptions) (Source, error) {
	c, err := fitted(src, o.Size, o.Channels)
	if err != nil {
		return nil, err
	}
	files := filesOf(src, locatedFile)
	if len(files) == 0 { // nothing to keep: no folder is made either
		return c, nil
	}
	if o.Dir, err = makeCacheFolder(o.Dir); err != nil {
		return nil, err
	}
	entries, err := cacheEntries(ctx, src, files, o)
	if err != nil {
		return nil, err
	}
	if err := c.fill(ctx, entries, o); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	return c, nil
}

// Fitted returns the images that Cached would, size×size with 8 bits a sample, without a folder.
func Fitted(src Source, size, channels int) (Source, error) {
	c, err := fitted(src, size, channels)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func fitted(src Source, size, channels int) (*cached, error) {
	switch {
	case size < 1 || size > 1<<14:
		return nil, fmt.Errorf("a cache of images of size %d: it must be 1 to %d", size, 1<<14)
	case channels != 1 && channels != 3:
		return nil, fmt.Errorf("a cache of images with %d channels: there must be 1 (grey) or 3 (RGB)", channels)
	}
	return &cached{Source: src, size: size, channels: channels,
		entries: make([]*cacheEntry, src.Len()), kept: make([]atomic.Pointer[raster.Image], src.Len())}, nil
}

// CheckCacheFolder returns the reason why nothing can be cached in a folder, or nil. "" is the user's folder. A missing folder is made.
func CheckCacheFolder(dir string) error {
	dir, err := makeCacheFolder(dir)
	if err != nil {
		return err
	}
	return atomicfile.Probe(dir)
}

func makeCacheFolder(dir string) (made string, err error) {
	if dir == "" {
		if dir, err = os.UserCacheDir(); err != nil {
			return "", fmt.Errorf("no folder for cached images: %w", err)
		}
		dir = filepath.Join(dir, "keygan")
	} else if dir, err = expandHome(dir); err != nil {
		return "", err
	}
	defer fileerr.Name(dir, &err)
	return dir, os.MkdirAll(dir, 0o700)
}

// cached is a source at a fixed size with a cache before it, on the disk and in memory.
type cached struct {
	Source
	size, channels int
	entries        []*cacheEntry                  // on the disk, by image; nil for none
	kept           []atomic.Pointer[raster.Image] // in memory, by image
	keeping        atomic.Int64                   // bytes
}

// keptBytes bounds the images that a cached source keeps in memory.
const keptBytes = 512 << 20

func (c *cached) Locate(i int) (path, part string) { return locate(c.Source, i) }

func (c *cached) Drawn(i int) string { return drawn(c.Source, i) }

func (c *cached) Readable(i int) bool { return c.entries[i] != nil || isReadable(c.Source, i) }

func (c *cached) Image(i int) (*raster.Image, error) {
	if e := c.entries[i]; e != nil {
		m := raster.NewImage(c.size, c.size, c.channels, 8)
		if e.read(m.Pix) == nil {
			return m, nil
		}
		os.Remove(e.path) // so that the next start adds it anew
	}
	if m := c.kept[i].Load(); m != nil {
		return m.Clone(), nil
	}
	m, err := c.fit(i)
	if err != nil {
		return nil, err
	}
	if bytes := int64(len(m.Pix)); c.keeping.Add(bytes) > keptBytes || !c.kept[i].CompareAndSwap(nil, m.Clone()) {
		c.keeping.Add(-bytes)
	}
	return m, nil
}

// fit decodes an image and fits it to the size and to 8 bits.
func (c *cached) fit(i int) (*raster.Image, error) {
	m, err := c.Source.Image(i)
	if err != nil {
		return nil, err
	}
	return m.Fit(c.size, c.channels).EightBits(), nil
}

// fill adds the missing images to the disk, under a lock. Other processes with the same images wait for it.
func (c *cached) fill(ctx context.Context, entries []*cacheEntry, o CacheOptions) error {
	all := sha256.New()
	for _, e := range entries {
		if e != nil {
			all.Write(e.key[:])
		}
	}
	missing := c.missing(entries)
	if len(missing) > 0 {
		unlock, err := lockFile(ctx, filepath.Join(o.Dir, fmt.Sprintf("%x.lock", all.Sum(nil)[:8])), o.Waiting)
		if err != nil {
			return err
		}
		defer unlock()
		missing = c.missing(entries)
	}
	report := progress(o.Progress, len(missing))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, i := range missing { // in order, since the slices of a volume are decoded together
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			defer report()
			m, err := c.fit(i)
			// The file may have changed since it was hashed: then this is not the image to keep.
			if err != nil || !isCurrent(entries[i].state) {
				return nil
			}
			return entries[i].write(m.Pix)
		})
	}
	if err := errors.Join(work.Wait(), ctx.Err()); err != nil {
		return err
	}
	for i, e := range entries {
		if e != nil && c.isWhole(e) {
			c.entries[i] = e
		}
	}
	return nil
}

// lockFile takes a lock when no other process and no other goroutine holds it. The lock ends with the process at the latest. Where files
// cannot be locked, the same work may be done twice. If it has to wait, it calls waiting first, and waits no longer than ctx.
func lockFile(ctx context.Context, path string, waiting func()) (unlock func() error, err error) {
	defer fileerr.Name(path, &err)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for ; errors.Is(atomicfile.TryLock(f), atomicfile.ErrBusy); time.Sleep(50 * time.Millisecond) {
		if waiting != nil {
			waiting()
			waiting = nil
		}
		if ctx.Err() != nil {
			f.Close()
			return nil, ctx.Err()
		}
	}
	return f.Close, nil
}

// missing returns the images that are not on the disk, one of each that are the same.
func (c *cached) missing(entries []*cacheEntry) (images []int) {
	seen := map[[sha256.Size]byte]bool{}
	for i, e := range entries {
		if e != nil && !seen[e.key] && !c.isWhole(e) {
			seen[e.key] = true
			images = append(images, i)
		}
	}
	return images
}

// isWhole reports whether an image is on the disk, judged by the file's size. read checks the checksum.
func (c *cached) isWhole(e *cacheEntry) bool {
	info, err := os.Stat(e.path)
	return err == nil && info.Mode().IsRegular() && info.Size() == int64(c.size*c.size*c.channels+crc32.Size)
}

// progress calls report, from one goroutine at a time, with 0 and then, on each call of step, with one more; never if total is 0.
func progress(report func(done, total int), total int) (step func()) {
	if report == nil || total == 0 {
		return func() {}
	}
	var mu sync.Mutex
	done := 0
	report(0, total)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		done++
		report(done, total)
	}
}

// cacheEntries finds where the images of a source belong on the disk: nil for those that do not come from a file that can be read.
func cacheEntries(ctx context.Context, src Source, files map[string][]int, o CacheOptions) ([]*cacheEntry, error) {
	remembered := readHashes(o.Dir)
	entries := make([]*cacheEntry, src.Len())
	report := progress(o.Reading, len(files))
	err := hashEach(ctx, files, func(images []int, h fileHash, state fileState, err error) error {
		defer report()
		if err != nil {
			return ctx.Err() // Image reports any other error
		}
		for _, i := range images {
			_, part := locate(src, i)
			key := sha256.Sum256(fmt.Appendf(nil, "keygan cache %d: %d %d %x %q", cacheTransform, o.Size, o.Channels, h, part))
			entries[i] = &cacheEntry{filepath.Join(o.Dir, fmt.Sprintf("%x", key[:1]), fmt.Sprintf("%x.image", key[1:20])), key, state}
		}
		return nil
	})
	remembered.write(o.Dir)
	return entries, err
}

// A cacheEntry is an image on the disk: its samples, then a checksum of its key and the samples.
type cacheEntry struct {
	path  string
	key   [sha256.Size]byte
	state fileState // of the file that was hashed
}

func (e *cacheEntry) checksum(pix []byte) []byte {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	return binary.LittleEndian.AppendUint32(nil, crc32.Update(crc32.Checksum(e.key[:], castagnoli), castagnoli, pix))
}

// write writes the image under its final name at once. A file that a killed process has left is too short or fails its checksum.
func (e *cacheEntry) write(pix []byte) (err error) {
	defer fileerr.Name(e.path, &err)
	if err = os.MkdirAll(filepath.Dir(e.path), 0o700); err == nil {
		err = os.WriteFile(e.path, slices.Concat(pix, e.checksum(pix)), 0o600)
	}
	if err != nil {
		os.Remove(e.path)
	}
	return err
}

// read reads the image's samples to pix if they are what was written.
func (e *cacheEntry) read(pix []byte) error {
	f, err := os.Open(e.path)
	if err != nil {
		return err
	}
	defer f.Close()
	var sum [crc32.Size]byte
	_, err = f.ReadAt(pix, 0)
	if err == nil {
		_, err = f.ReadAt(sum[:], int64(len(pix)))
	}
	if err == nil && string(sum[:]) != string(e.checksum(pix)) {
		err = errors.New("damaged cache")
	}
	return err
}
