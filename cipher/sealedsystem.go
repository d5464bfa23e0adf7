package cipher

import (
	"bytes"
	"fmt"
	"io"
	"time"

	"keygan/cipher/agekeys"
	"keygan/cipher/sealed"
	"keygan/data/raster"

	"filippo.io/age"
)

// sealedSystem is package sealed as a cryptosystem: images only, with the network's key mixed into 32 random bytes. Files and streams are
// sealed by package sealed itself. It takes what AES-256-GCM takes and has as many keys.
type sealedSystem struct{ aesSystem }

func (sealedSystem) Info() Info {
	return Info{
		Name: Default, Takes: OptionalKeyImage, KeyFile: AgeKeyFile, Authenticates: "AES-256-GCM",
		Fresh: true, MovesPixels: true, Keystream: OwnKeystream, Claims: standardClaims,
	}
}

func (sealedSystem) NewSecret(in Input) (Secret, error) {
	s := &sealedSecret{}
	if in.Key != nil {
		s.options = sealed.Options{
			NetworkKey: in.Key.Pix, Generator: in.Network.Hash, NetworkInput: fmt.Sprintf("%dx%d", in.Key.Width, in.Key.Height),
		}
	}
	return s, draw(in.Random, s.random[:])
}

type sealedSecret struct {
	random  [32]byte // what the key is made of
	options sealed.Options
	key     *sealed.Key // nil before Encrypt
}

func (s *sealedSecret) Encrypt(plain *raster.Image) (out *raster.Image, err error) {
	o := s.options
	o.Random = bytes.NewReader(s.random[:])
	out, s.key, err = sealed.SealImage(plain, o)
	return out, err
}

func (s *sealedSecret) Decrypt(cipherImage *raster.Image) (*raster.Image, error) {
	return sealed.OpenImage(cipherImage, s.key)
}

// Bits are those of the key that the receiver has.
func (s *sealedSecret) Bits() int { return 8 * len(sealed.Key{}.PRK) }

// Flip changes a bit of the random bytes, and of the key that the receiver has.
func (s *sealedSecret) Flip(choose func(n int) int) (Secret, error) {
	out := *s
	flip(out.random[:], choose)
	if s.key != nil {
		key := *s.key
		flip(key.PRK[:], choose)
		out.key = &key
	}
	return &out, nil
}

func (s *sealedSecret) Stranger(in Input) (Secret, string, error) {
	out, key := *s, *s.key
	out.key = &key
	if err := draw(in.Random, out.random[:]); err != nil {
		return nil, "", err
	}
	return &out, "another secret", draw(in.Random, key.PRK[:])
}

// Sent is the key file for one recipient.
func (s *sealedSecret) Sent() ([]byte, error) {
	_, public, err := agekeys.NewIdentity(time.Time{})
	if err != nil {
		return nil, err
	}
	to, err := agekeys.ParseRecipient(public)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = s.Wrap(&b, to)
	return b.Bytes(), err
}

func (s *sealedSecret) Wrap(w io.Writer, to ...age.Recipient) error { return s.key.Encrypt(w, to...) }

func (s *sealedSecret) Unwrap(r io.Reader, identities ...age.Identity) (Secret, error) {
	key, err := sealed.ReadKey(r, identities...)
	if err != nil {
		return nil, err
	}
	return &sealedSecret{key: key}, nil
}
