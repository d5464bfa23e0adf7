package imagefile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"keygan/data/raster"
	"math"
)

var niftiFormat = Format{Name: "NIfTI volume", Extensions: []string{".nii", ".nii.gz"}, Matches: isNIfTI, Stack: stackOfNIfTI, Voxels: voxelsOfNIfTI}

const (
	gzipMagic       = "\x1f\x8b"
	niftiHeaderSize = 348 // of NIfTI-1; NIfTI-2 has 540
)

// A niftiHeader is the part of a NIfTI-1 header that keygan needs (https://nifti.nimh.nih.gov, nifti1.h).
type niftiHeader struct {
	dim          [3]int // voxels along x, y, z; x is the one that varies fastest in the file
	voxels       int    // of one volume, at most maxPixels
	volumes      int    // in a series, at most maxPixels
	element      element
	offset       int // of the first voxel, bytes
	slope, inter float64
	axes         orientation
}

// isNIfTI recognises a volume, and everything compressed, since no other format here is.
func isNIfTI(b []byte) bool {
	if startsWith(gzipMagic)(b) {
		return true
	}
	if len(b) < 4 {
		return false
	}
	size := [2]uint32{binary.LittleEndian.Uint32(b), binary.BigEndian.Uint32(b)}
	return size[0] == niftiHeaderSize || size[1] == niftiHeaderSize || size[0] == 540 || size[1] == 540
}

// stackOfNIfTI reads a volume as 8-bit grey slices across an axis: axial slices from the feet up with the nose at the top, coronal ones
// from the back forward and sagittal ones from the patient's left to the right, with the crown at the top. As radiologists have it, the
// patient's right is on the left of axial and coronal slices, and a sagittal slice looks left. The grey levels are a window over the whole
// volume. A slice is as many pixels wide as the volume has voxels. Of a series of volumes (four dimensions) the first is read.
func stackOfNIfTI(file *io.SectionReader, axis string) (*Stack, error) {
	b, err := content(file)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(b, []byte(gzipMagic)) {
		if b, err = gunzipNIfTI(b); err != nil {
			return nil, err
		}
	}
	h, err := parseNIfTIHeader(b)
	if err != nil {
		return nil, err
	}
	if len(b)-h.offset < h.voxels*h.element.bytes {
		return nil, errTruncated
	}
	return h.slices(b[h.offset:], axis)
}

// gunzipNIfTI unpacks the header first, and then no more than the volume needs according to the header.
func gunzipNIfTI(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	head, h, err := headOfNIfTI(z)
	if err != nil {
		return nil, err
	}
	size := h.bytes()
	if size > freePixels && size/packing > len(b) {
		return nil, fmt.Errorf("%v voxels cannot be in a file of %d bytes", h.dim, len(b))
	}
	whole := make([]byte, size)
	copy(whole, head)
	if _, err := io.ReadFull(z, whole[niftiHeaderSize:]); err != nil {
		return nil, err
	}
	// The checksum of the whole comes at the end.
	if _, err := io.Copy(io.Discard, z); err != nil {
		return nil, err
	}
	return whole, nil
}

// packing is how many bytes deflate packs at most into one.
const packing = 1032

// UnpackedSize returns how many bytes a compressed volume has when it is unpacked, by its header. It is 0 for everything else.
func UnpackedSize(file *io.SectionReader) int64 {
	z, err := gzip.NewReader(io.NewSectionReader(file, 0, file.Size()))
	if err != nil {
		return 0
	}
	_, h, err := headOfNIfTI(z)
	if err != nil {
		return 0
	}
	return min(int64(h.bytes()), max(freePixels, packing*file.Size())) // more is refused
}

func headOfNIfTI(r io.Reader) (head []byte, h *niftiHeader, err error) {
	head = make([]byte, niftiHeaderSize)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, nil, err
	}
	h, err = parseNIfTIHeader(head)
	return head, h, err
}

// bytes is the length of the file, up to the last voxel of the first volume.
func (h *niftiHeader) bytes() int { return h.offset + h.voxels*h.element.bytes }

// parseNIfTIHeader reads the first 348 bytes, of either byte order.
func parseNIfTIHeader(b []byte) (*niftiHeader, error) {
	if len(b) < niftiHeaderSize {
		return nil, errTruncated
	}
	var order binary.ByteOrder = binary.LittleEndian
	if order.Uint32(b) != niftiHeaderSize {
		order = binary.BigEndian
	}
	switch size := order.Uint32(b); {
	case size == 540 || binary.LittleEndian.Uint32(b) == 540:
		return nil, errors.New("NIfTI-2 is not supported; nifti_tool or nibabel can convert it to NIfTI-1")
	case size != niftiHeaderSize:
		return nil, errForeign // compressed, but not a volume
	}
	switch magic := string(b[344:348]); magic {
	case "n+1\x00":
	case "ni1\x00":
		return nil, errors.New("a header without voxels (.hdr and .img pair); convert it to a single .nii file")
	default:
		return nil, fmt.Errorf("magic is %q, not %q: an Analyze file, or damaged", magic, "n+1\x00")
	}
	h := &niftiHeader{dim: [3]int{1, 1, 1}, voxels: 1}
	rank := int(int16(order.Uint16(b[40:])))
	if rank < 2 || rank > 7 {
		return nil, fmt.Errorf("dim[0] is %d, not 2 to 7", rank)
	}
	for i := range min(rank, 3) {
		h.dim[i] = int(int16(order.Uint16(b[42+2*i:])))
	}
	code := int(int16(order.Uint16(b[70:])))
	names := map[int]string{2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
	var ok bool
	if h.element, ok = elementOf(names[code], order); !ok {
		return nil, fmt.Errorf("datatype %d is not supported; keygan reads integers and floats, not colours or complex numbers", code)
	}
	float := func(at int) float64 { return float64(math.Float32frombits(order.Uint32(b[at:]))) }
	offset := float(108)
	if !(offset >= niftiHeaderSize && offset <= 1<<24) {
		return nil, fmt.Errorf("voxels at offset %v, not 352 or a little more", offset)
	}
	h.offset = int(offset)
	h.slope, h.inter = float(112), float(116)
	if h.slope == 0 || math.IsNaN(h.slope) || math.IsInf(h.slope, 0) || math.IsNaN(h.inter) || math.IsInf(h.inter, 0) {
		h.slope, h.inter = 1, 0 // by the standard, a slope of 0 means no scaling
	}
	h.axes = niftiOrientation(b, order)
	for _, d := range h.dim {
		if d <= 0 {
			return nil, fmt.Errorf("a volume cannot have %v voxels", h.dim)
		}
		if d > maxPixels/h.voxels {
			return nil, fmt.Errorf("%v is more than the %d voxels that keygan reads", h.dim, maxPixels)
		}
		h.voxels *= d
	}
	h.volumes = 1
	for i := 4; i <= rank; i++ {
		d := max(1, int(int16(order.Uint16(b[40+2*i:]))))
		if d > maxPixels/h.volumes {
			return nil, fmt.Errorf("a series of more than %d volumes", maxPixels)
		}
		h.volumes *= d
	}
	return h, nil
}

// slices lays the voxels out as images.
func (h *niftiHeader) slices(voxels []byte, axis string) (*Stack, error) {
	size := h.element.bytes
	at := func(i int) float64 {
		return float64(h.slope*h.element.value(voxels[i*size:])) + h.inter
	}
	w := raster.WindowOf(h.voxels, at)
	depth, down, right, err := h.axes.walks(axis, h.dim)
	if err != nil {
		return nil, err
	}
	s := NewStack(depth.count, down.count, right.count, 1, 8)
	out := 0
	for z := range depth.count {
		for y := range down.count {
			from := depth.at(z) + down.at(y)
			for x := range right.count {
				s.Pix[out] = w.Level(at(from + right.at(x)))
				out++
			}
		}
	}
	s.showFilled()
	return s, nil
}
