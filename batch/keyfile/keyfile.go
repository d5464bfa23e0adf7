// Package keyfile reads what opens and encrypts the key files of sealed cipher images: identities, recipients, passphrases, and the
// key files themselves.
//
//	identities, err := passphrases.Identities(ctx, []string{"me.key"})
//	key, err := keyfile.Read("scan.png.key.age", identities)
//	defer key.Wipe()
//
// A key file is an age file (X.key.age) or, if its owner asked for that, plain JSON (X.key.json). Errors read "path: reason" and never
// hold a secret.
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

// What age files start with.
const (
	ageIntro = "age-encryption.org/"
	ageArmor = "-----BEGIN AGE ENCRYPTED FILE-----"
)

// plainIntro is what an unencrypted key file starts with.
const plainIntro = `{"header":`

// ErrNoIdentity is the error for an encrypted key file when no identity is given.
var ErrNoIdentity = errors.New("this key file is encrypted, and no identity or passphrase is given")

// errUnencrypted refuses what could pass for more than it is: a key file under a passphrase is from somebody who knows it, an
// unencrypted one from anybody.
var errUnencrypted = failure.Hint(
	errors.New("this key file is not encrypted, so anybody could have made it, and an identity or passphrase is given"),
	"without -i and -p unencrypted key files are taken; keygan rekey FILE -r RECIPIENT encrypts them",
)

// IsAge reports whether a file starts as age files do.
func IsAge(path string) bool {
	return regularfile.StartsWith(path, ageIntro) || regularfile.StartsWith(path, ageArmor)
}

// IsUnencrypted reports whether a file starts as unencrypted key files do and is not called .age.
func IsUnencrypted(path string) bool {
	return !strings.HasSuffix(strings.ToLower(path), ".age") && regularfile.StartsWith(path, plainIntro)
}

// Read opens a key file of age or, if no identity is given, an unencrypted one.
func Read(path string, identities []age.Identity) (*sealed.Key, error) {
	switch plain := IsUnencrypted(path); {
	case plain && len(identities) > 0:
		return nil, fmt.Errorf("%s: %w", path, errUnencrypted)
	case plain:
		return ReadUnencrypted(path)
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
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	return k, nil
}

// ReadUnencrypted reads an unencrypted key file.
func ReadUnencrypted(path string) (*sealed.Key, error) {
	b, err := readShort(path)
	defer clear(b)
	if err != nil {
		return nil, err
	}
	k, err := sealed.ParseKey(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return k, nil
}
