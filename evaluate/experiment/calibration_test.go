package experiment

import (
	"errors"
	"math/rand/v2"
	"testing"

	"keygan/cipher/catmap"
	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/evaluate/metrics"

	"gonum.org/v1/gonum/mathext"
)

// calibrationSide is that of the images: large enough for the distributions behind the thresholds (16 of each byte value), small
// enough for thousands.
const calibrationSide = 64

// judged are the metrics of a pair of images that have a threshold, as the tables take them: of the first image by itself, and
// between the two.
func judged(t *testing.T, a, b *raster.Image) map[string]float64 {
	t.Helper()
	r := measurements{}
	if err := errors.Join(r.observe(System{}, EachImage, Observation{A: a}), r.observe(System{}, CiphersOneBit, Observation{A: a, B: b})); err != nil {
		t.Fatal(err)
	}
	values, limits := map[string]float64{}, criteria(a)
	for key, s := range r {
		if _, limited := limits[key.metric]; limited && len(s.values) == 1 {
			values[key.metric] = s.values[0]
		}
	}
	return values
}

// criteria are the thresholds for images of the shape of m.
func criteria(m *raster.Image) map[string]Criterion {
	limits := map[string]Criterion{}
	for _, metric := range SchemeMetrics() {
		if metric.Criterion != nil {
			limits[metric.ID] = metric.Criterion(m)
		}
	}
	return limits
}

// noisePair is two images of independent random bytes.
func noisePair(rng *rand.Rand) (a, b *raster.Image) {
	a, b = raster.NewImage(calibrationSide, calibrationSide, 1, 8), raster.NewImage(calibrationSide, calibrationSide, 1, 8)
	for i := range a.Pix {
		v := rng.Uint64()
		a.Pix[i], b.Pix[i] = byte(v), byte(v>>8)
	}
	return a, b
}

// binomialHead is the probability of k or fewer of n, each by itself having probability p.
func binomialHead(k, n int, p float64) float64 {
	if k >= n {
		return 1
	}
	return mathext.RegIncBeta(float64(n-k), float64(k+1), 1-p)
}

// TestVerdictsAreCalibrated: of 1,000 random images each threshold fails as many as its level says, neither many more nor many
// fewer: counts that would be seen less than once in 10,000 such tests on either side are errors.
func TestVerdictsAreCalibrated(t *testing.T) {
	const images, rare = 1000, 1e-4
	rng := rand.New(rand.NewPCG(2011, 1))
	limits := criteria(raster.NewImage(calibrationSide, calibrationSide, 1, 8))
	failures, all := map[string]int{}, map[string]int{}
	for range images {
		for id, v := range judged(t, first(noisePair(rng)), first(noisePair(rng))) {
			all[id]++
			if limits[id].judge([]float64{v}, 1).verdict == Fail {
				failures[id]++
			}
		}
	}
	for _, id := range []string{IDEntropy, IDChiSquare, IDNPCR, IDUACI, IDCorrelation[metrics.Horizontal], IDCorrelation[metrics.Vertical], IDCorrelation[metrics.Diagonal]} {
		k, level := failures[id], limits[id].Level
		if all[id] != images {
			t.Errorf("%s: %d values of %d images", id, all[id], images)
		}
		if binomialTail(k, images, level) < rare || binomialHead(k, images, level) < rare {
			t.Errorf("%s: %d of %d random images fail, where a level of %g lets expect %.0f", id, k, images, level, level*images)
		}
		t.Logf("%s: %d of %d random images fail, %.0f expected", id, k, images, level*images)
	}
}

func first(a, _ *raster.Image) *raster.Image { return a }

// TestRandomPassesPlainFails: a random image passes every threshold, a plain one fails every one.
func TestRandomPassesPlainFails(t *testing.T) {
	limits := criteria(raster.NewImage(calibrationSide, calibrationSide, 1, 8))
	rng := rand.New(rand.NewPCG(2011, 3))
	for id, v := range judged(t, first(noisePair(rng)), first(noisePair(rng))) {
		if verdict := limits[id].judge([]float64{v}, 1).verdict; verdict != Pass {
			t.Errorf("a random image: %s of %v: %s", id, v, verdict)
		}
	}
	for _, kind := range []string{"xray", "mri"} {
		src, err := dataset.Open(dataset.Spec{Synthetic: kind, Count: 1, Seed: 5, Size: calibrationSide})
		if err != nil {
			t.Fatal(err)
		}
		plain, err := src.Image(0)
		if err != nil {
			t.Fatal(err)
		}
		plain = plain.Convert(1).EightBits()
		// As two ciphertexts of images one bit apart: no byte but one differs.
		changed := plain.Clone()
		changed.Pix[100] ^= 1
		values := judged(t, plain, changed)
		if len(values) != 7 {
			t.Fatalf("%s: %d metrics with a threshold, want 7: %v", kind, len(values), values)
		}
		for id, v := range values {
			if verdict := limits[id].judge([]float64{v}, 1).verdict; verdict != Fail {
				t.Errorf("%s: a plain image passes: %s of %v", kind, id, v)
			}
		}
		// The cat map moves the pixels and leaves the histogram and the difference: the neighbours no longer tell, the rest does.
		scrambled := judged(t, catmap.Apply(plain, 1, 1, 30), catmap.Apply(changed, 1, 1, 30))
		for _, id := range []string{IDEntropy, IDChiSquare, IDNPCR, IDUACI} {
			if verdict := limits[id].judge([]float64{scrambled[id]}, 1).verdict; verdict != Fail {
				t.Errorf("%s: a scrambled image passes: %s of %v", kind, id, scrambled[id])
			}
		}
	}
}
