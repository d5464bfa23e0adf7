package cipher

import (
	"fmt"
	"io"

	"keygan/data/raster"
)

// A StreamingSecret has a keystream without end, for images of any size. Keystream returns nil where it has none.
type StreamingSecret interface {
	Keystream() (io.Reader, error)
}

// KeystreamOf returns the keystream of a cryptosystem, for tests of randomness: what it makes of black images, whose shapes, keys and secrets come
// from next. Where one secret serves all images, it is that secret's stream, without end if the secret is a [StreamingSecret]. All others give
// one image after the other, each with a secret of its own. Authentication tags are left out.
func KeystreamOf(c Cryptosystem, next func() (Input, error)) (io.Reader, error) {
	info := c.Info()
	if info.Keystream == NoKeystream {
		return nil, fmt.Errorf("the scheme %s has no keystream", info.Name)
	}
	images := &blackImages{system: c, next: next}
	if !info.Kept() {
		return images, nil
	}
	secret, _, err := images.secret()
	if err != nil {
		return nil, err
	}
	if s, ok := secret.(StreamingSecret); ok {
		if r, err := s.Keystream(); r != nil || err != nil {
			return r, err
		}
	}
	images.once = true
	return images, nil
}

// blackImages are cipher images of black images, one after the other.
type blackImages struct {
	system Cryptosystem
	next   func() (Input, error)
	once   bool   // there is only one
	rest   []byte // of the last
	drawn  bool   // there was one
}

func (b *blackImages) secret() (Secret, *raster.Image, error) {
	in, err := b.next()
	if err != nil {
		return nil, nil, err
	}
	if err := b.system.Check(in.Plain, in.Params); err != nil {
		return nil, nil, err
	}
	secret, err := b.system.NewSecret(in)
	return secret, raster.NewImage(in.Plain.Width, in.Plain.Height, in.Plain.Channels, in.Plain.Depth), err
}

func (b *blackImages) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		if b.once && b.drawn {
			return 0, io.EOF
		}
		secret, black, err := b.secret()
		if err != nil {
			return 0, err
		}
		out, err := secret.Encrypt(black)
		if err != nil {
			return 0, err
		}
		b.rest, b.drawn = out.Pix, true
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}
