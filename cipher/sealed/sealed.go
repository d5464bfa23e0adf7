// Package sealed encrypts real images, and files of any kind, to cipher images with authenticated encryption.
//
// An image in memory is sealed with [SealImage]:
//
//	cipherImage, key, err := sealed.SealImage(plain, sealed.Options{Name: "scan.png"})
//	err = key.Encrypt(keyFile, recipient) // an age file
//	...
//	key, err := sealed.ReadKey(keyFile, identity)
//	plain, err := sealed.OpenImage(cipherImage, key)
//
// A file of any length goes through as a stream, to the samples of a grey image of key.Header.Width × key.Header.Height:
//
//	key, err := sealed.NewFileKey(length, sealed.Options{Name: "scan.dcm"})
//	err = key.EncryptFile(samples, content)
//	...
//	err = key.DecryptFile(content, samples)
//
// # The construction
//
// New pairs have format version 2, or 3 where Options.Hidden asks for it. Version 1 still opens, as will every version in all later ones.
// docs/format.md describes them to the last byte.
//
//	secret          32 bytes of crypto/rand, drawn for this one image or file and then forgotten
//	PRK           = HKDF-Extract(SHA-512, salt = secret, IKM = the network's raw key of the image, or nothing)
//	key, …        = HKDF-Expand(PRK, "keygan/sealed/" + version + "/" + label); commitment is one of the labels
//
// An image, and in version 1 also a file, is encrypted as a whole:
//
//	M             = the cat map, with parameters from PRK, over the whole image
//	C, tag        = AES-256-GCM(key, nonce from PRK, plaintext = M, associated data = header)
//
// A file of version 2 or 3 is padded with zero bytes and encrypted in chunks of 65,536 bytes, as in STREAM (Hoang, Reyhanitabar, Rogaway and
// Vizár, 2015) and age:
//
//	Mᵢ            = the cat map over chunk i, a square of 256×256 bytes; a shorter last chunk stays as it is
//	Cᵢ            = AES-256-GCM(key, nonce = i and whether it is the last, plaintext = Mᵢ, associated data = header), with its tag
//
// The ciphertext is the cipher image's samples. The key file holds PRK, the [Header] and, for an image, the tag. age encrypts it to its
// recipients or under a passphrase.
//
// # What it promises
//
// The adversary has every cipher image and every encrypted key file. He may have chosen the images, knows the network's weights, and may
// hand back any pair of files to be opened. He lacks only the age identity or passphrase. Then the package promises:
//
//   - Confidentiality. He learns only what is listed below as visible. HKDF-Extract is HMAC-SHA-512 keyed with 256 random bits, assumed to
//     be a pseudorandom function (Bellare, 2006), so PRK looks random to him whatever the network's key is. HKDF-Expand (Krawczyk, 2010;
//     RFC 5869) makes independent keys from it under different labels. AES-256 in counter mode is then as good as a one-time pad, up to
//     AES itself and an advantage of about 2⁻⁷⁵ against the largest image (2²⁷ blocks) or 2⁻⁵⁷ against the largest file (2³⁶ blocks).
//   - Integrity of images. A change of any sample, the tag or a header field is refused, as are mixed or shortened ciphertexts. One try
//     succeeds with a chance below 2⁻¹⁰⁰ (GCM's bound for 2²⁷ blocks). Nothing comes out before all of it is authenticated.
//   - Integrity of files. The same holds for every chunk. Chunks cannot be reordered, dropped, repeated or cut off: the nonce has a
//     chunk's number and marks the last one, and the header has the length. DecryptFile writes a chunk only once it is authentic and in
//     its place, but only the nil error at the end says that the file is complete.
//   - One error. Whatever is wrong with a pair, the error is [ErrRefused]. Only an unknown version has its own, a [VersionError].
//   - Nonces do not repeat. A key encrypts one image or file: EncryptFile refuses a key that was used or read from a file. Two share a key
//     only if 256 random bits come twice. Sealing the same content again, or with one bit changed, gives an unrelated ciphertext.
//   - The network can only add. If its key were constant, known to the adversary or chosen by him, the secret would still key PRK. If
//     crypto/rand were broken instead, PRK would be as hard to guess as the network's key, which for a known network means the image; but
//     then age, whose keys have the same source, would have fallen first.
//   - The cat map is part of no claim. It is a bijection before the encryption, with parameters independent of the AES key and the
//     plaintext. So it neither helps nor harms the cipher after it.
//   - Commitment. AES-GCM does not commit to its key, so the header has a commitment, 256 bits of HMAC-SHA-512. Two PRKs with one commitment
//     are a collision of the hash, 2¹²⁸ work. A cipher image and a commitment therefore open to one plaintext at most. Whoever keeps the
//     two, neither of which is secret, can prove it later.
//
// What is visible to everybody:
//
//   - The cipher image's width, height, channels and depth. Those of an image are the plain image's. For a file they give away its length
//     to within about a row, some 2·√length bytes in the worst case.
//   - The names, dates and sizes of the two files themselves.
//   - The length of the encrypted key file. It depends on the kind, the length of the name, the number of digits in sizes and time, and
//     whether mode, time and network are recorded. The values are encrypted. In version 3 the length depends on the recipients only.
//   - The recipients' types and number, as age shows them.
//
// What is not claimed:
//
//   - Who made it. Anyone can seal an image of his own to a public key and put it in the place of another: age recipients do not
//     authenticate a sender. (A passphrase does, among those who know it.) Nor does anything show that a pair of files is an old one.
//   - An honest sender. One who means to deceive can make two key files, of different commitments, for one cipher image.
//   - Forward secrecy. Whoever has the key file in the clear, or a lost age identity, has the content. A passphrase is worth what it costs
//     to guess.
//   - Gentle degradation. One wrong bit, and an image does not open, nor a file from that chunk on; keep copies.
//   - Time. Tags and commitments are compared in constant time, and Go's AES-GCM takes the same time for all keys where the processor has
//     instructions for it. But a clock tells whether the key file or the cipher image was at fault, and at which chunk. The cat map on
//     rectangles takes longer with more iterations and gives their number away; no claim rests on it.
//   - Memory. Secrets in arrays of this package are zeroed after use. What the standard library and age expand inside is left to the
//     garbage collector, and so is the content.
package sealed

import (
	"cmp"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"time"

	"keygan/cipher/catmap"
	"keygan/data/raster"
)

// ErrRefused reports a cipher image and a key file that do not open. It never says why.
var ErrRefused = errors.New("it does not open: the identity or passphrase is not one it was made for, the key file belongs to another image, " +
	"or one of the two was changed or damaged")

const (
	secretSize = 32 // bytes
	aesKeySize = 32
	nonceSize  = 12
	tagSize    = 16

	// maxSealed bounds the samples of an image, in bytes: 12,000×12,000 pixels of 8 bytes are half of it.
	maxSealed = math.MaxInt32 - tagSize
)

// Options say what a key file records beyond the image itself. The zero value seals without a network.
type Options struct {
	// Name is the plain file's name, without a folder; it may be empty. See CheckName.
	Name string

	// Hidden says that the pair is to tell nothing about the name: all key files for the same recipients then have one length. It asks
	// for version 3, which also records Folder: where the plain file lies below the folder that is encrypted. See CheckFolder.
	Hidden bool
	Folder string

	// NetworkKey has the bytes of the raw key that a network made of the image. Generator is the SHA-256 of that network, 64
	// hexadecimal digits. Either both are given or neither.
	NetworkKey []byte
	Generator  string

	// NetworkInput is the size in pixels to which the image was resized for the network, width first, as in "256x256". It goes with
	// Generator. Version 1 does not record it.
	NetworkInput string

	// Mode has the plain file's permission bits; other bits are ignored. Modified is its modification time, kept to the nanosecond.
	// Zero values are not recorded. Version 1 records neither.
	Mode     fs.FileMode
	Modified time.Time

	// Random gives the 32 bytes of the secret. It is for evaluations and tests, whose results must be repeatable. Where anything is to
	// stay secret it must be nil: then the bytes come from crypto/rand.
	Random io.Reader
}

// version is that of new pairs.
func (o *Options) version() int {
	if o.Hidden {
		return 3
	}
	return 2
}

// SealImage encrypts an image of any shape and depth. The cipher image has the same shape and depth. It takes memory for two more images
// of this size and does not change the image. Key.Encrypt writes the key.
func SealImage(plain *raster.Image, o Options) (*raster.Image, *Key, error) {
	if !plausible(plain) {
		return nil, nil, fmt.Errorf("an image of %d×%d pixels, %d channels, %d bits and %d bytes cannot be sealed",
			plain.Width, plain.Height, plain.Channels, plain.Depth, len(plain.Pix))
	}
	return seal(plain, Header{Version: o.version(), Kind: kindImage}, o)
}

// OpenImage decrypts what SealImage made. Every failure is ErrRefused, unless the key opens a file instead of an image.
func OpenImage(cipher *raster.Image, k *Key) (*raster.Image, error) {
	if k.Header.Kind != kindImage {
		return nil, errors.New("the key file opens a file, not an image")
	}
	return open(cipher, k)
}

// seal encrypts an image as a whole, under a fresh key. h has version, kind and length.
func seal(plain *raster.Image, h Header, o Options) (*raster.Image, *Key, error) {
	h.Width, h.Height, h.Channels, h.Depth = plain.Width, plain.Height, plain.Channels, plain.Depth
	k, s, err := newKey(h, o)
	if err != nil {
		return nil, nil, err
	}
	defer s.wipe()
	k.fresh = false
	moved := make([]byte, len(plain.Pix), len(plain.Pix)+tagSize)
	s.cat.passes(catmap.NewPasses, plain.Height, plain.Width).Apply(moved, plain.Pix, plain.Height, plain.Width, plain.Channels*plain.Depth/8)
	sealed := s.aead.Seal(moved[:0], s.nonce[:], moved, k.Header.marshal())
	out := *plain
	out.Pix = sealed[:len(plain.Pix):len(plain.Pix)]
	copy(k.Tag[:], sealed[len(plain.Pix):])
	return &out, k, nil
}

// newKey draws the secret of a key and derives everything but the tag from it. h lacks what the options say.
func newKey(h Header, o Options) (*Key, *schedule, error) {
	h.Generator, h.Name, h.Folder = o.Generator, o.Name, o.Folder
	if h.Version != 1 {
		h.Mode, h.NetworkInput = o.Mode.Perm(), o.NetworkInput
		if !o.Modified.IsZero() {
			h.Modified = o.Modified.Round(0).UTC() // as it will be read from the key file
		}
	}
	if (len(o.NetworkKey) == 0) != (o.Generator == "") {
		return nil, nil, errors.New("a network's key and its hash must be given together")
	}
	if err := h.check(); err != nil {
		return nil, nil, err
	}
	secret := make([]byte, secretSize)
	defer clear(secret)
	if _, err := io.ReadFull(cmp.Or(o.Random, rand.Reader), secret); err != nil {
		return nil, nil, fmt.Errorf("the secret cannot be drawn: %w", err)
	}
	prk, err := hkdf.Extract(sha512.New, o.NetworkKey, secret)
	if err != nil {
		return nil, nil, err
	}
	defer clear(prk)
	k := &Key{Header: h, PRK: [prkSize]byte(prk), fresh: true}
	s, err := k.schedule()
	if err != nil {
		return nil, nil, err
	}
	k.Header.Commitment = s.commitment
	return k, s, nil
}

// open returns the image inside, in memory of its own.
func open(cipher *raster.Image, k *Key) (*raster.Image, error) {
	if !plausible(cipher) {
		return nil, ErrRefused
	}
	h := &k.Header
	if h.check() != nil || cipher.Width != h.Width || cipher.Height != h.Height || cipher.Channels != h.Channels || cipher.Depth != h.Depth {
		return nil, ErrRefused
	}
	s, err := k.unlock()
	if err != nil {
		return nil, err
	}
	defer s.wipe()
	sealed := append(append(make([]byte, 0, len(cipher.Pix)+tagSize), cipher.Pix...), k.Tag[:]...)
	pix, err := s.aead.Open(sealed[:0], s.nonce[:], sealed, h.marshal())
	if err != nil {
		clear(sealed)
		return nil, ErrRefused
	}
	out := *cipher
	out.Pix = pix[:len(pix):len(pix)]
	s.cat.passes(catmap.NewInversePasses, h.Height, h.Width).Apply(out.Pix, out.Pix, h.Height, h.Width, h.Channels*h.Depth/8)
	return &out, nil
}

// plausible says whether an image can be sealed: it has a possible shape, and as many bytes as the shape says.
func plausible(m *raster.Image) bool {
	return shapeBytes(m.Width, m.Height, m.Channels, m.Depth) == len(m.Pix) && len(m.Pix) > 0
}

// shapeBytes is the size in bytes of the samples of an image, or 0 if an image of this shape cannot be sealed.
func shapeBytes(width, height, channels, depth int) int {
	if width < 1 || width > maxSide || height < 1 || height > maxSide || channels < 1 || channels > 4 || (depth != 8 && depth != 16) {
		return 0
	}
	if n := int64(width) * int64(height) * int64(channels*depth/8); n <= maxSealed {
		return int(n)
	}
	return 0
}
