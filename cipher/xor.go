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
var xor = &Research{
	About: Info{
		Name: "xor", Warning: researchWarning("xor", "does not protect an image"),
		Weakness: "Keys of different images resemble each other: the average of many others uncovers much of an image.",
		Takes:    KeyImage, KeyFile: ClearKeyFile, Keystream: RawKeystream, Claims: rawKeyClaims,
	},
	Encrypt: xorWithKey, Decrypt: xorWithKey, Space: rawKeySpace,
}

// RawKey is the name of the variant that is the key image by itself.
const RawKey = "raw key"

// rawKey is the key image of xor and paper, by itself.
var rawKey = &Research{
	About:   Info{Name: RawKey, Takes: KeyImage, Keystream: RawKeystream, OnlyAttacks: []int{9}},
	Encrypt: xorWithKey, Decrypt: xorWithKey, Space: rawKeySpace,
}

func xorWithKey(m, key *raster.Image, _ Params) (*raster.Image, error) {
	out := m.Clone()
	xorKey(out, key)
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
