package attack

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/data/raster"
)

// flat is a network whose key is the same byte everywhere, and xorWith an attacker who has learnt it.
func flat(level byte) *cipher.Network {
	return &cipher.Network{Name: "flat", Hash: strings.Repeat("f", 64), Key: func(plain *raster.Image) (*raster.Image, error) {
		key := raster.NewImage(plain.Width, plain.Height, 3, 8)
		for i := range key.Pix {
			key.Pix[i] = level
		}
		return key, nil
	}}
}

func xorWith(level byte) func(*raster.Image) (*raster.Image, error) {
	return func(m *raster.Image) (*raster.Image, error) {
		out := m.Clone()
		for i := range out.Pix {
			out.Pix[i] ^= level
		}
		return out, nil
	}
}

// meanOf is the mean of images of one shape.
func meanOf(images []*raster.Image) *raster.Image {
	out := blank(images[0])
	for i := range out.Pix {
		sum := 0
		for _, m := range images {
			sum += int(m.Pix[i])
		}
		out.Pix[i] = byte(sum / len(images))
	}
	return out
}

// TestLearned: who has learnt a key that is the same everywhere restores every image whole. Who makes the best of random bytes, or guesses
// better than the mean image without looking at what he is given, has learnt nothing of the cipher image, and does not succeed.
func TestLearned(t *testing.T) {
	plain := append(plainImages(t, 64), plainImages(t, 64)...)
	for i, m := range plain { // eight different ones
		plain[i] = m.Clone()
		for k := range plain[i].Pix {
			plain[i].Pix[k] = byte(min(255, int(m.Pix[k])+5*i))
		}
	}
	mean := meanOf(plain)
	better := plain[0] // for half of the images it is nearly the image itself
	attackers := map[string]*Learned{
		"knows the key": {Restore: xorWith(0x5a)},
		"sees nothing":  {Restore: func(*raster.Image) (*raster.Image, error) { return better, nil }},
		"guesses":       {Restore: func(*raster.Image) (*raster.Image, error) { return mean, nil }},
		"sees the sum": {Restore: func(m *raster.Image) (*raster.Image, error) { // another guess for each cipher image, that does not depend on the plain one
			return plain[int(m.Pix[0])%len(plain)], nil
		}},
	}
	for name, l := range attackers {
		for _, scheme := range []string{"xor", "sealed"} {
			l.Name, l.Scheme, l.Channels, l.Mean = name, scheme, 1, mean
			results, err := Run(t.Context(), Options{
				Plain: plain, Networks: []*cipher.Network{flat(0x5a)}, Schemes: []string{scheme}, Learned: []*Learned{l}, Seed: 9, Quick: true,
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			r := bySystem(results)[scheme+", flat"][16]
			if want := name == "knows the key" && scheme == "xor"; r.NotRun != "" || r.Succeeded != want {
				t.Errorf("%s, %s: succeeded %v: %s%s", name, scheme, r.Succeeded, r.NotRun, r.Conclusion)
			}
			if ssim, _ := r.Value("SSIM restored"); name == "knows the key" && scheme == "xor" && math.Abs(ssim-1) > 1e-9 {
				t.Errorf("the whole image is restored with an SSIM of %v", ssim)
			}
			complete(t, []Result{r})
		}
	}
}

// Pairs of the victim's own key are told apart: they break no scheme.
func TestVictimsPairs(t *testing.T) {
	key := &cipher.Network{Name: "e", Hash: "e", Encryptor: 1}
	l := &Learned{Networks: []string{"d", "e"}}
	if !l.victimsPairs(&target{info: cipher.Info{Takes: cipher.EncryptingNetwork}, network: key}) ||
		l.victimsPairs(&target{info: cipher.Info{Takes: cipher.KeyImage}, network: key}) ||
		l.victimsPairs(&target{info: cipher.Info{Takes: cipher.EncryptingNetwork}, network: &cipher.Network{Hash: "f"}}) {
		t.Error("the victim's pairs are not those of the network that is his key")
	}
}

func TestLearnedNotRun(t *testing.T) {
	plain := plainImages(t, 64)
	results, err := Run(t.Context(), Options{
		Plain: plain, Networks: []*cipher.Network{flat(1)}, Schemes: []string{"xor", "logistic"}, Quick: true,
		Learned: []*Learned{{Name: "a", Scheme: "xor", Channels: 3}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	of := bySystem(results)
	if r := of["xor, flat"][16]; !strings.Contains(r.NotRun, "3 channels") {
		t.Errorf("%+v", r)
	}
	if r := of["logistic"][16]; !strings.Contains(r.NotRun, "No attacker was trained on this scheme") {
		t.Errorf("%+v", r)
	}
}

// The test holds its error rate: of differences without a gain, a share p has a p-value below p; and the interval covers the truth.
func TestGain(t *testing.T) {
	g := gainOf([]float64{1, 2, 3, 4, 6}, []float64{0, 0, 0, 0, 0}) // t = 3.2/(1.9235/√5) = 3.7199, ν = 4
	for _, d := range []float64{g.mean - 3.2, g.p - 0.010249, g.low - 0.8116, g.high - 5.5884} {
		if math.Abs(d) > 1e-4 {
			t.Errorf("%+v", g)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	const runs = 4000
	low, covered := 0, 0
	for range runs {
		a, b := make([]float64, 24), make([]float64, 24)
		for i := range a {
			a[i], b[i] = rng.NormFloat64(), rng.NormFloat64()
		}
		if g = gainOf(a, b); g.p < 0.05 {
			low++
		}
		if g.low <= 0 && 0 <= g.high {
			covered++
		}
	}
	if low < 150 || low > 250 || covered < 3740 || covered > 3860 { // 200 ± 14, 3800 ± 14
		t.Errorf("%d of %d below 0.05, %d intervals cover 0", low, runs, covered)
	}
	if g := gainOf([]float64{0.5, 0.5}, []float64{0.5, 0.5}); g.p != 1 {
		t.Errorf("no difference: %+v", g)
	}
}
