package imagefile

import (
	"fmt"
	"io"
	"keygan/data/raster"
	"keygan/internal/fileerr"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Stack is several 8-bit images of one shape in one file: the slices of a volume, the first axis of an array.
type Stack struct {
	Count, width, height, channels int
	Pix                            []byte // [count, height, width, channels]
	Shown                          []int  // the images that are worth showing, in order
	Single                         bool   // the file holds one image and calls it no stack
}

func NewStack(count, height, width, channels int) *Stack {
	return &Stack{Count: count, width: width, height: height, channels: channels, Pix: make([]byte, count*height*width*channels)}
}

// Image returns a copy of image i of count.
func (s *Stack) Image(i int) *raster.Image {
	m := raster.NewImage(s.width, s.height, s.channels, 8)
	copy(m.Pix, s.Pix[i*len(m.Pix):])
	return m
}

// middle is the image that stands for a whole stack.
func middle(s *Stack, err error) (*raster.Image, error) {
	if err != nil {
		return nil, err
	}
	return s.Image(s.Count / 2), nil
}

// An image with less than shownShare of its pixels above background level is not worth showing: the air over a head.
const (
	backgroundLevel = 25
	shownShare      = 0.05
)

// showFilled sets shown to the images that are not nearly all background, or to all when no image passes.
func (s *Stack) showFilled() {
	s.Shown = nil
	size := s.width * s.height * s.channels
	for i := range s.Count {
		above := 0
		for _, v := range s.Pix[i*size : (i+1)*size] {
			if v > backgroundLevel {
				above++
			}
		}
		if float64(above) >= shownShare*float64(size) {
			s.Shown = append(s.Shown, i)
		}
	}
	if len(s.Shown) == 0 {
		s.showAll()
	}
}

func (s *Stack) showAll() {
	s.Shown = make([]int, s.Count)
	for i := range s.Shown {
		s.Shown[i] = i
	}
}

func ReadStack(path, axis string) (*Stack, error) {
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	s, err := guard(func() (*Stack, error) {
		switch {
		case hasPrefix(npyMagic)(b):
			return decodeNPY(b)
		case hasPrefix(parquetMagic)(b):
			return decodeParquet(b)
		}
		return decodeNIfTI(b, axis)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// HoldsStack reports whether the file at path is, by its content, of a format that may hold several images: a volume, an
// array or a spectrogram. Errors read "path: reason".
func HoldsStack(path string) (bool, error) {
	if _, err := regularSize(path); err != nil {
		return false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	defer f.Close()
	start := make([]byte, len(npyMagic))
	n, err := io.ReadFull(f, start)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return false, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	return startsStack(start[:n]), nil
}

// startsStack is HoldsStack for the first bytes of a file.
func startsStack(b []byte) bool { return hasPrefix(npyMagic, parquetMagic)(b) || isNIfTI(b) }

func IsStack(path string) bool { return HasExtension(path, ".npy", ".nii", ".nii.gz", ".parquet") }

func HasExtension(path string, extensions ...string) bool {
	name := strings.ToLower(filepath.Base(path))
	return slices.ContainsFunc(extensions, func(e string) bool { return strings.HasSuffix(name, e) && name != e })
}

// ImageName reports whether a file's name ends as those of images do.
func ImageName(name string) bool { return HasExtension(name, Extensions()...) }
