package train

import (
	"fmt"
	"time"

	"keygan/data/dataset"
	"keygan/data/raster"
	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/inputs"
)

// feed gives the steps their batches, on the device. For a GPU, it copies the batches of a step while the step before is computed.
type feed struct {
	source, target *dataset.Loader
	shape          []int64 // of a batch: [N, C, H, W]
	device         torch.Device
	err            error         // of the first batch that could not be read
	waited         time.Duration // for the loaders

	stages        []*stage // a ring; nil: a batch is read when it is asked for
	staged, taken int      // batches that went into the ring, and out of it
	copies        torch.CUDAStream
}

// openFeed begins at the batch numbered start, from 0 on.
func openFeed(c config.Config, sets inputs.Sets, at place, start int) (f *feed, err error) {
	size := int64(c.Image.Size)
	from, to := at.team.Shard(c.Train.Batch)
	f = &feed{shape: []int64{int64(to - from), int64(c.Image.Channels), size, size}, device: at.device}
	options := dataset.LoaderOptions{
		Batch:    c.Train.Batch,
		From:     from,
		To:       to,
		Size:     c.Image.Size,
		Channels: c.Image.Channels,
		Workers:  c.Train.Workers,
		Seed:     c.Seed,
		Start:    start,
		Augment:  c.Data.Augment,
	}
	options.Last = sets.Victim.Last()
	if f.source, err = dataset.NewLoader(sets.Source, options); err != nil {
		return f, fmt.Errorf("source: %w", err)
	}
	targets := sets.Target
	options.Last = nil
	if c.Paired() {
		targets = sets.Source // in step, and with the same augmentation
		if encrypt := sets.Encrypt; encrypt != nil {
			options.Last = func(m *raster.Image, _ uint64) (*raster.Image, error) { return encrypt(m), nil }
		}
	} else {
		options.Augment = dataset.Augment{}
		options.Seed ^= 1 << 63 // two sets of the same length must not go in step
	}
	if f.target, err = dataset.NewLoader(targets, options); err != nil {
		return f, fmt.Errorf("target: %w", err)
	}
	if at.device.IsCUDA() {
		f.newStages(c.Train.Accumulate)
	}
	return f, nil
}

// next is a batch of sources and one of targets. It belongs to the scope that is running, or to the feed until the batches of the step
// after it are asked for.
func (f *feed) next() (b Batch, err error) {
	if f.stages == nil {
		f.load(func(x []float32) { b.Source = torch.FromFloats(x, f.shape...).To(f.device) },
			func(x []float32) { b.Target = torch.FromFloats(x, f.shape...).To(f.device) })
		return b, f.err
	}
	if f.taken == f.staged {
		f.stage()
	}
	s := f.stages[f.taken%len(f.stages)]
	f.taken++
	if f.device.IsCUDA() {
		torch.GetCurrentCUDAStream(f.device).Wait(s.copied)
	}
	return s.there, f.err
}

// load hands the pixels of the next batches on, unless an earlier batch could not be read.
func (f *feed) load(source, target func(pixels []float32)) {
	for _, set := range []struct {
		*dataset.Loader
		take func([]float32)
	}{{f.source, source}, {f.target, target}} {
		if f.err != nil {
			return
		}
		var batch dataset.Batch
		asked := time.Now()
		batch, f.err = set.Next()
		f.waited += time.Since(asked)
		if f.err == nil {
			set.take(batch.Pixels)
		}
	}
}

// stage is where a batch waits for its step: in pinned memory, from which a GPU copies by itself, and on the device.
type stage struct {
	here, there  Batch
	copied, used torch.CUDAEvent // there is filled; the step that reads it is done
}

// newStages makes room for the batches of two steps: while one is computed, those of the next are copied by a stream of their own.
func (f *feed) newStages(batches int) {
	if f.device.IsCUDA() {
		f.copies = torch.NewCUDAStream(f.device)
	}
	torch.Scope(func() {
		here := func() torch.Tensor { return torch.Empty(f.shape, false).PinMemory().Keep() }
		there := func() torch.Tensor { return f.device.Zeros(f.shape...).Keep() }
		for range 2 * batches {
			s := &stage{here: Batch{here(), here()}, there: Batch{there(), there()}}
			if f.device.IsCUDA() {
				s.copied, s.used = torch.NewCUDAEvent(), torch.NewCUDAEvent()
			}
			f.stages = append(f.stages, s)
		}
	})
}

// ahead is called when the step of the batches that next has handed out is on its way: it reads those of the next step.
func (f *feed) ahead() {
	if f.stages == nil {
		return
	}
	if f.device.IsCUDA() {
		now := torch.GetCurrentCUDAStream(f.device)
		for i := f.taken - len(f.stages)/2; i < f.taken; i++ {
			f.stages[i%len(f.stages)].used.Record(now)
		}
	}
	for range len(f.stages) / 2 {
		f.stage()
	}
}

// stage reads a batch and has it copied to the device. It waits until the last copy from the same memory is done, two steps ago, so that
// the host is never more than two steps ahead of a GPU.
func (f *feed) stage() {
	s := f.stages[f.staged%len(f.stages)]
	f.staged++
	if !f.device.IsCUDA() {
		f.load(s.there.Source.SetFloats, s.there.Target.SetFloats)
		return
	}
	s.copied.Synchronize()
	f.load(s.here.Source.SetFloats, s.here.Target.SetFloats)
	main := torch.GetCurrentCUDAStream(f.device)
	torch.SetCurrentCUDAStream(f.copies)
	defer torch.SetCurrentCUDAStream(main)
	f.copies.Wait(s.used)
	s.there.Source.CopyAsyncI(s.here.Source)
	s.there.Target.CopyAsyncI(s.here.Target)
	s.copied.Record(f.copies)
}

func (f *feed) close() {
	for _, l := range []*dataset.Loader{f.source, f.target} {
		if l != nil {
			l.Close()
		}
	}
	for _, s := range f.stages {
		for _, x := range []torch.Tensor{s.here.Source, s.here.Target, s.there.Source, s.there.Target} {
			x.Close()
		}
	}
}
