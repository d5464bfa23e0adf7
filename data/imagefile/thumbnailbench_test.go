package imagefile

import (
	"fmt"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"math/rand/v2"
	"path/filepath"
	"testing"
)

// BenchmarkThumbnail makes thumbnails of a chest film as detectors give them, beside only reading it.
//
//	go test -run '^$' -bench Thumbnail -benchtime 5x ./data/imagefile
func BenchmarkThumbnail(b *testing.B) {
	src, err := synthetic.New("xray", 1, 2048, 7)
	if err != nil {
		b.Fatal(err)
	}
	small, err := src.Image(0)
	if err != nil {
		b.Fatal(err)
	}
	large := small.Resize(4020, 4892)
	for depth, noise := range map[int]float64{8: 2, 16: 300} { // levels, one standard deviation
		m := raster.NewImage(large.Width, large.Height, 1, depth)
		r := rand.New(rand.NewPCG(1, 2))
		for i, v := range large.Pix {
			level := float64(v)/255*float64(m.Max()) + noise*r.NormFloat64()
			m.SetSample(i, max(0, min(m.Max(), int(level))))
		}
		path := filepath.Join(b.TempDir(), "film.png")
		if err := WritePNG(path, m, false); err != nil {
			b.Fatal(err)
		}
		for name, do := range map[string]func() (*raster.Image, error){
			"Thumbnail": func() (*raster.Image, error) { return Thumbnail(path, 256, 256) },
			"ReadImage": func() (*raster.Image, error) { return ReadImage(path) },
		} {
			b.Run(fmt.Sprintf("%d/%s", depth, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := do(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
