package cipher

import (
	"bytes"
	"errors"
	"io"

	"filippo.io/age"
	"filippo.io/age/armor"
)

// maxSealedKeyFile bounds an encrypted key file, in bytes: it has room for a few thousand recipients.
const maxSealedKeyFile = 1 << 20

// Encrypt writes the key as an age file to one or more recipients, or to one passphrase alone. Any of them opens it, with
// ReadSealedKey or with the age program, which shows what Marshal returns.
func (k *SealedKey) Encrypt(w io.Writer, recipients ...age.Recipient) error {
	plain := k.Marshal()
	defer clear(plain)
	return encryptTo(w, plain, recipients)
}

// ReadSealedKey opens an age file, armored or not, with one of the identities. Every error is ErrRefused, except that of r itself, a
// *LockedError of an identity whose own passphrase is missing or wrong, and a *VersionError for a version from the future, which only
// somebody who could open the file gets to see.
func ReadSealedKey(r io.Reader, identities ...age.Identity) (*SealedKey, error) {
	plain, err := decryptWith(r, maxSealedKey, identities)
	defer clear(plain)
	if err != nil {
		return nil, err
	}
	return ParseSealedKey(plain)
}

// Rekey reads a key file with old identities and writes it anew to other recipients. The cipher image stays as it is. Whoever could
// open the old key file, and has a copy of it, still can: rekeying gives access, it takes none away from copies.
func Rekey(w io.Writer, r io.Reader, old []age.Identity, recipients []age.Recipient) error {
	k, err := ReadSealedKey(r, old...)
	if err != nil {
		return err
	}
	defer k.Wipe()
	return k.Encrypt(w, recipients...)
}

func encryptTo(w io.Writer, plain []byte, recipients []age.Recipient) error {
	if len(recipients) == 0 {
		return errors.New("a key file needs at least one recipient")
	}
	enc, err := age.Encrypt(w, recipients...)
	if err != nil {
		return err
	}
	if _, err := enc.Write(plain); err != nil {
		return err
	}
	return enc.Close()
}

// isAgeFile says whether a file is one of age, armored or not, by how it starts.
func isAgeFile(b []byte) bool {
	return bytes.HasPrefix(b, []byte("age-encryption.org/")) || bytes.HasPrefix(b, []byte(armor.Header))
}

// decryptWith opens an age file whose plaintext has at most limit bytes. The plaintext is the caller's to clear.
func decryptWith(r io.Reader, limit int, identities []age.Identity) ([]byte, error) {
	if len(identities) == 0 {
		return nil, errors.New("no identity to open the key file with")
	}
	file, err := io.ReadAll(io.LimitReader(r, maxSealedKeyFile+1))
	if err != nil {
		return nil, err
	}
	if len(file) > maxSealedKeyFile {
		return nil, ErrRefused
	}
	var src io.Reader = bytes.NewReader(file)
	if bytes.HasPrefix(file, []byte(armor.Header)) {
		src = armor.NewReader(src)
	}
	dec, err := age.Decrypt(src, identities...)
	if locked := (*LockedError)(nil); errors.As(err, &locked) {
		return nil, locked
	}
	if err != nil {
		return nil, ErrRefused
	}
	plain := make([]byte, 0, limit+1) // grown never, so that no copy is left behind
	for {
		n, err := dec.Read(plain[len(plain):cap(plain)])
		plain = plain[:len(plain)+n]
		if err == io.EOF {
			return plain, nil
		}
		if err != nil || len(plain) > limit {
			clear(plain)
			return nil, ErrRefused
		}
	}
}
