package experiment

import (
	"bytes"
	"crypto/aes"
	stdcipher "crypto/cipher"
	"fmt"
	"math/rand/v2"
	"time"

	"keygan/cipher/agekeys"
	"keygan/cipher/sealed"
	"keygan/data/raster"
)

// sealedSecret is that of the scheme sealed with the network's key: 32 random bytes, fresh for each image.
type sealedSecret struct {
	random     [32]byte
	networkKey []byte
	generator  string // its hash
	input      string // the size in pixels that the generator was given
	key        *sealed.Key
}

func (g *generator) sealedSecret(in secretInput) (secret, error) {
	s := &sealedSecret{networkKey: in.raw.Pix, generator: g.info.Hash, input: fmt.Sprintf("%dx%d", in.raw.Width, in.raw.Height)}
	in.random.Read(s.random[:])
	return s, nil
}

func (s *sealedSecret) encrypt(plain *raster.Image) (out *raster.Image, err error) {
	out, s.key, err = sealed.SealImage(plain, sealed.Options{
		NetworkKey: s.networkKey, Generator: s.generator, NetworkInput: s.input, Random: bytes.NewReader(s.random[:]),
	})
	return out, err
}

func (s *sealedSecret) decrypt(secret *raster.Image) (*raster.Image, error) {
	return sealed.OpenImage(secret, s.key)
}

// oneBit changes a bit of the random bytes, and of the key that the receiver has.
func (s *sealedSecret) oneBit(rng *rand.Rand) (secret, error) {
	out := *s
	flip(rng, out.random[:])
	if s.key != nil {
		key := *s.key
		flip(rng, key.PRK[:])
		out.key = &key
	}
	return &out, nil
}

func (s *sealedSecret) stranger(_ *raster.Image, random *rand.ChaCha8) (secret, string, error) {
	out := *s
	random.Read(out.random[:])
	key := *s.key
	random.Read(key.PRK[:])
	out.key = &key
	return &out, "another secret", nil
}

// bytes is the size of the key file for one recipient.
func (s *sealedSecret) bytes() (int, error) {
	_, recipient, err := agekeys.NewIdentity(time.Time{})
	if err != nil {
		return 0, err
	}
	to, err := agekeys.ParseRecipient(recipient)
	if err != nil {
		return 0, err
	}
	var size byteCount
	err = s.key.Encrypt(&size, to)
	return int(size), err
}

func (s *sealedSecret) show(*raster.Image) (key, scrambled *raster.Image) { return nil, nil }

// aesSecret is that of the reference: an AES-256 key and a nonce, fresh for each image.
type aesSecret struct {
	key   [32]byte
	nonce [12]byte
	tag   []byte
}

func newAESSecret(in secretInput) (secret, error) {
	s := &aesSecret{}
	in.random.Read(s.key[:])
	in.random.Read(s.nonce[:])
	return s, nil
}

func (s *aesSecret) aead() (stdcipher.AEAD, error) {
	block, err := aes.NewCipher(s.key[:])
	if err != nil {
		return nil, err
	}
	return stdcipher.NewGCM(block)
}

func (s *aesSecret) encrypt(plain *raster.Image) (*raster.Image, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	out := *plain
	sealed := aead.Seal(nil, s.nonce[:], plain.Pix, nil)
	out.Pix, s.tag = sealed[:len(plain.Pix)], sealed[len(plain.Pix):]
	return &out, nil
}

func (s *aesSecret) decrypt(secret *raster.Image) (*raster.Image, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	out := *secret
	out.Pix, err = aead.Open(nil, s.nonce[:], append(bytes.Clone(secret.Pix), s.tag...), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sealed.ErrRefused, err)
	}
	return &out, nil
}

func (s *aesSecret) oneBit(rng *rand.Rand) (secret, error) {
	out := *s
	flip(rng, out.key[:])
	return &out, nil
}

func (s *aesSecret) stranger(_ *raster.Image, random *rand.ChaCha8) (secret, string, error) {
	out := *s
	random.Read(out.key[:])
	return &out, "another key", nil
}

// bytes are those of key, nonce and tag.
func (s *aesSecret) bytes() (int, error) { return len(s.key) + len(s.nonce) + len(s.tag), nil }

func (s *aesSecret) show(*raster.Image) (key, scrambled *raster.Image) { return nil, nil }

// flip changes one bit of p.
func flip(rng *rand.Rand, p []byte) { p[rng.IntN(len(p))] ^= 1 << rng.IntN(8) }
