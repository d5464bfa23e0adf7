package data

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A testVolume is a NIfTI-1 file in the making.
type testVolume struct {
	order        binary.AppendByteOrder
	code         int16
	dim          []int16
	slope, inter float32
	sform        *[3][3]float32
	quaternion   *[4]float32 // b, c, d, qfac
	values       []float64
}

func (v testVolume) bytes() []byte {
	bo := v.order
	put := binary.ByteOrder(binary.LittleEndian)
	if bo == binary.AppendByteOrder(binary.BigEndian) {
		put = binary.BigEndian
	}
	h := make([]byte, 352)
	float := func(at int, f float32) { put.PutUint32(h[at:], math.Float32bits(f)) }
	put.PutUint32(h, 348)
	put.PutUint16(h[40:], uint16(len(v.dim)))
	for i, d := range v.dim {
		put.PutUint16(h[42+2*i:], uint16(d))
	}
	put.PutUint16(h[70:], uint16(v.code))
	float(108, 352)
	float(112, v.slope)
	float(116, v.inter)
	if v.quaternion != nil {
		put.PutUint16(h[252:], 1)
		for i := range 3 {
			float(256+4*i, v.quaternion[i])
		}
		float(76, v.quaternion[3])
	}
	if v.sform != nil {
		put.PutUint16(h[254:], 1)
		for r := range 3 {
			for c := range 3 {
				float(280+16*r+4*c, v.sform[r][c])
			}
		}
	}
	copy(h[344:], "n+1\x00")
	for _, x := range v.values {
		switch v.code {
		case 2, 256:
			h = append(h, byte(int64(x)))
		case 4, 512:
			h = bo.AppendUint16(h, uint16(int64(x)))
		case 8, 768:
			h = bo.AppendUint32(h, uint32(int64(x)))
		case 1024, 1280:
			h = bo.AppendUint64(h, uint64(int64(x)))
		case 16:
			h = bo.AppendUint32(h, math.Float32bits(float32(x)))
		case 64:
			h = bo.AppendUint64(h, math.Float64bits(x))
		}
	}
	return h
}

// cornered is a 2×3×4 volume whose voxel (x, y, z) holds 10 + x + 10·y + 60·z; every slice shows something.
func cornered() testVolume {
	v := testVolume{order: binary.LittleEndian, code: 2, dim: []int16{2, 3, 4}}
	for z := range 4 {
		for y := range 3 {
			for x := range 2 {
				v.values = append(v.values, float64(10+x+10*y+60*z))
			}
		}
	}
	return v
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func TestNIfTIElements(t *testing.T) {
	for code, low := range map[int16]float64{2: 0, 4: -300, 8: -1e6, 16: -0.5, 64: -1e-3, 256: -100, 512: 0, 768: 0, 1024: -1e6, 1280: 0} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			t.Run(fmt.Sprintf("%d %v", code, order), func(t *testing.T) {
				v := testVolume{order: order, code: code, dim: []int16{2, 2, 1}}
				step := map[bool]float64{true: 0.25, false: 40}[code == 16 || code == 64]
				for i := range 4 {
					v.values = append(v.values, low+float64(i)*step)
				}
				plain, err := Decode(v.bytes())
				if err != nil {
					t.Fatal(err)
				}
				// Levels from the lowest to the highest value; nose up and right on the left turn the rows and columns.
				if diff := cmp.Diff(&Image{2, 2, 1, 8, []byte{255, 170, 85, 0}}, plain); diff != "" {
					t.Error(diff)
				}
				packed, err := Decode(gzipped(v.bytes()))
				if err != nil || !cmp.Equal(plain, packed) {
					t.Errorf("compressed: %v, %v", packed, err)
				}
			})
		}
	}
}

func TestNIfTIScaling(t *testing.T) {
	v := testVolume{order: binary.LittleEndian, code: 2, dim: []int16{2, 2, 1}, slope: -2, inter: 5, values: []float64{0, 1, 2, 3}}
	m, err := Decode(v.bytes())
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte{0, 85, 170, 255}; !bytes.Equal(m.Pix, want) {
		t.Errorf("a negative slope gives %v, want %v", m.Pix, want)
	}
}

// However the voxels are stored, the same head gives the same slices.
func TestNIfTIOrientation(t *testing.T) {
	reference := cornered()
	levels := func(v testVolume, axis string) *stack {
		t.Helper()
		s, err := decodeNIfTI(v.bytes(), axis)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	// Mirrored left to right: x now runs to the patient's left.
	mirrored := cornered()
	mirrored.sform = &[3][3]float32{{-1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	for i := 0; i < len(mirrored.values); i += 2 {
		mirrored.values[i], mirrored.values[i+1] = mirrored.values[i+1], mirrored.values[i]
	}
	// The same by quaternion: half a turn about y, then the third axis mirrored back.
	turned := mirrored
	turned.sform, turned.quaternion = nil, &[4]float32{0, 1, 0, -1}
	// Stored as sagittal slices, slightly oblique: the file's axes run forward, up, right.
	sagittal := testVolume{order: binary.BigEndian, code: 4, dim: []int16{3, 4, 2}, sform: &[3][3]float32{{0.1, 0, 2}, {0.9, 0.1, 0}, {0, 3, 0.2}}}
	for x := range 2 {
		for z := range 4 {
			for y := range 3 {
				sagittal.values = append(sagittal.values, reference.values[x+2*y+6*z])
			}
		}
	}
	nonsense := cornered()
	nonsense.sform = &[3][3]float32{}
	for _, axis := range axisNames {
		want := levels(reference, axis)
		for name, v := range map[string]testVolume{"mirrored": mirrored, "quaternion": turned, "sagittal": sagittal, "zero sform": nonsense} {
			if diff := cmp.Diff(want, levels(v, axis), cmp.AllowUnexported(stack{})); diff != "" {
				t.Errorf("%s, %s: %s", axis, name, diff)
			}
		}
	}
	w := window{10, 10 + 1 + 20 + 180}
	corner := func(x, y, z int) byte { return w.level(float64(10 + x + 10*y + 60*z)) }
	for _, test := range []struct {
		axis                        string
		count, height, width        int
		firstUpperLeft, lastLowerRt byte
	}{
		{Axial, 4, 3, 2, corner(1, 2, 0), corner(0, 0, 3)},    // right and nose, feet first
		{Coronal, 3, 4, 2, corner(1, 0, 3), corner(0, 2, 0)},  // right and crown, back first
		{Sagittal, 2, 4, 3, corner(0, 2, 3), corner(1, 0, 0)}, // nose and crown, left first
	} {
		s := levels(reference, test.axis)
		if s.count != test.count || s.height != test.height || s.width != test.width {
			t.Errorf("%s: %d of %d×%d", test.axis, s.count, s.height, s.width)
		}
		if s.pix[0] != test.firstUpperLeft || s.pix[len(s.pix)-1] != test.lastLowerRt {
			t.Errorf("%s: corners %d and %d, want %d and %d", test.axis, s.pix[0], s.pix[len(s.pix)-1], test.firstUpperLeft, test.lastLowerRt)
		}
	}
}

// Slices of air are left out of a data source; a volume of nothing else keeps them all.
func TestNIfTISkipsEmptySlices(t *testing.T) {
	dir := t.TempDir()
	v := testVolume{order: binary.LittleEndian, code: 4, dim: []int16{10, 10, 4}, values: make([]float64, 400)}
	for i := range 50 {
		v.values[100+i], v.values[300+i] = 1000, 500
	}
	v.values[0] = 1000 // one voxel of noise does not fill slice 0
	empty := v
	empty.values = make([]float64, 400)
	write(t, filepath.Join(dir, "a.nii"), v.bytes())
	write(t, filepath.Join(dir, "b.nii.gz"), gzipped(empty.bytes()))
	src, err := Open(Spec{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range src.Len() {
		names = append(names, filepath.Base(src.Name(i)))
	}
	if diff := cmp.Diff([]string{"a.nii#1", "a.nii#3", "b.nii.gz#0", "b.nii.gz#1", "b.nii.gz#2", "b.nii.gz#3"}, names); diff != "" {
		t.Error(diff)
	}
	m, err := src.Image(1)
	if err != nil || m.Pix[99] != 128 || m.Pix[0] != 0 {
		t.Errorf("slice 3: %v, %v", m, err)
	}
}

func TestNIfTIFourDimensionsGiveTheFirstVolume(t *testing.T) {
	v := cornered()
	want, err := Decode(v.bytes())
	if err != nil {
		t.Fatal(err)
	}
	v.dim, v.values = append(v.dim, 5), append(v.values, make([]float64, 4*24)...)
	if got, err := Decode(gzipped(v.bytes())); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestNIfTIRefusesOtherKinds(t *testing.T) {
	set := func(at int, s string) []byte {
		b := cornered().bytes()
		copy(b[at:], s)
		return b
	}
	for want, b := range map[string][]byte{
		"NIfTI-2":                   set(0, "\x1c\x02\x00\x00"),
		".hdr and .img":             set(344, "ni1\x00"),
		"Analyze":                   set(344, "\x00\x00\x00\x00"),
		"datatype 128":              set(70, "\x80\x00"),
		"dim[0] is 9":               set(40, "\x09\x00"),
		"no volume has [2 -1 4]":    set(44, "\xff\xff"),
		"more than the":             set(42, "\xff\x7f\xff\x7f\xff\x7f"),
		"voxels at offset":          set(108, "\x00\x00\xc0\x7f"),
		"cannot be in a file":       gzipped(set(42, "\x00\x02\x00\x02\x00\x02")),
		"truncated":                 set(42, "\x03\x00"),
		"no NIfTI-1 header":         gzipped(bytes.Repeat([]byte("hello"), 100)),
		"invalid checksum":          append(gzipped(set(348, ""))[:len(gzipped(set(348, "")))-8], 1, 2, 3, 4, 5, 6, 7, 8),
		"truncated: the file ends ": gzipped(cornered().bytes())[:60],
	} {
		if _, err := Decode(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
