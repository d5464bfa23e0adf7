package imagefile

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
)

// A NotPixelsError says why the samples that ReadImage gives do not hold the picture as it is stored.
type NotPixelsError struct {
	Path  string
	Why   string // for example "holds 3 pages"
	First bool   // ReadImage gives the first of several pictures
}

func (e *NotPixelsError) Error() string { return e.Path + ": " + e.Why }

// LeftBehind names what a file holds beside the samples that ReadImage gives: "EXIF", "ICC profile", "resolution", "text" and the like,
// sorted, each once. It reads the file's structure and decodes no pixel. A file of an unknown format gives nothing, and a damaged one what
// comes before the damage, because ReadImage reports both. The error is a *NotPixelsError if the file has several pictures, is CMYK, or has
// samples that ReadImage changes. Other errors read "path: reason".
func LeftBehind(path string) (metadata []string, err error) {
	var failed error
	err = withFormat(path, func(format *Format, file *io.SectionReader) { metadata, failed = format.leftBehind(path, file) })
	return metadata, cmp.Or(err, failed)
}

// LeftBehindOf is LeftBehind for the content of a file with this name.
func LeftBehindOf(name string, file *io.SectionReader) (metadata []string, err error) {
	format, err := formatOf(file)
	if err != nil {
		return nil, err
	}
	return format.leftBehind(name, file)
}

func (f *Format) leftBehind(name string, file *io.SectionReader) (metadata []string, err error) {
	var found Findings
	switch {
	case f == nil:
	case f.Inspect != nil:
		f.Inspect(&found, file)
	case f.Stack != nil:
		found.Refuse("holds several pictures or is a volume")
	}
	if found.refusal != "" {
		return nil, &NotPixelsError{name, found.refusal, found.several}
	}
	return slices.Sorted(maps.Keys(found.metadata)), nil
}

// Findings gathers what a file holds beside its samples.
type Findings struct {
	metadata map[string]bool
	refusal  string
	several  bool
}

// Add names a kind of metadata that is lost when only the samples are kept.
func (f *Findings) Add(name string) {
	if f.metadata == nil {
		f.metadata = map[string]bool{}
	}
	f.metadata[name] = true
}

// addNamed adds the name that a table has for a key, if that is not "", and "private data" for a key that it does not have.
func addNamed[K comparable](f *Findings, names map[K]string, key K) {
	name, known := names[key]
	if !known {
		name = "private data"
	}
	if name != "" {
		f.Add(name)
	}
}

// Refuse says why the samples do not hold the picture. The first reason stays.
func (f *Findings) Refuse(why string) {
	if f.refusal == "" {
		f.refusal = why
	}
}

// refuseMany refuses a file that holds n of something, or several if n is 0.
func (f *Findings) refuseMany(n int64, what string) {
	many := fmt.Sprint(n)
	if n == 0 {
		many = "several"
	}
	f.several = true
	f.Refuse("holds " + many + " " + what)
}

// fromExcerpts makes a format's Inspect of a function that needs only short pieces of the file.
func fromExcerpts(inspect func(*Findings, *excerpts)) func(*Findings, *io.SectionReader) {
	return func(f *Findings, file *io.SectionReader) {
		inspect(f, &excerpts{&heldPiece{file: file}, 0, file.Size()})
	}
}

// excerptBytes is the size of the piece of a file that excerpts keep in memory, and the most that at returns.
const excerptBytes = 1 << 14

// excerpts gives short pieces of a file of any size, or of a part of it.
type excerpts struct {
	held        *heldPiece
	start, size int64 // of the part, in bytes
}

// heldPiece is the piece of a file that is in memory.
type heldPiece struct {
	file  io.ReaderAt
	start int64
	bytes []byte
	room  [excerptBytes]byte
}

// within gives excerpts of a part as if it were a file.
func (e *excerpts) within(offset, size int64) *excerpts {
	return &excerpts{e.held, e.start + offset, min(size, e.size-offset)}
}

// at returns the n bytes at an offset, or nil if the file has fewer. They are valid until the next call.
func (e *excerpts) at(offset int64, n int) []byte {
	if offset < 0 || n < 0 || n > excerptBytes || offset > e.size-int64(n) {
		return nil
	}
	h, from := e.held, e.start+offset
	if from < h.start || from+int64(n) > h.start+int64(len(h.bytes)) {
		got, _ := h.file.ReadAt(h.room[:], from)
		h.start, h.bytes = from, h.room[:got]
		if got < n {
			return nil
		}
	}
	return h.bytes[from-h.start:][:n:n]
}

// upTo returns n bytes at an offset, or fewer if end or the end of the file comes first.
func (e *excerpts) upTo(offset, end int64, n int) []byte {
	return e.at(offset, int(max(0, min(int64(n), end-offset, e.size-offset))))
}
