package cipher

import (
	"crypto/subtle"
	"fmt"

	"keygan/data/raster"
)

//go:generate go -C _asm run . -out ../xor_amd64.s -stubs ../xorstubs_amd64.go -pkg cipher

// XOR sets dst[i] = a[i] ⊕ b[i]. The three must have the same length, or it panics; dst may be a or b, but not overlap them
// otherwise.
func XOR(dst, a, b []byte) {
	if len(dst) != len(a) || len(a) != len(b) {
		panic(fmt.Sprintf("cipher: XOR of %d and %d bytes into %d", len(a), len(b), len(dst)))
	}
	done := xorFast(dst, a, b)
	subtle.XORBytes(dst[done:], a[done:], b[done:])
}

// xor is the baseline: the image XORed with the raw key, nothing else.
type xor struct{}

func (xor) Name() string { return "xor" }

func (xor) Warning() string {
	return "the scheme \"xor\" is research material: it does not protect an image (see the documentation)"
}

func (xor) TakesKey() bool { return true }

// Check takes every size; there are no parameters.
func (xor) Check(plain *raster.Image, _ Params) error { return checkFormat("xor", plain) }

func (s xor) Encrypt(plain, key *raster.Image, p Params) (*raster.Image, *KeyFile, error) {
	if err := s.Check(plain, p); err != nil {
		return nil, nil, err
	}
	if err := checkKey(plain, key); err != nil {
		return nil, nil, err
	}
	out := plain.Clone()
	xorKey(out, key)
	return out, newKeyFile("xor", Params{}, out, key), nil
}

func (s xor) Decrypt(cipher *raster.Image, k *KeyFile) (*raster.Image, error) {
	if err := k.opens("xor", cipher); err != nil {
		return nil, err
	}
	if err := s.Check(cipher, k.Params); err != nil {
		return nil, err
	}
	out := cipher.Clone()
	xorKey(out, k.Key)
	return out, nil
}

// xorKey XORs m in place with the key, sample by sample. A grey image takes the first channel of a colour key.
func xorKey(m, key *raster.Image) {
	if m.Channels == key.Channels {
		XOR(m.Pix, m.Pix, key.Pix)
		return
	}
	for p := range m.Width * m.Height {
		for c := range m.Channels {
			m.Pix[p*m.Channels+c] ^= key.Pix[p*key.Channels+c]
		}
	}
}
