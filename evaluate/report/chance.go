package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"keygan/cipher"
	"keygan/evaluate/experiment"
)

// Each verdict fails random data with probability Alpha, so a report with hundreds of them has failures that mean nothing.

// randomByConstruction says whether cipher images of a scheme are random bytes, whatever the image: those of a control with a fresh key.
func randomByConstruction(scheme string) bool {
	info := cipher.Describe(scheme)
	return info.Control && info.Fresh
}

// asRandom are the occasions on which such cipher images must look like random data. A kept key and one wrong bit of the key are others.
var asRandom = []experiment.Occasion{experiment.EachImage, experiment.CiphersOneBit, experiment.PlainAndCipher}

// verdictsOnRandom counts the verdicts on ciphertexts that are random by construction.
type verdictsOnRandom struct {
	Names, Which string
	Single       bool // there is one such system
	Made, Failed int
	Expected     string // failures
}

// OfRandom is nil where no such system was measured.
func (f facts) OfRandom() *verdictsOnRandom {
	var made, failed rowSet
	for i := range f.Report.Rows {
		row := &f.Report.Rows[i]
		if row.Verdict == experiment.None || row.MeanLow == nil || !randomByConstruction(row.Scheme) {
			continue
		}
		if m := metricOf(row); m == nil || !slices.Contains(asRandom, m.On) {
			continue
		}
		if made = append(made, row); row.Verdict == experiment.Fail {
			failed = append(failed, row)
		}
	}
	if len(made) == 0 {
		return nil
	}
	v := &verdictsOnRandom{Names: f.Names(made), Made: len(made), Failed: len(failed)}
	v.Single = !slices.ContainsFunc(made, func(row *experiment.Row) bool { return row.Scheme != made[0].Scheme })
	v.Expected = fmt.Sprintf("%.2g", f.Alpha*float64(len(made)))
	var which []string
	for _, row := range failed {
		which = append(which, fmt.Sprintf("%s (%s on %s)", row.Name, row.System(), row.Source))
	}
	v.Which = strings.Join(which, ", ")
	return v
}

// Level is that of the verdicts, in percent.
func (f facts) Level() string { return fmt.Sprintf("%g", 100*f.Alpha) }

func metricOf(row *experiment.Row) *experiment.Metric {
	i := slices.IndexFunc(experiment.Metrics, func(m experiment.Metric) bool { return m.ID == row.Metric })
	if i < 0 {
		return nil
	}
	return &experiment.Metrics[i]
}

// BeyondChance are the rows that fail so clearly that among so many rows of random data one or more would with a probability of at most
// Alpha (Bonferroni). ByChance are the other rows that fail.
func (f facts) BeyondChance(rows rowSet) rowSet {
	return rows.Failed().filter(func(row *experiment.Row) bool { return f.clearly(row, len(rows)) })
}

func (f facts) ByChance(rows rowSet) rowSet {
	return rows.Failed().filter(func(row *experiment.Row) bool { return !f.clearly(row, len(rows)) })
}

// clearly makes the tests of a series again, at a level that is shared out over the rows: is its mean farther off than that of random data,
// or are too many of its values beyond the critical ones? The mean's distribution is normal, and its band says how wide.
func (f facts) clearly(row *experiment.Row, rows int) bool {
	tests := 2.0
	if row.N == 1 { // for a single value they are one test
		tests = 1
	}
	level := f.Alpha / tests
	if row.MeanLow == nil || row.MeanHigh == nil {
		return true // not a test of random data
	}
	z := math.Abs(*row.Measured-(*row.MeanLow+*row.MeanHigh)/2) / ((*row.MeanHigh - *row.MeanLow) / 2) * distuv.UnitNormal.Quantile(1-level/2)
	far := 2*distuv.UnitNormal.Survival(z) <= level/float64(rows)
	many := row.Missed > 0 && distuv.Binomial{N: float64(row.N), P: f.Alpha}.Survival(float64(row.Missed)-1) <= level/float64(rows)
	return far || many && row.N > 1
}
