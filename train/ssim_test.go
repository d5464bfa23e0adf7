package train

import (
	"math"
	"testing"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
	torch "keygan/gotorch"
)

// tensor01 is images of one shape as training sees them, [N, C, H, W] in [0, 1].
func tensor01(ms ...*raster.Image) torch.Tensor {
	var x []float32
	for _, m := range ms {
		x = append(x, m.Floats(m.Channels)...)
	}
	m := ms[0]
	return torch.FromFloats(x, int64(len(ms)), int64(m.Channels), int64(m.Height), int64(m.Width)).AddScalar(1).MulScalar(0.5)
}

// drawn is an image of a synthetic set, cut so that width and height differ.
func drawn(t *testing.T, kind string, channels int) *raster.Image {
	t.Helper()
	src, err := dataset.Open(dataset.Spec{Synthetic: kind, Count: 1, Size: 40, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	m, err := src.Image(0)
	if err != nil {
		t.Fatal(err)
	}
	out := raster.NewImage(40, 29, channels, 8)
	out.Paste(m.Convert(channels), 0, 0)
	return out
}

func TestSSIMIsThatOfEvaluate(t *testing.T) {
	torch.Scope(func() {
		for _, channels := range []int{1, 3} {
			plain, other, random := drawn(t, "mri", channels), drawn(t, "xray", channels), drawn(t, "noise", channels)
			flat := raster.NewImage(40, 29, channels, 8)
			for i, p := range [][2]*raster.Image{{plain, other}, {plain, random}, {other, random}, {plain, plain}, {flat, plain}, {flat, flat}} {
				want, err := metrics.SSIM(p[0], p[1], metrics.Gaussian11)
				if err != nil {
					t.Fatal(err)
				}
				if got := ssim(tensor01(p[0]), tensor01(p[1])).Float(); math.Abs(got-want) > 2e-7 { // samples in [0, 1] are rounded
					t.Errorf("%d channels, pair %d: %.9f, want %.9f", channels, i, got, want)
				}
			}
			// For a batch it is the mean.
			first, second := ssim(tensor01(plain), tensor01(random)).Float(), ssim(tensor01(other), tensor01(plain)).Float()
			if got := ssim(tensor01(plain, other), tensor01(random, plain)).Float(); math.Abs(got-(first+second)/2) > 1e-7 {
				t.Errorf("%d channels: %v of a batch, %v and %v of its images", channels, got, first, second)
			}
		}
	})
}

// The definition, written out for one plane after the other.
func TestGlobalSSIM(t *testing.T) {
	torch.Scope(func() {
		a, b := []*raster.Image{drawn(t, "mri", 3), drawn(t, "xray", 3)}, []*raster.Image{drawn(t, "noise", 3), drawn(t, "mri", 3)}
		want := 0.0
		for k := range a {
			for c := range 3 {
				var n, ma, mb, aa, bb, ab float64
				for i := c; i < len(a[k].Pix); i += 3 {
					x, y := float64(a[k].Pix[i])/255, float64(b[k].Pix[i])/255
					n, ma, mb, aa, bb, ab = n+1, ma+x, mb+y, aa+x*x, bb+y*y, ab+x*y
				}
				ma, mb = ma/n, mb/n
				va, vb, cov := aa/n-ma*ma, bb/n-mb*mb, ab/n-ma*mb
				want += (2*ma*mb + 1e-4) * (2*cov + 9e-4) / ((ma*ma + mb*mb + 1e-4) * (va + vb + 9e-4)) / 6
			}
		}
		if got := globalSSIM(tensor01(a...), tensor01(b...)).Float(); math.Abs(got-want) > 1e-7 {
			t.Errorf("%.9f, want %.9f", got, want)
		}
		if got := globalSSIM(tensor01(a...), tensor01(a...)).Float(); got != 1 {
			t.Errorf("of equal images: %v", got)
		}
	})
}

// A step along the gradient changes the value by the gradient's own length, and one against it the other way.
func TestGradientsOfSSIM(t *testing.T) {
	for name, f := range map[string]func(a, b torch.Tensor) torch.Tensor{"window": ssim, "global": globalSSIM} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				a, b := tensor01(drawn(t, "mri", 1)).CastTo(torch.Double), tensor01(drawn(t, "xray", 1)).CastTo(torch.Double)
				a = a.Detach().SetRequiresGrad(true)
				g := torch.Grad([]torch.Tensor{f(a, b)}, []torch.Tensor{a}, nil, false, false)[0]
				square := g.Square().Sum().Float()
				step := 1e-3 / math.Sqrt(square)
				torch.NoGrad(func() {
					up := f(torch.Add(a, g.MulScalar(step), 1), b).Float()
					down := f(torch.Add(a, g.MulScalar(-step), 1), b).Float()
					slope := (up - down) / (2 * step)
					if !(math.Abs(slope/square-1) < 1e-2) {
						t.Errorf("slope %.6g along the gradient, whose square is %.6g", slope, square)
					}
				})
			})
		})
	}
}
