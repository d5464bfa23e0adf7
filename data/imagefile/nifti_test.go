package imagefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNIfTIElements(t *testing.T) {
	for code, low := range map[int16]float64{2: 0, 4: -300, 8: -1e6, 16: -0.5, 64: -1e-3, 256: -100, 512: 0, 768: 0, 1024: -1e6, 1280: 0} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			t.Run(fmt.Sprintf("%d %v", code, order), func(t *testing.T) {
				v := imagetest.TestVolume{Order: order, Code: code, Dim: []int16{2, 2, 1}}
				step := map[bool]float64{true: 0.25, false: 40}[code == 16 || code == 64]
				for i := range 4 {
					v.Values = append(v.Values, low+float64(i)*step)
				}
				plain, err := Decode(v.Bytes())
				if err != nil {
					t.Fatal(err)
				}
				// Levels from the lowest to the highest value; nose up and right on the left turn the rows and columns.
				if diff := cmp.Diff(&raster.Image{Width: 2, Height: 2, Channels: 1, Depth: 8, Pix: []byte{255, 170, 85, 0}}, plain); diff != "" {
					t.Error(diff)
				}
				packed, err := Decode(imagetest.Gzipped(v.Bytes()))
				if err != nil || !cmp.Equal(plain, packed) {
					t.Errorf("compressed: %v, %v", packed, err)
				}
			})
		}
	}
}

func TestNIfTIScaling(t *testing.T) {
	v := imagetest.TestVolume{Order: binary.LittleEndian, Code: 2, Dim: []int16{2, 2, 1}, Slope: -2, Inter: 5, Values: []float64{0, 1, 2, 3}}
	m, err := Decode(v.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if want := []byte{0, 85, 170, 255}; !bytes.Equal(m.Pix, want) {
		t.Errorf("a negative slope gives %v, want %v", m.Pix, want)
	}
}

// However the voxels are stored, the same head gives the same slices.
func TestNIfTIOrientation(t *testing.T) {
	reference := imagetest.Cornered()
	levels := func(v imagetest.TestVolume, axis string) *Stack {
		t.Helper()
		s, err := stackOfNIfTI(fileOf(v.Bytes()), axis)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	// Mirrored left to right: x now runs to the patient's left.
	mirrored := imagetest.Cornered()
	mirrored.Sform = &[3][3]float32{{-1, 0, 0}, {0, 1, 0}, {0, 0, 1}}
	for i := 0; i < len(mirrored.Values); i += 2 {
		mirrored.Values[i], mirrored.Values[i+1] = mirrored.Values[i+1], mirrored.Values[i]
	}
	// The same by quaternion: half a turn about y, then the third axis mirrored back.
	turned := mirrored
	turned.Sform, turned.Quaternion = nil, &[4]float32{0, 1, 0, -1}
	// Stored as sagittal slices, slightly oblique: the file's axes run forward, up, right.
	sagittal := imagetest.TestVolume{Order: binary.BigEndian, Code: 4, Dim: []int16{3, 4, 2}, Sform: &[3][3]float32{{0.1, 0, 2}, {0.9, 0.1, 0}, {0, 3, 0.2}}}
	for x := range 2 {
		for z := range 4 {
			for y := range 3 {
				sagittal.Values = append(sagittal.Values, reference.Values[x+2*y+6*z])
			}
		}
	}
	nonsense := imagetest.Cornered()
	nonsense.Sform = &[3][3]float32{}
	for _, axis := range AxisNames {
		want := levels(reference, axis)
		for name, v := range map[string]imagetest.TestVolume{"mirrored": mirrored, "quaternion": turned, "sagittal": sagittal, "zero sform": nonsense} {
			if diff := cmp.Diff(want, levels(v, axis)); diff != "" {
				t.Errorf("%s, %s: %s", axis, name, diff)
			}
		}
	}
	w := raster.Window{Low: 10, High: 10 + 1 + 20 + 180}
	corner := func(x, y, z int) byte { return w.Level(float64(10 + x + 10*y + 60*z)) }
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
		if s.Count != test.count || s.Height != test.height || s.Width != test.width {
			t.Errorf("%s: %d of %d×%d", test.axis, s.Count, s.Height, s.Width)
		}
		if s.Pix[0] != test.firstUpperLeft || s.Pix[len(s.Pix)-1] != test.lastLowerRt {
			t.Errorf("%s: corners %d and %d, want %d and %d", test.axis, s.Pix[0], s.Pix[len(s.Pix)-1], test.firstUpperLeft, test.lastLowerRt)
		}
	}
}

func TestNIfTIFourDimensionsGiveTheFirstVolume(t *testing.T) {
	v := imagetest.Cornered()
	want, err := Decode(v.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	v.Dim, v.Values = append(v.Dim, 5), append(v.Values, make([]float64, 4*24)...)
	if got, err := Decode(imagetest.Gzipped(v.Bytes())); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestNIfTIRefusesOtherKinds(t *testing.T) {
	set := func(at int, s string) []byte {
		b := imagetest.Cornered().Bytes()
		copy(b[at:], s)
		return b
	}
	for want, b := range map[string][]byte{
		"NIfTI-2":                     set(0, "\x1c\x02\x00\x00"),
		".hdr and .img":               set(344, "ni1\x00"),
		"Analyze":                     set(344, "\x00\x00\x00\x00"),
		"datatype 128":                set(70, "\x80\x00"),
		"dim[0] is 9":                 set(40, "\x09\x00"),
		"volume cannot have [2 -1 4]": set(44, "\xff\xff"),
		"more than the":               set(42, "\xff\x7f\xff\x7f\xff\x7f"),
		"voxels at offset":            set(108, "\x00\x00\xc0\x7f"),
		"cannot be in a file":         imagetest.Gzipped(set(42, "\x00\x02\x00\x02\x00\x02")),
		"truncated":                   set(42, "\x03\x00"),
		"not an image in a known":     imagetest.Gzipped(bytes.Repeat([]byte("hello"), 100)),
		"invalid checksum":            append(imagetest.Gzipped(set(348, ""))[:len(imagetest.Gzipped(set(348, "")))-8], 1, 2, 3, 4, 5, 6, 7, 8),
		"truncated: the file ends ":   imagetest.Gzipped(imagetest.Cornered().Bytes())[:60],
	} {
		if _, err := Decode(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
