package cipher

import (
	"errors"
	"fmt"
	"math"

	"keygan/data"
)

// SealFile encrypts the bytes of any file. The cipher image is a grey square of 8 bits that has room for them; the rest of it is
// filled with zeros before it is encrypted, and the number of bytes is in the header. The content is not changed.
func SealFile(content []byte, o SealOptions) (*data.Image, *SealedKey, error) {
	if int64(len(content)) > maxSealed {
		return nil, nil, fmt.Errorf("a file of %d bytes cannot be sealed: there can be at most %d", len(content), maxSealed)
	}
	side := fileSide(len(content))
	if shapeBytes(side, side, 1, 8) == 0 {
		return nil, nil, fmt.Errorf("a file of %d bytes cannot be sealed: it is too large", len(content))
	}
	m := &data.Image{Width: side, Height: side, Channels: 1, Depth: 8, Pix: make([]byte, side*side, side*side+tagSize)}
	copy(m.Pix, content)
	return sealFresh(m.Pix, m, kindFile, len(content), o)
}

// OpenFile decrypts what SealFile made. Of all that can be wrong it says ErrRefused; only for a key that opens an image is there
// another error.
func OpenFile(cipher *data.Image, k *SealedKey) ([]byte, error) {
	if k.Header.Kind != kindFile {
		return nil, errors.New("the key file opens an image")
	}
	m, err := open(cipher, k)
	if err != nil {
		return nil, err
	}
	return m.Pix[:k.Header.Length:k.Header.Length], nil
}

// fileSide is the side of the smallest square of at least n pixels, and of one pixel for none.
func fileSide(n int) int {
	side := int(math.Sqrt(float64(n)))
	for side*side < n {
		side++
	}
	return max(1, side)
}
