package job

import (
	"fmt"
	"os"
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
	Inputs  []string `json:"inputs,omitempty"` // the files of a series, Input being the first
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
			rep.Done = append(rep.Done, Done{j.Input, j.Inputs, j.Outputs, res.comment})
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
	s := fmt.Sprintf("%d %s, %.1f MB in %.1f s (%s)",
		t.made, files, float64(t.madeBytes)/1e6, r.Seconds, speed(t.made, t.madeBytes, r.Seconds))
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

// A Tally counts the inputs of a batch whose jobs ended, and their bytes.
type Tally struct {
	Jobs int // one, or one for each of several inputs

	files                 []int   // of each job
	sizes                 []int64 // of these, in bytes
	total                 int64
	began                 time.Time
	made, skipped, failed int
	bytes                 int64 // of jobs that ended in any way
	madeBytes             int64
	now                   func() time.Time
}

func (t *Tally) start(jobs []Job, began time.Time) {
	t.files, t.sizes, t.now = make([]int, len(jobs)), make([]int64, len(jobs)), time.Now
	for i, j := range jobs {
		inputs := j.Inputs
		if inputs == nil {
			inputs = []string{j.Input}
		}
		for _, path := range inputs {
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				t.sizes[i] += info.Size()
			}
		}
		t.files[i] = len(inputs)
		t.Jobs += t.files[i]
		t.total += t.sizes[i]
	}
	if t.began = began; began.IsZero() {
		t.began = t.now()
	}
}

func (t *Tally) add(i int, r result) {
	t.bytes += t.sizes[i]
	switch {
	case r.err != nil:
		t.failed += t.files[i]
	case r.skipped:
		t.skipped += t.files[i]
	default:
		t.made += t.files[i]
		t.madeBytes += t.sizes[i]
	}
}

func (t *Tally) since() time.Duration { return t.now().Sub(t.began) }

// Ended returns how many jobs ended in any way.
func (t *Tally) Ended() int { return t.made + t.skipped + t.failed }

// Speed returns the average speed so far.
func (t *Tally) Speed() string { return speed(t.Ended(), t.bytes, t.since().Seconds()) }

func speed(files int, bytes int64, seconds float64) string {
	seconds = max(seconds, 1e-3)
	return fmt.Sprintf("%.3g files/s, %.3g MB/s", float64(files)/seconds, float64(bytes)/1e6/seconds)
}

// Left returns about how long the rest will take, or 0 when that is not known.
func (t *Tally) Left() time.Duration {
	share := float64(t.Ended()) / float64(max(1, t.Jobs))
	if t.total > 0 {
		share = float64(t.bytes) / float64(t.total)
	}
	if share == 0 {
		return 0
	}
	return time.Duration((1/share - 1) * float64(t.since()))
}
