package dataset

import (
	"encoding/binary"
	"keygan/data/imagefile"
	"keygan/data/internal/imagetest"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Slices of air are left out of a data source; a volume of nothing else keeps them all.
func TestNIfTISkipsEmptySlices(t *testing.T) {
	dir := t.TempDir()
	v := imagetest.TestVolume{Order: binary.LittleEndian, Code: 4, Dim: []int16{10, 10, 4}, Values: make([]float64, 400)}
	for i := range 50 {
		v.Values[100+i], v.Values[300+i] = 1000, 500
	}
	v.Values[0] = 1000 // one voxel of noise does not fill slice 0
	empty := v
	empty.Values = make([]float64, 400)
	imagetest.Write(t, filepath.Join(dir, "a.nii"), v.Bytes())
	imagetest.Write(t, filepath.Join(dir, "b.nii.gz"), imagetest.Gzipped(empty.Bytes()))
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

// Ten minutes are one image, the rest of a longer recording is left out, a shorter one is as wide as it is.
func TestSpectrogramWindows(t *testing.T) {
	for rows, want := range map[int][]string{
		1: {""}, 299: {""}, 300: {""}, 301: {"#0"}, 599: {"#0"}, 600: {"#0", "#1"}, 1000: {"#0", "#1", "#2"},
	} {
		path := filepath.Join(t.TempDir(), "1000086677.parquet")
		imagetest.Write(t, path, imagetest.SpectrogramFile(t, rows, 2, func(r, f, t int) float32 { return float32(math.Exp(float64(t/300) + float64(t%300)/1000)) }))
		src, err := Open(Spec{Folder: path})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range src.Len() {
			got = append(got, strings.TrimPrefix(src.Name(i), path))
			m, err := src.Image(i)
			if err != nil || m.Width != min(rows, 300) || m.Height != 8 {
				t.Errorf("%d rows, image %d: %v, %v", rows, i, m, err)
			}
			// One window for all of a recording: each ten minutes are brighter than the ten before.
			if i > 0 {
				if before, _ := src.Image(i - 1); m.Pix[0] <= before.Pix[200] {
					t.Errorf("%d rows: image %d begins with %d after %d", rows, i, m.Pix[0], before.Pix[200])
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d rows: %s", rows, diff)
		}
		if m, err := imagefile.ReadImage(path); err != nil || m.Width != min(rows, 300) {
			t.Errorf("%d rows: %v, %v", rows, m, err)
		}
	}
}
