// # What the scheme sealed promises
//
// sealed is for real images. [SealImage] takes any image, [SealFile] any bytes, and each gives a cipher image and a [SealedKey];
// [OpenImage] and [OpenFile] take both and give back every byte, or nothing.
//
// The construction, for an image P of height × width pixels:
//
//	secret            32 bytes of crypto/rand, made for this image alone and forgotten at the end
//	PRK             = HKDF-Extract(SHA-512, salt = secret, IKM = the network's raw key of P, or nothing without a network)
//	a, b, k         = HKDF-Expand(PRK, "keygan/sealed/1/cat-map/…"), see catMap
//	key, nonce      = HKDF-Expand(PRK, "keygan/sealed/1/aes-256-gcm-key"), (…, "keygan/sealed/1/aes-256-gcm-nonce")
//	commitment      = HKDF-Expand(PRK, "keygan/sealed/1/commitment")
//	M               = the cat map with a, b, k iterations over the whole of P
//	C, tag          = AES-256-GCM(key, nonce, plaintext = M, associated data = header)
//
// C is the cipher image's samples. The key file holds PRK, tag and the header: scheme, format version, derivation version,
// kind, width, height, channels, depth, length of a file, the network's hash, commitment and name. It is encrypted by age
// to its recipients or under a passphrase (see [SealedKey.Encrypt]).
//
// The adversary has every cipher image and every key file (as age has encrypted it), may have chosen the images, knows the
// network's weights, and may hand back any pair of files to be opened. The age identity or passphrase is all he lacks. Then:
//
//   - Confidentiality. He learns of an image nothing but what is listed as visible below. HKDF-Extract is HMAC-SHA-512 keyed
//     with 256 random bits, so PRK looks random to whoever lacks the secret, whatever the second input is: HMAC is assumed to be
//     a pseudorandom function (Bellare, 2006), and the network's key is only its message. HKDF-Expand (Krawczyk, 2010; RFC 5869)
//     makes of it independent keys, as its labels differ. AES-256 in counter mode under a key used for one message is as good
//     as a one-time pad, but for an advantage of about 2⁻⁷⁵ against the largest image, 2²⁷ blocks, and what AES itself yields.
//   - Integrity. Whoever changes the samples, the tag or any header field, swaps the parts of two ciphertexts or cuts one
//     short is refused, but for a chance below 2⁻¹⁰⁰ a try (GCM's bound for 2²⁷ blocks). Nothing is given out before all of it
//     is authenticated. All failures are the one error [ErrRefused].
//   - The nonce may be derived, fixed even: every key encrypts one message, so that no pair of key and nonce comes twice. Two
//     images would share a key only if 256 random bits came twice. Sealing one image again gives an unrelated ciphertext, and so
//     does changing one bit of it.
//   - The network can only add. Were its key constant, all zeros, known to the adversary or chosen by him, PRK would still be
//     keyed by the secret; without a network the second input is empty, and nothing else changes. Were crypto/rand broken
//     instead, PRK would be as hard to guess as the network's key, which for a known network means the image; but age, which draws
//     its keys there, too, would have fallen first.
//   - The cat map is part of no claim. It permutes pixels that are then encrypted, under parameters independent of the AES key; a
//     bijection chosen without a look at the plaintext neither helps nor harms the cipher that follows it.
//   - Commitment. AES-GCM does not commit to its key: a key can be looked for under which a given ciphertext and tag open to
//     something else. A commitment, 256 bits of HMAC-SHA-512, stands in the header, and two PRKs with the same one are a collision
//     of the hash, 2¹²⁸ work. So a cipher image and a commitment open to one plaintext at most, and whoever keeps the two, of which
//     neither is secret, can later tell.
//
// What is not claimed:
//
//   - The cipher image shows the image's width, height, channels and depth (of an exact file: its length to within a row or two),
//     and file names and times outside show what they show. The name inside and the network's hash are encrypted in the key
//     file, whose length still shows how long the name is and whether there was a network.
//   - Who made it. Anyone can seal an image of his own to a public key and put it in the place of another: age recipients do not
//     authenticate a sender. (A passphrase does, among those who know it.) Nor does it show that a pair of files is an old one.
//   - A sender who means to deceive can make two key files, of different commitments, for one cipher image.
//   - Whoever has the key file in the clear has the image: it is its key. There is no forward secrecy after that, and none if
//     an age identity is lost. A passphrase is worth what it costs to guess.
//   - Gentle degradation. One wrong bit, and the image does not open; keep copies.
//   - Time. Tags and commitments are compared in constant time, and Go's AES-GCM takes the same time for all keys where the processor has
//     instructions for it. A refusal authenticates the whole cipher image, whatever was wrong; see Refuse. The cat map on rectangles
//     takes the longer the more iterations there are, and gives their number away to a clock; no claim rests on it.
//   - Memory. Secrets in arrays of this package are zeroed after use. Those that the standard library and age expand inside are left
//     to the garbage collector, as are the pixels.
//
// A file sealed by any version of this package with a given format version opens in all later ones.
package cipher

import (
	"crypto/aes"
	stdcipher "crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"math"

	"keygan/data"
)

// ErrRefused is all that is said of a cipher image and a key file that do not open, whatever the reason.
var ErrRefused = errors.New("it does not open: the identity or passphrase is not one it was made for, the key file is of another image, " +
	"or one of the two was changed or damaged")

const (
	secretSize = 32 // bytes
	aesKeySize = 32
	nonceSize  = 12
	tagSize    = 16

	// maxSealed bounds the samples of an image, in bytes: 12,000×12,000 pixels of 8 bytes are half of it.
	maxSealed = math.MaxInt32 - tagSize
)

// SealOptions is what goes into a key file beside what the image itself says. The zero value seals without a network.
type SealOptions struct {
	// Name is the plain file's name, without a folder; it may be empty. See CheckName.
	Name string

	// NetworkKey is the raw key that a network made of the image, as bytes, and Generator the SHA-256 of that network, as 64
	// hexadecimal digits. Both are given, or neither.
	NetworkKey []byte
	Generator  string

	// Random gives the 32 bytes of the secret: for evaluations and tests alone, whose results are to be the same again. It must
	// be nil for whatever is to stay secret; then they come from crypto/rand.
	Random io.Reader
}

// SealImage encrypts an image of any shape and depth: the cipher image has the same. It needs memory for two more images of
// this size. The image is not changed. The key must be kept, encrypted: see SealedKey.Encrypt.
func SealImage(plain *data.Image, o SealOptions) (*data.Image, *SealedKey, error) {
	if !plausible(plain) {
		return nil, nil, fmt.Errorf("an image of %d×%d pixels, %d channels, %d bits and %d bytes cannot be sealed",
			plain.Width, plain.Height, plain.Channels, plain.Depth, len(plain.Pix))
	}
	return sealFresh(sealedSpace(plain), plain, kindImage, 0, o)
}

// OpenImage decrypts what SealImage made. Of all that can be wrong it says ErrRefused; only for a key that opens a file and no
// image is there another error.
func OpenImage(cipher *data.Image, k *SealedKey) (*data.Image, error) {
	if k.Header.Kind != kindImage {
		return nil, errors.New("the key file opens a file that is no image")
	}
	return open(cipher, k)
}

// sealedSpace is memory for what becomes of an image, and for the tag behind it.
func sealedSpace(plain *data.Image) []byte {
	return make([]byte, len(plain.Pix), len(plain.Pix)+tagSize)
}

func sealFresh(to []byte, plain *data.Image, kind string, length int, o SealOptions) (*data.Image, *SealedKey, error) {
	secret := make([]byte, secretSize)
	defer clear(secret)
	if o.Random != nil {
		if _, err := io.ReadFull(o.Random, secret); err != nil {
			return nil, nil, fmt.Errorf("the secret cannot be drawn: %w", err)
		}
	} else {
		rand.Read(secret) // it ends the program rather than fail
	}
	return seal(to, plain, kind, length, secret, o)
}

// seal encrypts under a secret that must never be used for anything else. to is as sealedSpace makes it, or the image's own memory, with
// as much room behind it.
func seal(to []byte, plain *data.Image, kind string, length int, secret []byte, o SealOptions) (*data.Image, *SealedKey, error) {
	k := &SealedKey{Header: SealedHeader{
		Kind: kind, Width: plain.Width, Height: plain.Height, Channels: plain.Channels, Depth: plain.Depth, Length: length,
		Generator: o.Generator, Name: o.Name,
	}}
	if (len(o.NetworkKey) == 0) != (o.Generator == "") {
		return nil, nil, errors.New("a network's key and its hash must be given together")
	}
	if err := k.Header.check(); err != nil {
		return nil, nil, err
	}
	prk, err := hkdf.Extract(sha512.New, o.NetworkKey, secret)
	if err != nil {
		return nil, nil, err
	}
	copy(k.PRK[:], prk)
	clear(prk)

	s, err := k.schedule()
	if err != nil {
		return nil, nil, err
	}
	defer s.wipe()
	k.Header.Commitment = s.commitment

	p := catPasses(plain.Height, plain.Width, s.cat.a, s.cat.b, s.cat.iterations)
	p.apply(to, plain.Pix, plain.Height, plain.Width, plain.Channels*plain.Depth/8)
	aead, err := s.aead()
	if err != nil {
		return nil, nil, err
	}
	sealed := aead.Seal(to[:0], s.nonce[:], to, k.Header.marshal())
	out := *plain
	out.Pix = sealed[:len(plain.Pix):len(plain.Pix)]
	copy(k.Tag[:], sealed[len(plain.Pix):])
	return &out, k, nil
}

// open returns the image inside, whose samples are in memory of its own.
func open(cipher *data.Image, k *SealedKey) (*data.Image, error) {
	if !plausible(cipher) {
		return nil, ErrRefused
	}
	h := &k.Header
	if h.check() != nil || cipher.Width != h.Width || cipher.Height != h.Height || cipher.Channels != h.Channels || cipher.Depth != h.Depth {
		return nil, Refuse(cipher)
	}
	s, err := k.schedule()
	if err != nil {
		return nil, err
	}
	defer s.wipe()
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, 0, len(cipher.Pix)+tagSize)
	sealed = append(append(sealed, cipher.Pix...), k.Tag[:]...)
	pix, err := aead.Open(sealed[:0], s.nonce[:], sealed, h.marshal())
	if committed := subtle.ConstantTimeCompare(s.commitment[:], h.Commitment[:]) == 1; err != nil || !committed {
		clear(sealed)
		return nil, ErrRefused
	}
	out := *cipher
	out.Pix = pix[:len(pix):len(pix)]
	p := inverseCatPasses(out.Height, out.Width, s.cat.a, s.cat.b, s.cat.iterations)
	p.apply(out.Pix, out.Pix, out.Height, out.Width, out.Channels*out.Depth/8)
	return &out, nil
}

// Refuse is for a cipher image whose key file does not open. It authenticates the image under a key that opens nothing and says
// ErrRefused, so that a clock does not tell which of the two files was at fault.
func Refuse(cipher *data.Image) error {
	// All zeros are no commitment of this PRK, so that not even an image made for it opens.
	decoy := &SealedKey{Header: SealedHeader{
		Kind: kindImage, Width: cipher.Width, Height: cipher.Height, Channels: cipher.Channels, Depth: cipher.Depth,
	}}
	_, _ = open(cipher, decoy)
	return ErrRefused
}

// plausible says whether an image is one: of a shape there is, with as many bytes as the shape says, and not too many.
func plausible(m *data.Image) bool {
	return shapeBytes(m.Width, m.Height, m.Channels, m.Depth) == len(m.Pix) && len(m.Pix) > 0
}

// shapeBytes is how many bytes the samples of an image are, or 0 if there is no image of this shape that can be sealed.
func shapeBytes(width, height, channels, depth int) int {
	if width < 1 || width > maxSide || height < 1 || height > maxSide || channels < 1 || channels > 4 || (depth != 8 && depth != 16) {
		return 0
	}
	if n := int64(width) * int64(height) * int64(channels*depth/8); n <= maxSealed {
		return int(n)
	}
	return 0
}

// schedule is all that is derived from a PRK.
type schedule struct {
	cat        catMapParams
	key        [aesKeySize]byte
	nonce      [nonceSize]byte
	commitment [commitmentSize]byte
}

func (s *schedule) wipe() {
	s.cat = catMapParams{}
	clear(s.key[:])
	clear(s.nonce[:])
}

func (s *schedule) aead() (stdcipher.AEAD, error) {
	block, err := aes.NewCipher(s.key[:])
	if err != nil {
		return nil, err
	}
	return stdcipher.NewGCM(block)
}

func (k *SealedKey) schedule() (*schedule, error) {
	s := &schedule{}
	for _, d := range []struct {
		label string
		to    []byte
	}{
		{"aes-256-gcm-key", s.key[:]}, {"aes-256-gcm-nonce", s.nonce[:]}, {"commitment", s.commitment[:]},
	} {
		if err := k.expand(d.to, d.label); err != nil {
			return nil, err
		}
	}
	var err error
	s.cat, err = k.catMap()
	return s, err
}

// expand fills to with HKDF-Expand(PRK, "keygan/sealed/1/" and the label).
func (k *SealedKey) expand(to []byte, label string) error {
	b, err := hkdf.Expand(sha512.New, k.PRK[:], "keygan/sealed/1/"+label, len(to))
	if err != nil {
		return err
	}
	copy(to, b)
	clear(b)
	return nil
}
