package dataset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustDigest(t *testing.T, src Source) string {
	t.Helper()
	d, err := Digest(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The digest as its documentation states it, and not by the code that makes it.
func TestDigest(t *testing.T) {
	stack := imagetest.Array("|u1", "(2, 2, 2)", []byte("01234567"))
	root := tree(t, map[string][]byte{"a.png": imagetest.Samples(t)["a.png"], "b.npy": stack})
	src, err := Open([]Spec{{Folder: root}, {Synthetic: "mri", Count: 1, Size: 16}}...)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(stack)
	want := sha256.New()
	fmt.Fprintf(want, "%x \"\"\n%x \"#0 axial\"\n%x \"#1 axial\"\n%x \"\"\n",
		sha256.Sum256(imagetest.Samples(t)["a.png"]), hash, hash, sha256.Sum256([]byte("mri-00000")))
	if got := mustDigest(t, src); got != fmt.Sprintf("%x", want.Sum(nil)) {
		t.Errorf("%s, want %x", got, want.Sum(nil))
	}
}

func TestDigestFollowsContentAndOrder(t *testing.T) {
	a, b := folderOf(t, "1.png", "2.png"), folderOf(t, "x/1.png", "y/2.png")
	of := func(folder string) string { return mustDigest(t, second2(Open(Spec{Folder: folder}))) }
	first := of(a)
	if first != of(b) {
		t.Error("the digest depends on where the files lie")
	}
	images := mustCache(t, second2(Open(Spec{Folder: a})), CacheOptions{Dir: t.TempDir(), Size: 8, Channels: 1})
	if first != mustDigest(t, images) {
		t.Error("the digest depends on a cache")
	}
	if err := os.Rename(filepath.Join(b, "x"), filepath.Join(b, "z")); err != nil {
		t.Fatal(err)
	}
	if first == of(b) {
		t.Error("the digest does not depend on the order")
	}
	imagetest.Write(t, filepath.Join(a, "1.png"), pngBytes(t, &raster.Image{Width: 1, Height: 1, Channels: 1, Depth: 8, Pix: []byte{200}}))
	if first == of(a) {
		t.Error("the digest does not depend on the content")
	}
}

func TestDigestOfAMissingFile(t *testing.T) {
	folder := folderOf(t, "1.png", "2.png")
	src := second2(Open(Spec{Folder: folder}))
	if err := os.Remove(filepath.Join(folder, "2.png")); err != nil {
		t.Fatal(err)
	}
	if _, err := Digest(context.Background(), src); err == nil || !strings.HasPrefix(err.Error(), src.Name(1)+": no such file") {
		t.Errorf("got %v", err)
	}
}

func TestFileHashes(t *testing.T) {
	src, err := Open([]Spec{{Synthetic: "mri", Count: 1, Size: 16}, {Folder: folderOf(t, "1.png")}}...)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(src.Name(1))
	if err != nil {
		t.Fatal(err)
	}
	got, err := FileHashes(context.Background(), src)
	if diff := cmp.Diff([]string{"", fmt.Sprintf("%x", sha256.Sum256(b))}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}
