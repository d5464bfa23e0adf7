package imagefile

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/data/internal/imagetest"
)

// A DICOM file is an image if it has one frame, and a stack if it has more.
func TestDICOMIsAnImageOrAStack(t *testing.T) {
	for name, frames := range map[string]int{"s16.dcm": 1, "u8-frames-rle.dcm": 3} {
		path := filepath.Join("dicom", "testdata", name)
		if holds, err := HoldsStack(path); holds != (frames > 1) || err != nil {
			t.Errorf("%s holds a stack: %v, %v", name, holds, err)
		}
		s, err := ReadStack(path, Axial)
		if err != nil || s.Count != frames || s.Single != (frames == 1) {
			t.Fatalf("%s: %+v, %v", name, s, err)
		}
		m, err := ReadImage(path)
		if err != nil || !bytes.Equal(m.Pix, s.Image(frames/2).Pix) || m.Depth != 8 {
			t.Errorf("%s: the image is not the middle one; %v", name, err)
		}
		o, err := ReadOutline(path)
		if err != nil || !slices.Equal(o.Shown, s.Shown) || o.Single != s.Single || o.Width != s.Width {
			t.Errorf("%s: outline %+v, %v", name, o, err)
		}
	}
}

// The samples of a DICOM file are its stored values, and what they leave out is named.
func TestDICOMSamples(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.dcm")
	imagetest.Write(t, path, imagetest.Slice{Width: 3, Height: 2, Level: 200, Patient: "4711"}.Bytes())
	m, err := ReadSamples(path)
	if err != nil || m.String() != "3×2 grey, 8 bits" || m.Sample(4) != 200 {
		t.Errorf("%v, %v", m, err)
	}
	if beside, err := LeftBehind(path); err != nil || !slices.Equal(beside, []string{"DICOM attributes"}) {
		t.Errorf("%v, %v", beside, err)
	}
	if beside, err := LeftBehind("dicom/testdata/s12.dcm"); err != nil || !slices.Contains(beside, "sign (32768 stands for 0)") {
		t.Errorf("%v, %v", beside, err)
	}
	for name, want := range map[string]string{"u32.dcm": "32 bits", "u8-frames.dcm": "3 frames"} {
		if _, err := LeftBehind("dicom/testdata/" + name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d, err := Describe(path)
	if err != nil || len(d.Identifying) != 1 || d.Unreadable != nil {
		t.Fatalf("%+v, %v", d, err)
	}
	for _, f := range d.Facts {
		if f.Value == "4711" {
			t.Errorf("%s tells who the patient is", f.Label)
		}
	}
}

// A TIFF header in the preamble does not hide a DICOM file.
func TestDICOMBehindTIFF(t *testing.T) {
	b, err := os.ReadFile("dicom/testdata/u8.dcm")
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint32(b, 0x2a4949)
	if m, err := Decode(b); err != nil || m.Width != 24 {
		t.Errorf("%v, %v", m, err)
	}
}

// A file of any length may be asked what it is, without being read.
func TestHugeDICOM(t *testing.T) {
	b, err := os.ReadFile("dicom/testdata/u8.dcm")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.dcm")
	imagetest.Write(t, path, b)
	if err := os.Truncate(path, 1<<33); err != nil {
		t.Skip(err)
	}
	if holds, err := HoldsStack(path); holds || err != nil {
		t.Errorf("%v, %v", holds, err)
	}
	if _, err := LeftBehind(path); err != nil {
		t.Error(err)
	}
	if _, err := ReadSamples(path); err == nil || !strings.Contains(err.Error(), "more than any image") {
		t.Errorf("got %v", err)
	}
	if _, err := Describe(path); err == nil || err == io.EOF {
		t.Errorf("got %v", err)
	}
}
