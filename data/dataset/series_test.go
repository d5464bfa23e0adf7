package dataset

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/data/internal/imagetest"
)

// The slices of a series follow each other along their normal, whatever their files are called and however they are numbered. Other files
// keep their places.
func TestSeriesAreInOrder(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, s imagetest.Slice) {
		s.Width, s.Height = 4, 3
		imagetest.Write(t, filepath.Join(dir, name), s.Bytes())
	}
	for i, z := range []string{"7.5", "-2.5", "2.5", "-10", "1e1"} { // in millimetres; the names are in another order, the numbers too
		write(fmt.Sprintf("a%d.dcm", i), imagetest.Slice{Series: "1.2", Number: i, Position: `10\20\` + z, Level: byte(i)})
	}
	// Oblique: the normal is (0, -0.6, 0.8), so that the position along it is 0.8 z - 0.6 y, here 3, 1 and 2. Along z alone, they are in order.
	for i, yz := range []string{`-5\0`, `0\1.25`, `0\2.5`} {
		write(fmt.Sprintf("b%d.dcm", i), imagetest.Slice{Series: "1.3", Position: `0\` + yz, Directions: `1\0\0\0\0.8\0.6`, Level: byte(10 + i)})
	}
	for i, number := range []int{10, 9, 2} { // no positions: by number, not by name
		write(fmt.Sprintf("c%d.dcm", i), imagetest.Slice{Series: "1.4", Number: number, Level: byte(20 + i)})
	}
	write("a1a.dcm", imagetest.Slice{Series: "1.9", Position: `0\0\0`, Level: 30})
	write("d0.dcm", imagetest.Slice{Level: 31})
	src, err := Open(Spec{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for i := range src.Len() {
		m, err := src.Image(i)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.Sample(0))
	}
	if want := []int{3, 1, 30, 2, 0, 4, 11, 12, 10, 22, 21, 20, 31}; !slices.Equal(got, want) {
		t.Errorf("slices %v, want %v", got, want)
	}
}

func TestSeriesReportGaps(t *testing.T) {
	dir := t.TempDir()
	for i := range 12 {
		s := imagetest.Slice{Series: "1.2", Position: fmt.Sprintf(`0\0\%v`, 2.5*float64(20-i)), Width: 4, Height: 3}
		switch i {
		case 3, 7, 8: // missing
			continue
		case 5:
			s.Width = 5
		case 11:
			s.Position = `0\0\25` // where slice 10 is
		}
		imagetest.Write(t, filepath.Join(dir, fmt.Sprintf("%02d.dcm", i)), s.Bytes())
	}
	for i := range 3 { // another volume, in another direction and without a gap: steps of 3, 3.1 and 4 mm
		s := imagetest.Slice{Series: "1.2", Position: fmt.Sprintf(`%v\0\0`, []float64{0, 3, 6.1}[i]), Directions: `0\1\0\0\0\1`, Width: 4, Height: 3}
		imagetest.Write(t, filepath.Join(dir, fmt.Sprintf("x%d.dcm", i)), s.Bytes())
	}
	imagetest.Write(t, filepath.Join(dir, "alone.dcm"), imagetest.Slice{Series: "1.5", Width: 4, Height: 3}.Bytes())
	all, err := Spec{Folder: dir}.Series()
	if err != nil || len(all) != 2 {
		t.Fatalf("%d series, %v", len(all), err)
	}
	base := func(paths []string) (names []string) {
		for _, p := range paths {
			names = append(names, strings.TrimSuffix(filepath.Base(p), ".dcm"))
		}
		return names
	}
	s := all[0]
	// 11 lies where 10 does; upwards, 9 and 6 are before gaps of two and 4 before one of one.
	if got := fmt.Sprint(base(s.Files), s.Sizes, base(s.Missing), s.Gaps, s.Doubled); got != "[10 11 09 06 05 04 02 01 00] [4×3 5×3] [09 04] 3 1" {
		t.Error(got)
	}
	if s := all[1]; fmt.Sprint(base(s.Files), s.Sizes, s.Missing, s.Gaps, s.Doubled) != "[x0 x1 x2] [4×3] [] 0 0" {
		t.Errorf("%+v", s)
	}
}

// All slices of a patient are on one side of a split, by what the files say, whatever their series and their names.
func TestSplitKeepsDICOMPatientsTogether(t *testing.T) {
	dir := t.TempDir()
	for i := range 200 {
		s := imagetest.Slice{Patient: fmt.Sprintf("P%d", i%40), Series: fmt.Sprintf("1.2.%d", i%80), Width: 8, Height: 8, Level: byte(i)}
		imagetest.Write(t, filepath.Join(dir, fmt.Sprintf("%03d.dcm", i)), s.Bytes())
	}
	src, err := Open(Spec{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	side := map[int]bool{}
	for _, heldOut := range []bool{true, false} {
		part, err := Split(context.Background(), src, 0.4, heldOut)
		if err != nil {
			t.Fatal(err)
		}
		for i := range part.Len() {
			var n int
			fmt.Sscanf(filepath.Base(part.Name(i)), "%d", &n)
			if was, seen := side[n%40]; seen && was != heldOut {
				t.Fatalf("patient %d is on both sides", n%40)
			}
			side[n%40] = heldOut
		}
	}
	held, err := Split(context.Background(), src, 0.4, true)
	if err != nil {
		t.Fatal(err)
	}
	one := Select(held, []int{0})
	rest, err := Without(context.Background(), src, one)
	if err != nil || rest.Len() != 195 {
		t.Errorf("%d images are not of the patient, want 195; %v", rest.Len(), err)
	}
}

// A window that the configuration names takes the place of each file's own, and counts as another image for the cache.
func TestChosenWindow(t *testing.T) {
	dir := t.TempDir()
	imagetest.Write(t, filepath.Join(dir, "a.dcm"), imagetest.Slice{Width: 4, Height: 3, Level: 60}.Bytes())
	parts := map[string]bool{}
	for window, want := range map[string]int{"": 60, "128/256": 60, "40/101": 179, "50.5/2": 255, "-1000/400": 255, "200/100": 0} { // 179.8 = 255 · (20.5/100 + 0.5)
		src, err := Open(Spec{Folder: dir, Window: window})
		if err != nil {
			t.Fatal(err)
		}
		m, err := src.Image(0)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Sample(5); got != want {
			t.Errorf("window %q: level %d, want %d", window, got, want)
		}
		_, part := locate(src, 0)
		parts[part] = true
	}
	if len(parts) != 6 {
		t.Errorf("%d parts for the cache, not 6", len(parts))
	}
	for _, bad := range []string{"40", "40/", "/400", "40/0", "40/1", "a/b", "40/-3", "NaN/4", "1/Inf", "1e300/4"} {
		if err := (Spec{Folder: dir, Window: bad}).Validate(); err == nil || !strings.Contains(err.Error(), "center/width") {
			t.Errorf("window %q: %v", bad, err)
		}
	}
	if err := (Spec{Synthetic: "mri", Count: 1, Window: "40/400"}).Validate(); err == nil {
		t.Error("a window of synthetic images is accepted")
	}
}
