// Package imagefile reads image files and tells their formats apart by content: PNG, JPEG, TIFF, BMP and DICOM images, NIfTI-1 volumes
// (.nii, .nii.gz), NumPy arrays (.npy) and the raw spectrograms of the HMS-HBAC set (.parquet). It writes PNG.
//
//	m, err := imagefile.ReadImage("chest.png") // every sample as stored: 8 or 16 bits, grey, RGB, with or without alpha
//	err = imagefile.WritePNG("copy.png", m, false)
//
// A volume, an array and a long recording hold a stack of images. ReadImage gives the middle one, ReadStack all of them.
//
// A damaged, truncated, foreign or outsized file gives an error "path: reason", never a panic or an allocation out of proportion to
// the file. What EncodePNG wrote is read back sample for sample. ReadImage ignores colour profiles, gamma, EXIF orientation and voxel
// spacing; LeftBehind lists what it ignores in a file.
//
// A new format is one Format value in a file of its own and one line in the list of formats, or a call of Register.
package imagefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
	"keygan/internal/fileerr"
)

// A Format is one kind of image file. Files are recognised by content. Extensions only choose which files of a folder are listed.
//
// Its functions get the whole file, positioned at its start. They may panic on damaged files, which becomes an error.
type Format struct {
	Name       string                  // as in "not a readable NAME"
	Extensions []string                // in lower case, with the dot
	Matches    func(start []byte) bool // recognises a file by its first bytes, at most startBytes

	// Decode reads the image. A format with a Stack needs none: its image is the middle one of the stack.
	Decode func(file *io.SectionReader) (*raster.Image, error)

	// Thumbnail, if set, does the same as Decode and Resize in less memory.
	Thumbnail func(file *io.SectionReader, width, height int) (*raster.Image, error)

	// Samples, if set, reads the samples as they are stored, where Decode changes them to show them.
	Samples func(file *io.SectionReader) (*raster.Image, error)

	// Stack is set for formats whose files may hold several images. axis says how to slice a volume: one of AxisNames.
	Stack func(file *io.SectionReader, axis string) (*Stack, error)

	// Windowed, if set, does the same as Stack with the grey levels of a window that was chosen.
	Windowed func(file *io.SectionReader, center, width float64) (*Stack, error)
	// Window, if Windowed is set, returns the window in which a file is shown, or nil if it has none.
	Window func(file *io.SectionReader) (*Window, error)

	// Outline, if set, gives a stack without its pixels, faster than Stack. A format with it and with Decode may hold single images, too.
	Outline func(file *io.SectionReader) (*Stack, error)

	// Voxels, if set, gives the stored bytes of all images, and of the rest of the file.
	Voxels func(file *io.SectionReader) (*Voxels, error)

	// Inspect reports what a file holds beside its samples. A format with a Stack needs none: a file of it is refused.
	Inspect func(f *Findings, file *io.SectionReader)

	// Describe, if set, describes a file, whether its picture can be read or not.
	Describe func(file *io.SectionReader) (*Description, error)
}

// startBytes is how many bytes Matches gets. In a DICOM file, 128 of anything come first.
const startBytes = 132

var formats = []Format{pngFormat, jpegFormat, dicomFormat, tiffFormat, bmpFormat, npyFormat, spectrogramFormat, niftiFormat}

// Register adds a format for the whole process. Call it before any file is read.
func Register(f Format) { formats = append(formats, f) }

// Extensions lists the endings of the file names that a folder data set looks for, in lower case.
func Extensions() []string {
	var all []string
	for _, f := range formats {
		all = append(all, f.Extensions...)
	}
	return all
}

// ImageName reports whether a file's name ends as those of images do.
func ImageName(name string) bool { return slices.ContainsFunc(formats, named(name)) }

// named reports of a format whether a file's name is more than one of its extensions and ends in it, in capitals or not.
func named(path string) func(Format) bool {
	name := strings.ToLower(filepath.Base(path))
	return func(f Format) bool {
		return slices.ContainsFunc(f.Extensions, func(e string) bool { return strings.HasSuffix(name, e) && name != e })
	}
}

// startsWith recognises files by the bytes they start with.
func startsWith(magics ...string) func([]byte) bool {
	return func(b []byte) bool {
		return slices.ContainsFunc(magics, func(magic string) bool { return bytes.HasPrefix(b, []byte(magic)) })
	}
}

// formatOf recognises a file by its content. It returns nil for an unknown format.
func formatOf(file *io.SectionReader) (*Format, error) {
	start := make([]byte, startBytes)
	n, err := file.ReadAt(start, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if i := slices.IndexFunc(formats, func(f Format) bool { return f.Matches(start[:n]) }); i >= 0 {
		return &formats[i], nil
	}
	return nil, nil
}

// withFormat calls look with a file of any size and its format, nil if that is unknown. Errors read "path: reason".
func withFormat(path string, look func(*Format, *io.SectionReader)) error {
	file, closeFile, err := open(path, math.MaxInt64)
	if err != nil {
		return err
	}
	defer closeFile()
	f, err := formatOf(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	look(f, file)
	return nil
}

// ReadImage reads an image file, or the middle image of a stack, axial in a volume. DICOM is read as it is shown. Errors read "path: reason".
func ReadImage(path string) (*raster.Image, error) { return readPath(path, (*Format).decode) }

// ReadSamples does the same without changes for showing: it gives the stored values of DICOM, moved up by half their range if they are
// signed. For other formats it is ReadImage.
func ReadSamples(path string) (*raster.Image, error) { return readPath(path, (*Format).samples) }

// SamplesOf is ReadSamples for the content of a file.
func SamplesOf(file *io.SectionReader) (*raster.Image, error) { return read(file, (*Format).samples) }

func (f *Format) samples(file *io.SectionReader) (*raster.Image, error) {
	if f.Samples != nil {
		return f.Samples(file)
	}
	return f.decode(file)
}

// Decode is ReadImage for the content of a file.
func Decode(b []byte) (*raster.Image, error) {
	return read(io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))), (*Format).decode)
}

// SamplesOrBytes returns the samples of an image file, or the bytes of any other, and what they are. The content decides which it is. A file with
// the name of an image that is not one is an error: its bytes are not what was meant.
func SamplesOrBytes(name string, b []byte) (samples []byte, what string, err error) {
	m, err := Decode(b)
	switch {
	case err == nil:
		return m.Pix, "samples of an image, " + m.String(), nil
	case len(b) > 0 && ImageName(name):
		return nil, "", err
	}
	return b, "bytes", nil
}

func (f *Format) decode(file *io.SectionReader) (*raster.Image, error) {
	if f.Decode != nil {
		return f.Decode(file)
	}
	s, err := f.Stack(file, Axial)
	if err != nil {
		return nil, err
	}
	return s.Image(s.Count / 2), nil
}

// Thumbnail reads the image file at path at width×height. The result is that of ReadImage followed by Resize, bit for bit, and so are
// the errors. Of a plain PNG it holds only a few rows. It panics unless both sizes are positive.
func Thumbnail(path string, width, height int) (*raster.Image, error) {
	return readPath(path, thumbnail(width, height))
}

// ThumbnailOf is Thumbnail for the content of a file, wherever it is kept.
func ThumbnailOf(file *io.SectionReader, width, height int) (*raster.Image, error) {
	if file.Size() > maxFileBytes {
		return nil, tooLarge(file.Size())
	}
	return read(file, thumbnail(width, height))
}

func thumbnail(width, height int) func(*Format, *io.SectionReader) (*raster.Image, error) {
	return func(f *Format, file *io.SectionReader) (*raster.Image, error) {
		if f.Thumbnail != nil {
			return f.Thumbnail(file, width, height)
		}
		m, err := f.decode(file)
		if err != nil {
			return nil, err
		}
		return m.Resize(width, height), nil
	}
}

// StackIn is HoldsStack for the content of a file, wherever it is kept.
func StackIn(file *io.SectionReader) bool {
	f, err := formatOf(file)
	if err != nil || f == nil || f.Stack == nil {
		return false
	}
	if f.Decode == nil || f.Outline == nil {
		return true
	}
	s, err := read(file, func(f *Format, file *io.SectionReader) (*Stack, error) { return f.Outline(file) })
	return err == nil && !s.Single
}

// readPath decodes the file at path in some way of its format. Errors read "path: reason".
func readPath[T any](path string, decode func(*Format, *io.SectionReader) (T, error)) (v T, err error) {
	file, closeFile, err := open(path, maxFileBytes)
	if err != nil {
		return v, err
	}
	defer closeFile()
	defer fileerr.Name(path, &err)
	return read(file, decode)
}

func read[T any](file *io.SectionReader, decode func(*Format, *io.SectionReader) (T, error)) (v T, err error) {
	if file.Size() == 0 {
		return v, errors.New("empty file")
	}
	f, err := formatOf(file)
	if err != nil {
		return v, err
	}
	if f == nil {
		return v, unknownFormat()
	}
	if v, err = guard(func() (T, error) { return decode(f, file) }); errors.Is(err, errForeign) {
		err = unknownFormat()
	} else if err != nil {
		err = fmt.Errorf("not a readable %s: %w", f.Name, err)
	}
	return v, err
}

// errForeign reports a file whose first bytes could have been those of a format, and that is of none.
var errForeign = errors.New("of another format")

func unknownFormat() error {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return fmt.Errorf("not an image in a known format (%s)", strings.Join(names, ", "))
}

// guard turns a panic into an error. The decoders of the standard library and of x/image are good, but a training run of a day must
// not end because one of them indexes past the end of a damaged file.
func guard[T any](decode func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged: %v", p)
		}
	}()
	v, err = decode()
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errTruncated
	}
	return v, err
}

var errTruncated = pngstream.ErrTruncated

// open opens a regular file of at most limit bytes. It refuses pipes and devices before it opens them, which could block.
func open(path string, limit int64) (file *io.SectionReader, closeFile func() error, err error) {
	defer fileerr.Name(path, &err)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, nil, err
	case !info.Mode().IsRegular():
		return nil, nil, errors.New("not a regular file")
	case info.Size() > limit:
		return nil, nil, tooLarge(info.Size())
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return io.NewSectionReader(f, 0, info.Size()), f.Close, nil
}

func tooLarge(bytes int64) error {
	return fmt.Errorf("%d bytes, more than any image keygan reads (%d)", bytes, maxFileBytes)
}

// content returns all bytes of a file.
func content(file *io.SectionReader) ([]byte, error) {
	b := make([]byte, file.Size())
	_, err := io.ReadFull(file, b)
	return b, err
}

const (
	// maxPixels bounds an image's or a volume's declared size, so that a few damaged bytes cannot ask for all the memory.
	maxPixels = 1 << 28

	// maxFileBytes bounds a file: the largest image or volume, uncompressed.
	maxFileBytes int64 = maxPixels * 8

	// freePixels is the size up to which checkPixels accepts any compression.
	freePixels = 1 << 22
)

// checkPixels refuses no pixels, more than most, and more than fileBytes can hold at perByte pixels a byte.
func checkPixels(width, height, most int, fileBytes int64, perByte int) error {
	if width <= 0 || height <= 0 {
		return fmt.Errorf("an image cannot have %d×%d pixels", width, height)
	}
	if width > most || height > most/width {
		return fmt.Errorf("%d×%d is more than the %d pixels that keygan reads", width, height, most)
	}
	if n := width * height; n > freePixels && int64(n/perByte) > fileBytes {
		return fmt.Errorf("%d×%d cannot be in a file of %d bytes", width, height, fileBytes)
	}
	return nil
}
