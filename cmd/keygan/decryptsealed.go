package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"keygan/cipher"
	"keygan/data"

	"filippo.io/age"
)

// errNoIdentity is the error for a key file of age when -i names no identity.
var errNoIdentity = errors.New("this key file is encrypted, and no identity or passphrase is given")

// isSealed says whether a key file is one of the scheme sealed, by its name or else by how it starts.
func isSealed(path string) bool {
	return strings.HasSuffix(strings.ToLower(path), ".age") || startsWith(path, ageIntro) || startsWith(path, ageArmor) || isUnencrypted(path)
}

const (
	ageIntro = "age-encryption.org/"
	ageArmor = "-----BEGIN AGE ENCRYPTED FILE-----"
)

func startsAsAge(b []byte) bool {
	return bytes.HasPrefix(b, []byte(ageIntro)) || bytes.HasPrefix(b, []byte(ageArmor))
}

// readSealedKey opens a key file of age or, where no identity is given, an unencrypted one.
func readSealedKey(path string, identities []age.Identity) (*cipher.SealedKey, error) {
	switch plain := isUnencrypted(path); {
	case plain && len(identities) > 0:
		return nil, fmt.Errorf("%s: %w", path, errUnencrypted)
	case plain:
		return readUnencryptedKey(path)
	case len(identities) == 0:
		return nil, hinted{fmt.Errorf("%s: %w", path, errNoIdentity),
			"-i FILE names the identity that opens it, as keygan keypair made it, or an SSH private key; -p asks for a passphrase"}
	}
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	k, err := cipher.ReadSealedKey(f, identities...)
	if err != nil {
		return nil, named(path, err)
	}
	return k, nil
}

// sealedJob opens the key file at once: its end wipes what it holds.
func (d *decrypt) sealedJob(in input, keyFile string) (job, error) {
	k, err := readSealedKey(keyFile, d.identities)
	if err != nil {
		if errors.Is(err, cipher.ErrRefused) { // the one error, whichever of the two files is at fault
			err = errors.Unwrap(err)
			return job{input: in.path, do: func(context.Context) error { return d.refuse(in.path, err) }}, nil
		}
		return job{}, err
	}
	name := stem(in.path) + ".png"
	if isFile(k) && k.Header.Name != "" {
		name = k.Header.Name // a single one, without a folder: cipher.CheckName has seen it
	}
	out := filepath.Join(d.out, in.folder, name)
	j := d.opening(in.path, out, func() (opened, error) { return openSealed(in.path, k) })
	j.end = k.Wipe
	return j, nil
}

// refuse does what opening would do before it fails, so that it takes as long.
func (d *decrypt) refuse(path string, why error) error {
	secretImage, err := data.ReadImage(path)
	if err != nil {
		return err
	}
	_ = cipher.Refuse(secretImage) // the reason is known
	return fmt.Errorf("%s: %w", path, why)
}

func isFile(k *cipher.SealedKey) bool { return k.Header.Kind == "file" }

// openSealed decrypts one sealed image or file. It returns nothing before all of it is authenticated.
func openSealed(path string, k *cipher.SealedKey) (o opened, err error) {
	secretImage, err := data.ReadImage(path)
	if err != nil {
		return opened{}, err
	}
	if isFile(k) {
		o.content, err = cipher.OpenFile(secretImage, k)
	} else {
		o.image, err = cipher.OpenImage(secretImage, k)
	}
	if err != nil {
		return opened{}, fmt.Errorf("%s: %w", path, err)
	}
	return o, nil
}
