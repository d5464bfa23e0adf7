package metrics

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"keygan/data/raster"
)

// vector is one entry of testdata/vectors.json: two images by recipe and what other programs measured on them.
type vector struct {
	Height, Width, Channels, Depth int
	Kinds                          [2]string
	Seeds                          [2]uint64
	SSIM                           float64
	SSIMUniform7                   float64 `json:"ssim_uniform7"`
	PSNR, MSE, NPCR, UACI          float64
	Entropy, Chi2                  string // as ent prints them
	Correlation                    [][3]float64
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) < 40 {
		t.Fatalf("%d vectors, want at least 40", len(file.Vectors))
	}
	return file.Vectors
}

// noise repeats the recurrence of vectors.py: n bytes, each the top one of a 64-bit state.
func noise(n int, seed uint64) []byte {
	out := make([]byte, n)
	for i := range out {
		seed = seed*6364136223846793005 + 1442695040888963407
		out[i] = byte(seed >> 56)
	}
	return out
}

// picture repeats the images of vectors.py: "noise", "ramp", or "grainy", a ramp with noise on it.
func picture(width, height, channels, depth int, kind string, seed uint64) *raster.Image {
	m := raster.NewImage(width, height, channels, depth)
	high, low := noise(m.Samples(), seed), noise(m.Samples(), seed+1)
	for i := range m.Samples() {
		c, x, y := i%channels, i/channels%width, i/channels/width
		ramp := (x*5 + y*3 + c*40 + x*y/7) * (m.Max() / 255) % (m.Max() + 1)
		grain := int(high[i])
		if depth == 16 {
			grain = grain<<8 + int(low[i])
		}
		switch kind {
		case "noise":
			m.SetSample(i, grain)
		case "ramp":
			m.SetSample(i, ramp)
		default:
			m.SetSample(i, max(0, min(m.Max(), ramp+grain/8-(m.Max()+1)/16)))
		}
	}
	return m
}

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if d := math.Abs(got - want); !(d <= relative*max(math.Abs(want), 1e-3)) {
		t.Errorf("%s: %.15g, want %.15g (off by %.2g)", what, got, want, d)
	}
}

func TestAgainstOtherPrograms(t *testing.T) {
	for _, v := range readVectors(t) {
		name := fmt.Sprintf("%dx%dx%d_%dbit_%s_%s", v.Height, v.Width, v.Channels, v.Depth, v.Kinds[0], v.Kinds[1])
		t.Run(name, func(t *testing.T) {
			a := picture(v.Width, v.Height, v.Channels, v.Depth, v.Kinds[0], v.Seeds[0])
			b := picture(v.Width, v.Height, v.Channels, v.Depth, v.Kinds[1], v.Seeds[1])
			for window, want := range map[Window]float64{Gaussian11: v.SSIM, Uniform7: v.SSIMUniform7} {
				got, err := SSIM(a, b, window)
				if err != nil {
					t.Fatal(err)
				}
				near(t, "SSIM "+window.String(), got, want, 1e-9)
			}
			for what, m := range map[string]struct {
				measure func(a, b *raster.Image) (float64, error)
				want    float64
			}{"PSNR": {PSNR, v.PSNR}, "MSE": {MSE, v.MSE}, "NPCR": {NPCR, v.NPCR}, "UACI": {UACI, v.UACI}} {
				got, err := m.measure(a, b)
				if err != nil {
					t.Fatal(err)
				}
				near(t, what, got, m.want, 1e-9)
			}
			for c, r := range v.Correlation {
				for _, d := range Directions {
					got, err := Correlation(a, c, d)
					if err != nil {
						t.Fatal(err)
					}
					near(t, "correlation "+d.String(), got, r[d], 1e-9)
				}
			}
			// ent prints six decimals.
			for what, s := range map[string][2]string{
				"entropy": {v.Entropy, strconv.FormatFloat(Entropy(a), 'f', 6, 64)},
				"χ²":      {v.Chi2, strconv.FormatFloat(ChiSquare(a), 'f', 6, 64)},
			} {
				if s[0] != s[1] {
					t.Errorf("%s: %s, ent says %s", what, s[1], s[0])
				}
			}
		})
	}
}
