package experiment

import (
	"keygan/cipher"
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
	if t == nil {
		return
	}
	t.done += cost
	if t.report == nil {
		return
	}
	t.total = max(t.total, t.done) // the estimate was too low
	share := t.done / max(t.total, 1)
	left := time.Duration(0)
	if share > 0 {
		left = time.Duration(float64(time.Since(t.began)) * (1 - share) / share)
	}
	t.report(Progress{share, left, what})
}

// The costs of work, as measured on one core, in milliseconds for 256×256 RGB images.
const (
	systemCost = 250   // all metrics of an image under a scheme
	changeCost = 6     // two encryptions and their comparison
	bitCost    = 15e-5 // SP 800-22, a bit
)

func costOfBits(n int) float64 { return bitCost * float64(n) }

// estimate sets the costs of generators and systems, and gives that of all images of a source of so many.
func (e *experiment) estimate() error {
	share := float64(e.cfg.Size*e.cfg.Size*e.channels) / (256 * 256 * 3)
	for _, g := range e.generators {
		if g.keys == nil {
			continue
		}
		cost, err := g.timeOnce(e.cfg.Size)
		if err != nil {
			return err
		}
		g.cost = cost
	}
	for _, s := range e.systems {
		s.cost, s.changeCost = share*systemCost, share*changeCost
		if s.cryptosystem.Info().Takes == cipher.EncryptingNetwork && s.generator != nil {
			s.cost += (4 + 2 + 2*keyBits) * s.generator.cost
			s.changeCost += 2 * s.generator.cost
		}
	}
	return nil
}

// imageCost is the cost of one image, and changeCost that of one change of one bit.
func (e *experiment) imageCost() (image, change float64) {
	for _, g := range e.makers() {
		image, change = image+g.cost, change+g.cost
	}
	for _, s := range e.measured() {
		image, change = image+s.cost, change+s.changeCost
	}
	return image, change
}
