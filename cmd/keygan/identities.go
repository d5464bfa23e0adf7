package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"keygan/cipher"

	"filippo.io/age"
)

// maxIdentities bounds an identity file, in bytes.
const maxIdentities = 1 << 20

// readIdentities reads the identity files that -i names.
func readIdentities(paths []string) ([]age.Identity, error) {
	var all []age.Identity
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return nil, named(path, err)
		}
		b, err := io.ReadAll(io.LimitReader(f, maxIdentities+1))
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, named(path, err)
		}
		if len(b) > maxIdentities {
			return nil, fmt.Errorf("%s: too large for an identity file", path)
		}
		ids, err := cipher.ParseIdentities(b, nil)
		clear(b)
		if err != nil {
			return nil, named(path, err)
		}
		all = append(all, ids...)
	}
	return all, nil
}

// parseRecipients reads the recipients that -r names. What is wrong with one is wrong usage.
func parseRecipients(names []string) ([]age.Recipient, error) {
	var all []age.Recipient
	for _, name := range names {
		r, err := cipher.ParseRecipient(name)
		if err != nil {
			return nil, usageError{err}
		}
		all = append(all, r)
	}
	return all, nil
}
