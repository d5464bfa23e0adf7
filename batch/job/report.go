package job

import (
	"fmt"
	"time"

	"keygan/internal/listing"
)

// A Report says what became of the inputs of a batch, in their order. Its JSON has no null, which programs would have to look out for.
type Report struct {
	Name        string            `json:"command"` // of the work
	Done        []Done            `json:"done"`
	DoneBefore  []string          `json:"done_before"` // inputs
	Failed      []Failed          `json:"failed"`
	LeftOut     []listing.LeftOut `json:"left_out"`
	Seconds     float64           `json:"seconds"`
	InGenerator time.Duration     `json:"-"` // spent making keys, summed over images that were worked on side by side

	tally Tally
}

// Done is an input whose outputs were written.
type Done struct {
	Input   string   `json:"input"`
	Outputs []string `json:"outputs"`
	Comment string   `json:"comment,omitempty"` // what a user should know
}

// NewReport returns a report without inputs.
func NewReport(name string) *Report {
	return &Report{Name: name, Done: []Done{}, DoneBefore: []string{}, Failed: []Failed{}, LeftOut: []listing.LeftOut{}}
}

// Fail adds an input that failed.
func (r *Report) Fail(f Failed) {
	f.Text = f.Err.Error()
	r.Failed = append(r.Failed, f)
}

// Inputs returns how many inputs there were.
func (r *Report) Inputs() int { return len(r.Done) + len(r.DoneBefore) + len(r.Failed) }

func (r *run) report() *Report {
	rep := NewReport(r.Name)
	rep.Seconds, rep.tally = r.tally.since().Seconds(), r.tally
	rep.LeftOut = append(rep.LeftOut, r.LeftOut...)
	for _, f := range r.Failed {
		rep.Fail(f)
	}
	for i, res := range r.results {
		switch j := r.Jobs[i]; {
		case res.err != nil:
			rep.Fail(Failed{Input: j.Input, Err: res.err})
		case res.skipped:
			rep.DoneBefore = append(rep.DoneBefore, j.Input)
		default:
			rep.Done = append(rep.Done, Done{j.Input, j.Outputs, res.comment})
		}
	}
	return rep
}

// Summary says in a line what was done, and how fast. Jobs that were done before do not count as speed.
func (r *Report) Summary() string {
	t := &r.tally
	if t.made == 0 && len(r.Failed) == 0 {
		return fmt.Sprintf("nothing to do, %d done before", t.skipped)
	}
	files := "files"
	if t.made == 1 {
		files = "file"
	}
	s := fmt.Sprintf("%d %s, %.1f MB in %.1f s (%s)", t.made, files, float64(t.madeBytes)/1e6, r.Seconds, speed(t.made, t.madeBytes, r.Seconds))
	if t.skipped > 0 {
		s += fmt.Sprintf(", %d done before", t.skipped)
	}
	if len(r.Failed) > 0 {
		s += fmt.Sprintf(", %d failed", len(r.Failed))
	}
	if r.InGenerator > 0 {
		s += fmt.Sprintf("; the generator took %.2f s", r.InGenerator.Seconds())
		if t.Jobs > 1 {
			s += ", summed over images"
		}
	}
	return s
}
