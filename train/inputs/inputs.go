// Package inputs opens what an experiment trains with: its source and its target images.
//
//	sets, err := inputs.Open(ctx, c, runlog.NewConsole(os.Stderr, false))
//
// Images come out Size×Size with the configuration's channels. What cannot be read is an error or left out, as data.on_bad_file
// says. Resized images are kept in a cache. No image that is held out is in either set: no copy of it, and no slice of its volume.
//
// The package needs no libtorch.
package inputs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/data/seen"
	"keygan/data/synthetic"
	"keygan/internal/failure"
	"keygan/train/config"
	"keygan/train/runlog"
)

// Sets are what an experiment trains with: images of 8 bits that can be read.
type Sets struct {
	Source, Target dataset.Source
	HeldOut        dataset.Source // source images that are not trained with; there may be none
	// Encrypt makes paired targets of the source images, as Target holds them; nil: the targets are images of their own. It has to be
	// used where the source images are augmented, so that each target stays the encryption of its source.
	Encrypt func(*raster.Image) *raster.Image
	Victim  *Victim // encrypts what the networks see of the source images; nil: they see the images themselves, which Target then is not

	plainTarget dataset.Source // Target before it is encrypted; nil: the targets are the source images

	SourceDigest, TargetDigest string   // dataset.Digest of them; of encrypted targets, of what is encrypted
	Skipped                    []string // images left out, and why
}

var (
	// ErrUnreadable reports images that cannot be read where on_bad_file is fail.
	ErrUnreadable = errors.New("cannot be read")
	// ErrCache reports a folder that the configuration names for caches and that cannot be used.
	ErrCache = errors.New("no cache of images")
	// ErrNoneHeldOut reports a configuration that holds no images out.
	ErrNoneHeldOut = errors.New("no images are held out")
	// ErrNotStarted reports a run that was stopped before its first step and has left nothing.
	ErrNotStarted = failure.Interrupted("interrupted while the images were read")
)

// Open opens the data sets of c. What it finds goes to the console.
func Open(ctx context.Context, c config.Config, console *runlog.Console) (d Sets, err error) {
	r := &Reader{Ctx: ctx, Config: c, Console: console}
	if d.Source, d.HeldOut, err = r.openSplit(); err != nil {
		return d, err
	}
	if d.SourceDigest, err = dataset.Digest(ctx, d.Source); err != nil {
		return d, r.failed("source", err)
	}
	text := "source: " + Count(d.Source.Len(), "image")
	if n := d.HeldOut.Len(); n > 0 {
		text += fmt.Sprintf(", and %d held out", n)
	}
	console.Printf("%s\n", text)
	if d.Victim, err = OpenVictim(c); err != nil {
		return d, err
	}
	if d.Victim != nil {
		d.Target, d.TargetDigest, d.SourceDigest = d.Source, d.SourceDigest, d.Victim.digest(d.SourceDigest)
		console.Printf("target: the same images; the networks see them encrypted (%s)\n", d.Victim)
	} else if c.Paired() {
		pairs := encrypted(d.Source, c.Image)
		d.Target, d.TargetDigest, d.Encrypt = pairs, d.SourceDigest, pairs.encrypt
		console.Printf("target: the same images, encrypted\n")
	} else if err = r.targets(&d); err != nil {
		return d, err
	}
	d.Skipped = r.skipped
	return d, nil
}

// OpenHeldOut opens the source images that Open holds out or, when other sources are given, all of theirs.
func OpenHeldOut(ctx context.Context, c config.Config, console *runlog.Console, other []dataset.Spec) (dataset.Source, error) {
	r := &Reader{Ctx: ctx, Config: c, Console: console}
	if len(other) > 0 {
		return r.open("source", other)
	}
	if c.Data.HeldOut == 0 {
		return nil, fmt.Errorf("%w: data.held_out is 0", ErrNoneHeldOut)
	}
	_, held, err := r.openSplit()
	return held, err
}

// OpenTrained opens the source images that Open trains with.
func OpenTrained(ctx context.Context, c config.Config, console *runlog.Console) (dataset.Source, error) {
	r := &Reader{Ctx: ctx, Config: c, Console: console}
	rest, _, err := r.openSplit()
	return rest, err
}

// openSplit opens the source images that are trained with, and those that are held out.
func (r *Reader) openSplit() (rest, held dataset.Source, err error) {
	all, err := r.open("source", r.Config.Source)
	if err != nil {
		return nil, nil, err
	}
	return r.Split(all)
}

// CountSources is how many images there are to train with, if all can be read. It decodes none.
func CountSources(ctx context.Context, c config.Config) (int, error) {
	source, err := openSpecs("source", c.Source, c.Image)
	if err != nil {
		return 0, err
	}
	if !c.Paired() {
		if _, err := openSpecs("target", c.TargetSpecs(), c.Image); err != nil {
			return 0, err
		}
	}
	r := &Reader{Ctx: ctx, Config: c}
	if source, _, err = r.Split(source); err != nil {
		return 0, err
	}
	return source.Len(), nil
}

// A Reader opens the sets of one experiment.
type Reader struct {
	Ctx     context.Context
	Config  config.Config
	Console *runlog.Console

	skipped []string
}

// open opens the images of a set that can be read. name is source or target.
func (r *Reader) open(name string, specs []dataset.Spec) (dataset.Source, error) {
	src, err := openSpecs(name, specs, r.Config.Image)
	if err != nil {
		return nil, err
	}
	images, err := r.fitted(name, src)
	if err != nil {
		return nil, err
	}
	good, bad, err := dataset.Readable(r.Ctx, images, r.Console.Counter(name+": checking images", 0))
	r.Console.EndBar()
	if err != nil {
		return nil, r.failed(name, err)
	}
	if len(bad) == 0 {
		return good, nil
	}
	var files []string
	for _, b := range bad {
		files = append(files, b.String())
	}
	share := fmt.Sprintf("%s: %d of %s", name, len(bad), Count(src.Len(), "image"))
	if r.Config.Data.OnBadFile != "skip" || good.Len() == 0 {
		return nil, fmt.Errorf("%s %w: %s", share, ErrUnreadable, FirstFew(files, 3, "; "))
	}
	r.skipped = append(r.skipped, files...)
	r.Console.Warnf("%s cannot be read and are left out:\n  %s", share, FirstFew(files, 10, "\n  "))
	return good, nil
}

// openSpecs opens the sources of a set.
func openSpecs(name string, specs []dataset.Spec, as config.Image) (dataset.Source, error) {
	var all []dataset.Source
	for i, spec := range specs {
		src, err := OpenSpec(spec, as)
		if err != nil && len(specs) > 1 {
			return nil, fmt.Errorf("%s[%d]: %w", name, i, err)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, src)
	}
	return dataset.Join(all...), nil
}

// OpenSpec opens one folder or synthetic set, without decoding. Noise is drawn as the networks see it, in size too unless the
// configuration gives one: made grey from RGB, or resized, it would not be uniform.
func OpenSpec(spec dataset.Spec, as config.Image) (dataset.Source, error) {
	if spec.Synthetic == "noise" {
		return synthetic.Noise(spec.Count, cmp.Or(spec.Size, as.Size), as.Channels, spec.Seed)
	}
	src, err := dataset.OpenUnchecked(spec)
	if errors.Is(err, fs.ErrNotExist) {
		err = &MissingError{spec.Folder, err}
	}
	return src, err
}

// A MissingError reports a folder of the configuration that is not there.
type MissingError struct {
	Folder string // as the configuration names it
	Err    error
}

func (e *MissingError) Error() string { return e.Err.Error() }
func (e *MissingError) Unwrap() error { return e.Err }

// fitted resizes the images, by way of a cache if there is to be one.
func (r *Reader) fitted(name string, src dataset.Source) (dataset.Source, error) {
	size, channels := r.Config.Image.Size, r.Config.Image.Channels
	dir := r.Config.Data.Cache
	switch dir {
	case "off":
		return dataset.Fitted(src, size, channels)
	case "auto":
		dir = ""
	}
	images, err := dataset.Cached(r.Ctx, src, dataset.CacheOptions{
		Dir: dir, Size: size, Channels: channels,
		Reading: r.Console.Counter(name+": reading files", time.Second), Progress: r.Console.Counter(name+": decoding images", 0),
		Waiting: func() { r.Console.Printf("%s: waiting for another process that is decoding the same images\n", name) },
	})
	r.Console.EndBar()
	switch {
	case err == nil:
		return images, nil
	case r.Ctx.Err() != nil:
		return nil, r.failed(name, err)
	case dir != "":
		return nil, fmt.Errorf("data.cache: %w: %w", ErrCache, err)
	}
	r.Console.Warnf("%s: %v: %v; images are decoded as they are needed", name, ErrCache, err)
	return dataset.Fitted(src, size, channels)
}

// Split divides the source images into those to train with and those held out.
func (r *Reader) Split(all dataset.Source) (rest, held dataset.Source, err error) {
	share := r.Config.Data.HeldOut
	if share == 0 {
		return all, dataset.Join(), nil
	}
	if rest, err = dataset.Split(r.Ctx, all, share, false); err == nil {
		held, err = dataset.Split(r.Ctx, all, share, true)
	}
	if err != nil {
		return nil, nil, r.failed("source: data.held_out", err)
	}
	return rest, held, nil
}

// targets opens the target images, those that are encrypted last. A file that is held out is not among them either.
func (r *Reader) targets(d *Sets) error {
	parts := []dataset.Source{dataset.Join(), dataset.Join()}
	for i, encrypt := range []string{"", "logistic"} {
		var specs []dataset.Spec
		for _, t := range r.Config.Target {
			if t.Encrypt == encrypt {
				specs = append(specs, t.Spec)
			}
		}
		if len(specs) == 0 {
			continue
		}
		all, err := r.open("target", specs)
		if err != nil {
			return err
		}
		if parts[i], err = dataset.Without(r.Ctx, all, d.HeldOut); err != nil {
			return r.failed("target", err)
		}
		if n := all.Len() - parts[i].Len(); n > 0 {
			r.Console.Printf("target: %s left out, which the source keeps out of training (held_out)\n", Count(n, "image"))
		}
	}
	d.plainTarget = dataset.Join(parts...)
	n := d.plainTarget.Len()
	if n == 0 {
		return errors.New("target: no images are left: the source keeps all of them out of training (held_out)")
	}
	var err error
	if d.TargetDigest, err = dataset.Digest(r.Ctx, d.plainTarget); err != nil {
		return r.failed("target", err)
	}
	r.Console.Printf("target: %s\n", Count(n, "image"))
	parts[1] = encrypted(parts[1], r.Config.Image)
	d.Target = dataset.Join(parts...)
	return nil
}

// Seen lists the images of the sets, which it reads, for the run's folder. It returns ErrNotStarted when ctx ends.
func (d Sets) Seen(ctx context.Context) ([]seen.Image, error) {
	list, err := seen.Of(ctx, d.Source, seen.Train)
	for _, part := range []struct {
		split string
		src   dataset.Source
	}{{seen.HeldOut, d.HeldOut}, {seen.Target, d.plainTarget}} {
		if err != nil || part.src == nil {
			continue
		}
		var more []seen.Image
		more, err = seen.Of(ctx, part.src, part.split)
		list = append(list, more...)
	}
	if err != nil && ctx.Err() != nil {
		return nil, ErrNotStarted
	}
	return list, err
}

func (r *Reader) failed(name string, err error) error {
	if r.Ctx.Err() != nil {
		return ErrNotStarted
	}
	return fmt.Errorf("%s: %w", name, err)
}

// FirstFew joins at most n words, and says how many more there are.
func FirstFew(words []string, n int, separator string) string {
	if more := len(words) - n; more > 0 {
		words = append(slices.Clone(words[:n]), fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, separator)
}

// Count is a number of things: 1 image, 2 images.
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// encryptedSource is images encrypted by the scheme logistic: what the chaos GAN learns to make.
//
// One keystream serves all images, as the published system has one key: sample i of each image is XORed with byte i. That gives the
// XOR of two images away, but the parameters are public anyway. It is not cached: encrypting again is faster than reading.
type encryptedSource struct {
	dataset.Source
	keystream []byte
}

// encrypted gives the images of src encrypted. They must have the shape that the networks see, with 8 bits.
func encrypted(src dataset.Source, as config.Image) encryptedSource {
	keystream, err := cipher.LogisticKeystream(as.Size*as.Size*as.Channels, cipher.LogisticX0, cipher.LogisticR)
	if err != nil {
		panic(err) // of constants
	}
	return encryptedSource{src, keystream}
}

func (e encryptedSource) Image(i int) (*raster.Image, error) {
	m, err := e.Source.Image(i)
	if err != nil {
		return nil, err
	}
	return e.encrypt(m), nil
}

func (e encryptedSource) encrypt(m *raster.Image) *raster.Image {
	m = m.Clone()
	cipher.XOR(m.Pix, m.Pix, e.keystream)
	return m
}
