// Package imagefile reads and writes image files: PNG, JPEG, TIFF and BMP images, NIfTI-1 volumes (.nii, .nii.gz), NumPy arrays (.npy) and
// the raw spectrograms of the HMS-HBAC set (.parquet). It tells them apart by content.
//
//	m, err := imagefile.ReadImage("chest.png") // every sample as stored: 8 or 16 bits, grey, RGB, with or without alpha
//	err = imagefile.WritePNG("copy.png", m, false)
//
// A volume, an array and a long recording hold a stack of images; ReadImage gives the middle one.
//
// A file that is damaged, truncated, foreign or far larger than its content allows gives an error "path: reason". It never causes a panic or
// an allocation out of proportion to the file. What EncodePNG wrote is read back sample for sample.
//
// Colour profiles, gamma, EXIF orientation and voxel spacing are ignored; LeftBehind says what an image file has that is ignored.
package imagefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"keygan/data/raster"
	"keygan/internal/fileerr"
	"os"
	"slices"
	"strings"
)

// maxPixels bounds an image's or a volume's declared size, so that a few damaged bytes cannot ask for all the memory.
const maxPixels = 1 << 28

// maxFileBytes bounds a file: the largest image or volume, uncompressed.
const maxFileBytes int64 = maxPixels * 8

// maxSampleBytes bounds the samples of a PNG that is read row by row, in bytes. It is a little less than maxFileBytes, so that whatever
// is read can be written without compression, and read again.
const maxSampleBytes = 2_000_000_000

// freePixels is the size below which a file may be as well compressed as it likes.
const freePixels = 1 << 22

// A format is one kind of image file. Files are recognised by content; extensions only choose what a folder lists.
type format struct {
	name       string
	extensions []string
	matches    func(b []byte) bool
	decode     func(b []byte) (*raster.Image, error)
}

var formats = []format{
	{"PNG", []string{".png"}, hasPrefix(pngSignature), func(b []byte) (*raster.Image, error) {
		return decodePNG(bytes.NewReader(b), int64(len(b)))
	}},
	{"JPEG", []string{".jpg", ".jpeg"}, hasPrefix("\xff\xd8\xff"), decodeJPEG},
	{"TIFF", []string{".tif", ".tiff"}, hasPrefix("II*\x00", "MM\x00*"), decodeTIFF},
	{"BMP", []string{".bmp"}, hasPrefix("BM"), decodeBMP},
	{"NumPy array", []string{".npy"}, hasPrefix(npyMagic), func(b []byte) (*raster.Image, error) {
		return middle(decodeNPY(b))
	}},
	{"parquet spectrogram", []string{".parquet"}, hasPrefix(parquetMagic), func(b []byte) (*raster.Image, error) {
		return middle(decodeParquet(b))
	}},
	{"NIfTI volume", []string{".nii", ".nii.gz"}, isNIfTI, func(b []byte) (*raster.Image, error) {
		return middle(decodeNIfTI(b, Axial))
	}},
}

func hasPrefix(magics ...string) func([]byte) bool {
	return func(b []byte) bool {
		return slices.ContainsFunc(magics, func(magic string) bool { return strings.HasPrefix(string(b[:min(len(b), len(magic))]), magic) })
	}
}

// Extensions lists the file names' endings that a folder data set looks for, in lower case.
func Extensions() []string {
	var all []string
	for _, f := range formats {
		all = append(all, f.extensions...)
	}
	return all
}

// ReadImage reads an image file, telling its format by its content. Of a NIfTI volume it gives the middle axial slice,
// of a NumPy stack the middle image, of a long spectrogram the middle ten minutes. Errors read "path: reason".
func ReadImage(path string) (*raster.Image, error) {
	m, err := readPNG(path, decodePNG)
	if err != nil || m != nil {
		return m, err
	}
	b, err := readFile(path)
	if err != nil {
		return nil, err
	}
	if m, err = Decode(b); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// readPNG decodes a PNG while it reads it. For any other file it returns no image and no error.
func readPNG(path string, decode func(file io.ReadSeeker, fileBytes int64) (*raster.Image, error)) (*raster.Image, error) {
	size, err := imageSize(path)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	defer f.Close()
	start := make([]byte, len(pngSignature))
	if n, _ := f.ReadAt(start, 0); !formats[0].matches(start[:n]) {
		return nil, nil // whatever was wrong, reading all of it will tell
	}
	m, err := formats[0].guarded(func() (*raster.Image, error) { return decode(f, size) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	return m, nil
}

// Decode is ReadImage for the content of a file.
func Decode(b []byte) (*raster.Image, error) {
	if len(b) == 0 {
		return nil, errors.New("empty file")
	}
	for _, f := range formats {
		if f.matches(b) {
			return f.guarded(func() (*raster.Image, error) { return f.decode(b) })
		}
	}
	return nil, fmt.Errorf("not an image in a known format (%s)", strings.Join(formatNames(), ", "))
}

// guarded decodes, and says of what is wrong which format it was read as.
func (f *format) guarded(decode func() (*raster.Image, error)) (*raster.Image, error) {
	m, err := guard(decode)
	if err != nil {
		return nil, fmt.Errorf("not a readable %s: %w", f.name, err)
	}
	return m, nil
}

func formatNames() []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// guard turns a panic into an error: the decoders of the standard library and of x/image are good, but a training run of
// a day must not end because one of them indexes past the end of a damaged file.
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

var errTruncated = errors.New("truncated: the file ends before the image does")

// readFile returns a regular file's content; its errors name path once.
func readFile(path string) ([]byte, error) {
	if _, err := imageSize(path); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	return b, nil
}

// imageSize is the length of a regular file, if it is not larger than any image.
func imageSize(path string) (int64, error) {
	size, err := regularSize(path)
	if err == nil && size > maxFileBytes {
		err = fmt.Errorf("%s: %d bytes, more than any image keygan reads (%d)", path, size, maxFileBytes)
	}
	return size, err
}

// regularSize is the length of a regular file. Pipes and devices are refused before they are opened, which could block.
func regularSize(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s: not a regular file", path)
	}
	return info.Size(), nil
}

// checkSize refuses dimensions that no image has, that are beyond maxPixels, or that a file of fileBytes cannot hold when
// its format packs at most perByte pixels into a byte.
func checkSize(width, height, fileBytes, perByte int) error {
	return checkPixels(width, height, maxPixels, fileBytes, perByte)
}

// checkPixels does so for another number of pixels than maxPixels.
func checkPixels(width, height, most, fileBytes, perByte int) error {
	if width <= 0 || height <= 0 {
		return fmt.Errorf("no image is %d×%d", width, height)
	}
	if width > most || height > most/width {
		return fmt.Errorf("%d×%d is more than the %d pixels that keygan reads", width, height, most)
	}
	if n := width * height; n > freePixels && n/perByte > fileBytes {
		return fmt.Errorf("%d×%d cannot be in a file of %d bytes", width, height, fileBytes)
	}
	return nil
}
