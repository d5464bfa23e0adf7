// Package keyfile reads the key files of sealed cipher images, and the identities, recipients and passphrases that open or encrypt
// them.
//
//	identities, err := passphrases.Identities(ctx, []string{"me.key"})
//	key, err := keyfile.Read("scan.png.key.age", identities)
//	defer key.Wipe()
//
// A key file is an age file (X.key.age) or plain JSON (X.key.json). Errors read "path: reason" and never hold a secret.
package keyfile

import (
	"errors"
	"fmt"
	"strings"

	"keygan/cipher/sealed"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/regularfile"

	"filippo.io/age"
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
	return !strings.HasSuffix(strings.ToLower(path), ".age") && regularfile.StartsWith(path, `{"header":`)
}

// Read opens a key file of age or, if no identity is given, an unencrypted one.
func Read(path string, identities []age.Identity) (*sealed.Key, error) {
	switch plain := IsUnencrypted(path); {
	case plain && len(identities) > 0:
		return nil, fmt.Errorf("%s: %w", path, errUnencrypted)
	case plain:
		return readUnencrypted(path)
	case len(identities) == 0:
		return nil, failure.Hint(fmt.Errorf("%s: %w", path, ErrNoIdentity),
			"-i FILE names the identity that opens it, as keygan keypair made it, or an SSH private key; -p asks for a passphrase")
	}
	f, err := regularfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	k, err := sealed.ReadKey(f, identities...)
	return k, fileerr.Named(path, err)
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
