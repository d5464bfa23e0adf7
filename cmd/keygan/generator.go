package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/infer"
	"keygan/infer/builtin"

	"github.com/spf13/cobra"
	"golang.org/x/sync/semaphore"
)

// loadGenerator reads the weights at path; without a path it gives the generator built into the program.
func loadGenerator(path string) (*infer.Model, error) {
	if path == "" {
		return builtin.Generator(), nil
	}
	m, err := infer.ReadFile(path)
	if err != nil {
		return nil, hinted{err, weightsHint(path)}
	}
	return m, nil
}

// generator makes the keys of a command's images, each with noise of its own where the model takes any. Its method key may be
// called from several goroutines.
type generator struct {
	model     *infer.Model
	weights   string
	noiseSeed uint64
	seeded    bool // --noise-seed was given

	memory *semaphore.Weighted // of budget, that keys in the making take
	budget int64               // bytes
	ahead  atomic.Int64        // images whose keys have not been begun
	spent  atomic.Int64        // nanoseconds in the generator, summed over images
	held   atomic.Int64        // bytes that the last key took, which the generator keeps for the next
	free   func() (bytes int64, known bool)
}

// keyMemory bounds what the keys that are made side by side take beside the weights, in bytes; one that takes more is made alone.
// A key of the published generator takes about 100 MB at 256×256, and sixteen times that at 1024×1024. Where images differ in
// size, as much again may wait for the garbage collector. Where less than 8 GB are free it is a quarter of that, as the images take
// their part, too.
const keyMemory = 2 << 30

func (g *generator) setMemory() {
	g.budget, g.free = min(keyMemory, memoryBudget()/2), freeMemoryHere
	g.memory = semaphore.NewWeighted(g.budget)
}

func (g *generator) addFlags(c *cobra.Command) {
	c.Flags().StringVarP(&g.weights, "weights", "w", "", "the generator, made by keygan-train; default: the one built in")
	c.Flags().Uint64Var(&g.noiseSeed, "noise-seed", 0,
		"repeatable noise, for experiments only, where the generator takes noise: a number; default: fresh noise for each key")
}

// load reads the weights that the command line names.
func (g *generator) load(c *cobra.Command) (err error) {
	g.seeded = c.Flags().Changed("noise-seed")
	g.setMemory()
	if g.model, err = loadGenerator(g.weights); err != nil {
		return err
	}
	if g.seeded && !g.model.TakesNoise() {
		return usagef("%s: the generator takes no noise, so --noise-seed has no meaning", c.Name())
	}
	return nil
}

// anySide is the side, in pixels, of the thumbnails for a generator that does not say at what size it was trained.
const anySide = 256

// side is that of the thumbnails that the generator makes keys of for sealed files, in pixels.
func (g *generator) side() int { return cmp.Or(g.model.Arch().ImageSize, anySide) }

// workers is how many of so many images should be worked on side by side: as many as there are cores, and as many again that
// decode, encode or wait for the disk. It is called before the first key; without it, keys take all cores, one at a time or not.
func (g *generator) workers(images int) int {
	g.ahead.Store(int64(images))
	return max(1, min(images, 2*runtime.GOMAXPROCS(0)))
}

// key makes the key of an image, once there is a core and memory for it. Keys are made side by side with a thread each, which
// wastes least; on more threads where there is no memory for so many, and at the end, when there are no more images than cores.
func (g *generator) key(img *raster.Image) (*raster.Image, error) {
	cores := runtime.GOMAXPROCS(0)
	memory := min(max(g.model.Memory(1, img.Height, img.Width), g.budget/int64(cores)), g.budget)
	if err := g.memory.Acquire(context.Background(), memory); err != nil {
		return nil, err // never
	}
	defer g.memory.Release(memory)
	beside := max(1, min(g.budget/memory, g.ahead.Add(-1)+1))
	threads := (cores + int(beside) - 1) / int(beside)
	takes := g.model.Memory(threads, img.Height, img.Width)
	if err := g.checkMemory(takes); err != nil {
		return nil, err
	}
	began := time.Now()
	key, err := g.model.KeyOn(threads, img, g.seed(img))
	g.spent.Add(int64(time.Since(began)))
	g.held.Store(takes)
	if size := (*infer.SizeError)(nil); err != nil && takes == 0 && !errors.As(err, &size) { // more than can be counted
		err = hinted{err, smallerHint}
	}
	return key, err
}

const smallerHint = "--resize N makes the image smaller first; encrypt --no-gan needs no generator"

// checkMemory refuses a key that takes more memory than is free: the kernel would kill the process for it, and all that it does beside.
func (g *generator) checkMemory(takes int64) error {
	lacks := func() (int64, bool) {
		free, known := g.free()
		free += g.held.Load()
		return free, known && takes > free
	}
	if _, lacking := lacks(); !lacking {
		return nil
	}
	debug.FreeOSMemory() // of images that are done
	free, lacking := lacks()
	if !lacking {
		return nil
	}
	return hinted{fmt.Errorf("%w: %.1f GB, and %.1f GB are free", errKeyMemory, float64(takes)/1e9, float64(free)/1e9), smallerHint}
}

var errKeyMemory = errors.New("the generator needs more memory for an image of this size than there is")

// seed is that of the noise in an image's key: fresh, so that no key is made twice; or with --noise-seed, SHA-256 of
// "keygan noise seed 1\n", the number as 64 bits, big-endian, and cipher.Digest of the image. So the image alone decides, not
// its name or its place among others, and two images that differ never share a key, in one run or in several.
func (g *generator) seed(img *raster.Image) (seed infer.Seed) {
	switch {
	case !g.model.TakesNoise():
	case g.seeded:
		b := binary.BigEndian.AppendUint64([]byte("keygan noise seed 1\n"), g.noiseSeed)
		digest := cipher.Digest(img)
		seed = sha256.Sum256(append(b, digest[:]...))
	default:
		rand.Read(seed[:]) // it ends the program rather than fail
	}
	return seed
}

// note is what the user should know about the keys, or "".
func (g *generator) note() string {
	if g.model == nil || !g.model.TakesNoise() || g.seeded {
		return ""
	}
	return "each key is drawn with fresh noise: it cannot be made again from its image"
}
