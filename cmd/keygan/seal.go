package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"keygan/cipher"
	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
	"keygan/internal/atomicfile"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

const sealedScheme = cipher.Default

// researchScheme finds a scheme that writes key files in the clear. It returns nil for sealed.
func researchScheme(name string) (*cipher.Research, error) {
	c, err := cipher.WritableByName(name)
	if err != nil {
		return nil, err
	}
	r, _ := c.(*cipher.Research)
	return r, nil
}

func researchSchemes() []string { return cipher.Writable()[1:] }

// maxSamples bounds an image's samples, in bytes. A cipher image cannot be compressed, and data reads files of at most 2³¹ bytes:
// what is nearly as large could be written and not be read again.
const maxSamples = 2_000_000_000

func (e *encrypt) sealed() bool { return e.scheme == nil }

// prepareSealed checks what of the command line the scheme sealed takes.
func (e *encrypt) prepareSealed(cmd *cobra.Command) (err error) {
	changed := cmd.Flags().Changed
	switch {
	case changed("iterations"):
		return usagef("encrypt: the scheme sealed draws its cat map afresh for each file, so --iterations has no meaning")
	case e.exact && e.pixels:
		return usagef("encrypt: --exact-file and --pixels do not go together")
	case !e.pixels && changed("resize"):
		return hinted{usagef("encrypt: files are encrypted byte for byte, so --resize has no meaning"), "--pixels encrypts pixels, which can be resized"}
	}
	for _, flag := range []string{"weights", "noise-seed"} {
		if e.noGAN && changed(flag) {
			return usagef("encrypt: no generator takes part with --no-gan, so --%s has no meaning", flag)
		}
	}
	if err := checkResize(changed("resize"), e.resize); err != nil {
		return err
	}
	if err := e.checkRecipients(); err != nil {
		return err
	}
	if err := e.checkResume(); err != nil {
		return err
	}
	if e.recipients, err = parseRecipients(e.recipientNames); err != nil {
		return fmt.Errorf("encrypt: %w", err)
	}
	if !e.noGAN {
		if err := e.generator.load(cmd); err != nil {
			return err
		}
	}
	return e.askPassphrases(cmd.Context()) // last, so that nobody types one for nothing
}

// askPassphrases gets the passphrase of the key files, where one is wanted, and those of the identities that --resume verifies by.
func (e *encrypt) askPassphrases(ctx context.Context) error {
	if e.passphrase.wanted() {
		id, r, err := e.passphrase.both(ctx, "the key files")
		if err != nil {
			return fmt.Errorf("encrypt: %w", err)
		}
		e.recipients = []age.Recipient{r}
		if e.resume && !e.trustTimes {
			e.identities = []age.Identity{id}
		}
	}
	if len(e.identityFiles) > 0 {
		reader := passphrases{app: e.app}
		defer reader.wipe()
		all, err := reader.identities(ctx, e.identityFiles)
		if err != nil {
			return fmt.Errorf("encrypt: %w", err)
		}
		e.identities = append(e.identities, all...)
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
		return hinted{usagef("encrypt: no recipient given to encrypt the key files to"),
			"keygan keypair -o me.key makes an identity and prints its recipient, for -r age1…; decrypt takes it with -i me.key. Or -p: a passphrase"}
	case 1:
		return nil
	}
	return hinted{usagef("encrypt: -r, -p and --unencrypted-key do not go together"),
		"a passphrase is a key file's only recipient; whoever is to have a copy under another one gets it by keygan rekey"}
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

// sealFile encrypts a file as it is.
func (e *encrypt) sealFile(ctx context.Context, path string, p pair) (comment string, err error) {
	if err := refuseIdentity(path); err != nil {
		return "", err
	}
	f, err := openRegular(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	before, err := snapshotOf(path, f)
	if err != nil {
		return "", err
	}
	o, err := e.options(path, before)
	if err != nil {
		return "", err
	}
	if comment, err = e.lookAt(&o, path); err != nil {
		return "", err
	}
	defer clear(o.NetworkKey)
	key, err := sealed.NewFileKey(before.info.Size(), o)
	if err != nil {
		return "", named(path, err)
	}
	defer key.Wipe()
	keyFile, err := e.keyFile(key)
	if err != nil {
		return "", named(path, err)
	}
	image := atomicfile.File{Write: func(w io.Writer) error {
		return writeSealed(w, key, untilInterrupted{ctx, f, path}, before.note(e.how())...)
	}}
	image.Perm = public
	return comment, p.write(ctx, e.app, e.force, bytesOutput("", secret, keyFile), before.unchanged(image))
}

// options are what a key file says of the file at path.
func (e *encrypt) options(path string, before snapshot) (sealed.Options, error) {
	name := filepath.Base(path)
	if err := sealed.CheckName(name); err != nil {
		return sealed.Options{}, hinted{fmt.Errorf("%s: %w", path, err), "rename it, or encrypt an archive (tar) of it"}
	}
	mode := before.info.Mode().Perm()
	if mode == 0 { // which stands for none; only root can read such a file
		mode = 0o400
	}
	return sealed.Options{Name: name, Mode: mode, Modified: before.info.ModTime()}, nil
}

// writeSealed writes the cipher image of a file.
func writeSealed(w io.Writer, key *sealed.Key, content io.Reader, text ...pngstream.Text) error {
	h := &key.Header
	image, err := pngstream.NewWriter(w, h.Width, h.Height, h.Channels, h.Depth, text...)
	if err != nil {
		return err
	}
	if err := key.EncryptFile(image, content); err != nil {
		if errors.Is(err, sealed.ErrLength) {
			err = fmt.Errorf("its input %w", errInputChanged)
		}
		return err
	}
	return image.Close()
}

// lookAt has the generator make a key of a thumbnail of the image at path, to be mixed into the file's key. What is no image that can
// be read gets none, and the comment says why.
func (e *encrypt) lookAt(o *sealed.Options, path string) (comment string, err error) {
	if e.noGAN || !imagefile.ImageName(path) {
		return "", nil
	}
	if stack, err := imagefile.HoldsStack(path); err != nil || stack {
		return "", err
	}
	side := e.generator.side()
	thumbnail, err := imagefile.Thumbnail(path, side, side)
	if err != nil { // the file is encrypted all the same
		return "no key image: it cannot be decoded", nil
	}
	return "", e.mix(o, path, thumbnail)
}

// mix adds the generator's key of a thumbnail to the options.
func (e *encrypt) mix(o *sealed.Options, path string, thumbnail *raster.Image) error {
	// The key is only material for the derivation. It need not have as many channels or bits as the image.
	key, err := e.generator.key(thumbnail)
	if err != nil {
		return named(path, err)
	}
	o.NetworkKey, o.Generator = key.Pix, e.generator.model.Hash()
	o.NetworkInput = fmt.Sprintf("%dx%d", thumbnail.Width, thumbnail.Height)
	return nil
}

func (e *encrypt) keyFile(key *sealed.Key) ([]byte, error) {
	if e.unencrypted {
		return key.Marshal(), nil
	}
	var b bytes.Buffer
	err := key.Encrypt(&b, e.recipients...)
	return b.Bytes(), err
}

// sealPixels encrypts the samples of an image.
func (e *encrypt) sealPixels(ctx context.Context, path string, p pair) (comment string, err error) {
	if comment, err = leftBehind(path, "without --pixels any file is encrypted as it is"); err != nil {
		return "", err
	}
	before, err := takeSnapshot(path)
	if err != nil {
		return "", err
	}
	o, err := e.options(path, before)
	if err != nil {
		return "", err
	}
	o.Modified = time.Time{} // decrypting writes another file
	plain, err := readPlain(path, e.resize)
	if err != nil {
		return "", hinted{err, "without --pixels any file is encrypted as it is"}
	}
	if len(plain.Pix) > maxSamples {
		return "", fmt.Errorf("%s: %w: %d bytes of samples, there can be %d", path, errTooLarge, len(plain.Pix), maxSamples)
	}
	if !e.noGAN {
		side := e.generator.side()
		if err := e.mix(&o, path, plain.Resize(side, side)); err != nil {
			return "", err
		}
		defer clear(o.NetworkKey)
	}
	cipherImage, key, err := sealed.SealImage(plain, o)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	defer key.Wipe()
	keyFile, err := e.keyFile(key)
	if err != nil {
		return "", named(path, err)
	}
	image := atomicfile.File{Perm: public, Write: func(w io.Writer) error {
		return writeStored(w, cipherImage, before.note(e.how())...)
	}}
	return comment, p.write(ctx, e.app, e.force, bytesOutput("", secret, keyFile), before.unchanged(image))
}

// writeStored writes an image as a PNG without compression, which cipher images do not yield to.
func writeStored(w io.Writer, m *raster.Image, text ...pngstream.Text) error {
	image, err := pngstream.NewWriter(w, m.Width, m.Height, m.Channels, m.Depth, text...)
	if err != nil {
		return err
	}
	if _, err := image.Write(m.Pix); err != nil {
		return err
	}
	return image.Close()
}

// memory is how much an input takes at its height, in bytes.
func (e *encrypt) memory(path string) int64 {
	if !e.sealed() || e.pixels {
		return memoryOf(path)
	}
	if e.noGAN || !imagefile.ImageName(path) {
		return streamMemory
	}
	return streamMemory + thumbnailMemory(path)
}

var errTooLarge = errors.New("too large for a cipher image")
