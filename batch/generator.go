package batch

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"keygan/batch/job"
	"keygan/cipher"
	"keygan/data/raster"
	"keygan/infer"
	"keygan/infer/builtin"
	"keygan/infer/statedict"
	"keygan/internal/failure"

	"golang.org/x/sync/semaphore"
)

// GeneratorOptions name the generator that makes keys.
type GeneratorOptions struct {
	Weights   string  // a file that keygan-train made; "": the generator built into the program
	NoiseSeed *uint64 // repeatable noise, for experiments; nil: fresh noise for each key
}

// LoadGenerator reads the weights at path; without a path it returns the generator built into the program.
func LoadGenerator(path string) (*infer.Model, error) {
	if path == "" {
		return builtin.Generator(), nil
	}
	m, err := infer.ReadFile(path)
	if err != nil {
		return nil, failure.Hint(err, WeightsHint(path))
	}
	return m, nil
}

// WeightsHint names the likely fix for a file that is not weights.
func WeightsHint(path string) string {
	if statedict.IsFile(path) {
		return fmt.Sprintf("it is a PyTorch file; make weights of it with: keygan import %s -o generator.npz", path)
	}
	return "keygan-train makes weights, and again with: keygan-train export RUN -o generator.npz"
}

// generator makes the keys of a batch's images, each with its own noise if the model takes any. Goroutines may share it.
type generator struct {
	model     *infer.Model
	noiseSeed *uint64

	memory *semaphore.Weighted // of budget, for keys in the making
	budget int64               // bytes
	ahead  atomic.Int64        // images whose keys have not been begun
	spent  atomic.Int64        // nanoseconds in the generator, summed over images
	held   atomic.Int64        // bytes that the last key took, which the generator keeps for the next
	free   func() (bytes int64, known bool)
}

// keyMemory bounds what keys made side by side take beside the weights, in bytes; one that takes more is made alone. A key of the published
// generator takes about 100 MB at 256×256. Where less than 8 GB are free the bound is a quarter of that: images take their part.
const keyMemory = 2 << 30

func newGenerator(o GeneratorOptions) (*generator, error) {
	model, err := LoadGenerator(o.Weights)
	if err != nil {
		return nil, err
	}
	if o.NoiseSeed != nil && !model.TakesNoise() {
		return nil, failure.Usagef("the generator takes no noise, so --noise-seed does not apply")
	}
	return generatorOf(model, o.NoiseSeed), nil
}

func generatorOf(model *infer.Model, noiseSeed *uint64) *generator {
	budget := min(keyMemory, job.MemoryBudget()/2)
	return &generator{model: model, noiseSeed: noiseSeed, budget: budget, memory: semaphore.NewWeighted(budget), free: job.FreeMemory}
}

// side returns the side, in pixels, of the thumbnails that the generator makes keys of for sealed files.
func (g *generator) side() int { return cmp.Or(g.model.Arch().ImageSize, 256) }

// workers returns how many images to work on side by side: two for each core, as half of them decode, encode or wait for the disk. It is
// called before the first key; without it, each key takes all cores.
func (g *generator) workers(images int) int {
	if g != nil {
		g.ahead.Store(int64(images))
	}
	return max(1, min(images, 2*runtime.GOMAXPROCS(0)))
}

// key makes the key of an image, when there is a core and memory for it. Keys are made side by side with a thread each, which wastes
// least; on more threads if memory is short, and at the end, when there are fewer images than cores.
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
	err := job.CheckMemory(takes, func() (int64, bool) {
		free, known := g.free()
		return free + g.held.Load(), known
	}, errKeyMemory)
	if err != nil {
		return nil, failure.Hint(err, smallerHint)
	}
	began := time.Now()
	key, err := g.model.KeyOn(threads, img, g.seed(img))
	g.spent.Add(int64(time.Since(began)))
	g.held.Store(takes)
	if size := (*infer.SizeError)(nil); err != nil && takes == 0 && !errors.As(err, &size) { // more than can be counted
		err = failure.Hint(err, smallerHint)
	}
	return key, err
}

const smallerHint = "--resize N makes the image smaller first; encrypt --no-gan needs no generator"

var errKeyMemory = errors.New("the generator needs more memory for an image of this size than there is")

// seed returns the seed of the noise in an image's key: fresh, or with a number, SHA-256 of "keygan noise seed 1\n", the number as 64
// bits, big-endian, and cipher.Digest of the image. Neither its name nor its place matter, and two images never share a key.
func (g *generator) seed(img *raster.Image) (seed infer.Seed) {
	switch {
	case !g.model.TakesNoise():
	case g.noiseSeed != nil:
		b := binary.BigEndian.AppendUint64([]byte("keygan noise seed 1\n"), *g.noiseSeed)
		digest := cipher.Digest(img)
		seed = sha256.Sum256(append(b, digest[:]...))
	default:
		rand.Read(seed[:]) // it ends the program rather than fail
	}
	return seed
}

// note returns what the user should know about the keys, or "".
func (g *generator) note() string {
	if g == nil || !g.model.TakesNoise() || g.noiseSeed != nil {
		return ""
	}
	return "each key is drawn with fresh noise: it cannot be made again from its image"
}

// took returns how long the generator worked, summed over images.
func (g *generator) took() time.Duration {
	if g == nil {
		return 0
	}
	return time.Duration(g.spent.Load())
}
