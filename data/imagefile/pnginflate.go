package imagefile

import (
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A pngInflater gives what the chunks IDAT of a PNG hold, inflated: a zlib stream (RFC 1950) of filtered rows. Stored blocks, which
// cipher images consist of, are handed on where they lie. The standard library takes over at the first block that is compressed.
type pngInflater struct {
	source   idatReader
	stored   int       // bytes left of the stored block
	last     bool      // it is the last block
	inflate  io.Reader // the rest of the stream, once there was a compressed block
	inflated []byte    // its buffer
	history  history
	sum      uint32 // Adler-32 of what was given
}

// newPNGInflater reads the header of zlib. The chunks stand at the start of the first IDAT.
func newPNGInflater(chunks *pngChunks) (*pngInflater, error) {
	z := &pngInflater{source: idatReader{chunks: chunks}, sum: 1}
	var b [zlibHeader]byte
	if _, err := io.ReadFull(&z.source, b[:]); err != nil {
		return nil, noEOF(err)
	}
	head := binary.BigEndian.Uint16(b[:])
	const deflate, largestWindow, dictionary = 8, 7, 1 << 5
	if b[0]&15 != deflate || b[0]>>4 > largestWindow || b[1]&dictionary != 0 || head%31 != 0 {
		return nil, fmt.Errorf("the pixels start with %04x, which is no header of zlib", head)
	}
	return z, nil
}

// next returns the next bytes, at least one. They are valid until the next call. It returns io.EOF when the checksum was right.
func (z *pngInflater) next() ([]byte, error) {
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

// block reads the header of a stored block. Before a compressed one, it stops.
func (z *pngInflater) block() error {
	in, err := z.source.fill()
	if err != nil {
		return err
	}
	const lastBlock, kind = 1, 6 // bits 0, and 1 and 2; the kind 0 is stored. A block after a stored one starts with a byte.
	if in[0]&kind != 0 {
		z.inflate = flate.NewReaderDict(&z.source, z.history.bytes())
		z.inflated = make([]byte, pngBuffer)
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

// compressed is next for what the standard library inflates.
func (z *pngInflater) compressed() ([]byte, error) {
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

// end compares the checksum. It returns io.EOF if it is right.
func (z *pngInflater) end() error {
	var b [zlibSum]byte
	if _, err := io.ReadFull(&z.source, b[:]); err != nil {
		return noEOF(err)
	}
	if sum := binary.BigEndian.Uint32(b[:]); sum != z.sum {
		return fmt.Errorf("the pixels have the checksum %08x, and say %08x", z.sum, sum)
	}
	return io.EOF
}

// noEOF tells an end that comes too early from the right one.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// idatReader reads the content of the chunks IDAT as one stream. It implements flate.Reader, so flate reads no further than its stream.
type idatReader struct {
	chunks *pngChunks
	in     []byte // of a chunk, in the chunks' buffer
	at     int    // of in, what was read; to move it costs less than to cut in, which is a pointer
}

// fill returns what is left of in, at least a byte.
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

// history keeps the last 32 kB, which is as far back as a compressed block refers.
type history struct {
	ring [1 << 15]byte
	all  int64 // bytes that were added
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
	return append(append(make([]byte, 0, len(h.ring)), h.ring[at:]...), h.ring[:at]...)
}
