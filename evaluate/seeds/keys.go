package seeds

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
	"keygan/infer"
)

// Keys is what the keys of one system's trainings have in common. Of a network that encrypts by itself, they are its cipher images.
type Keys struct {
	Row    string `json:"row"`
	Images int    `json:"images"`
	Bytes  int    `json:"bytes"` // of a key

	// Keys of one image by two trainings. A value is one pair of seeds, the mean over the images.
	NPCR        Summary `json:"npcr_two_seeds"`        // percent
	UACI        Summary `json:"uaci_two_seeds"`        // percent
	Correlation Summary `json:"correlation_two_seeds"` // Pearson's r of the bytes

	// Keys of all images by one training. A value is one seed.
	Different Summary `json:"effective_keys"`   // metrics.EffectiveNumber, of Images
	Plain     float64 `json:"effective_images"` // the same of the plain images
}

// plainImages are the first images of each source, at most n of each, brought to a size.
func plainImages(sources []dataset.Source, n, size, channels int) (images []*raster.Image, err error) {
	for _, src := range sources {
		for i := range min(n, src.Len()) {
			m, err := src.Image(i)
			if err != nil {
				return nil, err
			}
			images = append(images, m.Fit(size, channels).EightBits())
		}
	}
	return images, nil
}

// keysOf makes the key of each image. The noise that a network may take depends on the image's number only.
func keysOf(ctx context.Context, m *infer.Model, images []*raster.Image) (keys []*raster.Image, err error) {
	for i, image := range images {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		key, err := m.KeyFrom(image, sha256.Sum256(fmt.Appendf(nil, "keygan seeds noise %d", i)))
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// compareKeys makes the keys of all trainings of a system.
func compareKeys(ctx context.Context, in Input, sources []dataset.Source, row string) (*Keys, error) {
	k := &Keys{Row: row}
	var all [][]*raster.Image // by training
	var different []float64
	for _, t := range in.Trainings {
		if t.Row != row {
			continue
		}
		m, err := infer.ReadFile(filepath.Join(t.Folder, "generator.npz"))
		if err != nil {
			return nil, err
		}
		images, err := plainImages(sources, in.Config.Images, in.Config.Size, m.Arch().Channels)
		if err != nil {
			return nil, err
		}
		keys, err := keysOf(ctx, m, images)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Folder, err)
		}
		k.Images, k.Bytes = len(images), len(keys[0].Pix)
		plain, err := effective(images)
		if err != nil {
			return nil, err
		}
		ofKeys, err := effective(keys)
		if err != nil {
			return nil, err
		}
		k.Plain, different, all = plain, append(different, ofKeys), append(all, keys)
	}
	k.Different = Summarize(different)
	return k, k.compareSeeds(all)
}

// compareSeeds compares each two trainings.
func (k *Keys) compareSeeds(all [][]*raster.Image) error {
	var npcr, uaci, correlation []float64
	for i, a := range all {
		for _, b := range all[:i] {
			var n, u, r, known float64
			for at := range a {
				differ, err := metrics.NPCR(a[at], b[at])
				if err != nil {
					return err
				}
				distance, err := metrics.UACI(a[at], b[at])
				if err != nil {
					return err
				}
				n, u = n+differ, u+distance
				if c, err := metrics.Pearson(a[at], b[at]); err == nil {
					r, known = r+c, known+1
				} else if !errors.Is(err, metrics.ErrUndefined) {
					return err
				}
			}
			count := float64(len(a))
			npcr, uaci, correlation = append(npcr, n/count), append(uaci, u/count), append(correlation, r/known)
		}
	}
	k.NPCR, k.UACI, k.Correlation = Summarize(npcr), Summarize(uaci), Summarize(correlation)
	return nil
}

// effective is metrics.EffectiveNumber; NaN where it is undefined.
func effective(images []*raster.Image) (float64, error) {
	n, err := metrics.EffectiveNumber(images)
	if errors.Is(err, metrics.ErrUndefined) {
		return math.NaN(), nil
	}
	return n, err
}
