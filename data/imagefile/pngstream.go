package imagefile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// A PNGReader reads the samples of a PNG as a stream. It holds two rows and some buffers, whatever the size of the image. Stored PNGs, as
// StoredPNG writes them, are read fastest.
type PNGReader struct {
	Width, Height, Channels, Depth int

	// Text holds the tEXt chunks before the pixels: the first 16 of those that NewStoredPNG could have written.
	Text []Text

	chunks *pngChunks
	pixels *pngInflater
	rows   *pngRows
	y      int    // rows that were read
	row    []byte // samples of the last of them that are still to be given
	err    error
}

// OpenPNG reads a PNG from its start up to the samples. The reader takes PNGs of 1 to 4 channels of 8 or 16 bits, with any filters and
// compression, of at most 1<<20 pixels a side. It refuses others: those with a palette or a transparent colour (PLTE, tRNS), interlaced
// ones, and those with a critical chunk that it does not know.
func OpenPNG(r io.Reader) (*PNGReader, error) {
	p, err := openPNG(r)
	if err != nil {
		return nil, pngError(err)
	}
	return p, nil
}

func openPNG(r io.Reader) (*PNGReader, error) {
	buffered := bufio.NewReaderSize(r, pngBuffer)
	start, err := buffered.Peek(len(pngSignature))
	if err != nil && err != io.EOF {
		return nil, err
	}
	if string(start) != pngSignature {
		return nil, errors.New("it does not start as one")
	}
	chunks := &pngChunks{r: buffered}
	h, oddity, err := chunks.toPixels()
	if err != nil {
		return nil, err
	}
	if oddity != "" {
		return nil, fmt.Errorf("it has %s", oddity)
	}
	if h.width > maxPNGSide || h.height > maxPNGSide {
		return nil, fmt.Errorf("%d×%d is more than the %d×%d that keygan reads as a stream", h.width, h.height, maxPNGSide, maxPNGSide)
	}
	p := &PNGReader{Width: int(h.width), Height: int(h.height), Channels: pngChannels[h.colourType], Depth: int(h.depth),
		Text: chunks.text, chunks: chunks}
	pixel := p.Channels * p.Depth / 8
	if p.pixels, err = newPNGInflater(chunks); err != nil {
		return nil, err
	}
	p.rows = newPNGRows(p.pixels.next, p.Width*pixel, pixel)
	return p, nil
}

// Read gives the samples in raster order, 16-bit ones high byte first. It returns io.EOF after the last one. It gives the last row only
// after it has read the file to its end and found everything right: the checksums of all chunks and of the pixels, the end of the
// compressed stream, IEND, and nothing after that. A caller that has all samples therefore has a whole file.
func (p *PNGReader) Read(b []byte) (int, error) {
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
func (p *PNGReader) nextRow() {
	if p.y == p.Height {
		p.err = io.EOF
		return
	}
	row, err := p.rows.next()
	if p.y++; err == nil && p.y == p.Height {
		err = p.end()
	}
	if err != nil {
		p.err = pngError(err)
		return
	}
	p.row = row
}

// end reads the file from the last sample to its end.
func (p *PNGReader) end() error {
	if err := p.rows.end(); err != nil {
		return err
	}
	switch _, err := p.pixels.source.fill(); {
	case err == nil:
		return errors.New("bytes after the compressed pixels")
	case err != io.EOF:
		return err
	}
	if err := p.chunks.toEnd(); err != nil {
		return err
	}
	switch _, err := p.chunks.r.ReadByte(); {
	case err == nil:
		return errors.New("bytes after the end of the PNG")
	case err != io.EOF:
		return err
	}
	return nil
}

// pngError says what the error is about.
func pngError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errTruncated
	}
	return fmt.Errorf("not a readable PNG: %w", err)
}
