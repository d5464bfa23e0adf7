// Package keyfile reads the key files of sealed cipher images, and the identities, recipients and passphrases that open or encrypt
// them.
//
//	identities, err := passphrases.Identities(ctx, []string{"me.key"})
//	key, err := keyfile.Read("scan.png.key.age", identities)
//	defer key.Wipe()
//
// A key file is an age file (X.key.age) or plain JSON (X.key.json). Errors read "path: reason" and never hold a secret.
// Keypair makes identities, and Rekey re-encrypts key files for others.
package keyfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"keygan/cipher/sealed"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/regularfile"

	"filippo.io/age"
)

// The ends of names of key files: encrypted, and not.
const (
	Suffix      = ".key.age"
	PlainSuffix = ".key.json"
)

// ErrNoIdentity is the error for an encrypted key file when no identity is given.
var ErrNoIdentity = errors.New("this key file is encrypted, and no identity or passphrase is given")

// errUnencrypted refuses what could pass for more than it is: whoever gives a passphrase expects a key file from somebody who knows it.
var errUnencrypted = failure.Hint(
	errors.New("this key file is not encrypted, so anybody could have made it, and an identity or passphrase is given"),
	"without -i and -p unencrypted key files are taken; keygan rekey FILE -r RECIPIENT encrypts them",
)

// IsAge reports whether a file starts as age files do.
func IsAge(path string) bool {
	return regularfile.StartsWith(path, "age-encryption.org/") || regularfile.StartsWith(path, "-----BEGIN AGE ENCRYPTED FILE-----")
}

// IsUnencrypted reports whether a file starts as unencrypted key files do and is not called .age.
func IsUnencrypted(path string) bool {
	return !calledAge(path) && regularfile.StartsWith(path, unencrypted)
}

const unencrypted = `{"header":` // is how an unencrypted key file starts

func calledAge(path string) bool { return strings.HasSuffix(strings.ToLower(path), ".age") }

// Read opens a key file of age or, if no identity is given, an unencrypted one.
func Read(path string, identities []age.Identity) (*sealed.Key, error) {
	plain := IsUnencrypted(path)
	if err := refuse(path, plain, len(identities)); err != nil {
		return nil, err
	} else if plain {
		return readUnencrypted(path)
	}
	f, err := regularfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	k, err := sealed.ReadKey(f, identities...)
	return k, fileerr.Named(path, err)
}

// Parse is Read for the content of a key file. It does not keep the content, which the caller clears.
func Parse(name string, content []byte, identities []age.Identity) (*sealed.Key, error) {
	plain := bytes.HasPrefix(content, []byte(unencrypted)) && !calledAge(name)
	if err := refuse(name, plain, len(identities)); err != nil {
		return nil, err
	}
	var k *sealed.Key
	var err error
	if plain {
		k, err = sealed.ParseKey(content)
	} else {
		k, err = sealed.ReadKey(bytes.NewReader(content), identities...)
	}
	return k, fileerr.Named(name, err)
}

// refuse returns an error for a key file that is not encrypted where it has to be, or the other way round.
func refuse(name string, plain bool, identities int) error {
	switch {
	case plain && identities > 0:
		return fmt.Errorf("%s: %w", name, errUnencrypted)
	case !plain && identities == 0:
		return failure.Hint(fmt.Errorf("%s: %w", name, ErrNoIdentity),
			"-i FILE names the identity that opens it, as keygan keypair made it, or an SSH private key; -p asks for a passphrase")
	}
	return nil
}

// readUnencrypted reads an unencrypted key file.
func readUnencrypted(path string) (*sealed.Key, error) {
	b, err := readShort(path)
	defer clear(b)
	if err != nil {
		return nil, err
	}
	k, err := sealed.ParseKey(b)
	return k, fileerr.Named(path, err)
}
