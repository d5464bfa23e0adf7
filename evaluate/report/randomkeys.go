package report

import (
	"math/rand/v2"
	"strings"

	"keygan/data/raster"
	"keygan/evaluate/experiment"
	"keygan/evaluate/metrics"
)

// A claim that keys of random bytes meet as well is met by every random-looking key: it is no evidence for a scheme, nor for its security.

// control judges what a publication says on random keys. The claim passes for them only if all that is asked of them holds.
func (c *Check) control(rows rowSet, holds func(*experiment.Row) bool) {
	if len(rows) == 0 {
		return
	}
	kept := len(rows.filter(holds))
	c.say("The same of random keys: measured %s; it holds for %d of %d series.", strings.TrimSpace(rows.Range()+" "+rows[0].Unit), kept, len(rows))
	if c.RandomKeys != experiment.Fail {
		c.RandomKeys = passIf(kept == len(rows))
	}
}

// underRandomKeys are the rows of the controls that are random by construction.
func (r *Report) underRandomKeys(ids ...string) (out rowSet) {
	for _, id := range ids {
		out = append(out, r.rows(id, randomByConstruction)...)
	}
	return out
}

// randomKeys measures two keys of random bytes, as large as the report's keys. They come from the seed.
func (r *Report) randomKeys(metric string) rowSet {
	keys := r.rows(metric, ofKeys)
	if len(keys) == 0 || r.Config.Size == 0 {
		return nil
	}
	random := rand.NewChaCha8([32]byte{byte(r.Config.Seed), 'k', 'e', 'y', 's'})
	var drawn [2]*raster.Image
	for i := range drawn {
		drawn[i] = raster.NewImage(r.Config.Size, r.Config.Size, 3, 8)
		random.Read(drawn[i].Pix)
	}
	v := 0.0
	switch metric {
	case experiment.IDKeyLevels:
		for _, count := range metrics.Histogram(drawn[0]) {
			v += min(1, float64(count))
		}
	case experiment.IDNPCRKeyKey:
		v, _ = metrics.NPCR(drawn[0], drawn[1]) // of two images of one shape there is one
	}
	row := *keys[0]
	row.Scheme, row.Generator, row.Measured, row.SD, row.N = "random bytes", "", &v, nil, 1
	return rowSet{&row}
}

// Note says what the verdict as claimed is worth.
func (c Check) Note() string {
	var notes []string
	switch {
	case c.ClaimedVerdict == experiment.None:
		return ""
	case c.RandomKeys == experiment.None:
	case c.RandomKeys == experiment.Fail:
		notes = append(notes, "random keys fail")
	case c.ClaimedVerdict == experiment.Fail:
		notes = append(notes, "any random-looking key would pass")
	default:
		notes = append(notes, "passes for any random-looking key")
	}
	if c.unmeasured != "" {
		notes = append(notes, c.unmeasured)
	}
	return strings.Join(notes, "; ")
}
