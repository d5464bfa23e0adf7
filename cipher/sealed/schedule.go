package sealed

import (
	"crypto/aes"
	stdcipher "crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"keygan/cipher/catmap"
)

// schedule is all that is derived from a PRK.
type schedule struct {
	cat        catMapParams // of the image, or of a full chunk
	aead       stdcipher.AEAD
	nonce      [nonceSize]byte // of an image, or of a file of version 1
	commitment [commitmentSize]byte
}

func (s *schedule) wipe() { *s = schedule{} }

// schedule derives everything from the PRK, whatever the header's commitment.
func (k *Key) schedule() (*schedule, error) {
	var key [aesKeySize]byte
	defer clear(key[:])
	k.expand(key[:], "aes-256-gcm-key")
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	s := &schedule{}
	if s.aead, err = stdcipher.NewGCM(block); err != nil {
		return nil, err
	}
	k.expand(s.commitment[:], "commitment")
	height, width := squareSide, squareSide
	if k.Header.hasTag() {
		k.expand(s.nonce[:], "aes-256-gcm-nonce")
		height, width = k.Header.Height, k.Header.Width
	}
	s.cat = k.catMap(height, width)
	return s, nil
}

// unlock is schedule, but returns ErrRefused if the header's commitment is another. It compares them in constant time.
func (k *Key) unlock() (*schedule, error) {
	s, err := k.schedule()
	if err == nil && subtle.ConstantTimeCompare(s.commitment[:], k.Header.Commitment[:]) != 1 {
		s.wipe()
		return nil, ErrRefused
	}
	return s, err
}

// expand fills to with HKDF-Expand(PRK, "keygan/sealed/", the version, "/" and the label).
func (k *Key) expand(to []byte, label string) {
	b, err := hkdf.Expand(sha512.New, k.PRK[:], fmt.Sprintf("keygan/sealed/%d/%s", k.Header.Version, label), len(to))
	if err != nil {
		panic(err) // it fails only for more than 255 hashes
	}
	copy(to, b)
	clear(b)
}

// maxIterations bounds the iterations of the cat map, because each one costs time on rectangles.
const maxIterations = 4

// catMapParams are the parameters of one image's cat map, each at least 1. All are 0 for a single row or column, which the map leaves as
// it is.
type catMapParams struct{ a, b, iterations int }

// passes are those of catmap.NewPasses or catmap.NewInversePasses.
func (p catMapParams) passes(make func(height, width, a, b, iterations int) catmap.Passes, height, width int) catmap.Passes {
	return make(height, width, p.a, p.b, p.iterations)
}

// catMap derives the parameters for images of this shape. 24 bytes of HKDF-Expand(PRK, "keygan/sealed/V/cat-map/" and a number in
// decimal), where V is the format version, taken as three big-endian 64-bit numbers u, v and w, give
//
//	a = 1 + u mod (height − 1),  b = 1 + v mod (width − 1),  iterations = 1 + w mod 4.
//
// The number counts up from 0 until the map spreads. On an n×n square, the pixels of a row must go to n different rows: the upper right
// element of the map's matrix has no divisor in common with n. Elsewhere, the pixel in row 0, column 1 must leave its place. So the
// map is never the identity, and on squares it is three shears.
func (k *Key) catMap(height, width int) catMapParams {
	if height == 1 || width == 1 {
		return catMapParams{}
	}
	var b [24]byte
	defer clear(b[:])
	for i := 0; ; i++ {
		k.expand(b[:], fmt.Sprintf("cat-map/%d", i))
		draw := func(at, n int) int { return 1 + int(binary.BigEndian.Uint64(b[at:])%uint64(n)) }
		p := catMapParams{draw(0, height-1), draw(8, width-1), draw(16, maxIterations)}
		if catmap.Spreads(height, width, p.a, p.b, p.iterations) {
			return p
		}
	}
}
