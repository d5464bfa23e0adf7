// Package failure adds to errors what a user needs beside their text: a hint that names the likely fix, and whether the request
// itself was wrong.
//
//	return failure.Hint(err, "name another folder with -o")
//	return failure.Usagef("--resize %d: it must be 1 to %d pixels", side, most)
//
// A command prints the hint on a line of its own and ends with exit code 2 after a wrong request. A web page shows both its way.
package failure

import (
	"errors"
	"fmt"
)

// ErrInterrupted means that the process was told to end.
var ErrInterrupted = errors.New("interrupted: the files finished before are complete")

// Interrupted is ErrInterrupted in other words, for what has more to say than that whole files are complete.
func Interrupted(text string) error { return interrupted(text) }

type interrupted string

func (i interrupted) Error() string        { return string(i) }
func (i interrupted) Is(target error) bool { return target == ErrInterrupted }

// A UsageError is a mistake in a request: in a command line, a form or a configuration.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError as fmt.Errorf does.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

// IsUsage reports whether an error is or wraps a UsageError.
func IsUsage(err error) bool {
	var usage *UsageError
	return errors.As(err, &usage)
}

type told struct{ error }

func (t told) Unwrap() error { return t.error }

// Told is an error that another process reports already.
func Told(err error) error { return told{err} }

// IsTold reports whether an error is or wraps one that another process reports.
func IsTold(err error) bool {
	_, is := errors.AsType[told](err)
	return is
}

type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }

// Hint adds a hint to an error.
func Hint(err error, hint string) error { return hinted{err, hint} }

// HintOf returns the outermost hint in an error, or "".
func HintOf(err error) string {
	var h hinted
	errors.As(err, &h)
	return h.hint
}
