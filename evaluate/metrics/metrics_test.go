package metrics

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"

	"keygan/data/raster"
)

// randomImage fills an image with random bytes.
func randomImage(width, height, channels, depth int, seed uint64) *raster.Image {
	m := raster.NewImage(width, height, channels, depth)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	return m
}

// shape is the subject of the tables of critical values: bytes an image.
var shapes = map[string]int{"256²": 256 * 256, "256²×3": 256 * 256 * 3, "512²": 512 * 512, "512²×3": 512 * 512 * 3}

func TestDifferentialCriticalValues(t *testing.T) {
	alphas := []float64{.05, .01, .001}
	for _, c := range []struct {
		shape string
		npcr  [3]float64
		uaci  [3][2]float64
	}{
		{"256²", [3]float64{99.5693, 99.5527, 99.5341}, [3][2]float64{{33.2824, 33.6447}, {33.2255, 33.7016}, {33.1594, 33.7677}}},
		{"256²×3", [3]float64{99.5862, 99.5766, 99.5659}, [3][2]float64{{33.3589, 33.5681}, {33.3261, 33.6010}, {33.2879, 33.6391}}},
		{"512²", [3]float64{99.5893, 99.5810, 99.5717}, [3][2]float64{{33.3730, 33.5541}, {33.3445, 33.5826}, {33.3115, 33.6156}}},
	} {
		n := shapes[c.shape]
		for i, alpha := range alphas {
			if got := NPCRCritical(n, 255, alpha); math.Abs(got-c.npcr[i]) > 5.1e-5 {
				t.Errorf("NPCR at %s, α %v: %.5f, want %.4f", c.shape, alpha, got, c.npcr[i])
			}
			low, high := UACIBand(n, 255, alpha)
			if math.Abs(low-c.uaci[i][0]) > 5.1e-5 || math.Abs(high-c.uaci[i][1]) > 5.1e-5 {
				t.Errorf("UACI at %s, α %v: %.5f–%.5f, want %v", c.shape, alpha, low, high, c.uaci[i])
			}
		}
	}
	for top, want := range map[int][2]float64{255: {99.6094, 33.4635}, 65535: {99.9985, 33.3338}} {
		if m, _ := NPCRExpected(1, top); math.Abs(m-want[0]) > 5e-5 {
			t.Errorf("expected NPCR to %d: %v", top, m)
		}
		if m, _ := UACIExpected(1, top); math.Abs(m-want[1]) > 5e-5 {
			t.Errorf("expected UACI to %d: %v", top, m)
		}
	}
}

// Random images have the mean and the deviation that the formulas give, at either depth.
func TestRandomImagesDifferAsExpected(t *testing.T) {
	const pairs, side = 200, 64
	for _, depth := range []int{8, 16} {
		var npcr, uaci [pairs]float64
		for i := range pairs {
			a, b := randomImage(side, side, 1, depth, uint64(2*i)), randomImage(side, side, 1, depth, uint64(2*i+1))
			npcr[i], _ = NPCR(a, b)
			uaci[i], _ = UACI(a, b)
		}
		for what, of := range map[string]struct {
			values   []float64
			expected func(samples, top int) (mean, sd float64)
		}{"NPCR": {npcr[:], NPCRExpected}, "UACI": {uaci[:], UACIExpected}} {
			mean, sd := of.expected(side*side, 1<<depth-1)
			gotMean, gotSD := stat.MeanStdDev(of.values, nil)
			if d := math.Abs(gotMean-mean) / sd * math.Sqrt(pairs); d > 4 {
				t.Errorf("%s at %d bits: mean %v, want %v, off by %.1f of its standard errors", what, depth, gotMean, mean, d)
			}
			if r := gotSD / sd; r < .75 || r > 1.3 {
				t.Errorf("%s at %d bits: deviation %v, want %v", what, depth, gotSD, sd)
			}
		}
	}
}

func TestEntropyCriticalValues(t *testing.T) {
	for shape, want := range map[string][3]float64{
		"256²": {7.997193, .000249, 7.996583}, "256²×3": {7.999064, .000083, 7.998861},
		"512²": {7.999298, .000062, 7.999146}, "512²×3": {7.999766, .000021, 7.999715},
	} {
		mean, sd := EntropyExpected(shapes[shape])
		floor := EntropyFloor(shapes[shape], .01)
		for i, got := range []float64{mean, sd, floor} {
			if math.Abs(got-want[i]) > 5.1e-7 {
				t.Errorf("%s: %.7f, want %.6f", shape, got, want[i])
			}
		}
	}
}

func TestChiSquareCriticalValues(t *testing.T) {
	for alpha, want := range map[float64]float64{.05: 293.248, .01: 310.457, .001: 330.520} {
		if _, upper := ChiSquareBand(alpha); math.Abs(upper-want) > 5.1e-4 {
			t.Errorf("upper %v: %.4f, want %.3f", alpha, upper, want)
		}
	}
	if lower, _ := ChiSquareBand(.01); math.Abs(lower-205.42) > 5.1e-3 {
		t.Errorf("lower 1 %%: %.3f, want 205.42", lower)
	}
}

func TestNPCRAndUACICount(t *testing.T) {
	a, b := raster.NewImage(10, 10, 1, 8), raster.NewImage(10, 10, 1, 8)
	b.Pix[0], b.Pix[7] = 255, 51
	npcr, err := NPCR(a, b)
	if err != nil || npcr != 2 {
		t.Errorf("NPCR %v, %v, want 2", npcr, err)
	}
	uaci, err := UACI(a, b)
	if err != nil || math.Abs(uaci-1.2) > 1e-15 {
		t.Errorf("UACI %v, %v, want 1.2", uaci, err)
	}
	// A sample of 16 bits counts once, whether its high byte differs, its low byte or both.
	c, d := raster.NewImage(10, 10, 1, 16), raster.NewImage(10, 10, 1, 16)
	for i, v := range []int{1, 256, 65535} {
		d.SetSample(i, v)
	}
	if npcr, _ = NPCR(c, d); npcr != 3 {
		t.Errorf("NPCR of 16 bits: %v, want 3", npcr)
	}
	if uaci, _ = UACI(c, d); math.Abs(uaci-(1+257./65535)) > 1e-14 {
		t.Errorf("UACI of 16 bits: %v, want 1 + 257/65535", uaci)
	}
}

func TestExpectedUACI(t *testing.T) {
	for _, depth := range []int{8, 16} {
		all := raster.NewImage(1<<depth/16, 16, 1, depth) // every value once
		for i := range all.Samples() {
			all.SetSample(i, i)
		}
		mean, _ := UACIExpected(1, all.Max())
		near(t, "expected UACI of uniform samples", ExpectedUACI(all), mean, 1e-12)
		near(t, "expected UACI of black", ExpectedUACI(raster.NewImage(4, 4, 3, depth)), 50, 1e-12)
		plain := picture(64, 64, 1, depth, "ramp", 1)
		got, _ := UACI(plain, randomImage(64, 64, 1, depth, 3))
		near(t, "UACI against a random image", got, ExpectedUACI(plain), .05)
	}
}

func TestExpectedMSE(t *testing.T) {
	plain := picture(64, 64, 3, 8, "ramp", 1)
	var mean float64
	const n = 30
	for i := range uint64(n) {
		mse, err := MSE(plain, randomImage(64, 64, 3, 8, i))
		if err != nil {
			t.Fatal(err)
		}
		mean += mse / n
	}
	near(t, "MSE against random images", mean, ExpectedMSE(plain), .01)
	black := raster.NewImage(4, 4, 1, 8)
	near(t, "expected MSE of black", ExpectedMSE(black), 5461.25+127.5*127.5, 1e-12)
	near(t, "expected MSE of black, 16 bits", ExpectedMSE(raster.NewImage(4, 4, 1, 16)), (65536.*65536-1)/12+32767.5*32767.5, 1e-12)
}

func TestIdenticalImages(t *testing.T) {
	a := picture(40, 55, 3, 16, "grainy", 5)
	if mse, err := MSE(a, a.Clone()); mse != 0 || err != nil {
		t.Errorf("MSE %v, %v", mse, err)
	}
	if psnr, err := PSNR(a, a.Clone()); !math.IsInf(psnr, 1) || err != nil {
		t.Errorf("PSNR %v, %v", psnr, err)
	}
	for _, w := range []Window{Gaussian11, Uniform7} {
		if s, err := SSIM(a, a.Clone(), w); s != 1 || err != nil {
			t.Errorf("SSIM %s %v, %v", w, s, err)
		}
	}
}

func TestUndefined(t *testing.T) {
	constant := raster.NewImage(16, 16, 3, 8)
	for i := range constant.Pix {
		constant.Pix[i] = 77
	}
	for _, d := range Directions {
		if r, err := Correlation(constant, 1, d); !errors.Is(err, ErrUndefined) || r != 0 {
			t.Errorf("constant image, %s: %v, %v", d, r, err)
		}
	}
	if _, err := Correlation(raster.NewImage(1, 9, 1, 8), 0, Horizontal); !errors.Is(err, ErrUndefined) {
		t.Errorf("one column: %v", err)
	}
	if _, err := Correlation(constant, 3, Horizontal); err == nil || errors.Is(err, ErrUndefined) {
		t.Errorf("no such channel: %v", err)
	}
	small := raster.NewImage(10, 40, 1, 8)
	if _, err := SSIM(small, small, Gaussian11); !errors.Is(err, ErrUndefined) || !strings.Contains(err.Error(), "10×40") {
		t.Errorf("small image: %v", err)
	}
	if _, err := SSIM(small, small, Uniform7); err != nil {
		t.Errorf("large enough for 7×7: %v", err)
	}
}

// Pearson's r against gonum's, over all channels and both depths.
func TestPearson(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels, depth := rapid.IntRange(1, 4).Draw(t, "channels"), rapid.SampledFrom([]int{8, 16}).Draw(t, "depth")
		a, b := raster.NewImage(7, 5, channels, depth), raster.NewImage(7, 5, channels, depth)
		bytes := rapid.SliceOfN(rapid.Byte(), 2*len(a.Pix), 2*len(a.Pix)).Draw(t, "samples")
		copy(a.Pix, bytes)
		copy(b.Pix, bytes[len(a.Pix):])
		var x, y []float64
		for i := range a.Samples() {
			x, y = append(x, float64(a.Sample(i))), append(y, float64(b.Sample(i)))
		}
		got, err := Pearson(a, b)
		want := stat.Correlation(x, y, nil)
		if constant := math.IsNaN(want); constant != errors.Is(err, ErrUndefined) || !constant && math.Abs(got-want) > 1e-9 {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	})
	if _, err := Pearson(raster.NewImage(2, 3, 1, 8), raster.NewImage(3, 2, 1, 8)); err == nil || errors.Is(err, ErrUndefined) {
		t.Errorf("images of different shape: %v", err)
	}
}

func TestDifferentShapes(t *testing.T) {
	a := raster.NewImage(16, 16, 3, 8)
	for _, b := range []*raster.Image{raster.NewImage(16, 17, 3, 8), raster.NewImage(16, 16, 1, 8), raster.NewImage(16, 16, 3, 16)} {
		_, npcr := NPCR(a, b)
		_, uaci := UACI(a, b)
		_, mse := MSE(a, b)
		_, psnr := PSNR(a, b)
		_, ssim := SSIM(a, b, Uniform7)
		_, compare := Compare(a, b)
		for what, err := range map[string]error{"NPCR": npcr, "UACI": uaci, "MSE": mse, "PSNR": psnr, "SSIM": ssim, "Compare": compare} {
			if err == nil || !strings.Contains(err.Error(), b.String()) {
				t.Errorf("%s of %s and %s: %v", what, a, b, err)
			}
		}
	}
}

func TestMetricsStayInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width, height := rapid.IntRange(1, 20).Draw(t, "width"), rapid.IntRange(1, 20).Draw(t, "height")
		channels, depth := rapid.IntRange(1, 4).Draw(t, "channels"), rapid.SampledFrom([]int{8, 16}).Draw(t, "depth")
		levels := rapid.SampledFrom([]int{1, 2, 256}).Draw(t, "levels") // constant and two-valued images too
		a, b := raster.NewImage(width, height, channels, depth), raster.NewImage(width, height, channels, depth)
		fill := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for i := range a.Pix {
			a.Pix[i], b.Pix[i] = byte(fill.IntN(levels)), byte(fill.IntN(levels))
		}
		within := func(what string, v, low, high float64) {
			if !(v >= low-1e-12 && v <= high+1e-12) {
				t.Fatalf("%s = %v, outside [%v, %v]", what, v, low, high)
			}
		}
		c, err := Compare(a, b)
		if err != nil {
			t.Fatal(err)
		}
		within("NPCR", c.NPCR, 0, 100)
		within("UACI", c.UACI, 0, 100)
		within("entropy", c.A.Entropy, 0, 8)
		within("χ²", c.A.ChiSquare, 0, 256*float64(len(a.Pix)))
		for _, v := range []*float64{c.SSIM, c.SSIMUniform7, c.A.Correlation.Horizontal, c.A.Correlation.Vertical, c.B.Correlation.Diagonal} {
			if v != nil {
				within("SSIM or correlation", *v, -1, 1)
			}
		}
	})
}

func BenchmarkSSIM(b *testing.B) {
	x, y := randomImage(256, 256, 3, 8, 1), randomImage(256, 256, 3, 8, 2)
	for _, w := range []Window{Gaussian11, Uniform7} {
		b.Run(w.String(), func(b *testing.B) {
			b.SetBytes(int64(len(x.Pix)))
			for b.Loop() {
				if _, err := SSIM(x, y, w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMeasure(b *testing.B) {
	x := randomImage(256, 256, 3, 8, 1)
	b.SetBytes(int64(len(x.Pix)))
	for b.Loop() {
		Measure(x)
	}
}

// Measured in bands of rows, an image has the similarity that it has in one piece, whatever is left for the last band.
func TestSSIMInBands(t *testing.T) {
	for _, height := range []int{ssimBand + 10, ssimBand + 11, 2*ssimBand + 50} {
		for _, depth := range []int{8, 16} {
			a, b := picture(33, height, 3, depth, "noise", 1), picture(33, height, 3, depth, "noise", 2)
			copy(b.Pix, a.Pix[:len(a.Pix)/3]) // similar in places, so that the bands differ
			top := float64(a.Max())
			c1, c2 := 0.01*top*0.01*top, 0.03*top*0.03*top
			for window, sum := range map[Window]func(a, b []float64, width, height int, c1, c2 float64) float64{Gaussian11: ssimGaussian, Uniform7: ssimUniform} {
				want := 0.0
				for c := range 3 {
					n := window.size() - 1
					want += sum(plane(a, c), plane(b, c), 33, height, c1, c2) / float64((33-n)*(height-n)) / 3
				}
				got, err := SSIM(a, b, window)
				if err != nil {
					t.Fatal(err)
				}
				near(t, fmt.Sprintf("%s, height %d", window, height), got, want, 1e-12)
				if same, err := SSIM(a, a, window); err != nil || same != 1 {
					t.Errorf("%s, height %d: %v of an image and itself, %v", window, height, same, err)
				}
			}
		}
	}
}
