package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
)

// greyPicture is one of many different grey images, of 8 bits or 16.
func greyPicture(t *testing.T, k, depth int) *raster.Image {
	t.Helper()
	m := raster.NewImage(20+k%5, 16+k%3, 1, depth)
	for i := range m.Samples() {
		m.SetSample(i, (i*i*(k+3)*131+k*977)%(1<<depth))
	}
	return m
}

// pictures makes a folder of files; where the text begins with #, it is the number of the picture in it.
func pictures(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var k, depth int
		var err error
		if n, _ := fmt.Sscanf(content, "#%d of %d bits", &k, &depth); n == 2 {
			err = imagefile.WritePNG(path, greyPicture(t, k, depth), false)
		} else if n == 1 {
			err = imagefile.WritePNG(path, greyPicture(t, k, 8), false)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// manyPictures are n files a folder deep, every third of which has a copy.
func manyPictures(t *testing.T, n int) string {
	files := map[string]string{}
	for k := range n {
		files[fmt.Sprintf("normal/%02d.png", k)] = fmt.Sprintf("#%d", k)
		if k%3 == 0 {
			files[fmt.Sprintf("copies/again %02d.png", k)] = fmt.Sprintf("#%d", k)
		}
	}
	return pictures(t, files)
}

// folderConfig trains with the images of folders, and keeps its caches in a folder of its own.
func folderConfig(t *testing.T, source, target string) Config {
	c := smallConfig(t)
	c.Data.Cache = t.TempDir()
	c.Source = []dataset.Spec{{Folder: source}}
	c.Target = []Target{{Spec: dataset.Spec{Folder: target}}}
	return c
}

func mustDataset(t *testing.T, c Config, o Options) trainingData {
	t.Helper()
	d, err := openDataset(context.Background(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// hashes are the files that a source's images come from.
func hashes(t *testing.T, src dataset.Source) map[string]bool {
	t.Helper()
	all, err := dataset.FileHashes(context.Background(), src)
	if err != nil || slices.Contains(all, "") {
		t.Fatal(all, err)
	}
	found := map[string]bool{}
	for _, h := range all {
		found[h] = true
	}
	return found
}

// No image that is held out is trained with: no copy of it, and not as a target either.
func TestHeldOutImagesAreNotTrainedWith(t *testing.T) {
	folder := manyPictures(t, 30)
	c := folderConfig(t, folder, folder)
	c.Source = append(c.Source, dataset.Spec{Folder: manyPictures(t, 12)}) // the same content elsewhere
	c.Data.HeldOut = 0.3
	d := mustDataset(t, c, Options{})
	held, err := openHeldOut(context.Background(), c, Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.heldOut != held.Len() || d.source.Len()+held.Len() != 40+16 || held.Len() == 0 {
		t.Errorf("%d images are trained with, %d held out, and %d tested with", d.source.Len(), d.heldOut, held.Len())
	}
	source, target := hashes(t, d.source), hashes(t, d.target)
	for h := range hashes(t, held) {
		if source[h] || target[h] {
			t.Errorf("%s is held out, but trained with", h)
		}
	}
	if len(source) != len(target) {
		t.Errorf("the same folder has %d files as source and %d as target", len(source), len(target))
	}
	c.Data.HeldOut = 0
	if whole := mustDataset(t, c, Options{}); whole.source.Len() != 56 || whole.target.Len() != 40 || whole.heldOut != 0 || whole.sourceDigest == d.sourceDigest {
		t.Errorf("without held_out: %d and %d images", whole.source.Len(), whole.target.Len())
	}
}

func TestHeldOutErrors(t *testing.T) {
	c := folderConfig(t, manyPictures(t, 4), manyPictures(t, 4))
	if _, err := openHeldOut(context.Background(), c, Options{}, nil); !errors.Is(err, ErrNoneHeldOut) {
		t.Errorf("none held out: %v", err)
	}
	other, err := openHeldOut(context.Background(), c, Options{}, []dataset.Spec{{Folder: manyPictures(t, 6)}})
	if err != nil || other.Len() != 8 {
		t.Errorf("other images: %v, %v", other, err)
	}
	c.Data.HeldOut = 1e-9
	if _, err := openDataset(context.Background(), c, Options{}); err == nil || !strings.HasPrefix(err.Error(), "source: data.held_out: none of the 6 images") {
		t.Errorf("a share that holds nothing out: %v", err)
	}
}

func TestBadFiles(t *testing.T) {
	bad := map[string]string{"a.png": "#1", "b.png": "#2", "half.png": "\x89PNG\r\n\x1a\n", "x/empty.jpg": "", "x/page.jpg": "<html>", "y.nii.gz": "\x1f\x8b"}
	for _, cache := range []string{t.TempDir(), "off"} {
		c := folderConfig(t, pictures(t, bad), manyPictures(t, 4))
		c.Data.Cache = cache
		_, err := openDataset(context.Background(), c, Options{})
		if !errors.Is(err, ErrUnreadable) {
			t.Fatal(err)
		}
		for _, part := range []string{"source: 4 of 6 images cannot be read: ", "half.png: not a readable PNG: truncated", "x/empty.jpg: empty file", "; and 1 more"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("no %q in %v", part, err)
			}
		}
		c.Data.OnBadFile = "skip"
		var log bytes.Buffer
		d := mustDataset(t, c, Options{Log: &log})
		if d.source.Len() != 2 || len(d.skipped) != 4 || filepath.Base(d.skipped[0].Name) != "half.png" {
			t.Errorf("%d images, skipped %v", d.source.Len(), d.skipped)
		}
		if !strings.Contains(log.String(), "source: 4 of 6 images cannot be read and left out:\n  ") || strings.Count(log.String(), "\n  ") != 4 {
			t.Errorf("the log:\n%s", &log)
		}
		c.Source = []dataset.Spec{{Folder: filepath.Join(c.Source[0].Folder, "x")}}
		if _, err := openDataset(context.Background(), c, Options{}); !errors.Is(err, ErrUnreadable) {
			t.Errorf("nothing but bad files: %v", err)
		}
	}
}

func TestMissingFoldersAreNamed(t *testing.T) {
	good := manyPictures(t, 3)
	c := folderConfig(t, good, filepath.Join(good, "nowhere"))
	if _, err := openDataset(context.Background(), c, Options{}); err == nil || !strings.HasPrefix(err.Error(), "target: "+good) {
		t.Errorf("target: %v", err)
	}
	c.Source = append(c.Source, dataset.Spec{Folder: t.TempDir()})
	if _, err := openDataset(context.Background(), c, Options{}); err == nil || !strings.HasPrefix(err.Error(), "source[1]: ") {
		t.Errorf("source: %v", err)
	}
}

// batches are the pixels of some batches of a loader.
func batches(t *testing.T, c Config, src dataset.Source, n int) (pixels []float32) {
	t.Helper()
	l, err := dataset.NewLoader(src, dataset.LoaderOptions{Batch: 3, Size: c.Image.Size, Channels: c.Image.Channels, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range n {
		b, err := l.Next()
		if err != nil {
			t.Fatal(err)
		}
		pixels = append(pixels, b.Pixels...)
	}
	return pixels
}

// Whether there is a cache makes no difference to what is trained with, with 16 bits either; nor does it to images of 8 bits
// that they are fitted before the loader.
func TestCacheChangesNoPixel(t *testing.T) {
	files := map[string]string{"deep.png": "#40 of 16 bits"}
	for k := range 9 {
		files[fmt.Sprintf("%d.png", k)] = fmt.Sprintf("#%d", k)
	}
	c := folderConfig(t, pictures(t, files), manyPictures(t, 9))
	made, found := mustDataset(t, c, Options{}), mustDataset(t, c, Options{})
	c.Data.Cache = "off"
	without := mustDataset(t, c, Options{})
	for name, of := range map[string]func(trainingData) dataset.Source{
		"source": func(d trainingData) dataset.Source { return d.source },
		"target": func(d trainingData) dataset.Source { return d.target },
	} {
		want := batches(t, c, of(without), 7)
		if !slices.Equal(batches(t, c, of(made), 7), want) || !slices.Equal(batches(t, c, of(found), 7), want) {
			t.Errorf("%s: a cache changes the images", name)
		}
	}
	plain, err := dataset.Open(c.Target[0].Spec)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(batches(t, c, plain, 7), batches(t, c, without.target, 7)) {
		t.Error("images of 8 bits are not what a loader makes of the files")
	}
	if made.sourceDigest != without.sourceDigest || made.targetDigest != without.targetDigest || made.sourceDigest == made.targetDigest {
		t.Errorf("digests: %s and %s, without a cache %s and %s", made.sourceDigest, made.targetDigest, without.sourceDigest, without.targetDigest)
	}
}

func TestNoFolderForTheCache(t *testing.T) {
	c := folderConfig(t, manyPictures(t, 4), manyPictures(t, 5))
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	c.Data.Cache = "auto"
	var log bytes.Buffer
	d := mustDataset(t, c, Options{Log: &log})
	if d.source.Len() != 6 || !strings.Contains(log.String(), "source: no cache of images: no folder for cached images: ") {
		t.Errorf("%d images\n%s", d.source.Len(), &log)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c.Data.Cache = filepath.Join(file, "cache")
	if _, err := openDataset(context.Background(), c, Options{}); !errors.Is(err, ErrCache) || !strings.Contains(err.Error(), file) {
		t.Errorf("a folder in a file: %v", err)
	}
	t.Setenv("XDG_CACHE_HOME", file)
	c.Data.Cache = "auto"
	log.Reset()
	if mustDataset(t, c, Options{Log: &log}); !strings.Contains(log.String(), "not a directory; images are decoded as they are needed\n") {
		t.Errorf("the log:\n%s", &log)
	}
}

func TestInterruptedWhileReading(t *testing.T) {
	c := folderConfig(t, manyPictures(t, 4), manyPictures(t, 5))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, cache := range []string{c.Data.Cache, "off"} {
		c.Data.Cache = cache
		if _, err := openDataset(ctx, c, Options{}); !errors.Is(err, ErrNotStarted) {
			t.Errorf("cache %s: %v", cache, err)
		}
	}
}

// Noise of no given size is uniform as the networks see it.
func TestNoiseFitsTheNetworks(t *testing.T) {
	c := smallConfig(t)
	c.Image.Channels = 1
	c.Target = []Target{{Spec: dataset.Spec{Synthetic: "noise", Count: 40, Seed: 3}}}
	d := mustDataset(t, c, Options{})
	dark, total := 0, 0
	for i := range d.target.Len() {
		m, err := d.target.Image(i)
		if err != nil || m.Width != c.Image.Size || m.Channels != 1 {
			t.Fatal(m, err)
		}
		for _, v := range m.Pix {
			total++
			if v < 32 {
				dark++
			}
		}
	}
	if share := float64(dark) / float64(total); share < 0.115 || share > 0.135 { // 1/8; grey made of RGB noise: 0.007
		t.Errorf("%.3f of the noise is below 32", share)
	}
}

// A run with a cache, one without, and one that was stopped and whose cache was lost meanwhile, give the same bytes.
func TestRunsWithACacheAreExact(t *testing.T) {
	files := map[string]string{"deep.png": "#40 of 16 bits", "bad.png": "bad"}
	for k := range 8 {
		files[fmt.Sprintf("%d.png", k)] = fmt.Sprintf("#%d", k)
	}
	whole := folderConfig(t, pictures(t, files), manyPictures(t, 9))
	whole.Data.HeldOut, whole.Data.OnBadFile = 0.2, "skip"
	parts, without := whole, whole
	parts.Output, parts.Data.Cache = t.TempDir(), t.TempDir()
	without.Output, without.Data.Cache = t.TempDir(), "off"
	for _, c := range []Config{whole, without} {
		if err := Run(context.Background(), c, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := trainUntil(t, parts, Options{}, 3); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if err := os.RemoveAll(parts.Data.Cache); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), parts, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, whole, parts, "generator.npz", "metrics.csv", "metrics.jsonl")
	sameFiles(t, whole, without, "generator.npz", "metrics.csv", "metrics.jsonl")
}

// What cannot be trained with leaves no run, and a run that is there is not made to wait for its data.
func TestBadDataLeavesNoRun(t *testing.T) {
	c := folderConfig(t, pictures(t, map[string]string{"a.png": "#1", "b.png": "bad"}), manyPictures(t, 3))
	if err := Run(context.Background(), c, Options{}); !errors.Is(err, ErrUnreadable) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c.Data.OnBadFile = "skip"
	if err := Run(ctx, c, Options{}); !errors.Is(err, ErrNotStarted) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(c.Output); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
	if err := Run(context.Background(), c, Options{}); err != nil {
		t.Fatal(err)
	}
	c.Source[0].Folder = filepath.Join(c.Source[0].Folder, "nowhere")
	if err := Run(context.Background(), c, Options{}); !errors.Is(err, ErrRunExists) {
		t.Errorf("got %v", err)
	}
}
