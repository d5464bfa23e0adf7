// Package dataset turns folders of image files and synthetic images into batches for training.
//
// A source is a folder or a file in any format of package imagefile. A volume gives every slice that is not nearly empty, a long
// spectrogram every ten minutes.
//
//	src, err := dataset.Open(
//		dataset.Spec{Folder: "~/.cache/kagglehub/datasets/masoudnickparvar/brain-tumor-mri-dataset/versions/1"},
//		dataset.Spec{Synthetic: "mri", Count: 200, Seed: 7})
//
// Cached decodes and resizes each file only once, for this run and all later ones. Readable leaves out what cannot be read. Split holds out
// some images by the hash of their file:
//
//	src, err = dataset.Cached(ctx, src, dataset.CacheOptions{Size: 256, Channels: 3})
//	src, bad, err := dataset.Readable(ctx, src, nil)
//	src, err = dataset.Split(ctx, src, 0.1, false)
//
// A loader gives batches of [N, C, S, S] in [−1, 1], shuffled anew each epoch and prepared ahead by other goroutines:
//
//	loader, err := dataset.NewLoader(src, dataset.LoaderOptions{Batch: 4, Size: 256, Channels: 3, Seed: 1})
//	defer loader.Close()
//	for {
//		batch, err := loader.Next()
//		…
//	}
//
// What it promises:
//   - The order of a loader is a function of its seed, so a run that is resumed at batch k sees what it would have seen.
//   - A file that is damaged, truncated, foreign or far larger than its content allows is an error "path: reason", never a panic, and
//     never an allocation out of proportion to the file.
//   - Decoding, resizing and the conversion to floats give the same bits on every machine. Only the synthetic images may differ by a level
//     between architectures.
package dataset

import "keygan/data/raster"

// A combination is images of other sources, in an order of its own.
type combination struct{ images []sourceImage }

type sourceImage struct {
	src Source
	i   int
}

// Join puts the images of several sources one after the other.
func Join(sources ...Source) Source {
	c := &combination{}
	for _, src := range sources {
		for i := range src.Len() {
			c.images = append(c.images, sourceImage{src, i})
		}
	}
	return c
}

// Select returns the images of a source with the given numbers.
func Select(src Source, images []int) Source {
	c := &combination{}
	for _, i := range images {
		c.images = append(c.images, sourceImage{src, i})
	}
	return c
}

func (c *combination) Len() int          { return len(c.images) }
func (c *combination) Name(i int) string { return c.images[i].src.Name(c.images[i].i) }
func (c *combination) Image(i int) (*raster.Image, error) {
	return c.images[i].src.Image(c.images[i].i)
}
func (c *combination) Readable(i int) bool { return isReadable(c.images[i].src, c.images[i].i) }
func (c *combination) Drawn(i int) string  { return drawn(c.images[i].src, c.images[i].i) }
func (c *combination) Locate(i int) (path, part string) {
	return locate(c.images[i].src, c.images[i].i)
}
