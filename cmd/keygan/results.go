package main

import (
	"fmt"

	"keygan/batch"
	"keygan/cmd/internal/cli"

	"github.com/spf13/cobra"
)

// results shows a batch to the user: messages and a progress bar on standard error, and the files written on standard output: a line
// each for people, ended by NUL bytes (-0) or as JSON (--json) for programs.
type results struct {
	app       *app
	summed    bool // a last line says what was done
	json, nul bool

	name string // of the command
	bar  *cli.Progress
}

func (r *results) addFlags(c *cobra.Command) {
	r.name = c.Name()
	c.Flags().BoolVar(&r.json, "json", false, "print one JSON object: what was done, done before, left out and failed")
	c.Flags().BoolVarP(&r.nul, "print0", "0", false, "end the names of the files written with NUL bytes, for xargs -0")
}

// host returns the host of a batch.
func (r *results) host() batch.Host {
	a := r.app
	return batch.Host{
		Stdout: a.Stdout,
		Guard:  a.Guard,
		Warn:   func(text string) { fmt.Fprintf(a.Stderr, "keygan: warning: %s: %s\n", r.name, text) },
		Note: func(text string) {
			if !a.Quiet {
				fmt.Fprintf(a.Stderr, "keygan: %s: %s\n", r.name, text)
			}
		},
		Written: func(outputs []string, comment string) {
			r.bar.Pause()
			r.print(outputs, comment)
		},
		Progress: func(name string, t *batch.Tally) {
			if r.bar == nil {
				r.bar = a.NewProgress(name, t.Jobs)
			} else {
				r.bar.Set(t.Ended(), t.Jobs, name, t.Speed(), t.Left())
			}
		},
	}
}

func (r *results) print(outputs []string, comment string) {
	if r.json { // all at the end
		return
	}
	for i, out := range outputs {
		switch {
		case r.nul:
			fmt.Fprintf(r.app.Stdout, "%s\x00", out)
		case i == 0 && comment != "":
			fmt.Fprintf(r.app.Stdout, "%s (%s)\n", cli.Shown(out), cli.Shown(comment))
		default:
			fmt.Fprintln(r.app.Stdout, cli.Shown(out))
		}
	}
}

// finish shows what became of a batch. It returns the errors of all its files together.
func (r *results) finish(report *batch.Report, err error) error {
	r.bar.Close()
	if err != nil || report == nil {
		return err
	}
	if !r.app.Quiet {
		many := report.Inputs() > 1 || len(report.DoneBefore) > 0 || (report.InGenerator > 0 && len(report.Failed) == 0)
		if r.summed && many {
			fmt.Fprintf(r.app.Stderr, "keygan: %s: %s\n", r.name, report.Summary())
		}
		const listed = 10 // --json names all
		for i, l := range report.LeftOut {
			if i == 0 {
				fmt.Fprintf(r.app.Stderr, "keygan: %s: %d left out:\n", r.name, len(report.LeftOut))
			}
			if i == listed {
				fmt.Fprintf(r.app.Stderr, "  and %d more; --json lists all\n", len(report.LeftOut)-i)
				break
			}
			fmt.Fprintf(r.app.Stderr, "  %s: %s\n", cli.Shown(l.Path), l.Why)
		}
	}
	failed := &cli.Failures{Inputs: report.Inputs()}
	for i, f := range report.Failed {
		failed.Errs = append(failed.Errs, f.Err)
		report.Failed[i].Hint = cli.HintOf(f.Err, hintFor)
	}
	if r.json {
		if err := cli.WriteJSON(r.app.Stdout, report); err != nil {
			return err
		}
	}
	return failed.Or(nil)
}
