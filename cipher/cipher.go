// Package cipher has the cryptosystems that turn images into cipher images and back.
//
// Real images and files are for package sealed, below this one. It is one of the cryptosystems here; the others are for research.
//
//	system, err := cipher.ByName("paper")
//	secret, err := system.NewSecret(cipher.Input{Plain: plain, Key: key, Params: cipher.Params{Iterations: 30}})
//	cipherImage, err := secret.Encrypt(plain)
//	...
//	plain, err := secret.Decrypt(cipherImage)
//
// A [Cryptosystem] describes itself by its [Info] and makes a [Secret] for each image. Many take a key image that a network makes of the
// plain image. [Research] makes a cryptosystem of two functions, whose secrets are written to a [KeyFile].
//
// # The cryptosystems
//
// paper is the published construction. Iterations of Arnold's cat map ([catmap.Apply]) move the pixels about, then every byte is XORed
// with the raw 256×256×3 key of the GAN. It takes 256×256 images only, because the key has that size.
//
// xor is only the second half, for any size, with a key of the same size.
//
// logistic XORs every byte with the keystream of a logistic map ([LogisticKeystream]), whose two numbers are the secret. It is the
// baseline of chaos ciphers, and the chaos GAN learns from its images.
//
// These three take 8-bit grey and RGB images. A grey image uses the key's first channel. A [Volume] is encrypted as many grey images.
//
// aes-256-gcm encrypts the samples with AES-256-GCM. It is the reference in evaluations and writes no files.
//
// # What the research systems are worth
//
// paper, xor and logistic re-implement published schemes and are there to be measured and attacked. They protect nobody's images:
//
//   - The cat map is a fixed permutation with no key but its iteration count, and at 256×256 only 191 counts are useful. It leaves the
//     histogram as it is and pixel (0, 0) in place.
//   - The XOR key comes from a network and is not uniform. Outlines of the plain image show in the cipher image. No argument bounds what
//     an attacker who has the weights can guess of the key.
//   - A key used for two images gives away the XOR of the two. An all-zero image gives away the key.
//   - In float64 every orbit of the logistic map ends in a cycle, and most end in the same few. Nothing proves that a byte cannot be
//     predicted from those before it.
//   - Changing one bit of the image under one key changes one bit of the cipher image.
//   - Nothing is authenticated. The SHA-256 in a key file finds mistakes and damage, not whoever can change both.
//   - The receiver cannot make a network's key again. It must be sent in secret, and is as large as the image.
//
// # What the package promises
//
// Decrypting what was encrypted gives every byte back. A cipher image that does not belong to its key file is refused before any
// byte is decrypted. Reading a key file, however damaged, returns an error or a valid key file and never panics. It takes memory in
// proportion to the file's length, whatever the file declares.
package cipher

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"keygan/data/raster"
)

// ErrMismatch reports a cipher image and a key file that do not belong together.
var ErrMismatch = errors.New("the key file belongs to another image, or the cipher image was changed")

// A SizeError reports an image of a size that a cryptosystem cannot take.
type SizeError struct {
	Scheme, Image string // Image is its shape in words
	Side          int    // both width and height must be this many pixels
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("the scheme %q takes only %d×%d pixels, this image is %s", e.Scheme, e.Side, e.Side, e.Image)
}

// A FormatError reports samples that a cryptosystem cannot take: 16 bits, or an alpha channel.
type FormatError struct {
	Scheme, Image, Why string // Image is its shape in words
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("the scheme %q takes only 8-bit grey or RGB images, this one is %s: %s", e.Scheme, e.Image, e.Why)
}

// Digest is the SHA-256 by which a key file knows its cipher image. It covers the 22 bytes "keygan cipher image 1\n", then width,
// height, channels and depth as four 32-bit big-endian numbers, then the samples as in raster.Image.Pix (row by row, channels
// interleaved, 16-bit samples high byte first).
func Digest(m *raster.Image) [sha256.Size]byte {
	h := digestOf(m)
	h.Write(m.Pix)
	return [sha256.Size]byte(h.Sum(nil))
}

// digestOf begins a Digest: the samples follow.
func digestOf(m *raster.Image) hash.Hash {
	h := sha256.New()
	h.Write([]byte("keygan cipher image 1\n"))
	var shape [16]byte
	for i, v := range [...]int{m.Width, m.Height, m.Channels, m.Depth} {
		binary.BigEndian.PutUint32(shape[4*i:], uint32(v))
	}
	h.Write(shape[:])
	return h
}

// Decrypt opens a cipher image with the system that its key file names.
func Decrypt(cipherImage *raster.Image, k *KeyFile) (*raster.Image, error) {
	r, err := researchByName(k.Scheme)
	if err != nil {
		return nil, err
	}
	return r.Open(cipherImage, k)
}

// researchByName finds the system of a key file.
func researchByName(name string) (*Research, error) {
	c, err := WritableByName(name)
	if err != nil {
		return nil, err
	}
	if r, ok := c.(*Research); ok {
		return r, nil
	}
	return nil, fmt.Errorf("the scheme %q has key files of another kind", name)
}
