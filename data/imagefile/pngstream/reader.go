package pngstream

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// ErrTruncated reports a file that ends before its image does.
var ErrTruncated = errors.New("truncated: the file ends before the image does")

// A Reader reads the samples of a PNG as a stream, in memory for two rows. It is fastest on files that a Writer wrote.
type Reader struct {
	Width, Height, Channels, Depth int

	// Text holds the first 16 tEXt chunks before the pixels that NewWriter could have written.
	Text []Text

	chunks *chunkReader
	pixels *inflater
	rows   *rowReader
	y      int    // rows read
	row    []byte // samples of the last row that Read has not given yet
	err    error
}

// NewReader reads a PNG up to its samples. The image may have any filters and compression, and at most 1<<20 pixels a side. NewReader
// refuses palettes, transparent colours, interlaced rows and critical chunks that it does not know.
func NewReader(r io.Reader) (p *Reader, err error) {
	defer func() {
		if err != nil {
			err = readError(err)
		}
	}()
	chunks, h, err := openChunks(r)
	if err != nil {
		return nil, err
	}
	if h.Width > maxSide || h.Height > maxSide {
		return nil, fmt.Errorf("%d×%d is more than the %d×%d that keygan reads as a stream", h.Width, h.Height, maxSide, maxSide)
	}
	p = &Reader{Width: int(h.Width), Height: int(h.Height), Channels: h.Channels(), Depth: int(h.Depth), Text: chunks.text, chunks: chunks}
	if p.pixels, err = newInflater(chunks); err != nil {
		return nil, err
	}
	p.rows = newRowReader(p.pixels.next, h)
	return p, nil
}

// openChunks reads a PNG up to its first chunk of pixels.
func openChunks(r io.Reader) (*chunkReader, Header, error) {
	chunks := &chunkReader{r: bufio.NewReaderSize(r, bufferBytes)}
	start, err := chunks.r.Peek(len(Signature))
	if err != nil && err != io.EOF {
		return nil, Header{}, err
	}
	if string(start) != Signature {
		return nil, Header{}, errors.New("it does not start with a PNG's signature")
	}
	chunks.r.Discard(len(Signature))
	h, err := chunks.toPixels()
	return chunks, h, err
}

// Read gives the samples in raster order, 16-bit ones high byte first, and io.EOF after the last one. It gives the last row only after
// it has read the file to its end and checked everything: the checksums of all chunks and of the pixels, the end of the compressed
// stream, IEND, and that nothing follows. A caller that has all samples therefore has a whole file.
func (p *Reader) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) && p.err == nil {
		if len(p.row) == 0 {
			p.nextRow()
		}
		m := copy(b[n:], p.row)
		p.row = p.row[m:]
		n += m
	}
	if n > 0 || len(b) == 0 {
		return n, nil // an error comes with the next call
	}
	return 0, p.err
}

// nextRow sets row or err.
func (p *Reader) nextRow() {
	if p.y == p.Height {
		p.err = io.EOF
		return
	}
	row, err := p.rows.next()
	if p.y++; err == nil && p.y == p.Height {
		err = p.end()
	}
	if err == nil {
		p.row = row
	} else {
		p.err = readError(err)
	}
}

// end reads the file from the last sample to its end.
func (p *Reader) end() error {
	if err := p.rows.end(); err != nil {
		return err
	}
	_, err := p.pixels.source.fill()
	if err := atEOF(err, "bytes after the compressed pixels"); err != nil {
		return err
	}
	if err := p.chunks.toEnd(); err != nil {
		return err
	}
	_, err = p.chunks.r.ReadByte()
	return atEOF(err, "bytes after the end of the PNG")
}

// atEOF turns io.EOF into nil, and nil into an error about what was read instead.
func atEOF(err error, read string) error {
	switch err {
	case io.EOF:
		return nil
	case nil:
		return errors.New(read)
	}
	return err
}

func readError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = ErrTruncated
	}
	return fmt.Errorf("not a readable PNG: %w", err)
}

// Scan decodes a PNG row by row. It calls start with the header, and what start returns with each row's samples, which are valid
// during the call. Another goroutine inflates the rows that follow. Unlike a Reader, Scan ignores what lies behind the image.
//
// The error is an *UnusualError, or what start returns, before any row is read.
func Scan(r io.Reader, start func(Header) (addRow func([]byte), err error)) error {
	chunks, h, err := openChunks(r)
	if err != nil {
		return err
	}
	addRow, err := start(h)
	if err != nil {
		return err
	}
	pixels, err := newInflater(chunks)
	if err != nil {
		return err
	}
	inflated, stop := readAhead(pixels.next)
	err = scanRows(newRowReader(inflated, h), int(h.Height), addRow)
	if stop(); err != nil {
		return err
	}
	return chunks.toEnd()
}

func scanRows(rows *rowReader, height int, addRow func([]byte)) error {
	for range height {
		row, err := rows.next()
		if err != nil {
			return err
		}
		addRow(row)
	}
	return rows.end()
}

// A rowReader gives the rows of the pixels, with the filters undone. It holds two rows.
type rowReader struct {
	inflated   func() ([]byte, error) // as next of inflater
	raw        []byte                 // inflated, not yet used
	row, above []byte                 // a filter's number and samples
	pixel      int                    // bytes
}

func newRowReader(inflated func() ([]byte, error), h Header) *rowReader {
	stride := int(h.Width) * h.pixelBytes()
	return &rowReader{inflated: inflated, row: make([]byte, 1+stride), above: make([]byte, 1+stride), pixel: h.pixelBytes()}
}

// next returns the next row's samples. They are valid until the next call.
func (r *rowReader) next() ([]byte, error) {
	r.row, r.above = r.above, r.row
	for rest := r.row; len(rest) > 0; {
		if len(r.raw) == 0 {
			var err error
			if r.raw, err = r.inflated(); err != nil {
				return nil, noEOF(err)
			}
		}
		n := copy(rest, r.raw)
		rest, r.raw = rest[n:], r.raw[n:]
	}
	row := r.row[1:]
	return row, unfilter(row, r.above[1:], r.row[0], r.pixel)
}

// end checks that the stream ends after the last row, with the right checksum.
func (r *rowReader) end() error {
	var err error
	if len(r.raw) == 0 {
		_, err = r.inflated()
	}
	return atEOF(err, "more rows than the header says")
}

// readAhead calls next in a goroutine and keeps a few of its results, so that two steps of decoding run at the same time. The bytes that
// ahead returns are valid until its next call; after an error it repeats that error. stop ends the goroutine and waits for it.
func readAhead(next func() ([]byte, error)) (ahead func() ([]byte, error), stop func()) {
	type result struct {
		b   []byte
		err error
	}
	const buffers = 4 // one with the caller, one with the goroutine, two in between
	full, free := make(chan result, buffers), make(chan []byte, buffers)
	for range buffers - 1 {
		free <- nil
	}
	done := make(chan struct{})
	guarded := func() (b []byte, err error) { // a panic here could not be recovered by the caller
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("damaged: %v", p)
			}
		}()
		return next()
	}
	go func() {
		defer close(done)
		for own := range free {
			b, err := guarded()
			full <- result{append(own[:0], b...), err} // which always has room
			if err != nil {
				return
			}
		}
	}()
	var now result
	ahead = func() ([]byte, error) {
		if now.err == nil {
			free <- now.b
			now = <-full
		}
		return now.b, now.err
	}
	return ahead, func() {
		close(free)
		for range free { // so that nothing more is read
		}
		<-done
	}
}
