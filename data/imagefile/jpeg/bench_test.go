package jpeg

import (
	"bytes"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"math/rand/v2"
	"os/exec"
	"testing"

	"keygan/data/raster"
	"keygan/data/synthetic"
)

// BenchmarkDecode decodes pictures of 2048×2048 at 4:2:0 here, with image/jpeg, which stops at YCbCr, and with image/jpeg on to RGB.
//
//	go test -run '^$' -bench Decode ./data/imagefile/jpeg
func BenchmarkDecode(b *testing.B) {
	if _, err := exec.LookPath("cjpeg"); err != nil {
		b.Skip("cjpeg is not installed (Debian: libjpeg-turbo-progs)")
	}
	for kind, m := range map[string]*raster.Image{"photo": photo(b), "spectrogram": drawn(b, "spectrogram")} {
		for _, mode := range []string{"baseline", "progressive"} {
			file := command(b, pnm(m), "cjpeg", "-quality", "90", "-"+mode)
			b.Run(kind+"/"+mode, func(b *testing.B) {
				for _, decoder := range []struct {
					name   string
					decode func() error
				}{
					{"keygan", func() error { _, err := Decode(file); return err }},
					{"std", func() error { _, err := stdjpeg.Decode(bytes.NewReader(file)); return err }},
					{"std-RGB", func() error { _, err := standardRGB(file); return err }},
				} {
					b.Run(decoder.name, func(b *testing.B) {
						b.SetBytes(2048 * 2048 * 3)
						b.ReportMetric(float64(len(file))*8/(2048*2048), "bits/pixel")
						b.ReportAllocs()
						for b.Loop() {
							if err := decoder.decode(); err != nil {
								b.Fatal(err)
							}
						}
					})
				}
			})
		}
	}
}

func drawn(b *testing.B, kind string) *raster.Image {
	b.Helper()
	src, err := synthetic.New(kind, 1, 2048, 7)
	if err != nil {
		b.Fatal(err)
	}
	m, err := src.Image(0)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// photo is a tinted film with a head in its blue, and a camera's noise.
func photo(b *testing.B) *raster.Image {
	film, head := drawn(b, "xray"), drawn(b, "mri")
	m := raster.NewImage(2048, 2048, 3, 8)
	r := rand.New(rand.NewPCG(1, 2))
	for i, v := range film.Pix {
		for c, share := range []float64{1, 0.8, 0.5} {
			level := share*float64(v) + (1-share)*float64(head.Pix[i]) + 3*r.NormFloat64()
			m.Pix[3*i+c] = byte(max(0, min(255, level)))
		}
	}
	return m
}

func standardRGB(file []byte) ([]byte, error) {
	decoded, err := stdjpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	m := decoded.(*image.YCbCr)
	out := make([]byte, 0, 3*len(m.Y))
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			i, j := m.YOffset(x, y), m.COffset(x, y)
			red, green, blue := color.YCbCrToRGB(m.Y[i], m.Cb[j], m.Cr[j])
			out = append(out, red, green, blue)
		}
	}
	return out, nil
}
