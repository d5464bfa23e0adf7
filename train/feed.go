package train

import (
	"fmt"

	"keygan/data/dataset"
	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/inputs"
)

// feed gives the steps their batches, on the device.
type feed struct {
	source, target *dataset.Loader
	shape          []int64 // of a batch: [N, C, H, W]
	device         torch.Device
}

// openFeed begins at the batch numbered start, from 0 on.
func openFeed(c config.Config, sets inputs.Sets, device torch.Device, start int) (f *feed, err error) {
	size := int64(c.Image.Size)
	f = &feed{shape: []int64{int64(c.Train.Batch), int64(c.Image.Channels), size, size}, device: device}
	options := dataset.LoaderOptions{
		Batch:    c.Train.Batch,
		Size:     c.Image.Size,
		Channels: c.Image.Channels,
		Workers:  c.Train.Workers,
		Seed:     c.Seed,
		Start:    start,
		Augment:  c.Data.Augment,
	}
	if f.source, err = dataset.NewLoader(sets.Source, options); err != nil {
		return f, fmt.Errorf("source: %w", err)
	}
	targets := sets.Target
	if c.Paired() {
		targets, options.Last = sets.Source, sets.Encrypt // in step, and with the same augmentation
	} else {
		options.Augment = dataset.Augment{}
		options.Seed ^= 1 << 63 // two sets of the same length must not go in step
	}
	if f.target, err = dataset.NewLoader(targets, options); err != nil {
		return f, fmt.Errorf("target: %w", err)
	}
	return f, nil
}

// next is a batch of sources and one of targets. It belongs to the scope that is running.
func (f *feed) next() (b Batch, err error) {
	next := func(l *dataset.Loader) (x torch.Tensor) {
		if err != nil {
			return x
		}
		var batch dataset.Batch
		if batch, err = l.Next(); err == nil {
			x = torch.FromFloats(batch.Pixels, f.shape...).To(f.device)
		}
		return x
	}
	b.Source, b.Target = next(f.source), next(f.target)
	return b, err
}

func (f *feed) close() {
	for _, l := range []*dataset.Loader{f.source, f.target} {
		if l != nil {
			l.Close()
		}
	}
}
