package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"keygan/batch/keyfile"
	"keygan/cmd/internal/cli"
	"keygan/internal/failure"

	"golang.org/x/term"
)

// askPassphrase asks on the terminal for what, and does not show what is typed. It uses the terminal of the process even when its input
// and output are redirected.
func (a *app) askPassphrase(ctx context.Context, what string) ([]byte, error) {
	from, to := "/dev/tty", "/dev/tty"
	if runtime.GOOS == "windows" {
		from, to = "CONIN$", "CONOUT$"
	}
	in, out := os.Stdin, os.Stderr
	if keyboard, err := os.OpenFile(from, os.O_RDWR, 0); err == nil {
		defer keyboard.Close()
		if screen, err := os.OpenFile(to, os.O_RDWR, 0); err == nil {
			defer screen.Close()
			in, out = keyboard, screen
		}
	}
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, keyfile.ErrNoTerminal
	}
	type answer struct {
		passphrase []byte
		err        error
	}
	var got answer
	// Guarded, so that the process does not end before the terminal shows again what is typed.
	err = a.Guard(ctx, func() error {
		fmt.Fprintf(out, "keygan: %s: ", cli.Shown(what))
		defer fmt.Fprintln(out)
		answered := make(chan answer, 1)
		go func() {
			b, err := term.ReadPassword(fd)
			answered <- answer{b, err}
		}()
		select {
		case got = <-answered:
			return nil
		case <-ctx.Done():
			return errors.Join(term.Restore(fd, before), failure.ErrInterrupted)
		}
	})
	switch {
	case err != nil:
		return nil, err
	case got.err != nil:
		return nil, fmt.Errorf("the passphrase could not be read: %w", got.err)
	}
	if err := keyfile.CheckPassphrase(got.passphrase); err != nil {
		clear(got.passphrase)
		return nil, err
	}
	return got.passphrase, nil
}
