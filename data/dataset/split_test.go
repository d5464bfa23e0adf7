package dataset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// sides splits a source and returns the names on each side; an empty side is an error of Split's.
func sides(t interface{ Fatal(...any) }, src Source, share float64) (held, rest []string) {
	for _, heldOut := range []bool{true, false} {
		side, err := Split(context.Background(), src, share, heldOut)
		if err != nil {
			if !strings.Contains(err.Error(), "of the "+fmt.Sprint(src.Len())+" images") {
				t.Fatal(err)
			}
			continue
		}
		var names []string
		for i := range side.Len() {
			names = append(names, side.Name(i))
			if m, err := side.Image(i); err != nil || m == nil {
				t.Fatal(side.Name(i), err)
			}
		}
		if heldOut {
			held = names
		} else {
			rest = names
		}
	}
	return held, rest
}

func allNames(src Source) []string {
	var all []string
	for i := range src.Len() {
		all = append(all, src.Name(i))
	}
	return all
}

// Files with few different contents, some of them stacks, beside drawn images.
func TestSplitProperties(t *testing.T) {
	base := t.TempDir()
	content := func(kind int) (string, []byte) {
		if kind%3 == 0 {
			return ".npy", imagetest.Array("|u1", "(3, 2, 2)", []byte(fmt.Sprintf("%012d", kind)))
		}
		return ".png", pngBytes(t, &raster.Image{Width: 2, Height: 1, Channels: 1, Depth: 8, Pix: []byte{byte(kind), 1}})
	}
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		dir := filepath.Join(base, fmt.Sprint(run))
		kindOf := map[string]int{}
		add := func(kinds []int) Source {
			for _, kind := range kinds {
				ending, b := content(kind)
				path := filepath.Join(dir, fmt.Sprintf("%03d%s", len(kindOf), ending))
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, b, 0o644); err != nil {
					t.Fatal(err)
				}
				kindOf[path] = kind
			}
			src, err := Open([]Spec{{Folder: dir}, {Synthetic: "mri", Count: 10, Size: 16}}...)
			if err != nil {
				t.Fatal(err)
			}
			return src
		}
		kinds := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 12)
		share := rapid.Float64Range(0.01, 0.99).Draw(t, "share")
		src := add(kinds.Draw(t, "files"))
		held, rest := sides(t, src, share)

		together := slices.Concat(held, rest)
		all := allNames(src)
		slices.Sort(together)
		slices.Sort(all)
		if !slices.Equal(together, all) { // every image once: the sides are disjoint and their union is all
			t.Fatalf("%v and %v are not %v", held, rest, all)
		}
		sideOf := map[int]bool{}
		for i, name := range slices.Concat(held, rest) {
			path, _, _ := strings.Cut(name, "#")
			kind, file := kindOf[path]
			if side, seen := sideOf[kind]; file && seen && side != (i < len(held)) {
				t.Fatalf("%s is not on the side of its copies", name)
			}
			if file {
				sideOf[kind] = i < len(held)
			}
		}
		again, _ := sides(t, src, share)
		more, rest := sides(t, add(kinds.Draw(t, "more files")), share)
		if !slices.Equal(held, again) || slices.ContainsFunc(held, func(name string) bool { return slices.Contains(rest, name) }) {
			t.Fatalf("held out were %v, then %v, then %v", held, again, more)
		}
		wider, _ := sides(t, src, share+(1-share)/2)
		if slices.ContainsFunc(held, func(name string) bool { return !slices.Contains(wider, name) }) {
			t.Fatalf("%v are held out of a small share, %v of a larger", held, wider)
		}
	})
}

// The side of a file must not change with a version of keygan: a network would then be tested on what it was trained with.
// By Python: [k for k in range(40) if int.from_bytes(hashlib.sha256(b"BM%d" % k).digest()[:8], "big") / 2**64 < 0.2].
func TestSplitGolden(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for k := range 40 {
		path := filepath.Join(dir, fmt.Sprintf("%02d.bmp", k))
		imagetest.Write(t, path, []byte(fmt.Sprintf("BM%d", k))) // Split does not decode
		if slices.Contains([]int{3, 5, 16, 18, 26, 28, 30, 36, 37}, k) {
			want = append(want, path)
		}
	}
	src, err := Open(Spec{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	held, err := Split(context.Background(), src, 0.2, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := allNames(held); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestSplitSharesAreAboutAsAskedFor(t *testing.T) {
	src, err := synthetic.New("mri", 4000, 16, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, share := range []float64{0.01, 0.1, 0.5, 0.9} {
		held, err := Split(context.Background(), src, share, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(held.Len()) / 4000; got < share-0.02 || got > share+0.02 {
			t.Errorf("%v of the images, asked for %v", got, share)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	dir := folderOf(t, "a.png", "b.png")
	src, err := Open(Spec{Folder: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, share := range []float64{0, 1, -1, 2, 0 / zero} {
		if _, err := Split(context.Background(), src, share, true); err == nil || !strings.Contains(err.Error(), "above 0 and below 1") {
			t.Errorf("share %v: %v", share, err)
		}
	}
	if _, err := Split(context.Background(), src, 1e-9, true); err == nil || !strings.Contains(err.Error(), "none of the 2 images") {
		t.Errorf("got %v", err)
	}
	if _, err := Split(context.Background(), src, 1-1e-9, false); err == nil || !strings.Contains(err.Error(), "all of the 2 images") {
		t.Errorf("got %v", err)
	}
}

var zero float64

// A file that is written anew is read anew, even at once and with the same size; one that is not is read once.
func TestChangedFileIsHashedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	now := time.Now()
	hash := func(content string, modified time.Time) fileHash {
		t.Helper()
		imagetest.Write(t, path, []byte(content))
		if err := os.Chtimes(path, modified, modified); err != nil {
			t.Fatal(err)
		}
		h, _, err := hashFile(context.Background(), path)
		if err != nil || (h == sha256.Sum256([]byte(content))) != (content != "not read") {
			t.Errorf("%s: %x, %v", content, h, err)
		}
		return h
	}
	hash("one", now)
	hash("two", now)
	hash("contents", now.Add(-time.Hour))
	hash("not read", now.Add(-time.Hour))
	hash("what now", now.Add(-time.Minute))
	if _, _, err := hashFile(context.Background(), path+"x"); err == nil || !strings.HasPrefix(err.Error(), path+"x: ") {
		t.Errorf("got %v", err)
	}
}

// named is a source that has nothing but names.
type named string

func (n named) Len() int                         { return 1 }
func (n named) Name(int) string                  { return string(n) }
func (n named) Image(int) (*raster.Image, error) { return raster.NewImage(1, 1, 1, 8), nil }

func TestFileOf(t *testing.T) {
	dir := folderOf(t, "a.png", "b#7.png", "c#7")
	for name, want := range map[string]string{
		"a.png": "a.png", "a.png#12": "a.png", "a.png#x": "", "b#7.png": "b#7.png", "b#7.png#0": "b#7.png", "c#7": "c#7", "c": "", "xray-00001": "", "gone#1": "",
	} {
		if want != "" {
			want = filepath.Join(dir, want)
		}
		if got := fileOf(named(filepath.Join(dir, name)), 0); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Without takes away what is the same file, whatever it is called, and every slice of it.
func TestWithout(t *testing.T) {
	png, stack := imagetest.Samples(t)["a.png"], imagetest.Array("|u1", "(2, 2, 2)", []byte("01234567"))
	root := tree(t, map[string][]byte{
		"all/a.png": png, "all/copy.png": png, "all/b.jpg": imagetest.Samples(t)["a.jpg"], "all/c.npy": stack,
		"held/renamed.png": png, "held/stack.npy": stack, "held/other.tif": imagetest.Samples(t)["a.tif"],
	})
	open := func(folder string) Source {
		src, err := Open([]Spec{{Folder: filepath.Join(root, folder)}, {Synthetic: "mri", Count: 1, Size: 16}}...)
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	rest, err := Without(context.Background(), open("all"), open("held"))
	if err != nil {
		t.Fatal(err)
	}
	if got := allNames(rest); len(got) != 2 || filepath.Base(got[0]) != "b.jpg" || got[1] != "mri-00000" {
		t.Errorf("%v", got)
	}
}

// Names tell the patient in the data sets that have such names, and in no others.
func TestPatient(t *testing.T) {
	for name, want := range map[string]string{
		"x/MCUCXR_0001_0.png": "MCUCXR_0001", "masks/left/MCUCXR_0001_0.png": "MCUCXR_0001", "CHNCXR_0327_1.png": "CHNCXR_0327",
		"images/00000013_005.png": "00000013", "train/patient00042/study1/view1_frontal.jpg": "patient00042", "OAS1_0001_MR1_mpr-1.nii.gz#30": "OAS1_0001",
		"sub-01/anat/sub-01_T1w.nii.gz#12": "sub-01", "sub-project/Tr-gl_0098.jpg": "", "brain/Tr-gl_0098.jpg": "", "xray-00012": "", "a.png": "",
	} {
		if got := Patient(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// All images of a patient are on one side, with the copies of each, whatever they are called; about the share of the patients is held out.
func TestSplitKeepsPatientsTogether(t *testing.T) {
	files := map[string][]byte{}
	content := func(patient, image int) []byte {
		return pngBytes(t, &raster.Image{Width: 2, Height: 1, Channels: 1, Depth: 8, Pix: []byte{byte(patient), byte(image)}})
	}
	const patients = 120
	for p := range patients {
		for i := range 4 {
			files[fmt.Sprintf("set%d/MCUCXR_%04d_%d.png", i, p, i%2)] = content(p, i)
		}
		files[fmt.Sprintf("copies/copy%d.png", p)] = content(p, 2)
	}
	files["MCUCXR_0003_9.png"] = content(5, 1) // two patients share a file: both are on one side
	src, err := Open(Spec{Folder: tree(t, files)})
	if err != nil {
		t.Fatal(err)
	}
	held, rest := sides(t, src, 0.3)
	side := map[string]bool{}
	for i, name := range slices.Concat(held, rest) {
		p := Patient(name)
		if p == "" {
			n := 0
			fmt.Sscanf(filepath.Base(name), "copy%d.png", &n)
			p = fmt.Sprintf("MCUCXR_%04d", n)
		}
		if at, known := side[p]; known && at != (i < len(held)) {
			t.Errorf("%s is not on the side of its patient", name)
		}
		side[p] = i < len(held)
	}
	if side["MCUCXR_0003"] != side["MCUCXR_0005"] {
		t.Error("two patients who share a file are on two sides")
	}
	n := 0
	for _, out := range side {
		if out {
			n++
		}
	}
	if n < patients*15/100 || n > patients*45/100 {
		t.Errorf("%d of %d patients are held out, of a share of 0.3", n, patients)
	}
}

// Another image of a patient who is held out is taken away as well.
func TestWithoutPatients(t *testing.T) {
	all, held := folderOf(t, "MCUCXR_0001_0.png", "MCUCXR_0002_0.png"), filepath.Join(t.TempDir(), "MCUCXR_0002_1.png")
	imagetest.Write(t, held, []byte("BM another image"))
	open := func(folder string) Source {
		src, err := Open(Spec{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	rest, err := Without(context.Background(), open(all), open(held))
	if err != nil {
		t.Fatal(err)
	}
	if got := allNames(rest); len(got) != 1 || filepath.Base(got[0]) != "MCUCXR_0001_0.png" {
		t.Errorf("%v", got)
	}
}
