package main

import (
	"errors"
	"fmt"
	"syscall"

	"keygan/cipher"
	"keygan/cipher/sealed"
	"keygan/infer"
	"keygan/internal/atomicfile"
)

var errInterrupted = errors.New("interrupted: what was finished before is there, whole")

// usageError is a mistake on the command line or in a configuration, which ends with exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// hinted is an error with a likely fix.
type hinted struct {
	error
	hint string
}

func (e hinted) Unwrap() error { return e.error }

// failures are the errors of a command that worked on several inputs.
type failures struct {
	what   string // the command
	errs   []error
	inputs int
}

func (f *failures) Error() string   { return errors.Join(f.errs...).Error() }
func (f *failures) Unwrap() []error { return f.errs }

// report prints an error as one line, and what may help as another. Of several inputs each failure has its line, and the
// last one counts them.
func (a *app) report(err error) {
	list := []error{err}
	f := (*failures)(nil)
	if errors.As(err, &f) {
		list = f.errs
	}
	var hints []string
	said := map[string]bool{}
	for _, err := range list {
		fmt.Fprintf(a.stderr, "keygan: %s\n", shown(err.Error()))
		if h := hintFor(err); h != "" && !said[h] {
			said[h] = true
			hints = append(hints, h)
		}
	}
	if f != nil && f.inputs > 1 {
		fmt.Fprintf(a.stderr, "keygan: %s: %d of %d failed\n", f.what, len(f.errs), f.inputs)
	}
	for _, h := range hints {
		fmt.Fprintf(a.stderr, "hint: %s\n", shown(h))
	}
}

// hintFor names the likely fix.
func hintFor(err error) string {
	var (
		own    hinted
		size   *cipher.SizeError
		side   *infer.SizeError
		format *cipher.FormatError

		version *sealed.VersionError
	)
	switch {
	case errors.As(err, &own):
		return own.hint
	case errors.Is(err, atomicfile.ErrExists):
		return "--force replaces what exists"
	case errors.As(err, &size):
		return fmt.Sprintf("--resize %d resizes the image first", size.Side)
	case errors.As(err, &side):
		return fmt.Sprintf("--resize %d resizes the image first", side.Side)
	case errors.As(err, &format):
		return "convert the image to 8-bit grey or RGB first, with a program that lets you see what gets lost"
	case errors.As(err, &version):
		return "a newer keygan reads it"
	case errors.Is(err, sealed.ErrRefused):
		return "is it the right identity or passphrase? -p is for key files under a passphrase, -i for all others; a damaged file needs another copy"
	case errors.Is(err, cipher.ErrMismatch):
		return "each cipher image is opened only by the key file written with it; --key FILE names another"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some space, or write to another disk with -o"
	case errors.Is(err, syscall.EFBIG):
		return "the size of files is limited here; see ulimit -f"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EROFS):
		return "see the permissions of the file and its folder, or write to another with -o"
	}
	return ""
}
