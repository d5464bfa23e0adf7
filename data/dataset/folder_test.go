package dataset

import (
	"keygan/data/imagefile"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// folderOf makes a folder of files, each a 2×1 image whose pixels are 1, 2, 3, … in the order given.
func folderOf(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		imagetest.Write(t, path, pngBytes(t, &raster.Image{Width: 2, Height: 1, Channels: 1, Depth: 8, Pix: []byte{byte(i + 1), byte(i + 1)}}))
	}
	return dir
}

func names(t *testing.T, src Source, dir string) []string {
	t.Helper()
	var all []string
	for i := range src.Len() {
		rel, err := filepath.Rel(dir, src.Name(i))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rel)
	}
	return all
}

func TestFolderIsRecursiveSortedAndQuietAboutTheRest(t *testing.T) {
	dir := folderOf(t, "b/2.png", "b/10.PNG", "a/deep/er/x.jpeg", "z.tif", ".hidden.png", ".git/y.png", "labels.csv", "a/.png")
	imagetest.Write(t, filepath.Join(dir, "stack.npy"), imagetest.Samples(t)["a.npy"])
	for link, to := range map[string]string{"loop": ".", "b/up": "..", "nowhere.png": "gone", "linked.png": "z.tif"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	src, err := Open(Spec{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a/deep/er/x.jpeg", "b/10.PNG", "b/2.png", "linked.png", "stack.npy#0", "stack.npy#1", "stack.npy#2", "z.tif"}
	if diff := cmp.Diff(want, names(t, src, dir)); diff != "" {
		t.Error(diff)
	}
	if m, err := src.Image(2); err != nil || m.Pix[0] != 1 {
		t.Errorf("b/2.png: %v, %v", m, err)
	}
}

func TestLinkedFolderIsFollowedOnce(t *testing.T) {
	elsewhere := folderOf(t, "1.png", "2.png")
	dir := t.TempDir()
	for _, name := range []string{"here", "there"} {
		if err := os.Symlink(elsewhere, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	src, err := Open(Spec{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"here/1.png", "here/2.png"}, names(t, src, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestFolderCountIsSpreadEvenly(t *testing.T) {
	dir := folderOf(t, "a/1.png", "a/2.png", "b/1.png", "b/2.png", "c/1.png", "c/2.png")
	for count, want := range map[int]int{0: 6, 2: 2, 3: 3, 9: 6} {
		src, err := Open(Spec{Folder: dir, Count: count})
		if err != nil || src.Len() != want {
			t.Fatalf("count %d: %d images, %v", count, src.Len(), err)
		}
		if count == 3 {
			if diff := cmp.Diff([]string{"a/1.png", "b/1.png", "c/1.png"}, names(t, src, dir)); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestFolderErrors(t *testing.T) {
	empty := t.TempDir()
	imagetest.Write(t, filepath.Join(empty, "notes.txt"), []byte("nothing here"))
	badVolume := t.TempDir()
	imagetest.Write(t, filepath.Join(badVolume, "brain.nii.gz"), imagetest.Samples(t)["a.nii.gz"][:70])
	// Permissions do not stop root, who may be running this; a link to itself cannot be read by anybody.
	unreadable := folderOf(t, "a.png", "b/b.png")
	loop := filepath.Join(unreadable, "b", "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]string{
		empty: empty + ": no images: no file ends in .png, .jpg", filepath.Join(empty, "x"): "no such file",
		badVolume:  filepath.Join(badVolume, "brain.nii.gz") + ": not a readable NIfTI volume: truncated",
		unreadable: loop + ": too many levels of symbolic links",
	} {
		if _, err := Open(Spec{Folder: folder}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// One bad file in a thousand is found when it is read, and named; the others are not affected.
func TestBadFileInAFolderIsNamed(t *testing.T) {
	dir := folderOf(t, "1.png", "2.png", "3.png")
	bad := filepath.Join(dir, "2.png")
	imagetest.Write(t, bad, imagetest.Samples(t)["a.png"][:60])
	src, err := Open(Spec{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := src.Image(1); err == nil || !strings.HasPrefix(err.Error(), bad+": ") {
		t.Errorf("got %v", err)
	}
	if _, err := src.Image(2); err != nil {
		t.Error(err)
	}
}

func TestHomeFolder(t *testing.T) {
	home := folderOf(t, ".cache/kagglehub/datasets/owner/name/versions/1/Training/glioma/x.png")
	t.Setenv("HOME", home)
	src, err := Open(Spec{Folder: "~/.cache/kagglehub/datasets/owner/name/versions/1"})
	if err != nil || src.Len() != 1 {
		t.Fatal(err)
	}
	if path, err := expandHome("~other/x"); err != nil || path != "~other/x" {
		t.Errorf("%q, %v: not this user's home", path, err)
	}
}

func TestSpecErrors(t *testing.T) {
	for want, spec := range map[string]Spec{
		"one of xray, mri, spectrogram": {},
		"not both":                      {Folder: "x", Synthetic: "mri", Count: 1},
		`"ct": it must be one of xray, mri, spectrogram`: {Synthetic: "ct", Count: 1},
		"needs a count of at least 1":                    {Synthetic: "mri"},
		"must not be negative":                           {Folder: "x", Count: -1},
		"one of axial, coronal, sagittal":                {Folder: "x", Axis: "top"},
		"size 8: it must be 16 to 4096":                  {Synthetic: "mri", Count: 1, Size: 8},
		"size and seed are for synthetic":                {Folder: "x", Seed: 3},
		"axis is for folders":                            {Synthetic: "mri", Count: 1, Axis: imagefile.Axial},
	} {
		if _, err := Open(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: want %q, got %v", spec, want, err)
		}
	}
	if _, err := Open(); err == nil {
		t.Error("no error for no sources")
	}
	if _, err := Open([]Spec{{Synthetic: "mri", Count: 1}, {Synthetic: "ct", Count: 1}}...); err == nil || !strings.Contains(err.Error(), "data source 2") {
		t.Errorf("got %v", err)
	}
}

func TestOpenJoins(t *testing.T) {
	dir := folderOf(t, "1.png", "2.png")
	src, err := Open([]Spec{{Synthetic: "mri", Count: 3, Size: 16}, {Folder: dir}, {Synthetic: "xray", Count: 1, Size: 16}}...)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"mri-00000", "mri-00001", "mri-00002", "1.png", "2.png", "xray-00000"}
	for i := range src.Len() {
		m, err := src.Image(i)
		if err != nil || filepath.Base(src.Name(i)) != want[i] {
			t.Errorf("%d: %s, %v, %v", i, src.Name(i), m, err)
		}
	}
	if src.Len() != len(want) {
		t.Errorf("%d images", src.Len())
	}
	if m, _ := src.Image(4); m.Pix[0] != 2 {
		t.Errorf("2.png holds %d", m.Pix[0])
	}
}

func TestLeftOut(t *testing.T) {
	dir := folderOf(t, "a.png", "b.gif", "c/d.WEBP", "README", ".hidden.png")
	pages := "II*\x00\x08\x00\x00\x00" // two directories with one field each
	for _, next := range []byte{26, 0} {
		pages += "\x01\x00" + "\x00\x01\x03\x00\x01\x00\x00\x00\x01\x00\x00\x00" + string([]byte{next, 0, 0, 0})
	}
	imagetest.Write(t, filepath.Join(dir, "e.tif"), []byte(pages))
	if err := os.Symlink("gone", filepath.Join(dir, "f.png")); err != nil {
		t.Fatal(err)
	}
	left, err := Spec{Folder: dir}.LeftOut()
	if err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, l := range left {
		rel, _ := filepath.Rel(dir, l.Path)
		why[rel] = l.Why
	}
	want := map[string]string{".hidden.png": "hidden", "README": "its name has no ending", "b.gif": "keygan reads no .gif",
		"c/d.WEBP": "keygan reads no .WEBP", "e.tif": "holds 2 pages, of which the first is used", "f.png": "a link to nothing"}
	if diff := cmp.Diff(want, why); diff != "" {
		t.Error(diff)
	}
	if left, err := (Spec{Folder: filepath.Join(dir, "a.png")}).LeftOut(); len(left) > 0 || err != nil {
		t.Errorf("of a file: %v, %v", left, err)
	}
}

// Beyond its budget the cache lets go of the stack that was used longest ago, and never of the last one.
func TestStackCacheForgetsTheOldest(t *testing.T) {
	var loads []string
	c := newStackCache(func(path string) (*imagefile.Stack, error) {
		loads = append(loads, path)
		return imagefile.NewStack(1, 10, 10, 1, 8), nil
	})
	c.budget = 250
	for _, path := range []string{"a", "b", "a", "c", "a", "b", "c"} {
		if _, err := c.get(path); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "b", "c"}, loads); diff != "" {
		t.Error(diff)
	}
	c.budget = 1
	c.get("d")
	c.get("d")
	if c.bytes != 100 || len(c.entries) != 1 || len(loads) != 6 {
		t.Errorf("%d bytes, %d entries, %v", c.bytes, len(c.entries), loads)
	}
}
