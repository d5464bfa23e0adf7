package inputs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"keygan/data/dataset"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"keygan/train/runlog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func mustDataset(t *testing.T, c config.Config, o *runlog.Console) Sets {
	t.Helper()
	d, err := Open(context.Background(), c, o)
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
	folder := traintest.ManyPictures(t, 30)
	c := traintest.FolderConfig(t, folder, folder)
	c.Source = append(c.Source, dataset.Spec{Folder: traintest.ManyPictures(t, 12)}) // the same content elsewhere
	c.Data.HeldOut = 0.3
	d := mustDataset(t, c, nil)
	held, err := OpenHeldOut(context.Background(), c, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.HeldOut.Len() != held.Len() || d.Source.Len()+held.Len() != 40+16 || held.Len() == 0 {
		t.Errorf("%d images are trained with, %d held out, and %d tested with", d.Source.Len(), d.HeldOut.Len(), held.Len())
	}
	source, target := hashes(t, d.Source), hashes(t, d.Target)
	for h := range hashes(t, held) {
		if source[h] || target[h] {
			t.Errorf("%s is held out, but trained with", h)
		}
	}
	if len(source) != len(target) {
		t.Errorf("the same folder has %d files as source and %d as target", len(source), len(target))
	}
	c.Data.HeldOut = 0
	if whole := mustDataset(t, c, nil); whole.Source.Len() != 56 || whole.Target.Len() != 40 || whole.HeldOut.Len() != 0 || whole.SourceDigest == d.SourceDigest {
		t.Errorf("without held_out: %d and %d images", whole.Source.Len(), whole.Target.Len())
	}
}

func TestHeldOutErrors(t *testing.T) {
	c := traintest.FolderConfig(t, traintest.ManyPictures(t, 4), traintest.ManyPictures(t, 4))
	if _, err := OpenHeldOut(context.Background(), c, nil, nil); !errors.Is(err, ErrNoneHeldOut) {
		t.Errorf("none held out: %v", err)
	}
	other, err := OpenHeldOut(context.Background(), c, nil, []dataset.Spec{{Folder: traintest.ManyPictures(t, 6)}})
	if err != nil || other.Len() != 8 {
		t.Errorf("other images: %v, %v", other, err)
	}
	c.Data.HeldOut = 1e-9
	if _, err := Open(context.Background(), c, nil); err == nil || !strings.HasPrefix(err.Error(), "source: data.held_out: none of the 6 images") {
		t.Errorf("a share that holds nothing out: %v", err)
	}
}

func TestBadFiles(t *testing.T) {
	bad := map[string]string{"a.png": "#1", "b.png": "#2", "half.png": "\x89PNG\r\n\x1a\n", "x/empty.jpg": "", "x/page.jpg": "<html>", "y.nii.gz": "\x1f\x8b"}
	for _, cache := range []string{t.TempDir(), "off"} {
		c := traintest.FolderConfig(t, traintest.Pictures(t, bad), traintest.ManyPictures(t, 4))
		c.Data.Cache = cache
		_, err := Open(context.Background(), c, nil)
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
		d := mustDataset(t, c, runlog.NewConsole(&log, false))
		if d.Source.Len() != 2 || len(d.Skipped) != 4 || !strings.Contains(d.Skipped[0], "half.png: ") {
			t.Errorf("%d images, skipped %v", d.Source.Len(), d.Skipped)
		}
		if !strings.Contains(log.String(), "source: 4 of 6 images cannot be read and are left out:\n  ") || strings.Count(log.String(), "\n  ") != 4 {
			t.Errorf("the log:\n%s", &log)
		}
		c.Source = []dataset.Spec{{Folder: filepath.Join(c.Source[0].Folder, "x")}}
		if _, err := Open(context.Background(), c, nil); !errors.Is(err, ErrUnreadable) {
			t.Errorf("nothing but bad files: %v", err)
		}
	}
}

func TestMissingFoldersAreNamed(t *testing.T) {
	good := traintest.ManyPictures(t, 3)
	c := traintest.FolderConfig(t, good, filepath.Join(good, "nowhere"))
	if _, err := Open(context.Background(), c, nil); err == nil || !strings.HasPrefix(err.Error(), "target: "+good) {
		t.Errorf("target: %v", err)
	}
	c.Source = append(c.Source, dataset.Spec{Folder: t.TempDir()})
	if _, err := Open(context.Background(), c, nil); err == nil || !strings.HasPrefix(err.Error(), "source[1]: ") {
		t.Errorf("source: %v", err)
	}
}

// batches are the pixels of some batches of a loader.
func batches(t *testing.T, c config.Config, src dataset.Source, n int) (pixels []float32) {
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
	c := traintest.FolderConfig(t, traintest.Pictures(t, files), traintest.ManyPictures(t, 9))
	made, found := mustDataset(t, c, nil), mustDataset(t, c, nil)
	c.Data.Cache = "off"
	without := mustDataset(t, c, nil)
	for name, of := range map[string]func(Sets) dataset.Source{
		"source": func(d Sets) dataset.Source { return d.Source },
		"target": func(d Sets) dataset.Source { return d.Target },
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
	if !slices.Equal(batches(t, c, plain, 7), batches(t, c, without.Target, 7)) {
		t.Error("images of 8 bits are not what a loader makes of the files")
	}
	if made.SourceDigest != without.SourceDigest || made.TargetDigest != without.TargetDigest || made.SourceDigest == made.TargetDigest {
		t.Errorf("digests: %s and %s, without a cache %s and %s", made.SourceDigest, made.TargetDigest, without.SourceDigest, without.TargetDigest)
	}
}

func TestNoFolderForTheCache(t *testing.T) {
	c := traintest.FolderConfig(t, traintest.ManyPictures(t, 4), traintest.ManyPictures(t, 5))
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	c.Data.Cache = "auto"
	var log bytes.Buffer
	d := mustDataset(t, c, runlog.NewConsole(&log, false))
	if d.Source.Len() != 6 || !strings.Contains(log.String(), "source: no cache of images: no folder for cached images: ") {
		t.Errorf("%d images\n%s", d.Source.Len(), &log)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c.Data.Cache = filepath.Join(file, "cache")
	if _, err := Open(context.Background(), c, nil); !errors.Is(err, ErrCache) || !strings.Contains(err.Error(), file) {
		t.Errorf("a folder in a file: %v", err)
	}
	t.Setenv("XDG_CACHE_HOME", file)
	c.Data.Cache = "auto"
	log.Reset()
	if mustDataset(t, c, runlog.NewConsole(&log, false)); !strings.Contains(log.String(), "not a directory; images are decoded as they are needed\n") {
		t.Errorf("the log:\n%s", &log)
	}
}

func TestInterruptedWhileReading(t *testing.T) {
	c := traintest.FolderConfig(t, traintest.ManyPictures(t, 4), traintest.ManyPictures(t, 5))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, cache := range []string{c.Data.Cache, "off"} {
		c.Data.Cache = cache
		if _, err := Open(ctx, c, nil); !errors.Is(err, ErrNotStarted) {
			t.Errorf("cache %s: %v", cache, err)
		}
	}
}

// Noise of no given size is uniform as the networks see it.
func TestNoiseFitsTheNetworks(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Image.Channels = 1
	c.Target = []config.Target{{Spec: dataset.Spec{Synthetic: "noise", Count: 40, Seed: 3}}}
	d := mustDataset(t, c, nil)
	dark, total := 0, 0
	for i := range d.Target.Len() {
		m, err := d.Target.Image(i)
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

// A terminal sees a bar while images are decoded, once; a log that is none is not filled with lines of what takes no time.
func TestDecodingProgress(t *testing.T) {
	c := traintest.FolderConfig(t, traintest.ManyPictures(t, 4), traintest.ManyPictures(t, 5))
	var terminal, again, file bytes.Buffer
	mustDataset(t, c, runlog.NewConsole(&terminal, true))
	if !strings.Contains(terminal.String(), "source: decoding images") || !strings.Contains(terminal.String(), "(4/4)") || !strings.Contains(terminal.String(), "\nsource: 6 images\n") {
		t.Errorf("a terminal sees:\n%q", &terminal)
	}
	mustDataset(t, c, runlog.NewConsole(&again, true))
	mustDataset(t, c, runlog.NewConsole(&file, false))
	for _, log := range []*bytes.Buffer{&again, &file} {
		if want := "source: 6 images\ntarget: 7 images\n"; log.String() != want {
			t.Errorf("%q, want %q", log, want)
		}
	}
}
