package dataset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"keygan/data/imagefile"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// mixed is a folder with an image of every kind: grey, colour, alpha, 16 bits, stacks, a copy, and one that is damaged.
func mixed(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	mri := synthesize(t, "mri", 2, 40, 1)
	colour := synthesize(t, "spectrogram", 1, 33, 1)[0]
	deep := raster.NewImage(31, 20, 1, 16)
	for i := range deep.Samples() {
		deep.SetSample(i, i*i*7%65536)
	}
	alpha := raster.NewImage(5, 9, 4, 8)
	for i := range alpha.Pix {
		alpha.Pix[i] = byte(i * 11)
	}
	files := imagetest.Samples(t)
	for name, b := range map[string][]byte{
		"grey.png": pngBytes(t, mri[0]), "copy of grey.png": pngBytes(t, mri[0]), "fits.png": pngBytes(t, mri[1].Resize(32, 32)),
		"colour.png": pngBytes(t, colour), "deep.png": pngBytes(t, deep), "alpha.png": pngBytes(t, alpha),
		"scan.jpg": files["a.jpg"], "film.tif": files["a.tif"], "stack.npy": files["a.npy"], "head.nii.gz": files["a.nii.gz"],
		"damaged.png": files["a.png"][:90],
	} {
		imagetest.Write(t, filepath.Join(dir, name), b)
	}
	return dir
}

func mustOpen(t testing.TB, folders ...string) Source {
	t.Helper()
	specs := []Spec{{Synthetic: "spectrogram", Count: 2, Size: 20}}
	for _, folder := range folders {
		specs = append(specs, Spec{Folder: folder})
	}
	src, err := Open(specs...)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func mustCache(t testing.TB, src Source, o CacheOptions) Source {
	t.Helper()
	c, err := Cached(context.Background(), src, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// watched counts the images that are decoded.
type watched struct {
	Source
	reads atomic.Int64
}

func (w *watched) Locate(i int) (path, part string) { return locate(w.Source, i) }

func (w *watched) Image(i int) (*raster.Image, error) {
	w.reads.Add(1)
	return w.Source.Image(i)
}

// agree checks that two sources give the same images at size and channels, or the same errors.
func agree(t *testing.T, cached, src Source, size, channels int) {
	t.Helper()
	if cached.Len() != src.Len() {
		t.Fatalf("%d images of %d", cached.Len(), src.Len())
	}
	for i := range src.Len() {
		want, wantErr := src.Image(i)
		got, err := cached.Image(i)
		if wantErr != nil {
			if err == nil || err.Error() != wantErr.Error() {
				t.Errorf("%s: got error %v, want %v", src.Name(i), err, wantErr)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Fit(size, channels).EightBits(), got); diff != "" || cached.Name(i) != src.Name(i) {
			t.Errorf("%s, now %s: %s", src.Name(i), cached.Name(i), diff)
		}
	}
}

func TestCachedImagesAreTheSame(t *testing.T) {
	src := mustOpen(t, mixed(t))
	for _, size := range []int{1, 7, 32, 45} {
		for _, channels := range []int{1, 3} {
			dir := filepath.Join(t.TempDir(), "made", "for it")
			o := CacheOptions{Dir: dir, Size: size, Channels: channels}
			agree(t, mustCache(t, src, o), src, size, channels)
			w := &watched{Source: src}
			agree(t, mustCache(t, w, o), src, size, channels)
			if n := w.reads.Load(); n != 4 { // two drawn images, and one that is damaged, twice
				t.Errorf("%d images were made though there is a cache", n)
			}
		}
	}
}

// Through the loader, images of 8 bits give the same floats to the last bit, those of 16 the nearest 8-bit level's.
func TestLoaderOfCachedImages(t *testing.T) {
	folder := mixed(t)
	if err := os.Remove(filepath.Join(folder, "damaged.png")); err != nil {
		t.Fatal(err)
	}
	src := mustOpen(t, folder)
	o := LoaderOptions{Batch: 1, Size: 24, Channels: 3, Seed: 3}
	images := mustCache(t, src, CacheOptions{Dir: t.TempDir(), Size: 24, Channels: 3})
	want, got := next(t, newLoader(t, src, o), src.Len()), next(t, newLoader(t, images, o), src.Len())
	for k := range want {
		most := float32(0)
		if strings.Contains(want[k].Names[0], "deep.png") {
			most = 1.0001 / 255
		}
		for i, v := range want[k].Pixels {
			if d := got[k].Pixels[i] - v; d > most || d < -most || got[k].Names[0] != want[k].Names[0] {
				t.Fatalf("%s: %v, want %v", want[k].Names, got[k].Pixels[i], v)
			}
		}
	}
}

func TestEightBits(t *testing.T) {
	m := raster.NewImage(256, 256, 1, 16)
	for i := range m.Samples() {
		m.SetSample(i, i)
	}
	for i, v := range m.EightBits().Pix {
		if want := (i*255*2 + 65535) / (2 * 65535); int(v) != want {
			t.Fatalf("%d becomes %d, want %d", i, v, want)
		}
	}
}

// cachedFiles are the images in a cache's folder.
func cachedFiles(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.image"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// Each image is on the disk once, and nobody else may read it.
func TestCachedFiles(t *testing.T) {
	dir := t.TempDir()
	images := mustCache(t, mustOpen(t, mixed(t)), CacheOptions{Dir: dir, Size: 16, Channels: 3})
	if n, want := len(cachedFiles(t, dir)), images.Len()-2-1-1; n != want { // drawn, damaged, and a copy
		t.Errorf("%d images, want %d", n, want)
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A cache of the format before, an array with an index, is left alone.
func TestOlderCachesAreIgnored(t *testing.T) {
	dir := t.TempDir()
	imagetest.Write(t, filepath.Join(dir, "images-8x8x1-00.npy"), imagetest.Array("|u1", "(1, 8, 8, 1)", make([]byte, 64)))
	imagetest.Write(t, filepath.Join(dir, "images-8x8x1-00.index"), []byte("{}"))
	src := mustOpen(t, folderOf(t, "a.png"))
	agree(t, mustCache(t, src, CacheOptions{Dir: dir, Size: 8, Channels: 1}), src, 8, 1)
}

// What is not on the disk is decoded once, and a caller may change what it gets.
func TestKeptImages(t *testing.T) {
	src := mustOpen(t)
	w := &watched{Source: src}
	images := mustCache(t, w, CacheOptions{Dir: t.TempDir(), Size: 8, Channels: 1})
	for range 3 {
		agree(t, images, src, 8, 1)
		for i := range images.Len() {
			m, _ := images.Image(i)
			clear(m.Pix)
		}
	}
	if n := w.reads.Load(); n != 2 {
		t.Errorf("2 images were made %d times", n)
	}
}

func TestCacheProgress(t *testing.T) {
	var calls, reads [][2]int
	reading := func(done, total int) { reads = append(reads, [2]int{done, total}) }
	o := CacheOptions{Reading: reading, Dir: t.TempDir(), Size: 8, Channels: 1, Progress: func(done, total int) { calls = append(calls, [2]int{done, total}) }}
	folder := folderOf(t, "a.png", "b.png", "c.png")
	mustCache(t, mustOpen(t, folder), o)
	if diff := cmp.Diff([][2]int{{0, 3}, {1, 3}, {2, 3}, {3, 3}}, calls); diff != "" {
		t.Error(diff)
	}
	calls = nil
	mustCache(t, mustOpen(t, folder), o)
	if calls != nil {
		t.Errorf("there is a cache, but %v", calls)
	}
	if diff := cmp.Diff([][2]int{{0, 3}, {1, 3}, {2, 3}, {3, 3}, {0, 3}, {1, 3}, {2, 3}, {3, 3}}, reads); diff != "" {
		t.Error(diff)
	}
}

// Names, order and place do not matter, content does.
func TestCacheFollowsContent(t *testing.T) {
	dir := t.TempDir()
	o := CacheOptions{Dir: dir, Size: 8, Channels: 1}
	folder := folderOf(t, "a.png", "b.png", "c.png")
	reads := func(folder string) int {
		t.Helper()
		w := &watched{Source: second2(Open(Spec{Folder: folder}))}
		images := mustCache(t, w, o)
		n := int(w.reads.Load())
		agree(t, images, w.Source, 8, 1)
		return n
	}
	if n := reads(folder); n != 3 {
		t.Errorf("%d of 3 images were decoded", n)
	}
	for from, to := range map[string]string{"a.png": "z.png", "b.png": "deeper.png"} {
		if err := os.Rename(filepath.Join(folder, from), filepath.Join(folder, to)); err != nil {
			t.Fatal(err)
		}
	}
	if n := reads(folder); n != 0 {
		t.Errorf("%d images were decoded after others had new names", n)
	}
	imagetest.Write(t, filepath.Join(folder, "d.png"), pngBytes(t, &raster.Image{Width: 2, Height: 1, Channels: 1, Depth: 8, Pix: []byte{70, 80}}))
	if n := reads(folder); n != 1 {
		t.Errorf("%d images were decoded after one was added", n)
	}
	imagetest.Write(t, filepath.Join(folder, "d.png"), pngBytes(t, &raster.Image{Width: 2, Height: 1, Channels: 1, Depth: 8, Pix: []byte{71, 80}}))
	if n := reads(folder); n != 1 {
		t.Errorf("%d images were decoded after one was changed", n)
	}
	if n := reads(folderOf(t, "1.png", "2.png")); n != 0 {
		t.Errorf("%d images were decoded of copies elsewhere", n)
	}
}

func second2(src Source, _ error) Source { return src }

// Slices along another axis are other images, though the file and the numbers are the same.
func TestCacheKnowsTheAxis(t *testing.T) {
	path := filepath.Join(t.TempDir(), "head.nii")
	imagetest.Write(t, path, imagetest.Cornered().Bytes())
	dir := t.TempDir()
	for _, axis := range imagefile.AxisNames {
		src, err := Open(Spec{Folder: path, Axis: axis})
		if err != nil {
			t.Fatal(err)
		}
		agree(t, mustCache(t, src, CacheOptions{Dir: dir, Size: 6, Channels: 1}), src, 6, 1)
	}
}

func TestCacheOfASplit(t *testing.T) {
	src := mustOpen(t, mixed(t))
	for _, heldOut := range []bool{false, true} {
		side, err := Split(context.Background(), src, 0.5, heldOut)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, mustCache(t, side, CacheOptions{Dir: t.TempDir(), Size: 9, Channels: 3}), side, 9, 3)
	}
}

func TestCacheErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	imagetest.Write(t, file, nil)
	src := mustOpen(t, folderOf(t, "a.png"))
	for want, o := range map[string]CacheOptions{
		"of size 0":                {Dir: t.TempDir(), Channels: 1},
		"of size 100000":           {Dir: t.TempDir(), Size: 100000, Channels: 1},
		"with 2 channels":          {Dir: t.TempDir(), Size: 8, Channels: 2},
		file + ": not a directory": {Dir: file, Size: 8, Channels: 1},
	} {
		if _, err := Cached(context.Background(), src, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if _, err := Cached(context.Background(), mustOpen(t, folderOf(t, "a.png")), CacheOptions{Size: 8, Channels: 1}); err != nil {
		t.Error(err)
	}
	if dir, _ := os.UserCacheDir(); len(cachedFiles(t, filepath.Join(dir, "keygan"))) != 1 {
		t.Error("the default folder is empty")
	}
}

// Where there is nothing to keep, no folder is made.
func TestCacheOfDrawnImages(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	src := mustOpen(t)
	agree(t, mustCache(t, src, CacheOptions{Dir: dir, Size: 8, Channels: 1}), src, 8, 1)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("there is a folder: %v", err)
	}
}

// Hashes are kept for the next process, for files that have not changed in the last seconds.
func TestHashesAreRemembered(t *testing.T) {
	folder, dir := folderOf(t, "a.png", "new.png"), t.TempDir()
	path := filepath.Join(folder, "a.png")
	then := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
	mustCache(t, mustOpen(t, folder), CacheOptions{Dir: dir, Size: 8, Channels: 1})
	known := readHashes(dir)
	b, err := os.ReadFile(path)
	if err != nil || known[path].Hash != sha256.Sum256(b) || known[path].Size != int64(len(b)) {
		t.Errorf("%v, %v", known[path], err)
	}
	if _, there := known[filepath.Join(folder, "new.png")]; there {
		t.Error("a file of this second is remembered")
	}
}

// When this fails because the images of a file have changed, raise the number in cacheTransform and set the new hash here.
func TestCacheTransform(t *testing.T) {
	sum := sha256.New()
	var paths []string
	for _, extension := range []string{".npy", ".png", ".tif", ".bmp", ".jpg"} {
		found, err := filepath.Glob("../imagefile/testdata/*" + extension)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		src, err := Open(Spec{Folder: path})
		if err != nil {
			if strings.HasSuffix(path, "pickled.npy") {
				continue
			}
			t.Fatal(err)
		}
		for i := range src.Len() {
			m, err := src.Image(i)
			if err != nil {
				t.Fatal(err)
			}
			sum.Write(m.Fit(5, 1).EightBits().Pix)
			sum.Write(m.Fit(11, 3).EightBits().Pix)
		}
	}
	if got, want := fmt.Sprintf("%x", sum.Sum(nil)[:8]), "92b1a16b974fd457"; got != want || cacheTransform != 3 {
		t.Errorf("images are now %s, were %s, with transform %d", got, want, cacheTransform)
	}
}

// A chest film as the Montgomery set has them, 4020×4892, to 256×256 RGB: from the file, and from the cache.
func BenchmarkCached(b *testing.B) {
	folder := b.TempDir()
	film := synthesize(b, "xray", 1, 1024, 1)[0].Resize(4020, 4892)
	imagetest.Write(b, filepath.Join(folder, "film.png"), pngBytes(b, film))
	src, err := Open(Spec{Folder: folder})
	if err != nil {
		b.Fatal(err)
	}
	o := CacheOptions{Dir: b.TempDir(), Size: 256, Channels: 3}
	images := mustCache(b, src, o)
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			m, err := src.Image(0)
			if err != nil {
				b.Fatal(err)
			}
			m.Fit(256, 3).EightBits()
		}
	})
	b.Run("cached", func(b *testing.B) {
		b.SetBytes(3 * 256 * 256)
		for b.Loop() {
			if _, err := images.Image(0); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			mustCache(b, src, o)
		}
	})
	runtime.KeepAlive(images)
}
