package attack

import (
	"fmt"

	"gonum.org/v1/gonum/stat"

	"keygan/data/raster"
)

// imagesAlike is attack 17. Where one key serves all images, the attacker has a victim's cipher images, and later ones of the same
// images, and of copies that were blurred a little, as of a second scan. He matches each with the earlier cipher image that it
// correlates with most.
func imagesAlike(b *bench, t *target) Result {
	encrypt, images := b.victim(t), t.plain
	var first []*raster.Image
	for _, m := range images {
		first = append(first, encrypt(m))
	}
	match := func(again func(*raster.Image) *raster.Image) (matched int, right, wrong float64) {
		var own, others []float64
		for i, m := range images {
			c, best, highest := encrypt(again(m)), -1, -2.0
			for k, earlier := range first {
				r := pearson(c, earlier)
				if r > highest {
					best, highest = k, r
				}
				if k == i {
					own = append(own, r)
				} else {
					others = append(others, r)
				}
			}
			if best == i {
				matched++
			}
		}
		return matched, stat.Mean(own, nil), stat.Mean(others, nil)
	}
	same, sameRight, _ := match(func(m *raster.Image) *raster.Image { return m })
	alike, right, wrong := match(func(m *raster.Image) *raster.Image { return blur(m, 1) })
	rate, chance := newRate(alike, len(images)), 100/float64(len(images))
	return Result{
		Expected: "weak: cipher images of one image, and of images alike, resemble each other; strong: none resembles another",
		Criterion: fmt.Sprintf("the cipher images of blurred copies are matched with those of the originals more often than by chance: "+
			"the interval lies above %.0f %%", chance),
		Succeeded: rate.Low > chance, Rate: rate,
		Measured: []Value{{"images", float64(len(images)), ""}, {"matched, the same image again", float64(same), ""},
			{"matched, a blurred copy", float64(alike), ""},
			{"correlation of cipher images, the same image", sameRight, ""}, {"correlation of cipher images, a blurred copy", right, ""},
			{"correlation of cipher images, other images", wrong, ""}},
		Conclusion: fmt.Sprintf("Cipher images of the same image correlate by %.3f, of a blurred copy by %.3f, of other images by %.3f. The "+
			"attacker matches the copies of %s.", sameRight, right, wrong, rate),
	}
}
