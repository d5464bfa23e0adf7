package cipher

import (
	"bytes"
	"cmp"
	"crypto/aes"
	stdcipher "crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"

	"keygan/data/raster"
)

// aesSystem is the reference: the samples under AES-256-GCM, with a key and a nonce for each image, and nothing else.
type aesSystem struct{}

func (aesSystem) Info() Info {
	return Info{Name: "aes-256-gcm", Authenticates: "AES-256-GCM", Fresh: true, Keystream: OwnKeystream, Claims: standardClaims, Control: true}
}

// aesKept is what must never be done: the same key and nonce for all images. It shows what attacks on a kept key are worth.
type aesKept struct{ aesSystem }

func (aesKept) Info() Info {
	return Info{
		Name: "aes-256-gcm, kept key and nonce", Authenticates: "AES-256-GCM",
		VariantOf: "aes-256-gcm", OnlyAttacks: []int{2, 4, 5, 6, 7},
	}
}

// standardClaims are those of a system that is AES-256-GCM under a fresh secret of 256 bits.
var standardClaims = Claims{
	Described: Claim{Holds, "Every step is written down, and an independent program gives the same bytes for the test vectors.", 0},
	Precise: Claim{Holds, "There is no number but whole ones, modulo the image's sides and in AES; the network's rounding is not " +
		"relied on.", 0},
	KeysCounted: Claim{Holds, "A secret of 256 uniform bits for each image.", 0},
	NoWeakKeys:  Claim{Holds, "No key of AES-256 is known to be weak, and a cat map that is the identity is never taken.", 0},
}

func (aesSystem) Check(*raster.Image, Params) error { return nil }

func (aesSystem) KeySpace(*raster.Image, *Network) KeySpace {
	return KeySpace{256, "a secret of 256 bits", 256, "the same: it depends on neither image nor weights"}
}

func (aesSystem) NewSecret(in Input) (Secret, error) {
	s := &aesSecret{}
	if err := draw(in.Random, s.key[:]); err != nil {
		return nil, err
	}
	return s, draw(in.Random, s.nonce[:])
}

type aesSecret struct {
	key   [32]byte
	nonce [12]byte
	tag   []byte
}

// draw fills to from random, or from crypto/rand where that is nil.
func draw(random io.Reader, to []byte) error {
	_, err := io.ReadFull(cmp.Or(random, rand.Reader), to)
	return err
}

func (s *aesSecret) aead() (stdcipher.AEAD, error) {
	block, err := aes.NewCipher(s.key[:])
	if err != nil {
		return nil, err
	}
	return stdcipher.NewGCM(block)
}

func (s *aesSecret) Encrypt(plain *raster.Image) (*raster.Image, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	out := *plain
	both := aead.Seal(nil, s.nonce[:], plain.Pix, nil)
	out.Pix, s.tag = both[:len(plain.Pix):len(plain.Pix)], both[len(plain.Pix):]
	return &out, nil
}

func (s *aesSecret) Decrypt(cipherImage *raster.Image) (*raster.Image, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	out := *cipherImage
	out.Pix, err = aead.Open(nil, s.nonce[:], append(bytes.Clone(cipherImage.Pix), s.tag...), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return &out, nil
}

func (s *aesSecret) Bits() int { return 8 * len(s.key) }

func (s *aesSecret) Flip(choose func(n int) int) (Secret, error) {
	out := *s
	flip(out.key[:], choose)
	return &out, nil
}

func (s *aesSecret) Stranger(in Input) (Secret, string, error) {
	out := *s
	return &out, "another key", draw(in.Random, out.key[:])
}

// Sent is key, nonce and tag.
func (s *aesSecret) Sent() ([]byte, error) {
	return append(append(bytes.Clone(s.key[:]), s.nonce[:]...), s.tag...), nil
}
