package imagefile

import (
	"errors"
	"io"
)

// pngRows gives the rows of a PNG's pixels, with the filters taken back. It holds two rows.
type pngRows struct {
	inflated   func() ([]byte, error) // as next of pngInflater
	raw        []byte                 // inflated, not yet used
	row, above []byte                 // filter and samples
	pixel      int                    // bytes a pixel
}

func newPNGRows(inflated func() ([]byte, error), stride, pixel int) *pngRows {
	return &pngRows{inflated: inflated, row: make([]byte, 1+stride), above: make([]byte, 1+stride), pixel: pixel}
}

// next returns the next row's samples. They are valid until the next call.
func (r *pngRows) next() ([]byte, error) {
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

// end checks that nothing comes after the last row, and the checksum.
func (r *pngRows) end() error {
	if len(r.raw) == 0 {
		if _, err := r.inflated(); err != nil {
			if err == io.EOF {
				err = nil
			}
			return err
		}
	}
	return errors.New("more rows than the header says")
}
