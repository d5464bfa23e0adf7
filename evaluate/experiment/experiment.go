// Package experiment measures cryptosystems: images in, numbers out.
//
// A [Config] names the sources of images, the generators that make keys, and the cryptosystems. [Run] encrypts each image under each
// system, takes every metric, collects bits for SP 800-22, and runs the attacks:
//
//	cfg, err := experiment.ReadConfig("configs/paper.yaml")
//	results, err := experiment.Run(ctx, cfg, nil)
//
// The same configuration, images and weights give the same [Results], except for times and speeds: what keygan otherwise draws at
// random, such as secrets, comes here from a stream made from the seed. Run names what it cannot read in the results, and goes on.
package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/infer"
)

// experiment measures one source after the other. Each key is made once for all schemes. Only a few images are in memory at a time.
type experiment struct {
	cfg        Config
	channels   int // of the images, wherever no generator asks for others
	generators []*generator
	attackers  []*generator    // networks that have learnt to restore images
	many       []*raster.Image // for attacks that need more than a few
	systems    []*system
	bits       *bitBank // for SP 800-22
	progress   *tracker
}

// A trial measures the images of one source.
type trial struct {
	*experiment
	info    SourceInfo
	source  dataset.Source
	indices []int // in the source, of the images that were measured
	results measurements
	places  *rand.Rand // of the one-bit changes
	changes int        // one-bit changes made so far
	first   *Specimen
	before  map[string]*raster.Image // by generator: the key of the image before
	sets    map[string]*keySet       // by generator
	missing string                   // why there is nothing to measure, or ""

	channels []int // that the systems ask for, the experiment's first
}

// subject is an image that is measured, with the keys that the generators make of it.
type subject struct {
	index int                      // in the source
	plain map[int]*raster.Image    // by channels
	keys  map[string]*raster.Image // by generator
	noise infer.Seed               // of the keys, and of those of one-bit changes
	took  map[string]time.Duration
}

// Specimen is the first image of a source with everything that was made of it, for pictures.
type Specimen struct {
	Source    string
	Plain     *raster.Image
	Plains    []*raster.Image // this one and a few more of the source, for the attacks
	Encrypted []Encrypted     // by system, without those that were not measured
	Keys      []Keyed         // by generator
}

// Keyed has the first few images of a source and their keys by one generator.
type Keyed struct {
	Generator  string
	Plain, Key []*raster.Image
}

// mostKeyed bounds the images in Keyed.
const mostKeyed = 4

// Encrypted is an image with what one system made of it.
type Encrypted struct {
	System    System
	Plain     *raster.Image // as the system takes it
	Key       *raster.Image // the raw key, or the keystream as an image; nil where there is none to be seen
	Scrambled *raster.Image // after the cat map; nil where the scheme has none
	Cipher    *raster.Image
	Decrypted *raster.Image
	Wrong     *raster.Image // decrypted with a wrong key; nil where the scheme refuses
	WrongWhy  string        // what the wrong key was, or that it is refused
	KeyBit    *raster.Image // decrypted with a key that is wrong in one bit; nil where the scheme refuses
}

// seeded is the seed of the random numbers for one purpose. It depends on the configuration's seed and on nothing that happens before.
func (e *experiment) seeded(purpose string, index int) (seed [32]byte) {
	b := []byte("keygan evaluate " + purpose + "\n")
	b = binary.BigEndian.AppendUint64(b, e.cfg.Seed)
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, uint64(index)))
}

// noise is the seed of the keys of one image of a source, for generators that take noise.
func (e *experiment) noise(source string, index int) infer.Seed {
	b := []byte("keygan evaluate noise 1\n")
	b = binary.BigEndian.AppendUint64(b, e.cfg.Seed)
	b = binary.BigEndian.AppendUint64(b, uint64(index))
	return sha256.Sum256(append(b, source...))
}

// planned is how many images of a source will be measured.
func (e *experiment) planned(src dataset.Source) int { return min(e.cfg.Images, src.Len()) }

// newTrial prepares the measurement of a source.
func (e *experiment) newTrial(s Source, src dataset.Source) *trial {
	name := fnv.New64a()
	io.WriteString(name, s.Name)
	t := &trial{
		experiment: e, source: src, results: measurements{}, before: map[string]*raster.Image{}, sets: map[string]*keySet{}, channels: []int{e.channels},
		info:   SourceInfo{Name: s.Name, From: s.From(), Available: src.Len()},
		places: rand.New(rand.NewPCG(e.cfg.Seed, name.Sum64())),
	}
	for _, s := range e.measured() {
		if !slices.Contains(t.channels, s.Channels) {
			t.channels = append(t.channels, s.Channels)
		}
	}
	return t
}

// measured are the systems that can be measured.
func (e *experiment) measured() []*system {
	return slices.DeleteFunc(slices.Clone(e.systems), func(s *system) bool { return s.NotMeasured != "" })
}

// makers are the generators that make keys.
func (e *experiment) makers() []*generator {
	return slices.DeleteFunc(slices.Clone(e.generators), func(g *generator) bool { return g.keys == nil || g.chaos() })
}

// errNoImages reports a source without a readable image.
var errNoImages = errors.New("no image can be read")

// run measures the source. Images are drawn without replacement; one that cannot be read is noted and the next taken.
func (t *trial) run(ctx context.Context) error {
	order := t.places.Perm(t.source.Len())
	count := t.planned(t.source)
	slices.Sort(order[:count]) // as a reader would list them
	for _, index := range order {
		k := len(t.info.Images)
		if k == count {
			break
		}
		what := fmt.Sprintf("%s: image %d of %d", t.info.Name, k+1, count)
		s, err := t.subject(ctx, index, what)
		if err != nil {
			return t.failed(index, err)
		}
		if s == nil {
			continue
		}
		// The changes are dealt out over the images like cards.
		changes := t.cfg.Changes / count
		if k < t.cfg.Changes%count {
			changes++
		}
		if err := t.measure(ctx, s, changes, what); err != nil {
			return t.failed(index, err)
		}
		t.info.Changes += changes
		t.info.Images, t.indices = append(t.info.Images, t.source.Name(index)), append(t.indices, index)
	}
	if len(t.info.Images) == 0 {
		t.missing = "not measured: no image of the source can be read"
		return fmt.Errorf("source %s: %w; the first of its %d: %s", t.info.Name, errNoImages, t.source.Len(), t.info.Unreadable[0])
	}
	return t.compareKeys()
}

func (t *trial) failed(index int, err error) error {
	return fmt.Errorf("source %s, %s: %w", t.info.Name, t.source.Name(index), err)
}

// subject reads an image and makes its keys. It notes an image that cannot be read and returns nil.
func (t *trial) subject(ctx context.Context, index int, what string) (*subject, error) {
	m, err := t.source.Image(index)
	if err != nil {
		t.info.Unreadable = append(t.info.Unreadable, err.Error())
		return nil, nil
	}
	if m.Depth == 16 {
		t.info.Sixteen++
	}
	if m.Width != t.cfg.Size || m.Height != t.cfg.Size {
		t.info.Resized++
	}
	s := &subject{index: index, plain: map[int]*raster.Image{}, noise: t.noise(t.info.Name, index)}
	for _, c := range t.channels {
		s.plain[c] = m.Fit(t.cfg.Size, c).EightBits()
	}
	return s, t.makeKeys(ctx, s, what)
}

// makeKeys runs every generator of keys on a subject.
func (t *trial) makeKeys(ctx context.Context, s *subject, what string) error {
	s.keys, s.took = map[string]*raster.Image{}, map[string]time.Duration{}
	for _, g := range t.makers() {
		if err := ctx.Err(); err != nil {
			return err
		}
		start := time.Now()
		key, err := g.keys.KeyFrom(s.plain[g.info.Channels], s.noise)
		if err != nil {
			return fmt.Errorf("key by %s: %w", g.info.Name, err)
		}
		s.keys[g.info.Name], s.took[g.info.Name] = key, time.Since(start)
		t.progress.passed(g.cost, what)
	}
	return nil
}

// measure takes every metric of a subject.
func (t *trial) measure(ctx context.Context, s *subject, changes int, what string) error {
	if t.first == nil {
		t.first = &Specimen{Source: t.info.Name, Plain: s.plain[t.channels[0]]}
		if err := t.firstStrangers(ctx, s); err != nil {
			return err
		}
	}
	if len(t.first.Plains) < mostAttacked {
		t.first.Plains = append(t.first.Plains, s.plain[t.channels[0]])
	}
	if err := t.results.observe(System{Scheme: PlainImage}, EachImage, Observation{A: s.plain[t.channels[0]]}); err != nil {
		return err
	}
	if err := t.measureKeys(s); err != nil {
		return err
	}
	var made []*product
	for _, sys := range t.measured() {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := t.measureSystem(sys, s)
		if err != nil {
			return fmt.Errorf("%s: %w", sys, err)
		}
		made = append(made, p)
		t.progress.passed(sys.cost, what)
	}
	if err := t.oneBitChanges(ctx, s, made, changes, what); err != nil {
		return err
	}
	for name, key := range s.keys {
		t.before[name] = key
	}
	return nil
}

// firstStrangers makes the first image's wrong keys: those of the next readable image or of its mirror image. Later ones take the last key.
func (t *trial) firstStrangers(ctx context.Context, s *subject) error {
	other := &subject{plain: map[int]*raster.Image{}, noise: t.noise(t.info.Name, t.source.Len())}
	for _, c := range t.channels {
		other.plain[c] = mirrored(s.plain[c])
	}
	for i := range t.source.Len() {
		index := (s.index + 1 + i) % t.source.Len()
		if m, err := t.source.Image(index); err == nil && index != s.index {
			for _, c := range t.channels {
				other.plain[c] = m.Fit(t.cfg.Size, c).EightBits()
			}
			break
		}
	}
	if err := t.makeKeys(ctx, other, t.info.Name); err != nil {
		return err
	}
	t.before = other.keys
	return nil
}

// mirrored is an image with left and right exchanged.
func mirrored(m *raster.Image) *raster.Image {
	out := raster.NewImage(m.Width, m.Height, m.Channels, m.Depth)
	size := m.Channels * m.Depth / 8
	for y := range m.Height {
		for x := range m.Width {
			copy(out.Pix[(y*m.Width+x)*size:][:size], m.Pix[(y*m.Width+m.Width-1-x)*size:][:size])
		}
	}
	return out
}
