package seeds

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"

	"gonum.org/v1/gonum/mat"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/evaluate/experiment"
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
	Different Summary `json:"effective_keys"`   // EffectiveNumber by the correlation of the keys, of Images
	Plain     float64 `json:"effective_images"` // the same of the plain images
}

// plainImages are the first images of each source, as the evaluations bring them to size.
func plainImages(cfg experiment.Config, channels int) (images []*raster.Image, err error) {
	for _, s := range cfg.Sources {
		src, err := dataset.Open(s.Spec)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", s.Name, err)
		}
		for i := range min(cfg.Images, src.Len()) {
			m, err := src.Image(i)
			if err != nil {
				return nil, fmt.Errorf("source %s: %w", s.Name, err)
			}
			images = append(images, m.Fit(cfg.Size, channels).EightBits())
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
func compareKeys(ctx context.Context, cfg experiment.Config, row string, trainings []Training) (*Keys, error) {
	k := &Keys{Row: row}
	var all [][]*raster.Image // by training
	var different []float64
	for _, t := range trainings {
		if t.Row != row {
			continue
		}
		m, err := infer.ReadFile(filepath.Join(t.Folder, "generator.npz"))
		if err != nil {
			return nil, err
		}
		images, err := plainImages(cfg, m.Arch().Channels)
		if err != nil {
			return nil, err
		}
		keys, err := keysOf(ctx, m, images)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Folder, err)
		}
		k.Images, k.Bytes, k.Plain = len(images), len(keys[0].Pix), EffectiveNumber(likeness(images))
		different = append(different, EffectiveNumber(likeness(keys)))
		all = append(all, keys)
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

// likeness is Pearson's r of each two images; 0 where one of them is constant.
func likeness(images []*raster.Image) *mat.SymDense {
	k := mat.NewSymDense(len(images), nil)
	for i, a := range images {
		k.SetSym(i, i, 1)
		for j, b := range images[:i] {
			if r, err := metrics.Pearson(a, b); err == nil {
				k.SetSym(i, j, r)
			}
		}
	}
	return k
}
