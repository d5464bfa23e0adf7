package imagefile

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"keygan/data/raster"
)

// A Stack is several images of one shape in one file: the slices of a volume, the first axis of an array.
type Stack struct {
	Count, Width, Height, Channels int
	Depth                          int    // bits a sample: 8 or 16
	Pix                            []byte // [Count, Height, Width, Channels], samples as in raster.Image
	Shown                          []int  // the images that are worth showing, in order
	Single                         bool   // the file holds one image and does not call it a stack
	Place                          *Place // in an outline, where the images belong, if the file says so
}

// A Place says where the image of a file belongs. Names are hashes: they may be compared, and tell nothing of a patient.
type Place struct {
	Patient string
	Series  string  // the slices of one volume, say
	Along   float64 // of a slice: where it lies along the normal of the slices, in millimetres, or NaN
	Number  int     // in the series
}

// Compare compares the places of two slices of a series. Those that are not known come first.
func (p *Place) Compare(q *Place) int {
	return cmp.Or(cmp.Compare(p.Along, q.Along), cmp.Compare(p.Number, q.Number))
}

// NewStack returns a stack of black images that are all shown.
func NewStack(count, height, width, channels, depth int) *Stack {
	s := &Stack{Count: count, Width: width, Height: height, Channels: channels, Depth: depth}
	s.Pix = make([]byte, count*s.imageBytes())
	s.showAll()
	return s
}

func (s *Stack) imageBytes() int { return s.Width * s.Height * s.Channels * s.Depth / 8 }

// Image returns a copy of image i of Count.
func (s *Stack) Image(i int) *raster.Image {
	m := raster.NewImage(s.Width, s.Height, s.Channels, s.Depth)
	copy(m.Pix, s.Pix[i*len(m.Pix):])
	return m
}

func (s *Stack) showAll() {
	s.Shown = make([]int, s.Count)
	for i := range s.Shown {
		s.Shown[i] = i
	}
}

// An image with less than shownShare of its samples above backgroundLevel of 255 is not worth showing, like the air over a head.
const shownShare, backgroundLevel = 0.05, 25

// showFilled limits Shown to the images that are not nearly all background, unless all are.
func (s *Stack) showFilled() {
	filled := func(i int) bool {
		above, size := 0, s.imageBytes()
		for at := i * size; at < (i+1)*size; at += s.Depth / 8 { // the high byte is the level of 255
			if s.Pix[at] > backgroundLevel {
				above++
			}
		}
		return float64(above) >= shownShare*float64(size*8/s.Depth)
	}
	if slices.ContainsFunc(s.Shown, filled) {
		s.Shown = slices.DeleteFunc(s.Shown, func(i int) bool { return !filled(i) })
	}
}

var errNoStack = errors.New("one image, where the name promises a stack")

// ReadStack reads all images of the file at path, which must be of a format that may hold several. Errors read "path: reason".
func ReadStack(path, axis string) (*Stack, error) {
	return readPath(path, func(f *Format, file *io.SectionReader) (*Stack, error) {
		if f.Stack == nil {
			return nil, errNoStack
		}
		return f.Stack(file, axis)
	})
}

// ReadStackInWindow does the same, but takes the grey levels from a window of values if the format knows such windows, as DICOM does.
func ReadStackInWindow(path, axis string, center, width float64) (*Stack, error) {
	return readPath(path, func(f *Format, file *io.SectionReader) (*Stack, error) {
		if f.Windowed != nil {
			return f.Windowed(file, center, width)
		}
		if f.Stack == nil {
			return nil, errNoStack
		}
		return f.Stack(file, axis)
	})
}

// A Window is the values of a grey image that are told apart when it is shown: those around Center, in a range of Width. All values lie
// from Low to High.
type Window struct {
	Center float64 `json:"center"`
	Width  float64 `json:"width"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// WindowIn returns the window in which the content of a file with one image is shown: that of DICOM, else all of 16 bits of grey. It is nil
// for what has none: colours, 8 bits.
func WindowIn(file *io.SectionReader) (*Window, error) {
	return read(file, func(f *Format, file *io.SectionReader) (*Window, error) {
		if f.Window != nil {
			return f.Window(file)
		}
		m, err := f.decode(file)
		if err != nil || m.Depth != 16 || m.Channels != 1 {
			return nil, err
		}
		return &Window{float64(m.Max()) / 2, float64(m.Max()), 0, float64(m.Max())}, nil
	})
}

// InWindow reads a content that has a window, with the grey levels of another.
func InWindow(file *io.SectionReader, center, width float64) (*raster.Image, error) {
	return read(file, func(f *Format, file *io.SectionReader) (*raster.Image, error) {
		if f.Windowed != nil {
			s, err := f.Windowed(file, center, width)
			if err != nil {
				return nil, err
			}
			return s.Image(0), nil
		}
		m, err := f.decode(file)
		if err != nil || m.Depth != 16 {
			return m, err
		}
		w, out := raster.Window{Low: center - width/2, High: center + width/2}, raster.NewImage(m.Width, m.Height, m.Channels, 8)
		for i := range out.Pix {
			out.Pix[i] = w.Level(float64(m.Sample(i)))
		}
		return out, nil
	})
}

// ReadOutline returns the stack at path without its pixels, or nil if its format does not allow that without decoding them: the HMS-HBAC
// set has more than ten thousand files of some megabytes. Errors read "path: reason".
func ReadOutline(path string) (*Stack, error) {
	return readPath(path, (*Format).outline)
}

// HoldsStack reports whether the content of the file at path may be several images: whether its format says so or, if files of the format
// may as well hold one image, the file. Errors read "path: reason".
func HoldsStack(path string) (holds bool, err error) {
	err = withFormat(path, func(_ *Format, file *io.SectionReader) { holds = StackIn(file) })
	return holds, err
}

// VoxelsIn reports whether the content of a file is of a format whose voxels can be read where they lie: DICOM or NIfTI.
func VoxelsIn(file *io.SectionReader) bool {
	f, err := formatOf(file)
	return err == nil && f != nil && f.Voxels != nil
}

// PlacedIn is PlacedName for the content of a file. To read its outline takes memory of its length.
func PlacedIn(file *io.SectionReader) bool {
	f, err := formatOf(file)
	return err == nil && f != nil && f.Decode != nil && f.Outline != nil
}

// OutlineOf is ReadOutline for the content of a file.
func OutlineOf(file *io.SectionReader) (*Stack, error) { return read(file, (*Format).outline) }

func (f *Format) outline(file *io.SectionReader) (*Stack, error) {
	if f.Outline == nil {
		return nil, nil
	}
	return f.Outline(file)
}

// StackName reports whether a file's name ends as those of stacks do.
func StackName(name string) bool {
	return slices.ContainsFunc(formats, func(f Format) bool { return f.Stack != nil && named(name)(f) })
}

// PlacedName reports whether a file's name ends as those of files do whose outlines may have a Place.
func PlacedName(name string) bool {
	return slices.ContainsFunc(formats, func(f Format) bool { return f.Decode != nil && f.Outline != nil && named(name)(f) })
}
