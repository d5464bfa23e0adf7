package train

import (
	"fmt"
	"math"
	"slices"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/evaluate/figure"
	torch "keygan/gotorch"
	"keygan/train/runlog"
)

// keyImages is by how many images of a set, at most, the keys are judged: enough to tell good from bad, and few enough to cost little.
const keyImages = 16

// quality says, with every sample, how good the keys of held-out images are, and of as many training images: the difference between
// the two is overfitting. It takes no part in the training, nor in its random numbers.
type quality struct {
	t    *Training
	sets []keySet
}

// keySet is some images of a set, whose keys are judged.
type keySet struct {
	prefix string // of its columns
	from   dataset.Source
	images []*raster.Image
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
		for _, m := range measures {
			if m.column != "" {
				c.Keys = append(c.Keys, set.prefix+m.column)
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
		found, err := fidelities(set.images, q.t.keys(set.images))
		if err != nil {
			return nil, err
		}
		for _, m := range measures {
			if m.column != "" {
				mean, _, n := m.meanAndSD(found)
				if n == 0 {
					mean = math.NaN()
				}
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
	for _, m := range measures {
		i := slices.IndexFunc(columns, func(name string) bool { _, of := figure.KeyColumn(name); return of == m.column })
		if m.better == 0 || !runlog.Finite(s.Keys[i]) {
			continue
		}
		if before, ok := t.bests[m.name]; !ok || m.better*(s.Keys[i]-before.Value) > 0 {
			t.bests[m.name] = best{s.Step, columns[i], s.Keys[i]}
			found = true
		}
	}
	return found
}

// BestMeasures are the names of the measures by which Export can choose a checkpoint.
func BestMeasures() (names []string) {
	for _, m := range measures {
		if m.better != 0 {
			names = append(names, m.name)
		}
	}
	return names
}
