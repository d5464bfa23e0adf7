package train

import (
	"fmt"
	"os"
	"path/filepath"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/runlog"
)

// samples is the hook that shows, every few epochs, what the networks make of the same few source images: samples/epoch-0003.png has
// a row of the images, one for each of Objective.Show's, and below them as many target images, whose look the keys take on.
type samples struct {
	t              *Training
	source, target []*raster.Image // of the networks' size and channels
	rows           []string        // names, from the first sample on
}

func newSamples(t *Training) (s *samples, err error) {
	s = &samples{t: t}
	if s.source, _, err = spread(t.sets.Source, t.Config.Train.Samples, t.Config.Image); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	if s.target, _, err = spread(t.sets.Target, t.Config.Train.Samples, t.Config.Image); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return s, nil
}

// spread takes at most n images from all over a set, which may be a mixture, as the networks see them.
func spread(set dataset.Source, n int, as config.Image) (images []*raster.Image, names []string, err error) {
	n = min(n, set.Len())
	for i := range n {
		k := i * set.Len() / n
		m, err := set.Image(k)
		if err != nil {
			return nil, nil, err
		}
		// As floats and back, whatever the depth was.
		x := m.Fit(as.Size, as.Channels).Floats(as.Channels)
		images = append(images, raster.FromFloats(x, as.Channels, as.Size, as.Size))
		names = append(names, set.Name(k))
	}
	return images, names, nil
}

func (s *samples) AfterStep(step runlog.Step) error {
	t := s.t
	if !t.sampled(step) {
		return nil
	}
	rows := [][]*raster.Image{s.source}
	s.rows = []string{"source images"}
	torch.Scope(func() {
		for _, r := range t.Objective.Show(asTensor(s.source, t.Config.Image).To(t.device), 0) {
			rows = append(rows, imagesOf(r.Images))
			s.rows = append(s.rows, r.Name)
		}
	})
	rows, s.rows = append(rows, s.target), append(s.rows, "target images")
	path := runlog.SamplePath(t.Dir, step.Epoch)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return imagefile.WritePNG(path, grid(rows), true)
}

// asTensor puts images into one tensor, [N, C, S, S] in [−1, 1].
func asTensor(images []*raster.Image, as config.Image) torch.Tensor {
	var x []float32
	for _, m := range images {
		x = append(x, m.Floats(as.Channels)...)
	}
	return torch.FromFloats(x, int64(len(images)), int64(as.Channels), int64(as.Size), int64(as.Size))
}

// imagesOf is the way back.
func imagesOf(x torch.Tensor) []*raster.Image {
	shape, values := ints(x.Shape()), x.Floats()
	size := shape[1] * shape[2] * shape[3]
	images := make([]*raster.Image, shape[0])
	for i := range images {
		images[i] = raster.FromFloats(values[i*size:(i+1)*size], shape[1], shape[2], shape[3])
	}
	return images
}

// grid sets rows of images of one size below each other. A row may be shorter than the first.
func grid(rows [][]*raster.Image) *raster.Image {
	const gap = 2
	first := rows[0][0]
	width, height := first.Width+gap, first.Height+gap
	m := raster.NewImage(len(rows[0])*width-gap, len(rows)*height-gap, first.Channels, 8)
	for y, row := range rows {
		for x, image := range row {
			m.Paste(image, x*width, y*height)
		}
	}
	return m
}
