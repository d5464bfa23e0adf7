package dataset

import (
	"context"
	"errors"
	"keygan/data/imagefile"
	"keygan/data/internal/imagetest"
	"keygan/internal/listing"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// spoiled is a tree with a file of every kind that is well, and one of every kind that is not.
func spoiled(t *testing.T) (root string, good, bad map[string]string) {
	t.Helper()
	files := imagetest.Samples(t)
	pickled, err := os.ReadFile("../imagefile/testdata/pickled.npy")
	if err != nil {
		t.Fatal(err)
	}
	volume := imagetest.Cornered().Bytes()
	level := func(r, f, t int) float32 { return float32(1 + (r+f+t)%7) }
	spectrogram := imagetest.SpectrogramFile(t, 20, 3, level)
	good = map[string]string{
		"a/film.png": string(files["a.png"]), "a/scan.jpg": string(files["a.jpg"]), "b/film.tif": string(files["a.tif"]),
		"stack.npy": string(imagetest.Array("|u1", "(3, 2, 2)", []byte("0123456789ab"))), "head.nii.gz": string(imagetest.Gzipped(volume)),
		"1.parquet": string(spectrogram),
	}
	bad = map[string]string{
		"a/half.png": string(files["a.png"][:90]), "b/empty.jpg": "", "b/page.jpg": "<html>", "c/pickled.npy": string(pickled),
		"c/half.nii.gz": string(imagetest.Gzipped(volume)[:60]), "c/short.nii": string(volume[:300]), "2.parquet": string(spectrogram[:200]),
	}
	all := map[string][]byte{}
	for _, set := range []map[string]string{good, bad} {
		for name, b := range set {
			all[name] = []byte(b)
		}
	}
	return tree(t, all), good, bad
}

func relative(t *testing.T, root, name string) string {
	t.Helper()
	rel, err := filepath.Rel(root, strings.Split(name, "#")[0])
	if err != nil {
		t.Fatal(err)
	}
	return filepath.ToSlash(rel)
}

// With a cache before it or without, what can be read is what Open gives of the good files.
func TestReadable(t *testing.T) {
	root, good, bad := spoiled(t)
	if _, err := Open([]Spec{{Folder: root}}...); err == nil {
		t.Error("Open says nothing about a volume that cannot be read")
	}
	src, err := OpenUnchecked([]Spec{{Synthetic: "noise", Count: 3, Size: 16}, {Folder: root}}...)
	if err != nil {
		t.Fatal(err)
	}
	cache := mustCache(t, src, CacheOptions{Dir: t.TempDir(), Size: 8, Channels: 1})
	for _, from := range []Source{src, cache} {
		rest, unreadable, err := Readable(context.Background(), from, nil)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for i := range rest.Len() {
			if _, err := rest.Image(i); err != nil {
				t.Error(err)
			}
			if path, _ := locate(rest, i); path != "" {
				found[relative(t, root, rest.Name(i))] = true
			}
		}
		for name := range good {
			if !found[name] {
				t.Errorf("%s is left out", name)
			}
		}
		if len(found) != len(good) || rest.Name(0) != "noise-00000" {
			t.Errorf("%d files, the first image %s", len(found), rest.Name(0))
		}
		for _, b := range unreadable {
			if _, there := bad[relative(t, root, b.Name)]; !there {
				t.Errorf("%s is not bad", b.Name)
			}
			if strings.Contains(b.Err.Error(), root) || !strings.HasPrefix(b.String(), b.Name+": ") || b.Err.Error() == "" {
				t.Errorf("%s: %v", b.Name, b.Err)
			}
		}
		if len(unreadable) != len(bad) {
			t.Errorf("%d are bad, not %d: %v", len(bad), len(unreadable), unreadable)
		}
		if _, err := Digest(context.Background(), rest); err != nil {
			t.Error(err)
		}
	}
}

func TestReadableLeavesAGoodSourceAlone(t *testing.T) {
	src := mustOpen(t, folderOf(t, "a.png", "b.png"))
	var calls [][2]int
	same, bad, err := Readable(context.Background(), src, func(done, total int) { calls = append(calls, [2]int{done, total}) })
	if same != src || bad != nil || err != nil {
		t.Errorf("%v, %v, %v", same, bad, err)
	}
	if diff := cmp.Diff([][2]int{{0, 2}, {1, 2}, {2, 2}}, calls); diff != "" {
		t.Error(diff)
	}
}

func TestNothingReadable(t *testing.T) {
	root := tree(t, map[string][]byte{"a.png": nil, "b.nii": nil})
	src, err := OpenUnchecked([]Spec{{Folder: root}}...)
	if err != nil {
		t.Fatal(err)
	}
	rest, bad, err := Readable(context.Background(), src, nil)
	if err != nil || rest.Len() != 0 || len(bad) != 2 {
		t.Errorf("%d images, %v, %v", rest.Len(), bad, err)
	}
}

// What is in a cache has been decoded; only what is not there is tried once more, to say why.
func TestReadableTrustsACache(t *testing.T) {
	folder := mixed(t)
	w := &watched{Source: mustOpen(t, folder)}
	images := mustCache(t, w, CacheOptions{Dir: t.TempDir(), Size: 16, Channels: 3})
	w.reads.Store(0)
	for _, src := range []Source{images, Join(images), Select(images, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})} {
		if _, _, err := Readable(context.Background(), src, nil); err != nil {
			t.Fatal(err)
		}
	}
	// Three times the damaged file, and once two drawn images that a wrapper does not say are drawn.
	if n := w.reads.Load(); n != 5 {
		t.Errorf("%d images were decoded, not 5", n)
	}
}

func TestReadableEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watched{Source: mustOpen(t, mixed(t))}
	_, _, err := Readable(ctx, w, func(done, _ int) {
		if done == 1 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || w.reads.Load() == int64(w.Len()) {
		t.Errorf("%v after %d of %d images", err, w.reads.Load(), w.Len())
	}
}

// A folder that may not be looked into is one more bad file. Root may look into everything.
func TestFolderThatCannotBeListed(t *testing.T) {
	root := tree(t, map[string][]byte{"a.png": imagetest.Samples(t)["a.png"], "closed/b.png": nil})
	closed := filepath.Join(root, "closed")
	f := &folder{items: []item{{path: closed, slice: -1, name: closed, bad: &listing.UnreadablePath{Path: closed, Err: os.ErrPermission}}}}
	if os.Geteuid() != 0 {
		if err := os.Chmod(closed, 0); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(closed, 0o700)
		if _, err := Open(Spec{Folder: root}); !errors.Is(err, os.ErrPermission) {
			t.Errorf("Open: %v", err)
		}
		var err error
		if f, err = openFolder(root, imagefile.Axial, 0, true, nil); err != nil {
			t.Fatal(err)
		}
	}
	_, bad, err := Readable(context.Background(), f, nil)
	if err != nil || len(bad) != 1 || bad[0].Name != closed || bad[0].Err.Error() != "permission denied" && bad[0].Err.Error() != os.ErrPermission.Error() {
		t.Errorf("%v, %v", bad, err)
	}
}

func TestJoinOfNothing(t *testing.T) {
	if n := Join().Len(); n != 0 {
		t.Errorf("%d images", n)
	}
}
