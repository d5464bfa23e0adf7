package pngstream

import (
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// An inflater decompresses what the IDAT chunks hold, a zlib stream (RFC 1950) of filtered rows. Stored blocks, which cipher images
// consist of, are handed on without a copy. The standard library takes over at the first compressed block.
type inflater struct {
	source   idatReader
	stored   int       // bytes left of the stored block
	last     bool      // it is the last block
	inflate  io.Reader // the rest of the stream, from the first compressed block on
	inflated []byte    // its buffer
	history  history
	sum      uint32 // Adler-32 of what was given
}

// newInflater reads the header of zlib. The chunks must be at the start of the first IDAT.
func newInflater(chunks *chunkReader) (*inflater, error) {
	z := &inflater{source: idatReader{chunks: chunks}, sum: 1}
	var b [zlibHeader]byte
	if _, err := io.ReadFull(&z.source, b[:]); err != nil {
		return nil, noEOF(err)
	}
	head := binary.BigEndian.Uint16(b[:])
	const deflate, largestWindow, dictionary = 8, 7, 1 << 5
	if b[0]&15 != deflate || b[0]>>4 > largestWindow || b[1]&dictionary != 0 || head%31 != 0 {
		return nil, fmt.Errorf("the pixels start with %04x, which is not a zlib header", head)
	}
	return z, nil
}

// next returns the next bytes, at least one. They are valid until the next call. At the end it returns io.EOF if the checksum is right.
func (z *inflater) next() ([]byte, error) {
	for z.stored == 0 && z.inflate == nil {
		if z.last {
			return nil, z.end()
		}
		if err := z.block(); err != nil {
			return nil, noEOF(err)
		}
	}
	if z.inflate != nil {
		return z.compressed()
	}
	in, err := z.source.fill()
	if err != nil {
		return nil, noEOF(err)
	}
	b := in[:min(len(in), z.stored)]
	z.source.at += len(b)
	z.stored -= len(b)
	z.sum = adler32(z.sum, b)
	z.history.add(b)
	return b, nil
}

// block reads the header of a stored block, or hands over to the standard library at a compressed one.
func (z *inflater) block() error {
	in, err := z.source.fill()
	if err != nil {
		return err
	}
	const lastBlock, kind = 1, 6 // bit 0; bits 1 and 2, 0 for stored. The first bit of a block is the first of a byte.
	if in[0]&kind != 0 {
		z.inflate = flate.NewReaderDict(&z.source, z.history.bytes())
		z.inflated = make([]byte, bufferBytes)
		return nil
	}
	var b [blockHeader]byte
	if _, err := io.ReadFull(&z.source, b[:]); err != nil {
		return err
	}
	length, complement := binary.LittleEndian.Uint16(b[1:]), binary.LittleEndian.Uint16(b[3:])
	if length != ^complement {
		return errors.New("a stored block of the pixels has two lengths")
	}
	z.last, z.stored = b[0]&lastBlock != 0, int(length)
	return nil
}

// compressed is next once the standard library inflates.
func (z *inflater) compressed() ([]byte, error) {
	for {
		n, err := z.inflate.Read(z.inflated)
		z.sum = adler32(z.sum, z.inflated[:n])
		switch {
		case n > 0:
			return z.inflated[:n], nil // an error comes again
		case err == io.EOF:
			return nil, z.end()
		case err != nil:
			return nil, err
		}
	}
}

// end checks the checksum and returns io.EOF if it is right.
func (z *inflater) end() error {
	var b [zlibSum]byte
	if _, err := io.ReadFull(&z.source, b[:]); err != nil {
		return noEOF(err)
	}
	if sum := binary.BigEndian.Uint32(b[:]); sum != z.sum {
		return fmt.Errorf("the checksum of the pixels is %08x, but the file says %08x", z.sum, sum)
	}
	return io.EOF
}

// noEOF turns an end where more must follow into io.ErrUnexpectedEOF.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// An idatReader reads the content of the IDAT chunks as one stream. It implements flate.Reader, so that flate reads no byte too many.
type idatReader struct {
	chunks *chunkReader
	in     []byte // of a chunk, in the chunks' buffer
	at     int    // bytes of in already read; moving an index is faster than reslicing
}

// fill returns the unread part of in, at least a byte.
func (r *idatReader) fill() ([]byte, error) {
	if r.at == len(r.in) {
		in, err := r.chunks.pixels()
		if err != nil {
			return nil, err
		}
		r.in, r.at = in, 0
	}
	return r.in[r.at:], nil
}

func (r *idatReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	in, err := r.fill()
	n := copy(p, in)
	r.at += n
	return n, err
}

func (r *idatReader) ReadByte() (byte, error) {
	if r.at == len(r.in) {
		if _, err := r.fill(); err != nil {
			return 0, err
		}
	}
	b := r.in[r.at]
	r.at++
	return b, nil
}

// A history keeps the last 32 kB, which is as far back as a compressed block refers.
type history struct {
	ring [1 << 15]byte
	all  int64 // bytes added
}

func (h *history) add(b []byte) {
	h.all += int64(len(b))
	b = b[max(0, len(b)-len(h.ring)):]
	at := int((h.all - int64(len(b))) % int64(len(h.ring)))
	n := copy(h.ring[at:], b)
	copy(h.ring[:], b[n:])
}

// bytes returns them in order.
func (h *history) bytes() []byte {
	if h.all < int64(len(h.ring)) {
		return h.ring[:h.all]
	}
	at := h.all % int64(len(h.ring))
	return slices.Concat(h.ring[at:], h.ring[:at])
}
