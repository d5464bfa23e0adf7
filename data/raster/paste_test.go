package raster

import (
	"bytes"
	"testing"
)

// Pasting at every place around and inside a small image sets just the pixels that the two have in common.
func TestPaste(t *testing.T) {
	for _, shape := range []struct{ channels, depth int }{{1, 8}, {3, 8}, {4, 16}} {
		pixel := shape.channels * shape.depth / 8
		src := NewImage(3, 2, shape.channels, shape.depth)
		for i := range src.Pix {
			src.Pix[i] = byte(100 + i)
		}
		for y := -3; y <= 5; y++ {
			for x := -4; x <= 6; x++ {
				m := NewImage(5, 4, shape.channels, shape.depth)
				for i := range m.Pix {
					m.Pix[i] = byte(i % 7)
				}
				want := m.Clone()
				for row := range m.Height {
					for column := range m.Width {
						if r, c := row-y, column-x; r >= 0 && r < src.Height && c >= 0 && c < src.Width {
							copy(want.Pix[(row*m.Width+column)*pixel:][:pixel], src.Pix[(r*src.Width+c)*pixel:][:pixel])
						}
					}
				}
				m.Paste(src, x, y)
				if !bytes.Equal(m.Pix, want.Pix) {
					t.Fatalf("%v pasted at %d, %d: %v, want %v", src, x, y, m.Pix, want.Pix)
				}
			}
		}
	}
}

func TestPasteRefusesAnotherKindOfImage(t *testing.T) {
	m := NewImage(4, 4, 3, 8)
	for _, src := range []*Image{NewImage(2, 2, 1, 8), NewImage(2, 2, 3, 16)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%v was pasted into %v", src, m)
				}
			}()
			m.Paste(src, 0, 0)
		}()
	}
}
