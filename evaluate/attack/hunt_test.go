package attack

import (
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/cipher/catmap"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// TestRate: Wilson's interval, against values from a textbook's table.
func TestRate(t *testing.T) {
	for _, c := range []struct {
		successes, trials int
		low, high         float64
	}{{0, 10, 0, 27.75}, {5, 10, 23.66, 76.34}, {10, 10, 72.25, 100}, {1, 20, 0.89, 23.61}} {
		r := newRate(c.successes, c.trials)
		if math.Abs(r.Low-c.low) > 0.006 || math.Abs(r.High-c.high) > 0.006 {
			t.Errorf("%s, want %v to %v", r, c.low, c.high)
		}
	}
}

// noiseImage has samples that are uniform and independent.
func noiseImage(side, channels int, seed uint64) *raster.Image {
	m := raster.NewImage(side, side, channels, 8)
	rand.NewChaCha8([32]byte{byte(seed)}).Read(m.Pix)
	return m
}

// TestBeyond: what a found image explains beyond the known ones. Sums of independent noises have known partial correlations.
func TestBeyond(t *testing.T) {
	const side = 128
	a, b, c := noiseImage(side, 1, 1), noiseImage(side, 1, 2), noiseImage(side, 1, 3)
	sum := func(x, y *raster.Image) *raster.Image {
		out := blank(x)
		for i := range out.Pix {
			out.Pix[i] = x.Pix[i]/2 + y.Pix[i]/2
		}
		return out
	}
	truth := sum(a, b)
	for what, v := range map[string]struct {
		found     *raster.Image
		known     []*raster.Image
		low, high float64
	}{
		"noise":                         {c, []*raster.Image{a}, 0, 0.1},
		"what is known":                 {a, []*raster.Image{a}, 0, 0.1},
		"what is known, mixed":          {sum(a, c), []*raster.Image{a}, 0, 0.1},
		"the rest":                      {b, []*raster.Image{a}, 99, 100.01},
		"the truth":                     {truth, []*raster.Image{a, c}, 99, 100.01},
		"the truth, and nothing known":  {truth, []*raster.Image{blank(a)}, 99.99, 100.01},
		"half of the rest":              {sum(b, c), []*raster.Image{a}, 48, 52},
		"half of it, nothing known":     {a, []*raster.Image{blank(a)}, 48, 52},
		"a constant":                    {blank(a), []*raster.Image{c}, 0, 0},
		"the truth, which was known":    {truth, []*raster.Image{truth}, 0, 0.1},
		"the same thing known twice":    {b, []*raster.Image{a, a}, 99, 100.01},
		"a trace, 1 % of the variance":  {trace(b, c), []*raster.Image{a}, 0.6, 1.5},
		"a trace, known before already": {trace(b, c), []*raster.Image{a, b}, 0, 0.1},
	} {
		if got := beyond(v.found, truth, v.known); got < v.low || got > v.high {
			t.Errorf("%s: %.3f %%, want %v to %v", what, got, v.low, v.high)
		}
	}
}

// trace is noise with a tenth of another image.
func trace(of, noise *raster.Image) *raster.Image {
	out := blank(of)
	for i := range out.Pix {
		out.Pix[i] = byte((float64(noise.Pix[i])*0.995 + float64(of.Pix[i])*0.1) / 1.1)
	}
	return out
}

// TestSmoothest: the count is found that a search of all counts in full finds, also where the picture is half noise.
func TestSmoothest(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	for i, plain := range plainImages(t, 64) {
		m := plain.Clone()
		for k := range m.Pix {
			if i%2 == 1 && random.IntN(2) == 0 {
				m.Pix[k] = byte(random.IntN(256))
			}
		}
		m = catmap.Apply(m, 1, 1, 5+7*i)
		best, highest := 0, math.Inf(-1)
		for k := range catmap.Period(64, 1, 1) {
			if r := neighbours(catmap.Invert(m, 1, 1, k)); r > highest {
				best, highest = k, r
			}
		}
		if _, k, r := smoothest(m); k != best || r != highest {
			t.Errorf("image %d: %d iterations with %.4f, want %d with %.4f", i, k, r, best, highest)
		}
	}
}

// TestPublishedIterations: an attacker knows the 30 iterations. Images that are smoothest after another count mislead only who guesses.
func TestPublishedIterations(t *testing.T) {
	var plain []*raster.Image
	for _, m := range plainImages(t, 256) {
		plain = append(plain, catmap.Apply(m, 1, 1, 5))
	}
	results, err := Run(t.Context(), Options{Plain: plain, Networks: []*cipher.Network{idealGenerator}, Schemes: []string{"paper"}, Seed: 2, Quick: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := bySystem(results)["paper, ideal, kept key"][4]
	if guess, _ := r.Value("iterations guessed by the smoothest result"); guess != 35 || !r.Succeeded {
		t.Errorf("guess %v, %s", guess, r.Conclusion)
	}
	if v, _ := r.Value("correlation with the plain image by that guess"); v > 0.5 {
		t.Errorf("the guess correlates by %v", v)
	}
}

// drawing is a generator whose keys are nothing but noise, as those of a DCGAN; fixed, they are the same for everybody.
func drawing(name string, fixed bool) *cipher.Network {
	withNoise := func(random io.Reader) (*cipher.Network, error) {
		var seed [32]byte
		_, err := io.ReadFull(random, seed[:])
		return &cipher.Network{Name: name, Hash: strings.Repeat("7", 64), TakesNoise: true,
			Key: func(plain *raster.Image) (*raster.Image, error) {
				key := raster.NewImage(plain.Width, plain.Height, 3, 8)
				rand.NewChaCha8(seed).Read(key.Pix)
				return key, nil
			}}, err
	}
	n, _ := withNoise(strings.NewReader(strings.Repeat("noise", 20)))
	n.WithNoise, n.TakesNoise = withNoise, !fixed
	return n
}

// TestNoiseIsDrawnAfresh: a victim whose generator draws noise draws it for every image, and the attacker does not have it. The same
// generator with one noise for all opens to everybody.
func TestNoiseIsDrawnAfresh(t *testing.T) {
	results, err := Run(t.Context(), Options{Plain: plainImages(t, 128), Seed: 4, Quick: true, Schemes: []string{"xor"},
		Networks: []*cipher.Network{drawing("afresh", false), drawing("fixed", true)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	of := bySystem(results)
	for system, want := range map[string]map[int]bool{
		"xor, afresh":           {4: false, 5: false, 7: false, 8: false, 10: false, 12: true, 13: false, 14: true},
		"xor, fixed":            {4: true, 5: true, 7: true, 8: true, 10: true, 12: true, 13: true, 14: true},
		"xor, afresh, kept key": {4: true, 5: true, 6: true},
	} {
		for number, succeeds := range want {
			if r := of[system][number]; r.Succeeded != succeeds || r.NotRun != "" {
				t.Errorf("attack %d on %s: %v, want %v: %s", number, system, r.Succeeded, succeeds, r.Conclusion)
			}
		}
	}
	if v, _ := of["xor, afresh"][7].Value("NPCR"); v < 99.4 {
		t.Errorf("the same image twice: NPCR %v", v)
	}
	if v, _ := of["xor, afresh"][13].Value("images named"); v != 0 {
		t.Errorf("%v %% of the images are named by an attacker with other noise", v)
	}
}

// TestHistogramLevel: attack 2 decides as the band of the tables does, on both sides; several images together tell more than each.
func TestHistogramLevel(t *testing.T) {
	low, high := metrics.ChiSquareBand(metrics.Alpha / 2)
	for chi := 150.0; chi < 400; chi += 0.5 {
		if outside := chi < low || chi > high; outside != (uniformP([]float64{chi}) < metrics.Alpha) {
			t.Errorf("χ² of %v: outside the band %v", chi, outside)
		}
	}
	if p := uniformP([]float64{290}); p < metrics.Alpha {
		t.Errorf("one image with 290: p = %v", p)
	}
	if p := uniformP([]float64{290, 291, 289, 290}); p >= metrics.Alpha {
		t.Errorf("four images with 290: p = %v", p)
	}
}

// TestSeen: chance is not seen, in small images either. What a smoothing decoder makes of noise explains more of a small image.
func TestSeen(t *testing.T) {
	for _, side := range []int{32, 64, 256} {
		truth, above := blur(plainImages(t, side)[0], 3), 0
		const tries = 40
		for i := range tries {
			chance := blur(noiseImage(side, 1, uint64(100+i)), 3)
			if beyond(chance, truth, []*raster.Image{blank(truth)}) >= leastBeyond(len(truth.Pix)) {
				above++
			}
		}
		if above > 1 {
			t.Errorf("%d×%d: chance explains enough in %d of %d images", side, side, above, tries)
		}
	}
	if l := leastBeyond(256 * 256 * 3); l != 1 {
		t.Errorf("%v %% for 256×256 RGB", l)
	}
	if l := leastBeyond(64 * 64); l < 19 || l > 20 {
		t.Errorf("%v %% for 64×64 grey", l)
	}
}

// The baseline has the evaluation's other images: what only these show of the wanted one is no find, and mirror images are no others.
func TestBaselineHasTheOtherImages(t *testing.T) {
	images := plainImages(t, 64)
	other, wanted := images[0], images[1]
	b, targets, err := newBench(t.Context(), Options{Plain: append(images[:2:2], mirrorOf(wanted)), Mirrored: 1, Schemes: []string{"logistic"}, Seed: 1, Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	at := targets[len(targets)-1]
	known := b.baseline(at, at.plain[1], blank(at.plain[1]))
	if len(known) != 4 || known[0] != at.plain[0] {
		t.Fatalf("%d images in the baseline", len(known))
	}
	if v := beyond(other.Convert(at.plain[1].Channels), at.plain[1], known); v > 1e-6 {
		t.Errorf("another image explains %.3f %% beyond a baseline that has it", v)
	}
	if v := beyond(at.plain[1], at.plain[1], known); v < 99.9 {
		t.Errorf("the wanted image explains %.3f %% of itself", v)
	}
}

func mirrorOf(m *raster.Image) *raster.Image {
	out := m.Clone()
	for y := range m.Height {
		for x := range m.Width {
			copy(out.Pix[(y*m.Width+x)*m.Channels:][:m.Channels], m.Pix[(y*m.Width+m.Width-1-x)*m.Channels:])
		}
	}
	return out
}
