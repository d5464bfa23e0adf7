package keyfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"keygan/cipher/agekeys"
	"keygan/internal/boundedfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/regularfile"

	"filippo.io/age"
)

// maxShort bounds a file of identities or recipients, in bytes.
const maxShort = 1 << 20

// ParseRecipients reads recipients. Each name is a recipient, or a file with one per line. What is wrong with one is a usage error.
func ParseRecipients(names []string) ([]age.Recipient, error) {
	var all []age.Recipient
	for _, name := range names {
		r, err := agekeys.ParseRecipient(name)
		if err == nil {
			all = append(all, r)
			continue
		}
		if strings.Contains(strings.ToUpper(name), "AGE-SECRET-KEY-") {
			return nil, &failure.UsageError{Err: err} // which does not repeat it
		}
		if info, statErr := os.Stat(name); statErr != nil || !info.Mode().IsRegular() {
			if len(name) > 40 {
				name = name[:40] + "…"
			}
			return nil, failure.Hint(failure.Usagef("recipient %q: %w, nor a file", name, err),
				"-r takes one recipient or a file of recipients, and may be repeated")
		}
		inFile, err := readRecipients(name)
		if err != nil {
			return nil, err
		}
		all = append(all, inFile...)
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
	return RecipientsIn(path, b)
}

// RecipientsIn reads a list of recipients, one per line, with comments. Errors call it name, and are usage errors.
func RecipientsIn(name string, b []byte) ([]age.Recipient, error) {
	var all []age.Recipient
	n := 0
	for line := range strings.Lines(string(b)) {
		n++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		r, err := agekeys.ParseRecipient(line)
		if err != nil {
			return nil, failure.Usagef("%s: line %d: %w", name, n, err)
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, failure.Usagef("%s: no recipients in this file", name)
	}
	return all, nil
}

// readShort reads a short file, or standard input for "-".
func readShort(path string) ([]byte, error) {
	if path != "-" {
		return boundedfile.Read(path, "a file of identities or recipients", maxShort)
	}
	b, err := io.ReadAll(io.LimitReader(os.Stdin, maxShort+1))
	if err == nil && len(b) > maxShort {
		err = fmt.Errorf("is larger than %d bytes", maxShort)
	}
	return b, fileerr.Named("standard input", err)
}

// MaxIdentity is how many bytes of a file are searched for an identity.
const MaxIdentity = 64 << 10

// RefuseIdentity returns an error for a file with an age identity or a private key in it.
func RefuseIdentity(path string) error {
	f, err := regularfile.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxIdentity))
	defer clear(b)
	if err == nil {
		err = RefuseIdentityIn(b)
	}
	return fileerr.Named(path, err)
}

// RefuseIdentityIn does the same for the beginning of a file.
func RefuseIdentityIn(b []byte) error {
	if !secretKey.Match(b) {
		return nil
	}
	return failure.Hint(
		errors.New("this is an identity (a secret key); encrypted to itself and deleted, it would be lost with all that it opens"),
		"keep identities elsewhere; keygan keypair -p and ssh-keygen -p put them under a passphrase",
	)
}

// secretKey is an age identity, wherever it stands in a file, or the first line of a private key.
var secretKey = regexp.MustCompile(`AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]{50}|(?m:^[ \t]*-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[ \t\r]*$)`)
