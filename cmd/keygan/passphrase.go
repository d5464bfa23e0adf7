package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"keygan/cipher/agekeys"

	"filippo.io/age"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// passphrases is where a command gets a passphrase from: the terminal, or a file for jobs that have none. It takes none from the command
// line or the environment, which other users and the logs of a cluster may show.
type passphrases struct {
	app  *app
	use  bool
	file string // or "-"

	fileFlag string // the name of the flag of file

	mu   sync.Mutex // of line and of the terminal: several workers may find at once that a key is locked
	line []byte     // the first of the file, once it has been read
}

// maxPassphrase bounds a passphrase, in bytes.
const maxPassphrase = 1024

// addFlags adds --passphrase and --passphrase-file, or others that begin with prefix.
func (p *passphrases) addFlags(c *cobra.Command, prefix, use string) {
	short := ""
	if prefix == "" {
		short = "p"
	}
	p.fileFlag = prefix + "passphrase-file"
	c.Flags().BoolVarP(&p.use, prefix+"passphrase", short, false, use)
	c.Flags().StringVar(&p.file, p.fileFlag, "", "the same, from the first line of a file, or of standard input (-), without asking")
}

func (p *passphrases) wanted() bool { return p.use || p.file != "" }

// wipe forgets what was read.
func (p *passphrases) wipe() { clear(p.line) }

// recipient is the passphrase that something is encrypted under. On a terminal it is asked for twice.
func (p *passphrases) recipient(ctx context.Context, of string) (age.Recipient, error) {
	b, err := p.get(ctx, "a new passphrase for "+of, true)
	defer clear(b)
	if err != nil {
		return nil, err
	}
	return agekeys.PassphraseRecipient(b)
}

// both are a new passphrase as what encrypts key files and as what opens them again.
func (p *passphrases) both(ctx context.Context, of string) (age.Identity, age.Recipient, error) {
	b, err := p.get(ctx, "a new passphrase for "+of, true)
	defer clear(b)
	if err != nil {
		return nil, nil, err
	}
	r, err := agekeys.PassphraseRecipient(b)
	if err != nil {
		return nil, nil, err
	}
	id, err := agekeys.PassphraseIdentity(b)
	return id, r, err
}

// identities reads the identity files that -i names; the last identity is the passphrase of key files, where one is wanted.
func (p *passphrases) identities(ctx context.Context, paths []string) ([]age.Identity, error) {
	all, err := readIdentities(paths, func(path string) ([]byte, error) {
		return p.get(ctx, "the passphrase of "+shown(path), false)
	})
	if err != nil || !p.wanted() {
		return all, err
	}
	b, err := p.get(ctx, "the passphrase of the key files", false)
	defer clear(b)
	if err != nil {
		return nil, err
	}
	id, err := agekeys.PassphraseIdentity(b)
	if err != nil {
		return nil, err
	}
	return append(all, id), nil
}

// get returns a passphrase, which is the caller's to clear.
func (p *passphrases) get(ctx context.Context, what string, twice bool) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file != "" {
		if p.line == nil {
			var err error
			if p.line, err = readPassphrase(p.file); err != nil {
				return nil, err
			}
		}
		return bytes.Clone(p.line), nil
	}
	first, err := p.app.askSecret(ctx, what)
	if errors.Is(err, errNoTerminal) && p.fileFlag != "" {
		err = hinted{err, fmt.Sprintf("--%[1]s FILE reads it from a file, --%[1]s - from standard input", p.fileFlag)}
	}
	if err != nil || !twice {
		return first, err
	}
	second, err := p.app.askSecret(ctx, "the same again")
	defer clear(second)
	if err == nil && !bytes.Equal(first, second) {
		err = errors.New("the two passphrases differ")
	}
	if err != nil {
		clear(first)
		return nil, err
	}
	return first, nil
}

// readPassphrase reads the first line of a file, without its end.
func readPassphrase(path string) ([]byte, error) {
	f := os.Stdin
	if path == "-" {
		path = "standard input"
		if term.IsTerminal(int(f.Fd())) {
			return nil, hinted{usagef("standard input is a terminal, which would show the passphrase"), "without --passphrase-file it is asked for unseen"}
		}
	} else {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, named(path, err)
		}
		defer f.Close()
	}
	line := make([]byte, 0, maxPassphrase+2)
	for { // byte by byte, so that the next line is left to whoever reads next
		if len(line) == cap(line) {
			break // which is too long
		}
		n, err := f.Read(line[len(line) : len(line)+1])
		line = line[:len(line)+n]
		if err != nil && err != io.EOF {
			clear(line)
			return nil, named(path, err)
		}
		if err == io.EOF || bytes.HasSuffix(line, []byte("\n")) {
			break
		}
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if err := checkPassphrase(line); err != nil {
		clear(line)
		return nil, named(path, err)
	}
	return line, nil
}

func checkPassphrase(b []byte) error {
	switch {
	case len(b) == 0:
		return errors.New("the passphrase is empty")
	case len(b) > maxPassphrase:
		return fmt.Errorf("the passphrase is longer than %d bytes", maxPassphrase)
	}
	return nil
}

var errNoTerminal = errors.New("there is no terminal on which to ask for a passphrase")

// askSecret asks on the terminal for what is typed unseen.
func (a *app) askSecret(ctx context.Context, what string) ([]byte, error) {
	in, out := os.Stdin, os.Stderr
	if keyboard, err := os.OpenFile(terminalIn, os.O_RDWR, 0); err == nil {
		defer keyboard.Close()
		if screen, err := os.OpenFile(terminalOut, os.O_RDWR, 0); err == nil {
			defer screen.Close()
			in, out = keyboard, screen
		}
	}
	fd := int(in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, errNoTerminal
	}
	type answer struct {
		secret []byte
		err    error
	}
	var got answer
	// locked, so that the process does not end before the terminal shows again what is typed.
	err = a.locked(ctx, func() error {
		fmt.Fprintf(out, "keygan: %s: ", what)
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
			return errors.Join(term.Restore(fd, before), errInterrupted)
		}
	})
	switch {
	case err != nil:
		return nil, err
	case got.err != nil:
		return nil, fmt.Errorf("the passphrase could not be read: %w", got.err)
	}
	if err := checkPassphrase(got.secret); err != nil {
		clear(got.secret)
		return nil, err
	}
	return got.secret, nil
}
