// Package npz reads and writes NumPy .npz archives: named arrays of bytes and float32 numbers, as np.load and np.savez do.
//
//	err := npz.Write(w, npz.Bytes("arch", text), npz.Floats("encoder.0.weight", []int{64, 3, 7, 7}, weights))
//	...
//	a, err := npz.Open(file)
//	weights, err := a.Floats("encoder.0.weight", []int{64, 3, 7, 7})
//
// Write gives the same bytes for the same content: entries in the given order, stored, without a date. A reader trusts nothing in a file.
// It takes memory in proportion to the file's own length, whatever the file declares, and every error about an array names it.
package npz

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"keygan/internal/boundedfile"
)

// Types of arrays, as NumPy writes them.
const typeByte, typeFloat = "|u1", "<f4"

// An archive may unpack to maxInflation times its length plus smallRoom. Weights and keys hardly shrink; deflate would allow 1000 times.
const (
	maxInflation = 4
	smallRoom    = 1 << 18 // text and the arrays of small networks do shrink
)

// An Entry is a named array to write.
type Entry struct {
	name, dtype string
	shape       []int
	body        []byte
}

// Bytes is an entry of uint8, one-dimensional unless a shape is given.
func Bytes(name string, body []byte, shape ...int) Entry {
	if len(shape) == 0 {
		shape = []int{len(body)}
	}
	return Entry{name, typeByte, shape, body}
}

// Floats is an entry of float32 in C order.
func Floats(name string, shape []int, x []float32) Entry {
	b, _ := binary.Append(nil, binary.LittleEndian, x)
	return Entry{name, typeFloat, shape, b}
}

// Write writes an archive of the entries.
func Write(w io.Writer, entries ...Entry) error {
	z := zip.NewWriter(w)
	for _, e := range entries {
		f, err := z.CreateHeader(&zip.FileHeader{Name: e.name + ".npy", Method: zip.Store})
		if err == nil {
			err = e.Write(f)
		}
		if err != nil {
			return fmt.Errorf("array %s: %w", e.name, err)
		}
	}
	return z.Close()
}

// Write writes the array by itself, as the content of an .npy file.
func (e Entry) Write(w io.Writer) error {
	if _, err := w.Write(Header(e.dtype, e.shape)); err != nil {
		return err
	}
	_, err := w.Write(e.body)
	return err
}

// An Archive is open for reading, by several goroutines at once.
type Archive struct {
	file    []byte
	names   []string
	entries map[string]*zip.File
}

// ReadFile opens the archive at path, of at most limit bytes. The error names path.
func ReadFile(path string, limit int64) (*Archive, error) {
	b, err := boundedfile.Read(path, "an .npz archive", limit)
	if err != nil {
		return nil, err
	}
	a, err := Open(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// Open lists the arrays of the archive b, which must not change while it is in use. It unpacks none. An entry that is not an array, a name
// given twice, and arrays that would unpack to far more than the archive's own length are errors.
func Open(b []byte) (*Archive, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("not a whole .npz archive (%w)", err)
	}
	a := &Archive{file: b, entries: map[string]*zip.File{}}
	room := uint64(maxInflation)*uint64(len(b)) + smallRoom
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			return nil, fmt.Errorf("holds %.100q, which is not an array", f.Name)
		}
		if a.entries[name] != nil {
			return nil, fmt.Errorf("array %.100q: appears twice", name)
		}
		if f.UncompressedSize64 > room {
			return nil, fmt.Errorf("array %.100q: unpacks to more than %d times the file's length", name, maxInflation)
		}
		room -= f.UncompressedSize64
		a.entries[name] = f
		a.names = append(a.names, name)
	}
	return a, nil
}

// Check unpacks every array and returns an error if one is damaged.
func (a *Archive) Check() error {
	for _, name := range a.names {
		r, err := a.entries[name].Open()
		if err == nil {
			_, err = io.Copy(io.Discard, r) // ends with the checksum
			r.Close()
		}
		if err != nil {
			return fmt.Errorf("array %.100s: damaged (%w)", name, err)
		}
	}
	return nil
}

// Names lists the arrays in the order of the file.
func (a *Archive) Names() []string { return a.names }

// Bytes returns an array of uint8 with its shape.
func (a *Archive) Bytes(name string) (body []byte, shape []int, err error) {
	body, shape, err = a.read(name, typeByte, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("array %.100s: %w", name, err)
	}
	return bytes.Clone(body), shape, nil
}

// Floats returns an array of float32, which must have the given shape.
func (a *Archive) Floats(name string, shape []int) ([]float32, error) {
	body, _, err := a.read(name, typeFloat, shape)
	if err != nil {
		return nil, fmt.Errorf("array %.100s: %w", name, err)
	}
	x := make([]float32, len(body)/4)
	_, err = binary.Decode(body, binary.LittleEndian, x)
	return x, err
}

// read returns the bytes of an array of a type and, unless want is nil, a shape. They may be those of the file.
func (a *Archive) read(name, dtype string, want []int) ([]byte, []int, error) {
	f := a.entries[name]
	if f == nil {
		return nil, nil, errors.New("missing")
	}
	content, err := a.unpack(f)
	if err != nil {
		return nil, nil, err
	}
	r := bytes.NewReader(content)
	h, err := ReadHeader(r)
	if err != nil {
		return nil, nil, err
	}
	body, shape := content[len(content)-r.Len():], h.Descr.Shape
	switch {
	case h.Descr.Type != dtype:
		return nil, nil, fmt.Errorf("its type is %.20s, must be %s", h.Descr.Type, dtype)
	case h.Descr.Fortran:
		return nil, nil, errors.New("its numbers are in Fortran order, must be in C order")
	case want != nil && !slices.Equal(shape, want):
		return nil, nil, fmt.Errorf("its shape is %v, must be %v", shape, want)
	}
	size := 1
	if dtype == typeFloat {
		size = 4
	}
	for _, d := range shape {
		if d < 0 || d > 0 && size > len(body)/d {
			return nil, nil, fmt.Errorf("a shape of %v is declared, but only %d bytes are there", shape, len(body))
		}
		size *= d
	}
	if len(body) > size {
		return nil, nil, errors.New("longer than its shape says")
	}
	return body, shape, nil
}

// unpack returns the whole content of an entry and checks its checksum. It does not copy what is not compressed.
func (a *Archive) unpack(f *zip.File) ([]byte, error) {
	if f.Method == zip.Store {
		at, err := f.DataOffset()
		if err != nil {
			return nil, fmt.Errorf("cannot be unpacked (%w)", err)
		}
		n := f.UncompressedSize64
		if n != f.CompressedSize64 || uint64(at) > uint64(len(a.file)) || n > uint64(len(a.file))-uint64(at) {
			return nil, fmt.Errorf("cut short or damaged (%w)", io.ErrUnexpectedEOF)
		}
		content := a.file[at:][:n]
		if crc32.ChecksumIEEE(content) != f.CRC32 {
			return nil, fmt.Errorf("cut short or damaged (%w)", zip.ErrChecksum)
		}
		return content, nil
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("cannot be unpacked (%w)", err)
	}
	defer r.Close()
	content := make([]byte, f.UncompressedSize64) // which Open has bounded
	if _, err := io.ReadFull(r, content); err != nil {
		return nil, fmt.Errorf("cut short or damaged (%w)", err)
	}
	switch k, err := io.ReadFull(r, make([]byte, 1)); { // the end is where the checksum is checked
	case k != 0:
		return nil, errors.New("longer than the archive says")
	case err != io.EOF:
		return nil, fmt.Errorf("cut short or damaged (%w)", err)
	}
	return content, nil
}
