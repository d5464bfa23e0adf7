package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"keygan/data/dataset"
	"keygan/data/synthetic"
)

// dataset is what an experiment trains with: images that can be read, Size×Size with Channels channels of 8 bits.
type trainingData struct {
	source, target dataset.Source // none of the source images that are held out is in either

	sourceDigest, targetDigest string // data.Digest of them; of encrypted targets, of what is encrypted
	heldOut                    int    // source images
	skipped                    []dataset.Bad
}

var (
	// ErrUnreadable reports images that cannot be read where on_bad_file is fail.
	ErrUnreadable = errors.New("cannot be read")
	// ErrCache reports a folder that the configuration names for caches and that cannot be used.
	ErrCache = errors.New("no cache of images")
	// ErrNoneHeldOut reports a configuration that holds no images out.
	ErrNoneHeldOut = errors.New("no images are held out")
	// ErrNotStarted reports a run that was stopped before its first step and has left nothing.
	ErrNotStarted = errors.New("interrupted while the images were read")
)

// openDataset opens the data sets of c as it says: what cannot be read is an error or left out, resized images are kept in a
// cache, and the source images of c.Data.HeldOut are not there. What was found goes to the log.
func openDataset(ctx context.Context, c Config, o Options) (d trainingData, err error) {
	r := &setReader{ctx: ctx, c: c, log: o.Log, terminal: o.Terminal}
	all, err := r.open("source", c.Source)
	if err != nil {
		return d, err
	}
	var held dataset.Source
	if d.source, held, err = r.split(all); err != nil {
		return d, err
	}
	d.heldOut = held.Len()
	if d.sourceDigest, err = dataset.Digest(ctx, d.source); err != nil {
		return d, r.failed("source", err)
	}
	r.found("source", d.source.Len(), d.heldOut)
	if c.Paired() {
		d.target, d.targetDigest = encrypted(d.source, c.Image.Size, c.Image.Channels), d.sourceDigest
		r.logf("target: the same images, encrypted\n")
		d.skipped = r.skipped
		return d, nil
	}
	if d.target, d.targetDigest, err = r.targets(held); err != nil {
		return d, err
	}
	d.skipped = r.skipped
	return d, nil
}

// openHeldOut opens the source images that openDataset holds out or, when other sources are given, all of theirs.
func openHeldOut(ctx context.Context, c Config, o Options, other []dataset.Spec) (dataset.Source, error) {
	r := &setReader{ctx: ctx, c: c, log: o.Log, terminal: o.Terminal}
	if len(other) > 0 {
		return r.open("source", other)
	}
	if c.Data.HeldOut == 0 {
		return nil, fmt.Errorf("%w: data.held_out is 0", ErrNoneHeldOut)
	}
	all, err := r.open("source", c.Source)
	if err != nil {
		return nil, err
	}
	_, held, err := r.split(all)
	return held, err
}

// A setReader opens the sets of one experiment.
type setReader struct {
	ctx      context.Context
	c        Config
	log      io.Writer // nil: none
	terminal bool
	barDrawn bool // and its line not ended

	skipped []dataset.Bad
}

// open gives the images of a set, name being source or target, that can be read.
func (r *setReader) open(name string, specs []dataset.Spec) (dataset.Source, error) {
	src, err := openSpecs(name, specs, r.c.Image)
	if err != nil {
		return nil, err
	}
	images, err := r.fitted(name, src)
	if err != nil {
		return nil, err
	}
	good, bad, err := dataset.Readable(r.ctx, images, r.progress(name, "checking images", 0))
	r.endBar()
	if err != nil {
		return nil, r.failed(name, err)
	}
	if len(bad) > 0 && (r.c.Data.OnBadFile != "skip" || good.Len() == 0) {
		return nil, fmt.Errorf("%s: %d of %s %w: %s", name, len(bad), count(src.Len(), "image"), ErrUnreadable, listBad(bad, 3, "; "))
	}
	if len(bad) > 0 {
		r.skipped = append(r.skipped, bad...)
		r.logf("%s: %d of %s cannot be read and left out:\n  %s\n", name, len(bad), count(src.Len(), "image"), listBad(bad, 10, "\n  "))
	}
	return good, nil
}

// openSpecs opens the sources of a set. Noise is drawn as the networks see it, in size too unless one is given: made grey of RGB,
// or resized, it would not be uniform.
func openSpecs(name string, specs []dataset.Spec, as Image) (dataset.Source, error) {
	var all []dataset.Source
	for i, spec := range specs {
		src, err := openSpec(spec, as)
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

func openSpec(spec dataset.Spec, as Image) (dataset.Source, error) {
	if spec.Synthetic == "noise" {
		return synthetic.Noise(spec.Count, cmp.Or(spec.Size, as.Size), as.Channels, spec.Seed)
	}
	return dataset.OpenUnchecked(spec)
}

// fitted resizes the images, by way of a cache if there is to be one.
func (r *setReader) fitted(name string, src dataset.Source) (dataset.Source, error) {
	size, channels := r.c.Image.Size, r.c.Image.Channels
	dir := r.c.Data.Cache
	if dir == "off" {
		return dataset.Fitted(src, size, channels)
	}
	if dir == "auto" {
		dir = ""
	}
	images, err := dataset.Cached(r.ctx, src, dataset.CacheOptions{
		Dir: dir, Size: size, Channels: channels,
		Reading: r.progress(name, "reading files", time.Second), Progress: r.progress(name, "decoding images", 0),
		Waiting: func() { r.logf("%s: waiting for another process that is decoding the same images\n", name) },
	})
	r.endBar()
	switch {
	case err == nil:
		return images, nil
	case r.ctx.Err() != nil:
		return nil, r.failed(name, err)
	case dir != "":
		return nil, fmt.Errorf("data.cache: %w: %w", ErrCache, err)
	}
	r.logf("%s: %v: %v; images are decoded as they are needed\n", name, ErrCache, err)
	return dataset.Fitted(src, size, channels)
}

// split divides the source images; without held_out, none is held out.
func (r *setReader) split(all dataset.Source) (rest, held dataset.Source, err error) {
	share := r.c.Data.HeldOut
	if share == 0 {
		return all, dataset.Join(), nil
	}
	if rest, err = dataset.Split(r.ctx, all, share, false); err == nil {
		held, err = dataset.Split(r.ctx, all, share, true)
	}
	if err != nil {
		return nil, nil, r.failed("source: data.held_out", err)
	}
	return rest, held, nil
}

// targets opens the target images, those that are encrypted last. A file that is held out is not among them either.
func (r *setReader) targets(held dataset.Source) (target dataset.Source, digest string, err error) {
	parts := []dataset.Source{dataset.Join(), dataset.Join()}
	for i, encrypt := range []string{"", "logistic"} {
		var specs []dataset.Spec
		for _, t := range r.c.Target {
			if t.Encrypt == encrypt {
				specs = append(specs, t.Spec)
			}
		}
		if len(specs) == 0 {
			continue
		}
		all, err := r.open("target", specs)
		if err != nil {
			return nil, "", err
		}
		if parts[i], err = dataset.Without(r.ctx, all, held); err != nil {
			return nil, "", r.failed("target", err)
		}
		if n := all.Len() - parts[i].Len(); n > 0 {
			r.logf("target: %s left out, held out of the source\n", count(n, "image"))
		}
	}
	n := parts[0].Len() + parts[1].Len()
	if n == 0 {
		return nil, "", errors.New("target: no images are left: all are held out of the source")
	}
	if digest, err = dataset.Digest(r.ctx, dataset.Join(parts...)); err != nil {
		return nil, "", r.failed("target", err)
	}
	r.found("target", n, 0)
	parts[1] = encrypted(parts[1], r.c.Image.Size, r.c.Image.Channels)
	return dataset.Join(parts...), digest, nil
}

func (r *setReader) failed(name string, err error) error {
	if r.ctx.Err() != nil {
		return ErrNotStarted
	}
	return fmt.Errorf("%s: %w", name, err)
}

func (r *setReader) found(name string, images, heldOut int) {
	if heldOut > 0 {
		r.logf("%s: %s, and %d held out\n", name, count(images, "image"), heldOut)
		return
	}
	r.logf("%s: %s\n", name, count(images, "image"))
}

func (r *setReader) logf(format string, args ...any) {
	if r.log != nil {
		fmt.Fprintf(r.log, format, args...)
	}
}

// listBad names the first few of the images that cannot be read.
func listBad(bad []dataset.Bad, most int, separator string) string {
	var lines []string
	for _, b := range bad[:min(most, len(bad))] {
		lines = append(lines, b.String())
	}
	if more := len(bad) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(slices.Clip(lines), separator)
}
