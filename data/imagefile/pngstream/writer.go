package pngstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// maxSide bounds the width and the height of a PNG that is written or read as a stream, and so the memory for a row.
const maxSide = 1 << 20

// A Writer writes a PNG without compression while its samples come in. It holds one chunk of the file in memory. Cipher images look like
// noise and do not compress, and trying takes many times as long.
//
// The file's layout depends only on its shape and its texts: signature, IHDR, a tEXt for each text, IDAT chunks, IEND. All rows have
// filter 0. Each IDAT holds one stored block of deflate (RFC 1951, section 3.2.4) of 65535 bytes, the last one what is left. The first
// IDAT starts with the zlib header 78 01. The last one ends with zlib's checksum.
type Writer struct {
	w         io.Writer
	stride    int    // bytes of a row of samples
	left      int64  // bytes of samples still to come
	raw       int64  // bytes of samples and filters that are not in a block yet
	row       int    // bytes of samples left in the current row
	chunk     []byte // the current chunk, from its length on; its capacity is that of the longest
	blockLeft int    // bytes left in the chunk's block
	block     int    // where the block's content starts in chunk
	sum       uint32 // Adler-32 of the blocks before
	err       error  // what ended the writing
}

const (
	storedBlock                      = math.MaxUint16 // the longest stored block
	zlibHeader, zlibSum, blockHeader = 2, 4, 1 + 2 + 2
)

// NewWriter writes the file up to the samples. It refuses sides above 1<<20, Text that breaks its rules, and more than 16 texts.
func NewWriter(w io.Writer, width, height, channels, depth int, text ...Text) (*Writer, error) {
	if width > maxSide || height > maxSide {
		return nil, fmt.Errorf("%d×%d is more than the %d×%d that keygan writes", width, height, maxSide, maxSide)
	}
	head, err := fileHead(width, height, channels, depth)
	if err != nil {
		return nil, err
	}
	if len(text) > maxTexts {
		return nil, fmt.Errorf("%d texts are more than the %d that keygan writes into a PNG", len(text), maxTexts)
	}
	for _, t := range text {
		if err := t.check(); err != nil {
			return nil, err
		}
		head = appendChunk(head, "tEXt", t.content())
	}
	if _, err := w.Write(head); err != nil {
		return nil, err
	}
	stride := width * channels * depth / 8
	p := &Writer{w: w, stride: stride, left: int64(stride) * int64(height), raw: int64(1+stride) * int64(height), sum: 1}
	p.chunk = make([]byte, 0, chunkOverhead+zlibHeader+blockHeader+int(min(p.raw, storedBlock))+zlibSum)
	p.start(0x78, 0x01) // a window of 32 kB, the fastest level
	return p, nil
}

// Size is the length in bytes of the file that a Writer makes of these.
func Size(width, height, channels, depth int, text ...Text) int64 {
	size := int64(len(Signature) + chunkOverhead + 13 + zlibHeader + zlibSum + chunkOverhead)
	for _, t := range text {
		size += int64(chunkOverhead + len(t.content()))
	}
	raw := int64(height) * int64(1+width*channels*depth/8)
	blocks := (raw + storedBlock - 1) / storedBlock
	return size + raw + blocks*(chunkOverhead+blockHeader)
}

// Write takes samples in raster order, 16-bit ones high byte first, in pieces of any length. A piece that is too long is refused whole.
func (p *Writer) Write(samples []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	if int64(len(samples)) > p.left {
		return 0, fmt.Errorf("%d bytes of samples where the PNG has room for %d", len(samples), p.left)
	}
	written := 0
	for len(samples) > 0 {
		if p.row == 0 {
			p.row = p.stride
			if p.put([]byte{0}); p.err != nil { // filter 0 changes nothing
				return written, p.err
			}
		}
		piece := samples[:min(len(samples), p.row)]
		if p.put(piece); p.err != nil {
			return written, p.err
		}
		p.row -= len(piece)
		p.left -= int64(len(piece))
		written += len(piece)
		samples = samples[len(piece):]
	}
	return written, nil
}

// Close writes the end of the file and leaves w open. It returns an error if samples are missing.
func (p *Writer) Close() error {
	switch {
	case p.err != nil:
		return p.err
	case p.left > 0:
		p.err = fmt.Errorf("the samples of the PNG are incomplete: %d bytes are missing", p.left)
		return p.err
	}
	p.err = errors.New("the PNG is closed")
	_, err := p.w.Write(appendChunk(nil, "IEND", nil))
	return err
}

// start begins a chunk with these bytes and a block.
func (p *Writer) start(before ...byte) {
	p.blockLeft = int(min(p.raw, storedBlock))
	p.raw -= int64(p.blockLeft)
	content, last := len(before)+blockHeader+p.blockLeft, byte(0)
	if p.raw == 0 {
		last = 1
		content += zlibSum
	}
	p.chunk = binary.BigEndian.AppendUint32(p.chunk[:0], uint32(content))
	p.chunk = append(p.chunk, "IDAT"...)
	p.chunk = append(append(p.chunk, before...), last)
	p.chunk = binary.LittleEndian.AppendUint16(p.chunk, uint16(p.blockLeft))
	p.chunk = binary.LittleEndian.AppendUint16(p.chunk, ^uint16(p.blockLeft))
	p.block = len(p.chunk)
}

// put adds bytes to the blocks and writes full chunks.
func (p *Writer) put(b []byte) {
	for len(b) > 0 && p.err == nil {
		n := min(len(b), p.blockLeft)
		p.chunk = append(p.chunk, b[:n]...)
		b = b[n:]
		if p.blockLeft -= n; p.blockLeft == 0 {
			p.finish()
		}
	}
}

// finish writes the current chunk and starts the next one, if any.
func (p *Writer) finish() {
	p.sum = adler32(p.sum, p.chunk[p.block:])
	if p.raw == 0 {
		p.chunk = binary.BigEndian.AppendUint32(p.chunk, p.sum)
	}
	p.chunk = binary.BigEndian.AppendUint32(p.chunk, crc32.ChecksumIEEE(p.chunk[4:]))
	if _, p.err = p.w.Write(p.chunk); p.err == nil && p.raw > 0 {
		p.start()
	}
}
