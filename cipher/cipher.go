// Package cipher turns images into cipher images and back.
//
// Package sealed, below this one, is for real images and files. The schemes in this package are research material.
//
// Most of them need a key image, which usually package infer makes from the plain image; this package knows nothing of networks.
// A [Scheme] does the work. A [KeyFile] opens the result again.
//
//	scheme, err := cipher.SchemeByName("paper")
//	cipherImage, keyFile, err := scheme.Encrypt(plain, key, cipher.Params{Iterations: 30})
//	err = keyFile.WriteFile("scan.key.npz", false)
//	...
//	keyFile, err := cipher.ReadKeyFile("scan.key.npz")
//	plain, err := cipher.Decrypt(cipherImage, keyFile)
//
// # The published schemes
//
// paper is the published construction. The pixels are moved about by iterations of Arnold's cat map ([catmap.Apply]), then
// every byte is XORed with the raw 256×256×3 key of the GAN. It takes 256×256 images only, because the key has that size.
//
// xor is the second half alone: every byte XORed with the raw key. It takes any size, given a key of the same size.
//
// logistic takes no key image: every byte is XORed with the keystream of a logistic map ([LogisticKeystream]), whose two
// numbers are the secret. It is the baseline of chaos ciphers, and what the images look like that the chaos GAN learns from.
//
// All take 8-bit grey and RGB images. A grey image uses the key's first channel.
//
// # What they are worth
//
// The published schemes are research material: they are here to reproduce published result tables and to be attacked, not to protect
// anybody's images. The reasons:
//
//   - The cat map is a fixed permutation with no key but its iteration count, of which there are 191 useful ones at
//     256×256. It leaves the histogram as it is and pixel (0, 0) in place.
//   - The XOR key comes from a network as it is. It is not uniform, its structure follows the image it was made from (so
//     much that outlines of the plain image can be seen in the cipher image), and no argument bounds what an attacker who
//     has the network's weights can guess of it.
//   - A key used for two images gives away the XOR of the two; an all-zero image gives away the key.
//   - In float64 every orbit of the logistic map ends in a cycle, most of them in the same few, and nothing proves that its
//     bytes cannot be predicted from those before.
//   - Changing one bit of the image under one key changes one bit of the cipher image.
//   - Nothing is authenticated. The SHA-256 in a key file tells a mistaken or damaged file from the right one; whoever
//     can change the key file can change the SHA-256 too.
//   - A network's key cannot be made again by the receiver. It must be sent, in secret, and is as large as the image.
//
// # What the package promises
//
// Decrypting what was encrypted gives every byte back. A cipher image that is not the one a key file was made for is
// refused before any byte is decrypted. Reading a key file, however damaged, returns an error or a valid key file, never
// panics, and takes memory in proportion to the file's own length, whatever the file declares.
package cipher

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"keygan/data/raster"
)

// ErrMismatch reports a cipher image and a key file that do not belong together.
var ErrMismatch = errors.New("the key file is of another image, or the cipher image was changed")

// A SizeError reports an image of a size that a scheme cannot take.
type SizeError struct {
	Scheme string
	Image  string // the image's shape in words
	Side   int    // both width and height must be this many pixels
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("the scheme %q takes only %d×%d pixels, this image is %s", e.Scheme, e.Side, e.Side, e.Image)
}

// A FormatError reports samples that a scheme cannot take: 16 bits, or an alpha channel.
type FormatError struct {
	Scheme string
	Image  string // the image's shape in words
	Why    string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("the scheme %q takes only 8-bit grey or RGB images, this one is %s: %s", e.Scheme, e.Image, e.Why)
}

// Digest is the SHA-256 by which a key file knows its cipher image. It is taken over the 22 bytes "keygan cipher image 1\n",
// then width, height, channels and depth as four 32-bit big-endian numbers, then the samples as in raster.Image.Pix (row by
// row, channels interleaved, 16-bit samples high byte first). The shape is part of it, so that the same bytes under
// another shape are another image.
func Digest(m *raster.Image) [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte("keygan cipher image 1\n"))
	var shape [16]byte
	for i, v := range [...]int{m.Width, m.Height, m.Channels, m.Depth} {
		binary.BigEndian.PutUint32(shape[4*i:], uint32(v))
	}
	h.Write(shape[:])
	h.Write(m.Pix)
	return [sha256.Size]byte(h.Sum(nil))
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
