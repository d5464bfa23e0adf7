package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"keygan/data/raster"
)

// shape and content of an image of testdata/more.json, and of the pairs there.
type recipe struct {
	Height, Width, Channels, Depth int
	Kind                           string
	Seed                           uint64
	Kinds                          [2]string
	Seeds                          [2]uint64
}

func (r recipe) image(kind string, seed uint64) *raster.Image {
	return picture(r.Width, r.Height, r.Channels, r.Depth, kind, seed)
}

func (r recipe) String() string {
	return fmt.Sprintf("%dx%dx%d %d bits %s%v", r.Height, r.Width, r.Channels, r.Depth, r.Kind, r.Kinds)
}

type moreVectors struct {
	Single []struct {
		recipe
		HistogramVariance float64 `json:"histogram_variance"`
		GLCM              [][3]float64
		Floating          float64
	}
	Pair []struct {
		recipe
		MAE    float64
		MSSSIM float64 `json:"ms_ssim"`
	}
	Local []struct {
		recipe
		Entropy float64
	}
	Frechet []struct {
		recipe
		Counts   [2]int
		Distance float64
	}
	Vendi []struct {
		Kinds  []string
		Number float64
	}
}

func readMore(t *testing.T) (v moreVectors) {
	t.Helper()
	b, err := os.ReadFile("testdata/more.json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil || len(v.Single) < 18 || len(v.Pair) < 12 || len(v.Local) < 5 || len(v.Vendi) < 4 || len(v.Frechet) < 3 {
		t.Fatal(len(v.Single), len(v.Pair), len(v.Local), len(v.Vendi), err)
	}
	return v
}

// Each agrees with scikit-image, SciPy or NumPy.
func TestMoreAgainstOtherPrograms(t *testing.T) {
	v := readMore(t)
	for _, s := range v.Single {
		m := s.image(s.Kind, s.Seed)
		near(t, s.String()+": histogram variance", HistogramVariance(m), s.HistogramVariance, 1e-9)
		f, err := FloatingFrequency(m)
		near(t, s.String()+": floating frequency", f, s.Floating, 1e-9)
		for c, want := range s.GLCM {
			g, err2 := Texture(m, c)
			near(t, s.String()+": contrast", g.Contrast, want[0], 1e-9)
			near(t, s.String()+": homogeneity", g.Homogeneity, want[1], 1e-9)
			near(t, s.String()+": energy", g.Energy, want[2], 1e-9)
			err = errors.Join(err, err2)
		}
		if err != nil {
			t.Error(err)
		}
	}
	for _, p := range v.Pair {
		a, b := p.image(p.Kinds[0], p.Seeds[0]), p.image(p.Kinds[1], p.Seeds[1])
		mae, err := MAE(a, b)
		near(t, p.String()+": MAE", mae, p.MAE, 1e-9)
		ms, err2 := MSSSIM(a, b)
		near(t, p.String()+": MS-SSIM", ms, p.MSSSIM, 1e-9)
		if err := errors.Join(err, err2); err != nil {
			t.Error(err)
		}
	}
	for _, l := range v.Local {
		l.Depth = 8
		h, err := LocalEntropy(l.image(l.Kind, l.Seed))
		near(t, l.String()+": local entropy", h, l.Entropy, 1e-9)
		if err != nil {
			t.Error(err)
		}
	}
	for _, f := range v.Frechet {
		f.Depth = 8
		var sets [2][]*raster.Image
		for k := range sets {
			for i := range f.Counts[k] {
				sets[k] = append(sets[k], f.image(f.Kinds[k], f.Seeds[k]+uint64(i)))
			}
		}
		d, err := FrechetDCT(sets[0], sets[1])
		near(t, f.String()+": Fréchet distance", d, f.Distance, 1e-6) // SciPy's root of a product that is not symmetric
		if err != nil {
			t.Error(err)
		}
	}
	for _, e := range v.Vendi {
		var images []*raster.Image
		for i, kind := range e.Kinds {
			images = append(images, picture(30, 40, 3, 8, kind, uint64(20+i)))
		}
		n, err := EffectiveNumber(images)
		near(t, fmt.Sprint(e.Kinds), n, e.Number, 1e-9)
		if err != nil {
			t.Error(err)
		}
	}
}

// Simulated images keep to the band of random bytes. That of Wu et al. (2013) has the same middle, but it is √30 times as narrow, as if the
// deviation of the mean of 30 blocks were that of one block divided by 30: most random images lie outside.
func TestLocalEntropyOfRandomBytes(t *testing.T) {
	const images = 1500
	mean, sd := LocalEntropyExpected()
	low, high := LocalEntropyBand(0.05)
	published := [2]float64{7.901901305, 7.903037329} // α = 0.05
	if l, h := mean-(mean-low)/math.Sqrt(30), mean+(high-mean)/math.Sqrt(30); math.Abs(l-published[0]) > 1e-6 || math.Abs(h-published[1]) > 1e-6 {
		t.Errorf("√30 times as narrow: %.9f to %.9f, published %v", l, h, published)
	}
	random := rand.NewChaCha8([32]byte{44})
	sum, squares, outside, outsidePublished := 0., 0., 0, 0
	m := raster.NewImage(256, 240, 1, 8)
	for range images {
		random.Read(m.Pix)
		h, err := LocalEntropy(m)
		if err != nil {
			t.Fatal(err)
		}
		sum, squares = sum+h, squares+(h-mean)*(h-mean)
		if h < low || h > high {
			outside++
		}
		if h < published[0] || h > published[1] {
			outsidePublished++
		}
	}
	if d := sum/images - mean; math.Abs(d) > 4*sd/math.Sqrt(images) {
		t.Errorf("the mean of %d images is off by %g", images, d)
	}
	if r := math.Sqrt(squares/images) / sd; math.Abs(r-1) > 4/math.Sqrt(2*images) {
		t.Errorf("the standard deviation of %d images is %.3f times the expected one", images, r)
	}
	if want := 0.05 * images; math.Abs(float64(outside)-want) > 4*math.Sqrt(want) {
		t.Errorf("%d of %d images are outside a band of 95 %%", outside, images)
	}
	if outsidePublished < images*65/100 {
		t.Errorf("only %d of %d random images are outside the published band", outsidePublished, images)
	}
	t.Logf("%d of %d random images are outside our band, %d outside the published one", outside, images, outsidePublished)
}

// A fifth of an image without noise is seen locally even where the histogram of the whole is made even.
func TestLocalEntropySeesAnOrderedPart(t *testing.T) {
	m := raster.NewImage(256, 256, 1, 8)
	rand.NewChaCha8([32]byte{1}).Read(m.Pix)
	for i := range len(m.Pix) / 5 {
		m.Pix[i] = byte(i / 52) // slow steps through all values
	}
	local, err := LocalEntropy(m)
	if low, _ := LocalEntropyBand(0.001); err != nil || local > low-0.5 {
		t.Errorf("local entropy %v, %v", local, err)
	}
	if h := Entropy(m); h < 7.99 {
		t.Errorf("entropy %v", h)
	}
}

// What random bytes are expected to give is what they give.
func TestMoreExpectations(t *testing.T) {
	m, other := raster.NewImage(256, 256, 1, 8), raster.NewImage(256, 256, 1, 8)
	random := rand.NewChaCha8([32]byte{7})
	random.Read(m.Pix)
	random.Read(other.Pix)
	f, err := FloatingFrequency(m)
	near(t, "floating frequency", f, FloatingFrequencyExpected(), 0.01)
	g, err2 := Texture(m, 0)
	want := TextureExpected(256 * 256)
	near(t, "contrast", g.Contrast, want.Contrast, 0.01)
	near(t, "homogeneity", g.Homogeneity, want.Homogeneity, 0.05)
	near(t, "energy", g.Energy, want.Energy, 0.01)
	mae, err3 := MAE(m, other)
	near(t, "MAE", mae, ExpectedMAE(m), 0.01)
	near(t, "histogram variance", HistogramVariance(m), 255, 0.25) // 255 n/256², and a standard deviation of 9 %
	if err := errors.Join(err, err2, err3); err != nil {
		t.Error(err)
	}
}

// Equal images count as one, independent ones each as one, pairs of twins half.
func TestEffectiveNumber(t *testing.T) {
	var twins []*raster.Image
	for i := range 8 {
		twins = append(twins, picture(64, 64, 1, 8, "noise", uint64(100+i/2)))
	}
	for n, images := range map[float64][]*raster.Image{1: {twins[0], twins[1]}, 4: twins, 2: {twins[0], twins[2]}} {
		if got, err := EffectiveNumber(images); err != nil || math.Abs(got-n) > 0.02 {
			t.Errorf("%d images count as %v, want %v: %v", len(images), got, n, err)
		}
	}
	for _, images := range [][]*raster.Image{nil, {twins[0], raster.NewImage(64, 64, 1, 8)}} {
		if _, err := EffectiveNumber(images); !errors.Is(err, ErrUndefined) {
			t.Errorf("%d images: %v", len(images), err)
		}
	}
}

func TestMoreUndefined(t *testing.T) {
	small, thin := picture(175, 176, 1, 8, "grainy", 1), picture(1, 300, 1, 8, "grainy", 1)
	for name, f := range map[string]func() error{
		"MS-SSIM":       func() error { _, err := MSSSIM(small, small); return err },
		"local entropy": func() error { _, err := LocalEntropy(small); return err },
		"Fréchet distance": func() error {
			_, err := FrechetDCT([]*raster.Image{small}, []*raster.Image{small, small})
			return err
		},
		"GLCM":               func() error { _, err := Texture(thin, 0); return err },
		"floating frequency": func() error { _, err := FloatingFrequency(picture(15, 17, 3, 8, "noise", 1)); return err },
	} {
		if err := f(); !errors.Is(err, ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	same, err := MSSSIM(picture(176, 176, 3, 8, "grainy", 1), picture(176, 176, 3, 8, "grainy", 1))
	if err != nil || math.Abs(same-1) > 1e-12 {
		t.Errorf("MS-SSIM of an image with itself: %v, %v", same, err)
	}
}
