package imagefile

import (
	"fmt"
	"keygan/internal/fileerr"
	"maps"
	"os"
	"slices"
	"strconv"
)

// Beside is what an image file holds beside its samples.
type Beside struct {
	// Metadata names what is lost when the samples are all that is kept: "EXIF", "ICC profile", "resolution", "text" and the like,
	// sorted, each once.
	Metadata []string
}

// A NotPixelsError says why the samples that ReadImage gives do not hold the picture as it is stored.
type NotPixelsError struct {
	Path string
	Why  string // for example "holds 3 pages"
}

func (e *NotPixelsError) Error() string { return e.Path + ": " + e.Why }

// LeftBehind says what a file holds beside the samples that ReadImage gives. It reads the file's structure and decodes no pixel.
//
// The error is a *NotPixelsError when the samples do not hold the picture: the file has several, is CMYK, or has samples that
// ReadImage changes. A file of an unknown format has nothing, and of a damaged one LeftBehind names what it finds before the
// damage: ReadImage says what is wrong with either. Other errors read "path: reason".
func LeftBehind(path string) (Beside, error) {
	size, err := regularSize(path)
	if err != nil {
		return Beside{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return Beside{}, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	defer file.Close()
	f := findings{}
	f.search(newExcerpts(file, size))
	if f.refusal != "" {
		return Beside{}, &NotPixelsError{path, f.refusal}
	}
	return Beside{slices.Sorted(maps.Keys(f.metadata))}, nil
}

// findings gathers what is beside the samples of one file.
type findings struct {
	metadata map[string]bool
	refusal  string // why the samples do not hold the picture
}

func (f *findings) add(name string) {
	if f.metadata == nil {
		f.metadata = map[string]bool{}
	}
	f.metadata[name] = true
}

// refuse says why the samples do not hold the picture. The first reason stays.
func (f *findings) refuse(why string) {
	if f.refusal == "" {
		f.refusal = why
	}
}

// refuseMany refuses a file that holds several of something: a number of them, or 0 for not known.
func (f *findings) refuseMany(n int64, what string) {
	number := "several"
	if n > 0 {
		number = strconv.FormatInt(n, 10)
	}
	f.refuse("holds " + number + " " + what)
}

func (f *findings) search(e *excerpts) {
	start := e.upTo(0, e.size, 8)
	switch {
	case hasPrefix(pngSignature)(start):
		f.searchPNG(e)
	case hasPrefix("\xff\xd8\xff")(start):
		f.searchJPEG(e)
	case hasPrefix("II*\x00", "MM\x00*")(start):
		f.searchTIFF(e)
	case hasPrefix("BM")(start):
		f.searchBMP(e)
	case startsStack(start):
		f.refuse("holds several pictures or is a volume")
	}
}
