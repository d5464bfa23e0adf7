package sealed

import (
	"io"

	"keygan/cipher/agekeys"

	"filippo.io/age"
)

// Encrypt writes the key as an age file to one or more recipients, or to one passphrase only. Any of them opens it, with
// ReadKey or with the age program, which shows what Marshal returns.
func (k *Key) Encrypt(w io.Writer, recipients ...age.Recipient) error {
	plain := k.Marshal()
	defer clear(plain)
	return agekeys.Encrypt(w, plain, recipients...)
}

// ReadKey opens an age file, armored or not, with one of the identities. Every error is ErrRefused, with three exceptions: an error of r,
// a *LockedError for an identity whose own passphrase is missing or wrong, and a *VersionError for a newer version, which only somebody
// who can open the file gets to see.
func ReadKey(r io.Reader, identities ...age.Identity) (*Key, error) {
	plain, err := agekeys.Decrypt(r, maxKey, identities...)
	defer clear(plain)
	if err == agekeys.ErrNoMatch {
		return nil, ErrRefused
	}
	if err != nil {
		return nil, err
	}
	return ParseKey(plain)
}
