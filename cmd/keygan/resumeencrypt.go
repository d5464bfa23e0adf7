package main

import (
	"errors"
	"fmt"
	"os"

	"keygan/cipher"
	"keygan/data"

	"github.com/spf13/cobra"
)

// prepareResume reads the identities that outputs are verified with.
func (e *encrypt) prepareResume(cmd *cobra.Command) (err error) {
	switch {
	case len(e.identityFiles) == 0:
		return nil
	case !e.resume:
		return usagef("encrypt: -i verifies what is done already, so it has no meaning without --resume")
	case !e.sealed():
		return usagef("encrypt: the key files of the scheme %s are not encrypted, so -i has no meaning", e.schemeName)
	}
	reader := passphrases{app: e.app}
	defer reader.wipe()
	if e.identities, err = reader.identities(cmd.Context(), e.identityFiles); err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	return nil
}

// verify says why a pair of outputs is not what encrypting the input gives: the cipher image, then the key file. Whoever can open
// the key file compares what comes out. With the scheme sealed and without an identity that cannot be done; then the two
// files must be those that were written together, whole, of the input's shape, and no older than the input.
func (e *encrypt) verify(path string, outputs []string) error {
	switch {
	case !e.sealed():
		return e.verifyOpen(path, outputs)
	case len(e.identities) > 0:
		return e.verifyWithIdentity(path, outputs)
	}
	if err := checkKeyMark(outputs[0], outputs[1]); err != nil {
		return err
	}
	secretImage, err := data.ReadImage(outputs[0])
	if err != nil {
		return err
	}
	if err := e.sameShape(path, secretImage); err != nil {
		return err
	}
	return notChangedSince(path, outputs[0])
}

// sameShape says whether a cipher image has the shape that the input's gets.
func (e *encrypt) sameShape(path string, secretImage *data.Image) error {
	exact, err := e.travelsAsFile(path)
	if err != nil {
		return err
	}
	if !exact {
		plain, err := readPlain(path, e.resize)
		if err != nil {
			return err
		}
		if plain.String() != secretImage.String() {
			return fmt.Errorf("%s: %w", path, errOtherShape)
		}
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return named(path, err)
	}
	// A cipher image of a file has room for it, and less than two rows more.
	if room := int64(len(secretImage.Pix)) - info.Size(); room < 0 || room > int64(2*len(secretImage.Pix)/secretImage.Height) {
		return fmt.Errorf("%s: %w", path, errOtherShape)
	}
	return nil
}

// verifyOpen is for the schemes whose key files are not encrypted.
func (e *encrypt) verifyOpen(path string, outputs []string) error {
	keyFile, err := cipher.ReadKeyFile(outputs[1])
	if err != nil {
		return err
	}
	if keyFile.Scheme != e.schemeName {
		return fmt.Errorf("%s: of the scheme %s", outputs[1], keyFile.Scheme)
	}
	secretImage, err := data.ReadImage(outputs[0])
	if err != nil {
		return err
	}
	plain, err := cipher.Decrypt(secretImage, keyFile)
	if err != nil {
		return fmt.Errorf("%s: %w", outputs[0], err)
	}
	return e.sameAsInput(path, outputs[0], plain)
}

func (e *encrypt) verifyWithIdentity(path string, outputs []string) error {
	k, err := readSealedKey(outputs[1], e.identities)
	if err != nil {
		return err
	}
	defer k.Wipe()
	r, err := openSealed(outputs[0], k)
	if err != nil {
		return err
	}
	if r.image != nil {
		return e.sameAsInput(path, outputs[0], r.image)
	}
	if err := sameBytes(path, r.content); err != nil {
		return ofInput(path, outputs[0], err)
	}
	return nil
}

func (e *encrypt) sameAsInput(path, output string, plain *data.Image) error {
	m, err := readPlain(path, e.resize)
	if err != nil {
		return err
	}
	if m.String() != plain.String() || string(m.Pix) != string(plain.Pix) {
		return ofInput(path, output, errOtherContent)
	}
	return nil
}

// ofInput says in the words of encrypt that what comes out of a cipher image is not the input.
func ofInput(path, output string, err error) error {
	if errors.Is(err, errOtherContent) {
		return fmt.Errorf("%s: opens to something else than %s", output, path)
	}
	return err
}
