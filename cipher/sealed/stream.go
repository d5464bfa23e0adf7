package sealed

import (
	"errors"
	"fmt"
	"io"

	"keygan/cipher/catmap"
	"keygan/data/raster"
)

// ErrLength reports content of another length than the key was made for.
var ErrLength = errors.New("the content does not have the announced length")

// NewFileKey makes the key for one file of length bytes and settles the shape of its cipher image. EncryptFile does the rest.
func NewFileKey(length int64, o Options) (*Key, error) {
	h := Header{Version: Version, Kind: kindFile, Length: length, Channels: 1, Depth: 8}
	if length >= 0 && length <= maxFileLength {
		h.Width, h.Height = fileShape(length)
	}
	k, s, err := newKey(h, o)
	if err != nil {
		return nil, err
	}
	s.wipe()
	return k, nil
}

// EncryptFile writes the samples of the cipher image, width × height bytes. It returns ErrLength if the content has another length than
// NewFileKey was told. After an error, what was written is worthless. It takes a few megabytes of memory for any length.
//
// A key encrypts once, because two contents under one key would give both away. EncryptFile refuses a key that was used before, even
// without success, or was read from a key file.
func (k *Key) EncryptFile(samples io.Writer, content io.Reader) error {
	if !k.fresh || k.Header.hasTag() {
		return errors.New("this key cannot encrypt a file: NewFileKey makes a key for each")
	}
	k.fresh = false
	b, err := k.newBatch(catmap.NewPasses)
	if err != nil {
		return err
	}
	left := k.Header.Length
	for b.next() {
		want := min(left, int64(len(b.plain)))
		n, err := fill(content, b.plain[:want])
		switch {
		case err != nil:
			return err
		case int64(n) < want:
			return fmt.Errorf("%w: it ended after %d of %d bytes", ErrLength, k.Header.Length-left+int64(n), k.Header.Length)
		}
		clear(b.plain[want:])
		left -= want
		if b.last() {
			if more, err := fill(content, make([]byte, 1)); err != nil {
				return err
			} else if more > 0 {
				return fmt.Errorf("%w: it goes on after %d bytes", ErrLength, k.Header.Length)
			}
		}
		b.seal()
		if err := writeAll(samples, b.sealed); err != nil {
			return err
		}
	}
	return nil
}

// DecryptFile reads the samples of a cipher image and writes the file inside. It returns ErrRefused for whatever is wrong with key or
// samples. Errors of the reader and writer come back as they are.
//
// Every byte that it writes is authentic. Only a nil error says that the file is complete, so nobody may use the content before.
// Version 2 takes a few megabytes of memory. Version 1 takes memory for the whole file, and writes nothing before all of it is
// authenticated.
func (k *Key) DecryptFile(content io.Writer, samples io.Reader) error {
	switch {
	case k.Header.Kind != kindFile:
		return errors.New("the key file opens an image")
	case k.Header.check() != nil:
		return ErrRefused
	case k.Header.Version == 1:
		return k.decryptWhole(content, samples)
	}
	b, err := k.newBatch(catmap.NewInversePasses)
	if err != nil {
		return err
	}
	left := k.Header.Length
	for b.next() {
		n, err := fill(samples, b.sealed)
		if err != nil {
			return err
		}
		if n < len(b.sealed) {
			return ErrRefused
		}
		if b.last() {
			if more, err := fill(samples, make([]byte, 1)); err != nil {
				return err
			} else if more > 0 {
				return ErrRefused
			}
		}
		n = int(min(left, int64(len(b.plain))))
		if !b.open() || !allZero(b.plain[n:]) {
			return ErrRefused
		}
		left -= int64(n)
		if err := writeAll(content, b.plain[:n]); err != nil {
			return err
		}
	}
	return nil
}

// decryptWhole is DecryptFile for version 1.
func (k *Key) decryptWhole(content io.Writer, samples io.Reader) error {
	h := &k.Header
	pix, err := io.ReadAll(io.LimitReader(samples, int64(h.Width)*int64(h.Height)+1))
	if err != nil {
		return err
	}
	m, err := open(&raster.Image{Width: h.Width, Height: h.Height, Channels: h.Channels, Depth: h.Depth, Pix: pix}, k)
	if err != nil {
		return err
	}
	return writeAll(content, m.Pix[:h.Length])
}

// fill reads until b is full or r ends. The end is not an error: n is then less than len(b).
func fill(r io.Reader, b []byte) (n int, err error) {
	for idle := 0; n < len(b); {
		m, err := r.Read(b[n:])
		n += m
		switch {
		case n == len(b) || err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		case m > 0:
			idle = 0
		case idle == 100:
			return n, io.ErrNoProgress
		default:
			idle++
		}
	}
	return n, nil
}

// writeAll writes b, if there is anything in it.
func writeAll(w io.Writer, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	n, err := w.Write(b)
	if err == nil && n < len(b) {
		return io.ErrShortWrite
	}
	return err
}

func allZero(b []byte) bool {
	var or byte
	for _, v := range b {
		or |= v
	}
	return or == 0
}
