package dataset

import (
	"encoding/json"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The vectors that testdata/make.py made with Pillow and NumPy.
type vectors struct {
	Files map[string]struct {
		Shape  []int // [H, W], [H, W, C]; of .npy files [N, H, W, C]
		Values []int
	}
	Source  resizeVector
	Resized []resizeVector
}

type resizeVector struct {
	Width, Height int
	Values        []int
}

func readVectors(t *testing.T) *vectors {
	t.Helper()
	b, err := os.ReadFile("../imagefile/testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	v := new(vectors)
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestFilesFromPillow(t *testing.T) {
	count := 0
	for name, want := range readVectors(t).Files {
		if strings.HasSuffix(name, ".npy") {
			continue
		}
		count++
		t.Run(name, func(t *testing.T) {
			m, err := imagefile.ReadImage(filepath.Join("../imagefile/testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			channels := 1
			if len(want.Shape) == 3 {
				channels = want.Shape[2]
			}
			if m.Height != want.Shape[0] || m.Width != want.Shape[1] || m.Channels != channels {
				t.Fatalf("%v, want shape %v", m, want.Shape)
			}
			for i, v := range want.Values {
				if m.Sample(i) != v {
					t.Fatalf("sample %d is %d, want %d", i, m.Sample(i), v)
				}
			}
		})
	}
	if count < 7 {
		t.Errorf("only %d files", count)
	}
}

func TestArraysFromNumPy(t *testing.T) {
	count := 0
	for name, want := range readVectors(t).Files {
		if !strings.HasSuffix(name, ".npy") {
			continue
		}
		count++
		t.Run(name, func(t *testing.T) {
			src, err := Open(Spec{Folder: filepath.Join("../imagefile/testdata", name)})
			if err != nil {
				t.Fatal(err)
			}
			if src.Len() != want.Shape[0] {
				t.Fatalf("%d images, want %d", src.Len(), want.Shape[0])
			}
			size := len(want.Values) / src.Len()
			for i := range src.Len() {
				m, err := src.Image(i)
				if err != nil {
					t.Fatal(err)
				}
				if m.Height != want.Shape[1] || m.Width != want.Shape[2] || m.Channels != want.Shape[3] || m.Depth != 8 {
					t.Fatalf("%v, want shape %v", m, want.Shape)
				}
				for k, v := range want.Values[i*size : (i+1)*size] {
					if m.Sample(k) != v {
						t.Fatalf("image %d, sample %d is %d, want %d", i, k, m.Sample(k), v)
					}
				}
			}
		})
	}
	if count < 14 {
		t.Errorf("only %d arrays", count)
	}
}

func TestPickledArrayIsRefusedWithAHint(t *testing.T) {
	_, err := imagefile.ReadImage("../imagefile/testdata/pickled.npy")
	if err == nil || !strings.Contains(err.Error(), "../imagefile/testdata/pickled.npy: ") || !strings.Contains(err.Error(), "numpy.save") {
		t.Errorf("got %v", err)
	}
}

// Pillow rounds after each of its two passes, we only at the end: a level may lie between.
func TestResizeAgreesWithPillow(t *testing.T) {
	v := readVectors(t)
	source := raster.NewImage(v.Source.Width, v.Source.Height, 1, 8)
	for i, x := range v.Source.Values {
		source.Pix[i] = byte(x)
	}
	for _, want := range v.Resized {
		m := source.Resize(want.Width, want.Height)
		for i, x := range want.Values {
			if d := m.Sample(i) - x; d < -1 || d > 1 {
				t.Fatalf("%d×%d: sample %d is %d, Pillow has %d", want.Width, want.Height, i, m.Sample(i), x)
			}
		}
	}
}
