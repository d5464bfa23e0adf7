package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"keygan/cipher/agekeys"

	"filippo.io/age"
)

// maxIdentities bounds a file of identities or recipients, in bytes.
const maxIdentities = 1 << 20

// readIdentities reads identity files. Of those that are encrypted, the passphrase is asked for.
func readIdentities(paths []string, passphrase func(path string) ([]byte, error)) ([]age.Identity, error) {
	var all []age.Identity
	for _, path := range paths {
		b, err := readShort(path)
		if err != nil {
			return nil, err
		}
		ids, err := agekeys.ParseIdentities(path, b, func() ([]byte, error) { return passphrase(path) })
		clear(b)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
	}
	return all, nil
}

// shownRecipient is how much of a word that is no recipient is repeated, in bytes.
const shownRecipient = 40

// parseRecipients reads the recipients that -r names: each is one, or a file with one a line. What is wrong with one is wrong usage.
func parseRecipients(names []string) ([]age.Recipient, error) {
	var all []age.Recipient
	for _, name := range names {
		r, err := agekeys.ParseRecipient(name)
		if err == nil {
			all = append(all, r)
			continue
		}
		if strings.Contains(strings.ToUpper(name), "AGE-SECRET-KEY-") {
			return nil, usageError{err} // without it
		}
		if info, statErr := os.Stat(name); statErr != nil || !info.Mode().IsRegular() {
			if len(name) > shownRecipient {
				name = name[:shownRecipient] + "…"
			}
			return nil, hinted{usagef("recipient %q: %w, nor a file", name, err), "-r takes one recipient or a file of recipients, and may be repeated"}
		}
		of, err := readRecipients(name)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	return all, nil
}

// readRecipients reads a file of recipients. Empty lines and those that start with # are comments.
func readRecipients(path string) ([]age.Recipient, error) {
	b, err := readShort(path)
	if err != nil {
		return nil, err
	}
	defer clear(b) // it may be an identity by mistake
	var all []age.Recipient
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		r, err := agekeys.ParseRecipient(line)
		if err != nil {
			return nil, usagef("%s: line %d: %w", path, n, err)
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, usagef("%s: no recipients in this file", path)
	}
	return all, nil
}

// readShort reads a file of identities or recipients, or standard input for -.
func readShort(path string) ([]byte, error) {
	f := os.Stdin
	if path == "-" {
		path = "standard input"
	} else {
		var err error
		if f, err = os.Open(path); err != nil {
			return nil, named(path, err)
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxIdentities+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, named(path, err)
	}
	if len(b) > maxIdentities {
		return nil, fmt.Errorf("%s: too large for a file of identities or recipients", path)
	}
	return b, nil
}
