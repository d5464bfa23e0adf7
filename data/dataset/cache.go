package dataset

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"keygan/data/raster"
	"keygan/internal/fileerr"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// cacheTransform is part of a cache's key. Raise its number whenever decoding, resizing or conversion gives other bytes for some
// file: TestCacheTransform notices the most likely of such changes. Go's version is in it since its JPEG decoder may change.
var cacheTransform = "1 " + runtime.Version()

// CacheOptions say what a cache holds.
type CacheOptions struct {
	Dir      string // where caches are kept, ~ being the home folder; "" is "keygan" in the user's cache folder, ~/.cache on Linux
	Size     int    // images are Size×Size
	Channels int    // 1 grey or 3 RGB

	// Progress, if set, is called while a cache is being made: with 0 first, then after each image, by one goroutine at a time.
	Progress func(done, total int)

	// Reading, if set, is called while files are read to see whether there is a cache of them, in the same way.
	Reading func(done, total int)

	// Waiting, if set, is called when another process is making the very cache, which may take its time.
	Waiting func()
}

func (o CacheOptions) validate() error {
	switch {
	case o.Size < 1 || o.Size > 1<<14:
		return fmt.Errorf("a cache of images of size %d: 1 to %d", o.Size, 1<<14)
	case o.Channels != 1 && o.Channels != 3:
		return fmt.Errorf("a cache of images with %d channels: 1 (grey) or 3 (RGB)", o.Channels)
	}
	return nil
}

// Cached returns a source of the same images at Size×Size with so many channels of 8 bits, just as a Loader would make them
// (of 16 bits the nearest 8), decoded once and for all: a 4020×4892 X-ray takes about half a second to decode, its
// 256×256 pixels a tenth of a millisecond to fetch.
//
// The images lie in Dir as images-256x256x3-<key>.npy, an array of [N, 256, 256, 3] uint8 that numpy.load reads, and an index
// beside it. The key is made of the SHA-256 of each file, the size, the channels and the version of the transform, so a cache
// is never used for anything but what it was made of. A set to which files were added takes what it can from the caches that are
// there. Hashes are remembered by path, size and time of change. All of it is readable by the user alone, as medical images
// should be, and may be deleted at any time.
//
// A cache appears when it is whole: a process that is killed leaves at most a temporary file, which the next one removes. Of two
// processes that want the same one, the second waits for the first. A cache that is damaged is made anew; an image that turns
// out to be damaged later is decoded from its file, and the cache made anew at the next start.
//
// When ctx ends, so does Cached, with its error and leaving nothing half-made. All other errors are about the folder: there is
// none, it cannot be written to, or is full. The images are as good without a cache: Fitted gives the same ones.
//
// Drawn images, those of a source that is not Located, and those whose file cannot be read are not in the cache: Image makes
// them, or gives the error, each time as it would without one.
func Cached(ctx context.Context, src Source, o CacheOptions) (Source, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if !anyFile(src) { // nothing to keep: no folder is made either
		return Fitted(src, o.Size, o.Channels)
	}
	var err error
	if o.Dir, err = cacheFolder(o.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Dir, fileerr.Reason(err))
	}
	parts, err := cacheParts(ctx, src, o)
	if err != nil {
		return nil, err
	}
	b := &cacheBuild{ctx: ctx, src: src, o: o, parts: parts}
	b.plan()
	c := &cached{src: src, size: o.Size, channels: o.Channels, rows: b.rows}
	if len(b.want.Images) == 0 {
		return c, nil
	}
	if c.images, err = b.open(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	return c, nil
}

// Fitted returns the images that Cached would, size×size with so many channels of 8 bits, but decodes them whenever they are
// asked for.
func Fitted(src Source, size, channels int) (Source, error) {
	if err := (CacheOptions{Size: size, Channels: channels}).validate(); err != nil {
		return nil, err
	}
	c := &cached{src: src, size: size, channels: channels, rows: make([]int, src.Len())}
	for i := range c.rows {
		c.rows[i] = -1
	}
	return c, nil
}

// CheckCacheFolder says why no cache can be made in a folder, "" being the user's as in CacheOptions, or nil. A folder that is
// not there is made.
func CheckCacheFolder(dir string) error {
	dir, err := cacheFolder(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%s: %w", dir, fileerr.Reason(err))
	}
	f, err := os.CreateTemp(dir, ".keygan-*.tmp")
	if err != nil {
		return fmt.Errorf("%s: %w", dir, fileerr.Reason(err))
	}
	f.Close()
	return os.Remove(f.Name())
}

func cacheFolder(dir string) (string, error) {
	if dir != "" {
		return expandHome(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for cached images: %w", err)
	}
	return filepath.Join(dir, "keygan"), nil
}

// anyFile reports whether any image of a source is decoded from a file.
func anyFile(src Source) bool {
	for i := range src.Len() {
		if path, _ := locate(src, i); path != "" {
			return true
		}
	}
	return false
}

// cacheParts finds what the images of a source come from: the zero cachePart for one that is not to be cached.
func cacheParts(ctx context.Context, src Source, o CacheOptions) ([]cachePart, error) {
	remembered := readHashes(o.Dir)
	parts := make([]cachePart, src.Len())
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	of := map[string][]int{} // images, by file
	for i := range parts {
		if path, _ := locate(src, i); path != "" {
			of[path] = append(of[path], i)
		}
	}
	var mu sync.Mutex
	done := 0
	report := func(more int) {
		mu.Lock()
		defer mu.Unlock()
		if done += more; o.Reading != nil {
			o.Reading(done, len(of))
		}
	}
	report(0)
	for path, images := range of {
		work.Go(func() error {
			defer report(1)
			h, state, err := hashFile(ctx, path)
			if err != nil {
				return ctx.Err() // else Image will say so
			}
			for _, i := range images {
				_, part := locate(src, i)
				parts[i] = cachePart{File: h, Part: part, state: state}
			}
			return nil
		})
	}
	err := work.Wait()
	remembered.write(o.Dir)
	if err != nil {
		return nil, context.Cause(ctx)
	}
	return parts, nil
}

// cached is a source with a cache before it.
type cached struct {
	src            Source
	size, channels int
	rows           []int // for each image, its row in images, or −1
	images         *cacheFile
}

func (c *cached) Len() int                         { return c.src.Len() }
func (c *cached) Name(i int) string                { return c.src.Name(i) }
func (c *cached) Locate(i int) (path, part string) { return locate(c.src, i) }

func (c *cached) Image(i int) (*raster.Image, error) {
	if row := c.rows[i]; c.holds(i) {
		m := raster.NewImage(c.size, c.size, c.channels, 8)
		if c.images.read(row, m.Pix) == nil {
			return m, nil
		}
		c.images.remove() // so that the next to come makes it anew
	}
	m, err := c.src.Image(i)
	if err != nil {
		return nil, err
	}
	return eightBits(fit(m, c.size, c.channels)), nil
}

// holds reports whether image i is in the cache.
func (c *cached) holds(i int) bool { return c.rows[i] >= 0 && !c.images.index.Images[c.rows[i]].Absent }

func (c *cached) Readable(i int) bool { return c.holds(i) || isReadable(c.src, i) }

// eightBits returns an image with 8 bits a sample: the nearest of v · 255/65535.
func eightBits(m *raster.Image) *raster.Image {
	if m.Depth == 8 {
		return m
	}
	out := raster.NewImage(m.Width, m.Height, m.Channels, 8)
	for i := range out.Pix {
		out.Pix[i] = byte((m.Sample(i) + 128) / 257)
	}
	return out
}

// A cacheFile is a cache that has been found whole.
type cacheFile struct {
	path   string // of the array
	index  cacheIndex
	pixels mapping // the file, header and all
	header int     // bytes
	gone   sync.Once
}

var errDamagedCache = errors.New("damaged cache")

// read copies a row's pixels to pix, when they are what was written.
func (f *cacheFile) read(row int, pix []byte) error {
	if err := f.pixels.read(pix, int64(f.header)+int64(row)*int64(len(pix))); err != nil {
		return err
	}
	if crc32.Checksum(pix, castagnoli) != f.index.Images[row].CRC {
		return errDamagedCache
	}
	return nil
}

func (f *cacheFile) remove() { f.gone.Do(func() { os.Remove(indexPath(f.path)) }) }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
