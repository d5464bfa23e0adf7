package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"keygan/cipher"
	"keygan/data"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

const sealedScheme = "sealed"

// maxExact bounds an exact file, in bytes: its cipher image, a square, must not have more samples than maxSamples.
const maxExact = 44721 * 44721

// maxSamples bounds an image's samples, in bytes. A cipher image cannot be compressed, and data reads files of at most 2³¹ bytes:
// what is nearly as large could be written and not be read again.
const maxSamples = 2_000_000_000

func (e *encrypt) sealed() bool { return e.schemeName == sealedScheme }

// prepareSealed checks what of the command line the scheme sealed takes.
func (e *encrypt) prepareSealed(cmd *cobra.Command) (err error) {
	if err := e.checkRecipients(); err != nil {
		return err
	}
	if e.recipients, err = parseRecipients(e.recipientNames); err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	changed := cmd.Flags().Changed
	if changed("iterations") {
		return usagef("encrypt: the scheme sealed draws its cat map afresh for each image, so --iterations has no meaning")
	}
	if e.exact && changed("resize") {
		return usagef("encrypt: --exact-file keeps every byte, so --resize has no meaning")
	}
	if err := checkResize(changed("resize"), e.resize); err != nil {
		return err
	}
	for _, flag := range []string{"weights", "noise-seed"} {
		if (e.noGAN || e.exact) && changed(flag) {
			return usagef("encrypt: no generator takes part with --no-gan or --exact-file, so --%s has no meaning", flag)
		}
	}
	if !e.noGAN && !e.exact {
		if err := e.generator.load(cmd); err != nil {
			return err
		}
	}
	if e.passphrase.wanted() { // last, so that nobody types it for nothing
		defer e.passphrase.wipe()
		r, err := e.passphrase.recipient(cmd.Context(), "the key files")
		if err != nil {
			return fmt.Errorf("encrypt: %w", err)
		}
		e.recipients = []age.Recipient{r}
	}
	return nil
}

// checkRecipients wants one way of three to keep the key files.
func (e *encrypt) checkRecipients() error {
	ways := 0
	for _, way := range []bool{len(e.recipientNames) > 0, e.passphrase.wanted(), e.unencrypted} {
		if way {
			ways++
		}
	}
	switch ways {
	case 0:
		return hinted{usagef("encrypt: no recipient given, to whom the key files are encrypted"),
			"keygan keypair -o me.key makes an identity and prints its recipient, for -r age1…; decrypt takes it with -i me.key. Or -p: a passphrase"}
	case 1:
		return nil
	}
	return hinted{usagef("encrypt: -r, -p and --unencrypted-key do not go together"),
		"a passphrase opens key files by itself alone; whoever is to have a copy under a recipient gets one by keygan rekey"}
}

// manyPassphrases is from how many files on a command under a passphrase says why it takes so long.
const (
	manyPassphrases     = 20
	manyPassphrasesNote = "each key file takes about a second under a passphrase; -r with an identity of keygan keypair -p takes none of that"
)

// sealedKeySuffix ends the names of the key files.
func (e *encrypt) sealedKeySuffix() string {
	if e.unencrypted {
		return plainKeySuffix
	}
	return sealedKeySuffix
}

// sealable says whether a file in a folder is to be sealed: all are but those that this program makes of others.
func sealable(name string) bool {
	lower := strings.ToLower(name)
	for _, made := range []string{keyImageSuffix, keyArraySuffix, cipherSuffix, keyFileSuffix, sealedKeySuffix, plainKeySuffix} {
		if strings.HasSuffix(lower, made) {
			return false
		}
	}
	return true
}

// sealedStem is what the names of a file's outputs start with. Names that are not those of images keep their endings: series
// of DICOM files are often told apart by what comes after the last point.
func (e *encrypt) sealedStem(path string) string {
	if e.exact || !data.ImageName(path) {
		return filepath.Base(path)
	}
	return stem(path)
}

// seal encrypts one image, or the bytes of what is no image.
func (e *encrypt) seal(ctx context.Context, path string, outputs []string) error {
	name := filepath.Base(path)
	if err := cipher.CheckName(name); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	before, err := takeSnapshot(path)
	if err != nil {
		return err
	}
	exact, err := e.travelsAsFile(path)
	if err != nil {
		return err
	}
	if exact {
		if err := refuseIdentity(path); err != nil {
			return err
		}
	}
	var secretImage *data.Image
	var key *cipher.SealedKey
	if exact {
		secretImage, key, err = sealExact(path, name)
	} else {
		secretImage, key, err = e.sealImage(path, name)
	}
	if err != nil {
		return err
	}
	defer key.Wipe()
	keyFile, err := e.sealedKeyFile(key)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer clear(keyFile)
	// The key file goes first, as it does in make.
	return e.app.write(ctx, e.force, bytesOutput(outputs[1], secret, keyFile),
		before.unchanged(sealedOutput(outputs[0], secretImage, keyFile)))
}

func (e *encrypt) sealedKeyFile(key *cipher.SealedKey) ([]byte, error) {
	if e.unencrypted {
		return key.Marshal(), nil
	}
	var b bytes.Buffer
	err := key.Encrypt(&b, e.recipients...)
	return b.Bytes(), err
}

// travelsAsFile says whether a file's bytes are encrypted, and not the pixels that they decode to.
func (e *encrypt) travelsAsFile(path string) (bool, error) {
	stack, err := data.HoldsStack(path) // of a stack, an image would hold one slice only
	return e.exact || stack || !data.ImageName(path), err
}

func (e *encrypt) sealImage(path, name string) (*data.Image, *cipher.SealedKey, error) {
	plain, err := readPlain(path, e.resize)
	if err != nil {
		return nil, nil, hinted{err, "--exact-file encrypts the bytes of any file as they are"}
	}
	if len(plain.Pix) > maxSamples {
		return nil, nil, fmt.Errorf("%s: %w: %d bytes of samples, there can be %d", path, errTooLarge, len(plain.Pix), maxSamples)
	}
	o := cipher.SealOptions{Name: name}
	if !e.noGAN {
		// The key is only material for the derivation, so that it need not have as many channels or bits as the image.
		key, err := e.generator.key(plain)
		if err != nil {
			return nil, nil, named(path, err)
		}
		defer clear(key.Pix)
		o.NetworkKey, o.Generator = key.Pix, e.generator.model.Hash()
	}
	secretImage, key, err := cipher.SealImage(plain, o)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return secretImage, key, nil
}

func sealExact(path, name string) (*data.Image, *cipher.SealedKey, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, nil, named(path, err)
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s: not a regular file", path)
	}
	content := []byte(nil)
	if info.Size() <= maxExact {
		if content, err = os.ReadFile(path); err != nil {
			return nil, nil, named(path, err)
		}
	}
	if max(info.Size(), int64(len(content))) > maxExact {
		return nil, nil, hinted{fmt.Errorf("%s: %w: %d bytes, there can be %d", path, errTooLarge, info.Size(), maxExact),
			"the age program encrypts files of any size"}
	}
	secretImage, key, err := cipher.SealFile(content, cipher.SealOptions{Name: name})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return secretImage, key, nil
}

var errTooLarge = errors.New("too large for a cipher image")
