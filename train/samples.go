package train

import (
	"fmt"
	"os"
	"path/filepath"

	"keygan/data"
	torch "keygan/gotorch"
)

// samples shows, every few epochs, what the generator makes of the same few source images: samples/epoch-0003.png has the
// images in its upper row and their keys below.
type samples struct {
	plain []*data.Image
	input []float32 // [N, C, S, S]
}

func newSamples(t *Training, source data.Source) (*samples, error) {
	c := t.Config
	s := &samples{}
	n := min(c.Train.Samples, source.Len())
	for i := range n {
		m, err := source.Image(i * source.Len() / n) // spread over the set: sources may be mixed
		if err != nil {
			return nil, err
		}
		m = m.Resize(c.Image.Size, c.Image.Size).Convert(c.Image.Channels)
		s.input = append(s.input, m.Floats(c.Image.Channels)...)
		s.plain = append(s.plain, m)
	}
	return s, nil
}

func (s *samples) afterStep(t *Training, _ []float64) error {
	if !t.EpochDone() || (t.Epoch()%t.Config.Train.SampleEvery != 0 && t.Step != t.Total) {
		return nil
	}
	return s.write(t)
}

// samplePath is the file of an epoch's sample in a run's folder.
func samplePath(dir string, epoch int) string {
	return filepath.Join(dir, "samples", fmt.Sprintf("epoch-%04d.png", epoch))
}

func (s *samples) finish(*Training) error { return nil }

func (s *samples) write(t *Training) error {
	n, channels, size := len(s.plain), t.Config.Image.Channels, t.Config.Image.Size
	var keys []float32
	torch.Scope(func() {
		in := torch.FromFloats(s.input, int64(n), int64(channels), int64(size), int64(size)).To(t.device)
		keys = t.Objective.Show(in)[0].Images.Floats()
	})
	const gap = 2
	grid := data.NewImage(n*(size+gap)-gap, 2*size+gap, channels, 8)
	for i, plain := range s.plain {
		plane := channels * size * size
		key := data.FromFloats(keys[i*plane:(i+1)*plane], channels, size, size)
		grid.Paste(data.FromFloats(plain.Floats(channels), channels, size, size), i*(size+gap), 0)
		grid.Paste(key, i*(size+gap), size+gap)
	}
	path := samplePath(t.Dir, t.Epoch())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return data.WritePNG(path, grid, true)
}
