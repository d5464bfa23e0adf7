package train

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/figure"
	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/fidelity"
	"keygan/train/runlog"
)

// samples is the hook that shows, every few epochs, what the networks make of the same few source images: samples/epoch-0003.png has
// a row of the images, one for each of Objective.Show's, and below them as many target images, whose look the keys take on.
type samples struct {
	t              *Training
	source, target []*raster.Image // of the networks' size and channels
	seen           []*raster.Image // source as the networks see it
	rows           []string        // names, from the first sample on
}

func newSamples(t *Training) (s *samples, err error) {
	s = &samples{t: t}
	if s.source, _, err = spread(t.sets.Source, t.Config.Train.Samples, t.Config.Image); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	if s.seen, err = t.sets.Victim.Show(s.source); err != nil {
		return nil, err
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
		for _, r := range t.Objective.Show(asTensor(s.seen, t.Config.Image).To(t.device), 0) {
			rows = append(rows, imagesOf(r.Images))
			s.rows = append(s.rows, r.Name)
		}
	})
	rows, s.rows = append(rows, s.target), append(s.rows, "target images")
	path := runlog.SamplePath(t.Dir, step.Epoch)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return imagefile.WritePNG(path, fidelity.Grid(rows), true)
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

// keyImages is by how many images of a set, at most, the keys are judged: enough to tell good from bad, and few enough to cost little.
const keyImages = 16

// quality says, with every sample, how good the keys of held-out images are, and of as many training images: the difference between
// the two is overfitting. It takes no part in the training, nor in its random numbers.
type quality struct {
	t    *Training
	sets []keySet
}

// keySet is some images of a set, whose keys are judged, or what is restored of them.
type keySet struct {
	prefix string // of its columns
	from   dataset.Source
	images []*raster.Image
	seen   []*raster.Image // by the networks
}

// keySets are the sets whose keys are judged, without their images; none where there are no samples.
func (t *Training) keySets() (sets []keySet) {
	if t.Config.Train.SampleEvery == 0 {
		return nil
	}
	if t.sets.HeldOut.Len() > 0 {
		sets = append(sets, keySet{prefix: figure.HeldOut, from: t.sets.HeldOut})
	}
	return append(sets, keySet{prefix: figure.Trained, from: t.sets.Source})
}

// logged are the columns of metrics.csv.
func (t *Training) logged() runlog.Columns {
	c := runlog.Columns{Step: t.columns}
	for _, set := range t.keySets() {
		for _, m := range fidelity.Measures {
			if m.Column != "" {
				c.Keys = append(c.Keys, set.prefix+m.Column)
			}
		}
	}
	return c
}

func newQuality(t *Training) (q *quality, err error) {
	q = &quality{t: t, sets: t.keySets()}
	for i := range q.sets {
		if q.sets[i].images, _, err = spread(q.sets[i].from, keyImages, t.Config.Image); err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		if q.sets[i].seen, err = t.sets.Victim.Show(q.sets[i].images); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// after has the values of the columns after a step, or nil where nothing is to be measured: also by the nil quality, of processes that
// write nothing.
func (q *quality) after(step runlog.Step) (values []float64, err error) {
	if q == nil || !q.t.sampled(step) {
		return nil, nil
	}
	for _, set := range q.sets {
		found, err := fidelity.Of(set.images, q.t.keys(set.seen))
		if err != nil {
			return nil, err
		}
		for _, m := range fidelity.Measures {
			if m.Column != "" {
				mean, _, _ := m.Mean(found)
				values = append(values, mean)
			}
		}
	}
	return values, nil
}

// sampled reports whether samples are made after a step, and keys judged.
func (t *Training) sampled(step runlog.Step) bool {
	every := t.Config.Train.SampleEvery
	return step.EpochDone && every > 0 && (step.Epoch%every == 0 || step.Step == t.Total)
}

// keys are those of images as the networks are now. The images go through in batches, as in training.
func (t *Training) keys(images []*raster.Image) (keys []*raster.Image) {
	for part := range slices.Chunk(images, t.Config.Train.Batch) {
		torch.Scope(func() {
			keys = append(keys, imagesOf(t.Objective.Keys(asTensor(part, t.Config.Image).To(t.device), len(keys)))...)
		})
	}
	return keys
}

// best says after which step, at the end of an epoch, the keys were best by a measure, and how good they were.
type best struct {
	Step   int     `json:"step"`
	Column string  `json:"column"` // of metrics.csv: of held-out images where there are any
	Value  float64 `json:"value"`
}

// noteBest remembers those measures that are better after a step than ever before, and reports whether there is one.
func (t *Training) noteBest(s runlog.Step) (found bool) {
	if s.Keys == nil || s.Step%t.StepsPerEpoch != 0 { // a longer run would go on with the epoch
		return false
	}
	columns := t.logged().Keys
	for _, m := range fidelity.Measures {
		i := slices.IndexFunc(columns, func(name string) bool { _, of := figure.KeyColumn(name); return of == m.Column })
		if m.Better == 0 || !runlog.Finite(s.Keys[i]) {
			continue
		}
		if before, ok := t.bests[m.Name]; !ok || m.Better*(s.Keys[i]-before.Value) > 0 {
			t.bests[m.Name] = best{s.Step, columns[i], s.Keys[i]}
			found = true
		}
	}
	return found
}

// BestMeasures are the names of the measures by which Export can choose a checkpoint.
func BestMeasures() (names []string) {
	for _, m := range fidelity.Measures {
		if m.Better != 0 {
			names = append(names, m.Name)
		}
	}
	return names
}
