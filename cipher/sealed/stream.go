package sealed

import (
	"bytes"
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
	h := Header{Version: o.version(), Kind: kindFile, Length: length, Channels: 1, Depth: 8}
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
		plain, padding := b.split(left)
		n, more, err := fill(content, plain, b.last())
		left -= int64(n)
		switch {
		case err != nil:
			return err
		case n < len(plain):
			return fmt.Errorf("%w: it ended after %d of %d bytes", ErrLength, k.Header.Length-left, k.Header.Length)
		case more:
			return fmt.Errorf("%w: it goes on after %d bytes", ErrLength, k.Header.Length)
		}
		clear(padding)
		b.seal()
		if _, err := bytes.NewReader(b.sealed).WriteTo(samples); err != nil {
			return err
		}
	}
	return nil
}

// DecryptFile reads the samples of a cipher image and writes the file inside. It returns ErrRefused for whatever is wrong with key or
// samples. Errors of the reader and writer come back as they are.
//
// Every byte that it writes is authentic. Only a nil error says that the file is complete, so nobody may use the content before.
// Versions 2 and 3 take a few megabytes of memory. Version 1 takes memory for the whole file, and writes nothing before all of it is
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
		n, more, err := fill(samples, b.sealed, b.last())
		if err != nil {
			return err
		}
		if n < len(b.sealed) || more || !b.open() {
			return ErrRefused
		}
		plain, padding := b.split(left)
		if len(bytes.TrimLeft(padding, "\x00")) > 0 {
			return ErrRefused
		}
		left -= int64(len(plain))
		if _, err := bytes.NewReader(plain).WriteTo(content); err != nil {
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
	_, err = bytes.NewReader(m.Pix[:h.Length]).WriteTo(content)
	return err
}

// fill reads until b is full or r ends. The end is not an error: n is then less than len(b). If b is full and atEnd is set, more says
// whether r goes on.
func fill(r io.Reader, b []byte, atEnd bool) (n int, more bool, err error) {
	for idle := 0; n < len(b); {
		m, err := r.Read(b[n:])
		n += m
		switch {
		case n == len(b):
		case err == io.EOF:
			return n, false, nil
		case err != nil:
			return n, false, err
		case m > 0:
			idle = 0
		case idle == 100:
			return n, false, io.ErrNoProgress
		default:
			idle++
		}
	}
	if atEnd {
		after, _, err := fill(r, make([]byte, 1), false)
		return n, after > 0, err
	}
	return n, false, nil
}
