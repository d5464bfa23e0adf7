package imagefile

import (
	"bytes"
	"image"
	"image/jpeg"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A thumbnail is what ReadImage and Resize give: of PNGs that are plain, stored and interlaced, smaller and larger.
func TestThumbnail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	rapid.Check(t, func(r *rapid.T) {
		m := imagetest.AnyImage(r)
		width, height := rapid.IntRange(1, 50).Draw(r, "new width"), rapid.IntRange(1, 50).Draw(r, "new height")
		want := m.Resize(width, height)
		var stored bytes.Buffer
		if err := encodeStored(&stored, m); err != nil {
			r.Fatal(err)
		}
		for name, b := range map[string][]byte{"compressed": pngBytes(t, m), "stored": stored.Bytes(), "interlaced": interlaced(m)} {
			imagetest.Write(t, path, b)
			got, err := Thumbnail(path, width, height)
			if err != nil {
				r.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				r.Fatalf("%s: %s", name, diff)
			}
		}
	})
}

func TestThumbnailOfOtherFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg")
	src := image.NewGray(image.Rect(0, 0, 20, 30))
	for i := range src.Pix {
		src.Pix[i] = byte(i)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, src, nil); err != nil {
		t.Fatal(err)
	}
	imagetest.Write(t, path, b.Bytes())
	m, err := ReadImage(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Thumbnail(path, 8, 9); err != nil || !cmp.Equal(m.Resize(8, 9), got) {
		t.Errorf("%v, %v", got, err)
	}
	// What cannot be read is the same error, and no goroutine stays behind.
	goroutines := runtime.NumGoroutine()
	whole := pngBytes(t, noiseImage(200, 300))
	for name, content := range map[string][]byte{"empty": nil, "text": []byte("text"), "cut": whole[:len(whole)/2], "two rows": whole[:900]} {
		imagetest.Write(t, path, content)
		_, want := ReadImage(path)
		if _, err := Thumbnail(path, 8, 9); err == nil || want == nil || err.Error() != want.Error() {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	for range 1000 { // one that was waited for may still be on its last steps
		if runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), goroutines)
}

func noiseImage(width, height int) *raster.Image {
	m := raster.NewImage(width, height, 1, 8)
	state := uint32(1)
	for i := range m.Pix {
		state = state*1664525 + 1013904223
		m.Pix[i] = byte(state >> 24)
	}
	return m
}

// The image is not held.
func TestThumbnailMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	m := noiseImage(3000, 2000)
	var b bytes.Buffer
	if err := encodeStored(&b, m); err != nil {
		t.Fatal(err)
	}
	imagetest.Write(t, path, b.Bytes())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Thumbnail(path, 128, 128); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
		t.Errorf("%d bytes were allocated for an image of %d", used, len(m.Pix))
	}
}
