package imagefile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"

	"keygan/data/imagefile/dicom"
)

// Voxels are the numbers of a volume or picture as a file stores them, byte for byte, and all else of the file.
type Voxels struct {
	Extension                    string // ".nii", ".nii.gz" or ".dcm"
	Slices, Height, Width, Bytes int    // as many voxels, of as many bytes each

	Data       []byte // [Slices, Height, Width, Bytes]
	Head, Tail []byte // what precedes and follows them in the file, unpacked

	Place *Place // of a file that holds one slice of a series and says where it belongs; else nil
}

// ErrCompressed reports voxels that a file stores compressed, so that their bytes are not there.
var ErrCompressed = errors.New("its pixels are compressed")

// VoxelExtensions are the extensions of files that ReadVoxels reads.
func VoxelExtensions() []string { return []string{".nii", ".nii.gz", ".dcm"} }

// ReadVoxels reads the file at path. It returns nil for formats without voxels. An error wraps ErrCompressed where the samples would have
// to be decoded. A compressed volume (.nii.gz) is unpacked. It takes memory of the unpacked file, and of the file. Errors read "path: reason".
func ReadVoxels(path string) (*Voxels, error) {
	return readPath(path, func(f *Format, file *io.SectionReader) (*Voxels, error) {
		if f.Voxels == nil {
			return nil, nil
		}
		return f.Voxels(file)
	})
}

// Write writes the file that the voxels were read from. A compressed one is compressed anew: it may differ, its content does not.
func (v *Voxels) Write(w io.Writer) error {
	return Packed(w, v.Extension, func(w io.Writer) error {
		for _, b := range [][]byte{v.Head, v.Data, v.Tail} {
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
		return nil
	})
}

// Packed has write write the content of a file with an extension, and compresses it if the extension says so.
func Packed(w io.Writer, extension string, write func(io.Writer) error) error {
	if extension != ".nii.gz" {
		return write(w)
	}
	z := gzip.NewWriter(w)
	if err := write(z); err != nil {
		return err
	}
	return z.Close()
}

// cut divides content into what precedes the voxels at an offset, the voxels, and what follows.
func (v *Voxels) cut(content []byte, offset int) (*Voxels, error) {
	n := int64(v.Bytes)
	for _, d := range []int{v.Slices, v.Height, v.Width} {
		if d < 1 || int64(d) > int64(len(content))/n {
			return nil, errTruncated
		}
		n *= int64(d)
	}
	if offset > len(content) || n > int64(len(content)-offset) {
		return nil, errTruncated
	}
	v.Head, v.Data, v.Tail = content[:offset], content[offset:][:n], content[int64(offset)+n:]
	return v, nil
}

// voxelsOfNIfTI gives all volumes of a series, one after the other.
func voxelsOfNIfTI(file *io.SectionReader) (*Voxels, error) {
	b, err := content(file)
	if err != nil {
		return nil, err
	}
	v := &Voxels{Extension: ".nii"}
	if bytes.HasPrefix(b, []byte(gzipMagic)) {
		v.Extension = ".nii.gz"
		if b, err = unpackedNIfTI(b); err != nil {
			return nil, err
		}
	}
	h, err := parseNIfTIHeader(b)
	if err != nil {
		return nil, err
	}
	v.Slices, v.Height, v.Width, v.Bytes = h.dim[2]*h.volumes, h.dim[1], h.dim[0], h.element.bytes
	return v.cut(b, h.offset)
}

// unpackedNIfTI unpacks all of a file, with what follows the voxels, if that is not out of proportion.
func unpackedNIfTI(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	head, h, err := headOfNIfTI(z)
	if err != nil {
		return nil, err
	}
	size := int64(h.offset) + int64(h.voxels)*int64(h.volumes)*int64(h.element.bytes)
	if size > maxFileBytes || size > freePixels && size/packing > int64(len(b)) {
		return nil, fmt.Errorf("%d bytes of voxels cannot be in a file of %d bytes", size, len(b))
	}
	whole := bytes.NewBuffer(slices.Grow(head, int(size)-len(head)+bytes.MinRead))
	const mostTail = 1 << 24
	if _, err := io.Copy(whole, io.LimitReader(z, size-int64(len(head))+mostTail+1)); err != nil { // at its end is the checksum
		return nil, err
	}
	if int64(whole.Len()) > size+mostTail {
		return nil, fmt.Errorf("more than %d bytes follow the voxels", mostTail)
	}
	return whole.Bytes(), nil
}

// voxelsOfDICOM gives all frames. Samples in planes count as frames of their own.
func voxelsOfDICOM(file *io.SectionReader) (*Voxels, error) {
	b, err := content(file)
	if err != nil {
		return nil, err
	}
	d, err := dicom.Parse(b)
	if err == nil {
		err = d.Check()
	}
	if err != nil {
		return nil, err
	}
	planes, bytes, at, native := d.Native()
	if !native {
		return nil, ErrCompressed
	}
	v := &Voxels{Extension: ".dcm", Slices: d.Frames * planes, Height: d.Height, Width: d.Width, Bytes: bytes}
	if d.Frames == 1 {
		v.Place = placeOf(d)
	}
	return v.cut(b, at)
}
