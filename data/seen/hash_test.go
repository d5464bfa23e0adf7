package seen

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"keygan/data/raster"
	"keygan/data/synthetic"
)

// Copies that were stored as JPEG, resized, or made brighter or darker are near duplicates; different images are not, with room to spare.
func TestNearBits(t *testing.T) {
	for _, kind := range []string{"xray", "mri", "spectrogram"} {
		src, err := synthetic.New(kind, 25, 128, 5)
		if err != nil {
			t.Fatal(err)
		}
		var hashes []Hash
		farthest, nearest := 0, hashBits
		for i := range src.Len() {
			m, err := src.Image(i)
			if err != nil {
				t.Fatal(err)
			}
			h := HashOf(m)
			for name, c := range map[string]*raster.Image{
				"JPEG": asJPEG(t, m), "reduced": m.Resize(48, 48), "enlarged": m.Resize(300, 280), "brighter": shifted(m, 30), "darker": shifted(m, -30),
			} {
				d := h.Distance(HashOf(c))
				if farthest = max(farthest, d); d > NearBits {
					t.Errorf("%s, %s: %d bits", src.Name(i), name, d)
				}
			}
			for k, o := range hashes {
				d := h.Distance(o)
				if nearest = min(nearest, d); d <= NearBits {
					t.Errorf("%s and %s: %d bits", src.Name(i), src.Name(k), d)
				}
			}
			hashes = append(hashes, h)
		}
		t.Logf("%s: copies differ in at most %d bits, different images in at least %d", kind, farthest, nearest)
	}
}

// shifted adds to every sample, and clips.
func shifted(m *raster.Image, by int) *raster.Image {
	m = m.Clone()
	for i, v := range m.Pix {
		m.Pix[i] = byte(max(0, min(255, int(v)+by)))
	}
	return m
}

func asJPEG(t *testing.T, m *raster.Image) *raster.Image {
	t.Helper()
	m = m.Convert(3)
	img := image.NewRGBA(image.Rect(0, 0, m.Width, m.Height))
	for i := range m.Width * m.Height {
		img.Set(i%m.Width, i/m.Width, color.RGBA{m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2], 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 50}); err != nil {
		t.Fatal(err)
	}
	back, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Width * m.Height {
		r, g, b, _ := back.At(i%m.Width, i/m.Width).RGBA()
		m.Pix[3*i], m.Pix[3*i+1], m.Pix[3*i+2] = byte(r>>8), byte(g>>8), byte(b>>8)
	}
	return m
}

// The bits are the signs of the transform as its definition says: of one frequency by itself only the bit of that frequency is certain.
func TestHashIsTheTransform(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		k := random.IntN(hashBits)
		f := frequencies[k]
		m := raster.NewImage(grid, grid, 1, 8)
		for y := range grid {
			for x := range grid {
				wave := math.Cos(math.Pi/grid*(float64(x)+.5)*float64(f.u)) * math.Cos(math.Pi/grid*(float64(y)+.5)*float64(f.v))
				m.Pix[y*grid+x] = byte(math.Round(128 + 100*wave))
			}
		}
		negative := m.Clone()
		for i, v := range m.Pix {
			negative.Pix[i] = 255 - v
		}
		a, b := HashOf(m), HashOf(negative)
		if a[k/8]>>(k%8)&1 != 1 || b[k/8]>>(k%8)&1 != 0 {
			t.Errorf("frequency %+v: bits %d and %d", f, a[k/8]>>(k%8)&1, b[k/8]>>(k%8)&1)
		}
	}
}
