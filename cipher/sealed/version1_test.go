package sealed

import (
	"bytes"
	"fmt"

	"keygan/data/raster"
)

// Version 1 is only read by now. What follows writes it, for tests.

// sealFile encrypts the bytes of any file, in format version 1. The cipher image is a grey square of 8 bits that has room for them; the rest of it is
// filled with zeros before it is encrypted, and the number of bytes is in the header. The content is not changed.
func sealFile(content []byte, o Options) (*raster.Image, *Key, error) {
	if int64(len(content)) > maxSealed {
		return nil, nil, fmt.Errorf("a file of %d bytes cannot be sealed: there can be at most %d", len(content), maxSealed)
	}
	side := fileSide(int64(len(content)))
	if shapeBytes(side, side, 1, 8) == 0 {
		return nil, nil, fmt.Errorf("a file of %d bytes cannot be sealed: it is too large", len(content))
	}
	m := &raster.Image{Width: side, Height: side, Channels: 1, Depth: 8, Pix: make([]byte, side*side)}
	copy(m.Pix, content)
	return seal(m, Header{Version: 1, Kind: kindFile, Length: int64(len(content))}, o)
}

// openFile is DecryptFile, of a cipher image in memory.
func openFile(cipher *raster.Image, k *Key) ([]byte, error) {
	if cipher.Width != k.Header.Width || cipher.Height != k.Header.Height {
		return nil, ErrRefused
	}
	var b bytes.Buffer
	if err := k.DecryptFile(&b, bytes.NewReader(cipher.Pix)); err != nil {
		return nil, err
	}
	if b.Len() == 0 {
		return []byte{}, nil
	}
	return b.Bytes(), nil
}
