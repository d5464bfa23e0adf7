package main

import (
	"fmt"
	"io"

	"keygan/internal/listing"

	"github.com/spf13/cobra"
)

// A resultList is how a command lists the files that it wrote, on standard output: a line each for people, ended by NUL bytes (-0) or as
// JSON (--json) for programs.
type resultList struct{ json, nul bool }

func (l *resultList) addFlags(c *cobra.Command) {
	c.Flags().BoolVar(&l.json, "json", false, "print one JSON object: what was done, done before, left out, and what failed")
	c.Flags().BoolVarP(&l.nul, "print0", "0", false, "end the names of the files written with NUL bytes, as xargs -0 takes them")
}

func (l resultList) print(w io.Writer, outputs []string, comment string) {
	if l.json { // all at the end
		return
	}
	for i, out := range outputs {
		switch {
		case l.nul:
			fmt.Fprintf(w, "%s\x00", out)
		case i == 0 && comment != "":
			fmt.Fprintf(w, "%s (%s)\n", shown(out), shown(comment))
		default:
			fmt.Fprintln(w, shown(out))
		}
	}
}

// single lists the outputs of a command that works on one input.
func (l resultList) single(w io.Writer, command, input string, outputs []string, comment string) error {
	if !l.json {
		l.print(w, outputs, comment)
		return nil
	}
	rec := newRecord(command)
	rec.Done = append(rec.Done, doneRecord{input, outputs, comment})
	return writeJSON(w, rec)
}

// batchRecord is what --json prints of a batch.
type batchRecord struct {
	Command    string         `json:"command"`
	Done       []doneRecord   `json:"done"`
	DoneBefore []string       `json:"done_before"` // inputs
	Failed     []failedRecord `json:"failed"`
	LeftOut    []leftRecord   `json:"left_out"`
	Seconds    float64        `json:"seconds"`
}

type doneRecord struct {
	Input   string   `json:"input"`
	Outputs []string `json:"outputs"`
	Comment string   `json:"comment,omitempty"`
}

type failedRecord struct {
	Input string `json:"input"`
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"`
}

type leftRecord struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// newRecord has no null in it, which programs would have to look out for.
func newRecord(command string) batchRecord {
	return batchRecord{Command: command, Done: []doneRecord{}, DoneBefore: []string{}, Failed: []failedRecord{}, LeftOut: []leftRecord{}}
}

func (rec *batchRecord) fail(input string, err error) {
	rec.Failed = append(rec.Failed, failedRecord{input, err.Error(), hintFor(err)})
}

func (r *runningBatch) record() batchRecord {
	rec := newRecord(r.what)
	rec.Seconds = r.tally.now().Sub(r.tally.began).Seconds()
	for _, bad := range r.bad {
		rec.fail(bad.path, bad.err)
	}
	for i, res := range r.results {
		switch j := r.jobs[i]; {
		case res.err != nil:
			rec.fail(j.input, res.err)
		case res.skipped:
			rec.DoneBefore = append(rec.DoneBefore, j.input)
		default:
			rec.Done = append(rec.Done, doneRecord{j.input, j.outputs, res.comment})
		}
	}
	for _, l := range r.leftOut {
		rec.LeftOut = append(rec.LeftOut, leftRecord(l))
	}
	return rec
}

// listedLeftOut is how many of the files that were left out are named; --json names all.
const listedLeftOut = 10

func printLeftOut(w io.Writer, what string, left []listing.LeftOut) {
	if len(left) == 0 {
		return
	}
	fmt.Fprintf(w, "keygan: %s: %d left out:\n", what, len(left))
	for i, l := range left {
		if i == listedLeftOut {
			fmt.Fprintf(w, "  and %d more; --json lists all\n", len(left)-i)
			return
		}
		fmt.Fprintf(w, "  %s: %s\n", shown(l.Path), l.Why)
	}
}
