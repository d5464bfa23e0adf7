package check

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/train/internal/traintest"
)

// slice is a minimal DICOM file of the series 1.2, at a height in millimetres: explicit, little endian.
func slice(height float64, width int) []byte {
	b := []byte("DICM")
	add := func(tag, vr, value string) {
		if len(value)%2 != 0 {
			value += " "
		}
		b = append(b, tag+vr+string([]byte{byte(len(value)), 0})+value...)
	}
	add("\x02\x00\x10\x00", "UI", "1.2.840.10008.1.2.1\x00")
	add("\x10\x00\x20\x00", "LO", "Secret-4711")
	add("\x20\x00\x0e\x00", "UI", "1.2\x00")
	add("\x20\x00\x32\x00", "DS", fmt.Sprintf(`0\0\%v`, height))
	add("\x20\x00\x37\x00", "DS", `1\0\0\0\1\0`)
	add("\x28\x00\x04\x00", "CS", "MONOCHROME2 ")
	add("\x28\x00\x10\x00", "US", "\x02\x00")
	add("\x28\x00\x11\x00", "US", string([]byte{byte(width), 0}))
	add("\x28\x00\x00\x01", "US", "\x08\x00")
	return append(append(b, "\xe0\x7f\x10\x00OB\x00\x00"...), append([]byte{byte(2 * width), 0, 0, 0}, make([]byte, 2*width)...)...)
}

// check tells of series, their gaps and sizes, and nothing of the patient.
func TestCheckReportsSeries(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 9 {
		if i == 4 || i == 5 {
			continue
		}
		write(fmt.Sprintf("%d.dcm", i), slice(3*float64(i), 8+i/8))
	}
	if err := imagefile.WritePNG(filepath.Join(folder, "a.png"), raster.NewImage(8, 8, 1, 8), false); err != nil {
		t.Fatal(err)
	}
	c := traintest.FolderConfig(t, folder, traintest.ManyPictures(t, 3))
	var report bytes.Buffer
	if err := Report(context.Background(), c, nil, &report); err != nil {
		t.Fatalf("%v\n%s", err, &report)
	}
	for _, want := range []string{
		"  " + folder + ": 8 images\n", "    series    1 of 7 slices\n", "mixed sizes: 8×2, 9×2", "2 slices are missing after " + filepath.Join(folder, "3.dcm"),
	} {
		if !strings.Contains(report.String(), want) {
			t.Errorf("no %q in:\n%s", want, &report)
		}
	}
	if strings.Contains(report.String(), "4711") {
		t.Errorf("the patient is named in:\n%s", &report)
	}
}
