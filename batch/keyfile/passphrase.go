package keyfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"keygan/cipher/agekeys"
	"keygan/internal/failure"
	"keygan/internal/fileerr"

	"filippo.io/age"
	"golang.org/x/term"
)

// Passphrases is where a command gets passphrases from: from Ask, or from a file for jobs without a terminal. None comes from the
// command line or the environment, which other users and the logs of a cluster may show. It is safe for concurrent use. nil has none.
type Passphrases struct {
	Use  bool   // key files are, or will be, encrypted under a passphrase
	File string // whose first line is the answer to every question; "-" is standard input; "": Ask

	FileFlag string // names File in the hint when Ask fails with ErrNoTerminal; "": no hint

	// Ask asks the user for what. It returns a passphrase that CheckPassphrase accepts.
	Ask func(ctx context.Context, what string) ([]byte, error)

	mu   sync.Mutex // of line and of Ask: several workers may find at once that a key is locked
	line []byte     // of File, once it has been read
}

// ErrNoTerminal is the error of Ask if there is nobody to ask.
var ErrNoTerminal = errors.New("there is no terminal on which to ask for a passphrase")

// maxPassphrase bounds a passphrase, in bytes.
const maxPassphrase = 1024

// Wanted reports whether key files are, or will be, encrypted under a passphrase.
func (p *Passphrases) Wanted() bool { return p != nil && (p.Use || p.File != "") }

// Wipe forgets what was read from the file.
func (p *Passphrases) Wipe() {
	if p != nil {
		clear(p.line)
	}
}

// New gets a new passphrase for what, and returns it as what encrypts and as what opens again. A user is asked twice.
func (p *Passphrases) New(ctx context.Context, what string) (age.Recipient, age.Identity, error) {
	b, err := p.get(ctx, "a new passphrase for "+what, true)
	defer clear(b)
	if err != nil {
		return nil, nil, err
	}
	r, err := agekeys.PassphraseRecipient(b)
	if err != nil {
		return nil, nil, err
	}
	id, err := agekeys.PassphraseIdentity(b)
	return r, id, err
}

// Identities reads files of identities ("-" is standard input), and asks for the passphrases of those that are encrypted. If key files
// are under a passphrase, that one is the last identity.
func (p *Passphrases) Identities(ctx context.Context, paths []string) ([]age.Identity, error) {
	var all []age.Identity
	for _, path := range paths {
		b, err := readShort(path)
		if err != nil {
			return nil, err
		}
		ids, err := agekeys.ParseIdentities(path, b, func() ([]byte, error) { return p.Of(ctx, path) })
		clear(b)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	if !p.Wanted() {
		return all, nil
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

// Of gets the passphrase that opens the file at path, which the caller clears.
func (p *Passphrases) Of(ctx context.Context, path string) ([]byte, error) {
	return p.get(ctx, "the passphrase of "+path, false)
}

// Path is the file that passphrases are read from, or "".
func (p *Passphrases) Path() string {
	if p == nil {
		return ""
	}
	return p.File
}

// get returns a passphrase, which the caller clears.
func (p *Passphrases) get(ctx context.Context, what string, twice bool) ([]byte, error) {
	if p == nil || (p.File == "" && p.Ask == nil) {
		return nil, ErrNoTerminal
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.File != "" {
		if p.line == nil {
			var err error
			if p.line, err = readPassphrase(p.File); err != nil {
				return nil, err
			}
		}
		return bytes.Clone(p.line), nil
	}
	first, err := p.Ask(ctx, what)
	if errors.Is(err, ErrNoTerminal) && p.FileFlag != "" {
		err = failure.Hint(err, fmt.Sprintf("--%[1]s FILE reads it from a file, --%[1]s - from standard input", p.FileFlag))
	}
	if err != nil || !twice {
		return first, err
	}
	second, err := p.Ask(ctx, "the same again")
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
			return nil, failure.Hint(failure.Usagef("standard input is a terminal, which would show the passphrase"),
				"without --passphrase-file you are asked for it, and nothing is shown")
		}
	} else {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, fileerr.Named(path, err)
		}
		defer f.Close()
	}
	line, err := readLine(f)
	if err == nil {
		err = CheckPassphrase(line)
	}
	if err != nil {
		clear(line)
		return nil, fileerr.Named(path, err)
	}
	return line, nil
}

// readLine reads a line byte by byte, so that the next line is left to whoever reads next. It stops at more than a passphrase can have.
func readLine(f *os.File) ([]byte, error) {
	line := make([]byte, 0, maxPassphrase+2)
	for len(line) < cap(line) && !bytes.HasSuffix(line, []byte("\n")) {
		n, err := f.Read(line[len(line) : len(line)+1])
		line = line[:len(line)+n]
		if err == io.EOF {
			break
		}
		if err != nil {
			return line, err
		}
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
}

// CheckPassphrase refuses a passphrase that is empty or too long.
func CheckPassphrase(b []byte) error {
	switch {
	case len(b) == 0:
		return errors.New("the passphrase is empty")
	case len(b) > maxPassphrase:
		return fmt.Errorf("the passphrase is longer than %d bytes", maxPassphrase)
	}
	return nil
}
