package imagefile

import (
	"slices"
	"testing"
)

// Images of nearly nothing but background are not shown, at either depth; if all are like that, all are shown.
func TestShowFilled(t *testing.T) {
	for _, depth := range []int{8, 16} {
		s := NewStack(3, 4, 5, 1, depth)
		s.showFilled()
		if !slices.Equal(s.Shown, []int{0, 1, 2}) {
			t.Errorf("%d bits: of three empty images, %v are shown", depth, s.Shown)
		}
		size := s.imageBytes()
		s.Pix[2*size] = backgroundLevel + 1 // one of 20 samples; the high byte at 16 bits
		for i := range size {
			s.Pix[size+i] = backgroundLevel // not above it
		}
		s.showFilled()
		if !slices.Equal(s.Shown, []int{2}) {
			t.Errorf("%d bits: %v are shown, want the last", depth, s.Shown)
		}
	}
}
