package parquet

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// plainDictionary is what old writers call format.RLEDictionary in a data page and format.Plain in a dictionary.
const plainDictionary format.Encoding = 2

// A columnReader reads the values that one column has in one group of rows.
type columnReader struct {
	codec      format.CompressionCodec
	size       int  // bytes a value
	optional   bool // each value has a level: 0 for null, 1 when it is there
	dictionary []float32
	out        []float32 // still to be filled
}

func (c *columnReader) read(pages []byte) error {
	for len(c.out) > 0 {
		var head format.PageHeader
		length, err := unmarshal(pages, &head)
		if err != nil {
			return fmt.Errorf("page header: %w", err)
		}
		pages = pages[length:]
		if head.CompressedPageSize < 0 || int(head.CompressedPageSize) > len(pages) {
			return errTruncated
		}
		page := pages[:head.CompressedPageSize]
		pages = pages[len(page):]
		if head.CRC != 0 && uint32(head.CRC) != crc32.ChecksumIEEE(page) {
			return errors.New("damaged: the checksum of a page is wrong")
		}
		if err := c.page(&head, page); err != nil {
			return err
		}
	}
	return nil
}

func (c *columnReader) page(head *format.PageHeader, page []byte) error {
	size := int(head.UncompressedPageSize)
	switch {
	case head.Type == format.DictionaryPage && head.DictionaryPageHeader.Valid:
		return c.readDictionary(&head.DictionaryPageHeader.V, page, size)
	case head.Type == format.DataPage && head.DataPageHeader.Valid:
		return c.readV1(&head.DataPageHeader.V, page, size)
	case head.Type == format.DataPageV2 && head.DataPageHeaderV2.Valid:
		return c.readV2(&head.DataPageHeaderV2.V, page, size)
	case head.Type == format.IndexPage:
		return nil
	}
	return fmt.Errorf("damaged: a page of type %d", head.Type)
}

func (c *columnReader) readDictionary(head *format.DictionaryPageHeader, page []byte, size int) error {
	if head.Encoding != format.Plain && head.Encoding != plainDictionary {
		return fmt.Errorf("a dictionary in encoding %v is not supported; keygan reads PLAIN", head.Encoding)
	}
	page, err := c.decompress(page, size)
	if err != nil {
		return err
	}
	if n := int(head.NumValues); n < 0 || n > len(page)/c.size {
		return errTruncated
	}
	c.dictionary = make([]float32, head.NumValues)
	return c.plain(page, c.dictionary)
}

// readV1 reads a page in which the levels are compressed with the values, after their length.
func (c *columnReader) readV1(head *format.DataPageHeader, page []byte, size int) error {
	page, err := c.decompress(page, size)
	if err != nil {
		return err
	}
	var levels []byte
	if c.optional {
		if head.DefinitionLevelEncoding != format.RLE {
			return fmt.Errorf("levels in encoding %v are not supported; keygan reads RLE", head.DefinitionLevelEncoding)
		}
		if len(page) < 4 || uint64(binary.LittleEndian.Uint32(page)) > uint64(len(page)-4) {
			return errTruncated
		}
		n := 4 + int(binary.LittleEndian.Uint32(page))
		levels, page = page[4:n], page[n:]
	}
	return c.values(int(head.NumValues), head.Encoding, levels, page)
}

// readV2 reads a page in which the levels come first, never compressed.
func (c *columnReader) readV2(head *format.DataPageHeaderV2, page []byte, size int) error {
	repetition, definition := int(head.RepetitionLevelsByteLength), int(head.DefinitionLevelsByteLength)
	if repetition < 0 || repetition > len(page) || definition < 0 || definition > len(page)-repetition {
		return errTruncated
	}
	page = page[repetition:]
	levels, page := page[:definition], page[definition:]
	if compressed, said := head.IsCompressed.Get(); compressed || !said {
		var err error
		if page, err = c.decompress(page, size-repetition-definition); err != nil {
			return err
		}
	}
	return c.values(int(head.NumValues), head.Encoding, levels, page)
}

// values moves the n values of a page to out. It reads levels only if the column is optional.
func (c *columnReader) values(n int, encoding format.Encoding, levels, page []byte) error {
	if n < 0 || n > len(c.out) {
		return fmt.Errorf("damaged: a page of %d values where %d are left", n, len(c.out))
	}
	out := c.out[:n]
	c.out = c.out[n:]
	if !c.optional {
		return c.decode(encoding, page, out)
	}
	present := make([]int, 0, n) // places of the values that are not null
	err := hybrid(levels, 1, n, func(i int, level uint32) {
		out[i] = float32(math.NaN())
		if level == 1 {
			present = append(present, i)
		}
	})
	if err != nil {
		return err
	}
	values := make([]float32, len(present))
	if err := c.decode(encoding, page, values); err != nil {
		return err
	}
	for k, i := range present {
		out[i] = values[k]
	}
	return nil
}

func (c *columnReader) decode(encoding format.Encoding, page []byte, out []float32) error {
	switch {
	case len(out) == 0:
		return nil
	case encoding == format.Plain:
		return c.plain(page, out)
	case encoding != format.RLEDictionary && encoding != plainDictionary:
		return fmt.Errorf("encoding %v is not supported; keygan reads PLAIN and dictionaries", encoding)
	case len(page) == 0:
		return errTruncated
	case page[0] > 32:
		return fmt.Errorf("damaged: dictionary indices of %d bits", page[0])
	}
	inside := true
	err := hybrid(page[1:], int(page[0]), len(out), func(i int, v uint32) {
		if int64(v) >= int64(len(c.dictionary)) {
			inside = false
			return
		}
		out[i] = c.dictionary[v]
	})
	if err == nil && !inside {
		err = errors.New("damaged: an index outside of the dictionary")
	}
	return err
}

// plain decodes little-endian floats of 4 or 8 bytes.
func (c *columnReader) plain(b []byte, out []float32) error {
	if len(b) < len(out)*c.size {
		return errTruncated
	}
	for i := range out {
		if c.size == 4 {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		} else {
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])))
		}
	}
	return nil
}

// hybrid decodes n numbers of width bits from runs of one number and runs of packed numbers, and no more than n whatever a run claims
// (https://parquet.apache.org/docs/file-format/data-pages/encodings, RLE).
func hybrid(b []byte, width, n int, put func(i int, v uint32)) error {
	for i := 0; i < n; {
		head, used := binary.Uvarint(b)
		if used <= 0 {
			return errTruncated
		}
		b = b[used:]
		left := uint64(n - i)
		bytes := (width + 7) / 8 // one number
		count := min(head>>1, left)
		if head&1 == 1 {
			groups := min(head>>1, (left+7)/8) // of 8 numbers in width bytes
			bytes, count = int(groups)*width, min(8*groups, left)
		}
		if len(b) < bytes {
			return errTruncated
		}
		bits := slices.Concat(b[:bytes], make([]byte, 8)) // so that 8 bytes can be read anywhere
		b = b[bytes:]
		for k := range int(count) {
			at := 0
			if head&1 == 1 {
				at = k * width
			}
			put(i, uint32(binary.LittleEndian.Uint64(bits[at/8:])>>(at%8)&(1<<width-1)))
			i++
		}
	}
	return nil
}

// decompress returns a page of size bytes. No page needs more than its values take, in a dictionary or not.
func (c *columnReader) decompress(page []byte, size int) ([]byte, error) {
	if most := 16*len(c.out) + 1<<16; size < 0 || size > most {
		return nil, fmt.Errorf("damaged: a page of %d bytes for %d values", size, len(c.out))
	}
	var r io.Reader
	switch c.codec {
	case format.Uncompressed:
		r = bytes.NewReader(page)
	case format.Snappy:
		if n, err := snappy.DecodedLen(page); err != nil || n != size {
			return nil, errors.New("damaged: a page does not unpack to its size")
		}
		return snappy.Decode(nil, page)
	case format.Gzip:
		z, err := gzip.NewReader(bytes.NewReader(page))
		if err != nil {
			return nil, err
		}
		r = z
	case format.Zstd:
		z, err := zstd.NewReader(bytes.NewReader(page), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, err
		}
		defer z.Close()
		r = z
	default:
		return nil, fmt.Errorf("compression %v is not supported; keygan reads Snappy, gzip and Zstandard", c.codec)
	}
	out := make([]byte, size)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, errTruncated
	}
	return out, nil
}
