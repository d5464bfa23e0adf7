package experiment

import (
	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/infer"
	"time"
)

// Progress says how far a run is, and is made for a bar.
type Progress struct {
	Share float64       // of the work that is done, 0 to 1, by the time that it takes
	Left  time.Duration // about so much longer
	What  string        // is being done
}

// tracker adds up work. Its unit is an estimated millisecond: only ratios matter.
type tracker struct {
	report      func(Progress) // nil: nobody asks
	began       time.Time
	done, total float64
}

// passed counts work that was done.
func (t *tracker) passed(cost float64, what string) {
	if t == nil || t.report == nil {
		return
	}
	t.done += cost
	t.total = max(t.total, t.done, 1) // the estimate may be too low
	p := Progress{Share: t.done / t.total, What: what}
	if p.Share > 0 {
		p.Left = time.Duration(float64(time.Since(t.began)) * (1 - p.Share) / p.Share)
	}
	t.report(p)
}

// The costs of work, as measured on one core, in milliseconds for 256×256 RGB images.
const (
	systemCost = 250    // all metrics of an image under a scheme
	changeCost = 6      // two encryptions and their comparison
	bitCost    = 15e-5  // SP 800-22, a bit
	attackCost = 10_000 // all attacks
)

func costOfBits(n int) float64 { return bitCost * float64(n) }

// plan estimates what everything costs, and adds it up.
func (e *experiment) plan(sources []dataset.Source, report func(Progress)) error {
	e.progress = &tracker{report: report, began: time.Now(), total: attackCost}
	image, change := 0.0, 0.0 // the costs of one image, and of one change of one bit
	for _, g := range e.generators {
		if g.keys == nil {
			continue
		}
		start := time.Now()
		if _, err := g.keys.KeyFrom(raster.NewImage(e.cfg.Size, e.cfg.Size, g.info.Channels, 8), infer.Seed{}); err != nil {
			return err
		}
		if g.cost = milliseconds(time.Since(start)); !g.chaos() {
			image, change = image+g.cost, change+g.cost
		}
	}
	share := float64(e.cfg.Size*e.cfg.Size*e.channels) / (256 * 256 * 3)
	for _, s := range e.measured() {
		s.cost, s.changeCost = share*systemCost, share*changeCost
		if s.cryptosystem.Info().Takes == cipher.EncryptingNetwork {
			s.cost += (4 + 2 + 2*keyBits) * s.generator.cost
			s.changeCost += 2 * s.generator.cost
		}
		image, change = image+s.cost, change+s.changeCost
	}
	for _, src := range sources {
		e.progress.total += float64(e.planned(src))*image + float64(e.cfg.Changes)*change
	}
	kinds := float64(len(e.makers()) + 2*len(e.measured())) // of bits for SP 800-22
	e.progress.total += kinds * float64(e.cfg.Randomness.Sequences) * costOfBits(e.cfg.Randomness.Bits)
	return nil
}
