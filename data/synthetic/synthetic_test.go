package synthetic

import (
	"keygan/data/raster"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSyntheticImagesAreReproducibleAndAllDifferent(t *testing.T) {
	for _, kind := range Kinds {
		t.Run(kind, func(t *testing.T) {
			few, many := synthesize(t, kind, 2, 48, 3), synthesize(t, kind, 6, 48, 3)
			if !cmp.Equal(few, many[:2]) {
				t.Error("an image depends on how many there are, or on chance")
			}
			seen := map[string]bool{}
			for _, m := range append(many, synthesize(t, kind, 6, 48, 4)...) {
				seen[string(m.Pix)] = true
			}
			if len(seen) != 12 {
				t.Errorf("%d different images of 12", len(seen))
			}
		})
	}
}

// What makes each kind what it is, in figures: an X-ray is dark in the lungs and bright below, a head is bright within
// air, a spectrogram is coloured everywhere and has structure in every part.
func TestSyntheticImagesLookTheirPart(t *testing.T) {
	mean := func(m *raster.Image, x0, y0, x1, y1 float64) float64 {
		sum, n := 0, 0
		for y := int(y0 * float64(m.Height)); y < int(y1*float64(m.Height)); y++ {
			for x := int(x0 * float64(m.Width)); x < int(x1*float64(m.Width)); x++ {
				for c := range m.Channels {
					sum += m.Sample((y*m.Width+x)*m.Channels + c)
					n++
				}
			}
		}
		return float64(sum) / float64(n)
	}
	for i, m := range synthesize(t, "xray", 12, 128, 1) {
		right, spine, left, belly := mean(m, 0.2, 0.3, 0.35, 0.6), mean(m, 0.46, 0.5, 0.54, 0.7), mean(m, 0.68, 0.3, 0.8, 0.5), mean(m, 0.3, 0.9, 0.7, 1)
		if m.Channels != 1 || m.Depth != 8 || right > 110 || left > 110 || spine < 180 || belly < 170 {
			t.Errorf("xray %d, %v: lungs %.0f and %.0f, spine %.0f, belly %.0f", i, m, right, left, spine, belly)
		}
	}
	for i, m := range synthesize(t, "mri", 12, 128, 1) {
		if air, brain := mean(m, 0, 0, 0.1, 0.1), mean(m, 0.3, 0.3, 0.7, 0.7); m.Channels != 1 || m.Depth != 8 || air > 15 || brain < 60 || brain > 200 {
			t.Errorf("mri %d, %v: air %.0f, brain %.0f", i, m, air, brain)
		}
	}
	for i, m := range synthesize(t, "spectrogram", 12, 128, 1) {
		if m.Channels != 3 || m.Depth != 8 {
			t.Fatalf("spectrogram %d is %v", i, m)
		}
		for block := range 64 { // of 16×16
			colours := map[[3]byte]bool{}
			for p := range 256 {
				at := 3 * ((block/8*16+p/16)*128 + block%8*16 + p%16)
				colours[[3]byte(m.Pix[at:at+3])] = true
			}
			if len(colours) < 20 {
				t.Errorf("spectrogram %d: %d colours in block %d", i, len(colours), block)
			}
		}
	}
}

func TestSyntheticSizes(t *testing.T) {
	for _, kind := range Kinds {
		for _, size := range []int{16, 17, 33, 200} {
			if m := synthesize(t, kind, 1, size, 1)[0]; m.Width != size || m.Height != size || len(m.Pix) != m.Samples() {
				t.Errorf("%s of %d is %v", kind, size, m)
			}
		}
	}
}

func TestSyntheticErrors(t *testing.T) {
	if _, err := New("ct", 1, 64, 1); err == nil || !strings.Contains(err.Error(), "xray, mri, spectrogram") {
		t.Errorf("got %v", err)
	}
	for _, bad := range [][2]int{{0, 64}, {-1, 64}, {1, 15}, {1, 5000}} {
		if _, err := New("mri", bad[0], bad[1], 1); err == nil {
			t.Errorf("no error for %v", bad)
		}
	}
}

func BenchmarkSynthetic(b *testing.B) {
	for _, kind := range Kinds {
		b.Run(kind, func(b *testing.B) {
			src, _ := New(kind, 1<<20, 256, 1)
			for i := 0; b.Loop(); i++ {
				src.Image(i)
			}
		})
	}
}

func synthesize(t testing.TB, kind string, n, size int, seed uint64) []*raster.Image {
	t.Helper()
	src, err := New(kind, n, size, seed)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]*raster.Image, n)
	for i := range all {
		if all[i], err = src.Image(i); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
