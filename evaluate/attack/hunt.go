package attack

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"keygan/data/raster"
)

// A Rate says on how many of several images an attack succeeded, with the 95 % interval of Wilson (1927) for the share.
type Rate struct {
	Successes int     `json:"successes"`
	Trials    int     `json:"trials"`
	Low       float64 `json:"low"` // percent
	High      float64 `json:"high"`
}

func newRate(successes, trials int) *Rate {
	const z = 1.959964 // the 97.5 % point of the normal distribution
	n, p := float64(trials), float64(successes)/float64(trials)
	middle, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	scale := 100 / (1 + z*z/n)
	return &Rate{successes, trials, max(0, scale*(middle-half)), min(100, scale*(middle+half))}
}

// most says whether the attack succeeded on at least half of the images.
func (r Rate) most() bool { return 2*r.Successes >= r.Trials }

// String is the rate for people.
func (r Rate) String() string {
	return fmt.Sprintf("%d of %d images (95 %%: %.0f to %.0f %%)", r.Successes, r.Trials, r.Low, r.High)
}

// A trial is an attack on one image.
type trial struct {
	cipher, found, truth *raster.Image
	known                []*raster.Image // what takes no attack, see beyond; nil where the criterion does not ask for it
}

// A hunt is the same attack on several images.
type hunt struct {
	Rate
	held   []bool // the criterion, image by image
	first  trial
	values []Value // means
}

// hunted judges an attack by what it finds of each image.
func hunted(images []*raster.Image, holds func(finding) bool, try func(plain *raster.Image) trial) hunt {
	var h hunt
	successes, sums, names := 0, map[Value][]float64{}, []Value(nil)
	for i, plain := range images {
		t := try(plain)
		f := judge(t.found, t.truth)
		if t.known != nil {
			f.beyond = beyond(t.found, t.truth, t.known)
			f.values = append(f.values, Value{"explained of what the baseline leaves unexplained", f.beyond, "%"})
		}
		h.held = append(h.held, holds(f))
		if h.held[i] {
			successes++
		}
		if i == 0 {
			h.first = t
		}
		for _, v := range f.values {
			name := Value{v.Name, 0, v.Unit}
			if sums[name] == nil {
				names = append(names, name)
			}
			sums[name] = append(sums[name], v.Value)
		}
	}
	for _, name := range names {
		h.values = append(h.values, Value{name.Name, stat.Mean(sums[name], nil), name.Unit})
	}
	h.Rate = *newRate(successes, len(images))
	return h
}

// value is the mean of a value over the images.
func (h hunt) value(name string) float64 {
	v, _ := Result{Measured: h.values}.Value(name)
	return v
}

// ofMost makes a criterion of one image the criterion of a rate.
func ofMost(criterion string) string { return criterion + "; for at least half of the images" }

// beyond is how much of what known images leave unexplained of the truth is explained by the found image, in percent: the square of
// their partial correlation, given the known images, over all samples. Noise explains nothing; neither does what the known images
// already show.
func beyond(found, truth *raster.Image, known []*raster.Image) float64 {
	var basis [][]float64 // orthonormal
	rest := func(m *raster.Image) (v []float64, ok bool) {
		v = make([]float64, len(m.Pix))
		for i, p := range m.Pix {
			v[i] = float64(p)
		}
		floats.AddConst(-stat.Mean(v, nil), v)
		before := floats.Norm(v, 2)
		for _, u := range basis {
			floats.AddScaled(v, -floats.Dot(u, v), u)
		}
		norm := floats.Norm(v, 2)
		if norm <= 1e-6*before || before == 0 {
			return nil, false // nothing is left
		}
		floats.Scale(1/norm, v)
		return v, true
	}
	for _, m := range known {
		if v, ok := rest(m); ok {
			basis = append(basis, v)
		}
	}
	x, ok := rest(found)
	y, ok2 := rest(truth)
	if !ok || !ok2 {
		return 0
	}
	r := floats.Dot(x, y)
	return 100 * r * r
}

// baseline is what anybody has of a wanted image without an attack: the other images of the evaluation, which are of the same kinds and
// which no attack has changed; the mean of drawn chest X-rays and that of drawn brain scans; and the cipher image, blurred. An attack must
// explain more than their best mixture does.
func (b *bench) baseline(t *target, wanted, cipherImage *raster.Image) []*raster.Image {
	var known []*raster.Image
	for _, m := range t.plain[:len(t.plain)-min(b.o.Mirrored, len(t.plain))] {
		if m != wanted {
			known = append(known, m)
		}
	}
	var kinds [2][]*raster.Image
	for i, m := range b.ownImages(t, b.many(4, 12)) {
		kinds[i%2] = append(kinds[i%2], m)
	}
	return append(known, mean(kinds[0]), mean(kinds[1]), blur(cipherImage, max(1, b.side()/64)))
}

// mean is the mean of images, sample by sample.
func mean(images []*raster.Image) *raster.Image {
	out := blank(images[0])
	sums := make([]int, len(out.Pix))
	for _, m := range images {
		for i, v := range m.Pix {
			sums[i] += int(v)
		}
	}
	for i, sum := range sums {
		out.Pix[i] = byte((sum + len(images)/2) / len(images))
	}
	return out
}
