package synthetic

import (
	"math"
	"testing"
)

// Every byte value is as frequent as another, and neighbours and channels know nothing of each other.
func TestNoiseIsUniformAndIndependent(t *testing.T) {
	for _, channels := range []int{1, 3} {
		src, err := Noise(4, 257, channels, 5)
		if err != nil {
			t.Fatal(err)
		}
		var counts [256]float64
		var total, product float64
		for i := range src.Len() {
			m, err := src.Image(i)
			if err != nil || m.Width != 257 || m.Height != 257 || m.Channels != channels || m.Depth != 8 {
				t.Fatal(m, err)
			}
			for k, v := range m.Pix {
				counts[v]++
				total++
				if k > 0 {
					product += (float64(v) - 127.5) * (float64(m.Pix[k-1]) - 127.5)
				}
			}
		}
		chi2 := 0.0
		for _, n := range counts {
			chi2 += (n - total/256) * (n - total/256) / (total / 256)
		}
		if chi2 < 170 || chi2 > 340 { // 255 ± 4 standard deviations of 22.6, the seed being fixed
			t.Errorf("%d channels: χ² is %.0f", channels, chi2)
		}
		const variance = (256*256 - 1) / 12.0
		if r := product / total / variance; math.Abs(r) > 4/math.Sqrt(total) {
			t.Errorf("%d channels: correlation of neighbours %.5f", channels, r)
		}
	}
	if _, err := Noise(1, 32, 2, 1); err == nil {
		t.Error("no error for 2 channels")
	}
	if _, err := Noise(0, 32, 1, 1); err == nil {
		t.Error("no error for no images")
	}
}
