package seen

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"keygan/data/dataset"
	"keygan/data/internal/imagetest"
)

func listOf(t *testing.T, split string, specs ...dataset.Spec) []Image {
	t.Helper()
	src, err := dataset.Open(specs...)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Of(context.Background(), src, split)
	if err != nil || len(list) != src.Len() {
		t.Fatal(len(list), err)
	}
	return list
}

// A file is known wherever it lies, a drawn image at any size, a patient by any image, and what was kept out is not known.
func TestIndex(t *testing.T) {
	folder := t.TempDir()
	a := imagetest.Samples(t)
	for name, content := range map[string][]byte{
		"a/one.png": a["a.png"], "a/MCUCXR_0007_1.jpg": a["a.jpg"], "held/out.tif": a["a.tif"],
		"b/copy.png": a["a.png"], "b/MCUCXR_0007_0.bmp": a["a.bmp"], "b/MCUCXR_0008_0.nii": a["a.nii"],
	} {
		if content == nil {
			t.Fatalf("%s has no content", name)
		}
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		imagetest.Write(t, path, content)
	}
	drawn := dataset.Spec{Synthetic: "mri", Count: 2, Size: 32, Seed: 3}
	list := append(listOf(t, Train, dataset.Spec{Folder: filepath.Join(folder, "a")}, drawn), listOf(t, HeldOut, dataset.Spec{Folder: filepath.Join(folder, "held")})...)
	x := NewIndex(list)
	drawn.Count, drawn.Size = 3, 64
	other := drawn
	other.Seed, other.Count = 4, 1
	got := map[string]bool{}
	for _, m := range listOf(t, "", dataset.Spec{Folder: folder}, drawn, other) {
		name, slice, _ := strings.Cut(filepath.Base(m.Name), "#")
		if _, twice := got[name]; twice && slice == "" {
			name += " of another seed"
		}
		got[name] = x.Has(m.Identity)
		if x.TrainedOn(m.Identity) && (x.KeptOut(m.Identity) || name == "MCUCXR_0007_0.bmp") {
			t.Errorf("%s was trained on", name)
		}
	}
	want := map[string]bool{
		"one.png": true, "copy.png": true, "MCUCXR_0007_1.jpg": true, "MCUCXR_0007_0.bmp": true, "MCUCXR_0008_0.nii": false, "out.tif": false,
		"mri-00000": true, "mri-00001": true, "mri-00002": false, "mri-00000 of another seed": false,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What was written comes back; what is damaged is refused with the file's name.
func TestReadAndCSV(t *testing.T) {
	run := t.TempDir()
	list := listOf(t, Train, dataset.Spec{Synthetic: "xray", Count: 3, Size: 32, Seed: 1})
	list[1].Name, list[1].Part, list[1].Patient = "a, \"folder\"/x#3.nii", "#3 axial", "sub-01"
	text, err := CSV(list)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(run); !errors.Is(err, ErrNoList) {
		t.Errorf("no list: %v", err)
	}
	path := filepath.Join(run, File)
	for name, content := range map[string]string{
		"": string(text), "empty": "", "other columns": "a,b\n", "short": string(text[:len(text)/2]),
		"a bad hash": strings.Replace(string(text), list[0].SHA256, "no hash", 1), "a bad perceptual hash": strings.Replace(string(text), list[2].Hash.String(), "12", 1),
	} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		back, err := Read(run)
		if name == "" {
			if diff := cmp.Diff(list, back); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		} else if err == nil || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A copy that was stored anew is found; the file itself and other images are not.
func TestNear(t *testing.T) {
	list := listOf(t, Train, dataset.Spec{Synthetic: "xray", Count: 8, Size: 128, Seed: 1})
	x := NewIndex(list)
	src, err := dataset.Open(dataset.Spec{Synthetic: "xray", Count: 9, Size: 128, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int]string{3: "xray-00003", 8: ""} {
		m, err := src.Image(i)
		if err != nil {
			t.Fatal(err)
		}
		stored := Image{Identity: dataset.Identity{SHA256: "another file"}, Hash: HashOf(asJPEG(t, m.Resize(90, 90)))}
		if got := x.Near(stored); got != want {
			t.Errorf("a copy of image %d is near %q", i, got)
		}
	}
	if got := x.Near(list[2]); got != "" {
		t.Errorf("an image is its own near duplicate: %q", got)
	}
}
