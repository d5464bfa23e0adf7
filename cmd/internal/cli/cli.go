// Package cli is what keygan's commands share: errors on one line with hints, exit codes, signals, progress bars, and names and JSON
// that are safe to print on a terminal.
//
//	p := &cli.Program{Name: "keygan", Hint: hintFor}
//	os.Exit(p.Main(rootCommand(p)))
//
// The exit code is 0 when all was done, 1 when something failed, 2 after wrong usage, 130, 143 or 129 after an interrupt (SIGINT,
// SIGTERM, SIGHUP).
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"keygan/internal/failure"
	"keygan/internal/fileerr"

	"github.com/spf13/cobra"
)

// A Program is a command with subcommands.
type Program struct {
	Name    string
	Hint    func(error) string // names the likely fix of an error that has no hint of its own; may be nil
	Quiet   bool               // no progress, no messages but warnings and errors
	Patient bool               // a signal only ends the context, and errors say what was saved; other programs end at once, but see Guard

	CommandNames bool // errors begin with the name of the subcommand
	Joined       bool // errors of several lines are joined to one; otherwise a line end is shown as \n

	Stdout, Stderr io.Writer // nil: the process's

	writing sync.RWMutex // held for reading during writes
}

// Main runs the process's command line and returns the exit code.
func (p *Program) Main(root *cobra.Command) int {
	p.Stdout, p.Stderr = &fileerr.Writer{W: os.Stdout}, os.Stderr
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup ignores it: the terminal may go
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		stop(interruption{<-signals})
		time.Sleep(time.Second) // timeout(1) sends a signal to the process and again to its group
		signal.Stop(signals)    // a second signal ends the process at once
	}()
	if p.Patient {
		return p.Run(ctx, root, os.Args[1:]...)
	}
	done := make(chan int, 1)
	go func() { done <- p.Run(ctx, root, os.Args[1:]...) }()
	select {
	case code := <-done:
		return code
	case <-ctx.Done():
		// A key may take minutes and cannot be stopped midway. It has written nothing, so there is no need to wait for it.
		p.writing.Lock()
		if !p.Quiet && IsTerminal(p.Stderr) {
			fmt.Fprintln(p.Stderr) // the progress bar's line is not ended
		}
		return p.exitCode(ctx, "", failure.ErrInterrupted)
	}
}

// Run runs any command line and returns the exit code. It heeds no signals.
func (p *Program) Run(ctx context.Context, root *cobra.Command, args ...string) int {
	understood := false // the command line makes sense; later errors are not wrong usage
	prepare := root.PersistentPreRunE
	root.PersistentPreRunE = func(c *cobra.Command, args []string) (err error) {
		if prepare != nil {
			err = prepare(c, args)
		}
		understood = err == nil
		return err
	}
	root.SilenceErrors, root.SilenceUsage = true, true
	root.DisableSuggestions = true // cobra's make an error many lines; see suggestion
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(unknownFlag)
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	if w, ok := p.Stdout.(*fileerr.Writer); ok && err == nil && w.Err != nil {
		c, err = root, fileerr.Named("standard output", w.Err)
	}
	if err != nil && !understood {
		err = &failure.UsageError{Err: err}
		if HintOf(err, p.Hint) == "" {
			err = failure.Hint(err,
				fmt.Sprintf("%s%[2]s --help lists the commands, %[2]s COMMAND --help what each takes", suggestion(root, args), p.Name))
		}
	}
	name := ""
	if p.CommandNames && c != root && c.Name() != "help" {
		name = c.Name() + ": "
	}
	p.writing.RLock() // not after Main has reported an interrupt
	defer p.writing.RUnlock()
	return p.exitCode(ctx, name, err)
}

// exitCode reports an error and returns what the process ends with.
func (p *Program) exitCode(ctx context.Context, name string, err error) int {
	by := interruption{}
	switch {
	case err == nil:
		return 0
	case errors.As(context.Cause(ctx), &by) && errors.Is(err, failure.ErrInterrupted):
		if !p.Patient { // each of many inputs may have been interrupted
			name, err = "", failure.ErrInterrupted
		}
		p.report(name, err)
		if s, ok := by.signal.(syscall.Signal); ok {
			return 128 + int(s) // as shells say it
		}
		return 1
	}
	p.report(name, err)
	if failure.IsUsage(err) {
		return 2
	}
	return 1
}

// Failures are the errors of a command that worked on several inputs.
type Failures struct {
	Errs   []error
	Inputs int
}

func (f *Failures) Error() string   { return errors.Join(f.Errs...).Error() }
func (f *Failures) Unwrap() []error { return f.Errs }

// Or returns the failures if there are any, else err.
func (f *Failures) Or(err error) error {
	if len(f.Errs) > 0 {
		return f
	}
	return err
}

// report prints an error on one line and its hint on another. Failures of several inputs have a line each, and a last line counts them.
func (p *Program) report(name string, err error) {
	if failure.IsTold(err) {
		return
	}
	f := &Failures{Errs: []error{err}}
	errors.As(err, &f)
	var hints []string
	for _, err := range f.Errs {
		text := err.Error()
		if p.Joined {
			text = strings.Join(strings.Fields(text), " ")
		}
		fmt.Fprintf(p.Stderr, "%s: %s%s\n", p.Name, name, Shown(text))
		if h := HintOf(err, p.Hint); h != "" && !slices.Contains(hints, h) {
			hints = append(hints, h)
		}
	}
	if f.Inputs > 1 {
		fmt.Fprintf(p.Stderr, "%s: %s%d of %d failed\n", p.Name, name, len(f.Errs), f.Inputs)
	}
	for _, h := range hints {
		fmt.Fprintf(p.Stderr, "hint: %s\n", Shown(h))
	}
}

// HintOf returns an error's own hint, or else what hint, which may be nil, names.
func HintOf(err error, hint func(error) string) string {
	if h := failure.HintOf(err); h != "" || hint == nil {
		return h
	}
	return hint(err)
}

// Guard runs write, which writes files. An interrupt waits for it; after an interrupt, write is not called.
func (p *Program) Guard(ctx context.Context, write func() error) error {
	p.writing.RLock()
	defer p.writing.RUnlock()
	if ctx.Err() != nil {
		return failure.ErrInterrupted
	}
	return write()
}

// interruption is the signal that told the process to end.
type interruption struct{ signal os.Signal }

func (i interruption) Error() string { return i.signal.String() }
