package attack

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"keygan/cipher/catmap"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// everyIteration is attack 1. The attacker has one cipher image, and looks for the iteration count whose inverse gives a picture.
func everyIteration(b *bench, t *target) Result {
	encrypt := b.victim(t)
	tries, undone, highest := catmap.Period(b.side(), 1, 1), 0, 0.0
	h := hunted(b.wanted(t), finding.whole, func(plain *raster.Image) trial {
		c := encrypt(plain)
		found, iterations, correlation := smoothest(c)
		undone, highest = iterations, correlation
		return trial{cipher: c, found: found, truth: plain}
	})
	return Result{
		Expected: fmt.Sprintf("weak: the plain image is back in at most %d tries; strong: there is a keystream on top, and no count "+
			"gives a picture", tries),
		Criterion: ofMost(criterionWhole),
		Succeeded: h.most(), Rate: &h.Rate,
		Measured: append([]Value{
			{"tries", float64(tries), ""}, {"iterations undone, last image", float64(undone), ""},
			{"highest correlation of neighbours, last image", highest, ""},
		}, h.values...),
		Pictures: []Picture{{"cipher", "what the attacker has", h.first.cipher},
			{"recovered", fmt.Sprintf("the best of %d iteration counts", tries), h.first.found}},
		Conclusion: fmt.Sprintf("One of %d iteration counts gives back %s", tries, h.Rate) +
			either(h.most(), ": the cat map has no other key.", "."),
	}
}

// histogram is attack 2. The attacker has cipher images, and asks whether their histograms are those of noise: the mean of their χ²
// is tested on both sides, at the level of the tables. Of random systems it takes one in a hundred for another one.
func histogram(b *bench, t *target) Result {
	encrypt, images := b.victim(t), b.wanted(t)
	var chis, entropies []float64
	sameAsPlain := true
	for _, plain := range images {
		c := encrypt(plain)
		chis, entropies = append(chis, metrics.ChiSquare(c)), append(entropies, metrics.Entropy(c))
		sameAsPlain = sameAsPlain && metrics.Histogram(c) == metrics.Histogram(plain)
	}
	p, chi := uniformP(chis), stat.Mean(chis, nil)
	r := Result{
		Expected: "weak: entropy and χ² of the plain image unchanged; strong: those of uniform bytes",
		Criterion: fmt.Sprintf("the mean χ² of %d cipher images is one that uniform bytes give with a probability below %v, as in the "+
			"tables and in TC5", len(images), metrics.Alpha),
		Succeeded: p < metrics.Alpha,
		Measured: []Value{
			{"images", float64(len(images)), ""},
			{"entropy of the first plain image", metrics.Entropy(images[0]), "bits per byte"},
			{"entropy of the cipher images", stat.Mean(entropies, nil), "bits per byte"},
			{"χ² of the first plain image", metrics.ChiSquare(images[0]), ""}, {"χ² of the cipher images", chi, ""}, {"p", p, ""},
		},
	}
	uniform := fmt.Sprintf("the mean χ² of %d images is %.0f, that of uniform bytes 255 ± %.0f (p = %.2g)", len(images), chi,
		math.Sqrt(2*metrics.ChiSquareFreedom/float64(len(images))), p)
	switch {
	case sameAsPlain:
		r.Conclusion = "The histogram is that of the plain image, value by value."
	case r.Succeeded:
		r.Conclusion = "The histogram is not the plain image's, and not uniform either: " + uniform + "."
	default:
		r.Conclusion = "The histogram cannot be told from that of uniform bytes: " + uniform + "."
	}
	return r
}

// chosenImages is attack 3. The attacker has images of his own encrypted by the victim, and cipher images that he wants to read. Each of
// his images holds one digit, in base 256, of every pixel's number, so that the cipher images say where each pixel went. An all-zero
// image comes first: it shows what is XORed, and is black where nothing is. All that holds under one key.
func chosenImages(b *bench, t *target) Result {
	encrypt := b.victim(t)
	from, chosen := permutation(encrypt, t.plain[0])
	keystream := encrypt(blank(t.plain[0]))
	h := hunted(b.others(t), finding.whole, func(wanted *raster.Image) trial {
		c, found := encrypt(wanted), blank(wanted)
		moved := xored(c, keystream)
		for to, at := range from {
			if at < len(from) {
				copy(found.Pix[at*found.Channels:][:found.Channels], moved.Pix[to*found.Channels:])
			}
		}
		return trial{cipher: c, found: found, truth: wanted}
	})
	return Result{
		Expected:  fmt.Sprintf("weak: %d chosen images give the whole permutation, and an all-zero one what is XORed; strong: nothing", chosen),
		Criterion: ofMost(criterionWhole),
		Succeeded: h.most(), Rate: &h.Rate,
		Measured: append([]Value{{"chosen images", float64(chosen), ""},
			{"pixels in a place of their own", distinct(from), "%"}}, h.values...),
		Pictures: []Picture{{"cipher", "what the attacker wants to read", h.first.cipher},
			{"recovered", "with the permutation that the chosen images gave", h.first.found}},
		Conclusion: either(h.most(), fmt.Sprintf("%d chosen images and an all-zero one say where every pixel goes and what it is XORed "+
			"with: they give back %s.", chosen, h.Rate),
			fmt.Sprintf("The chosen images give back %s; %.1f %% of the samples are right.", h.Rate, h.value("samples found"))),
	}
}

// permutation asks the oracle for as many images as the pixels' numbers have digits, and returns for each place in the cipher image
// the number of the pixel that went there. Where the answers make no sense, numbers are wrong, and may be too large.
func permutation(encrypt oracle, shape *raster.Image) (from []int, chosen int) {
	keystream := encrypt(blank(shape))
	pixels := shape.Width * shape.Height
	from = make([]int, pixels)
	for scale := 1; scale < pixels; scale *= 256 {
		digit := blank(shape)
		for i := range digit.Pix {
			digit.Pix[i] = byte(i / shape.Channels / scale)
		}
		answer := encrypt(digit)
		for to := range from {
			i := to * shape.Channels
			from[to] += scale * int(answer.Pix[i]^keystream.Pix[i])
		}
		chosen++
	}
	return from, chosen
}

// distinct is the share of numbers that occur exactly once, in percent: 100 for a permutation, 37 for random numbers.
func distinct(numbers []int) float64 {
	seen := map[int]int{}
	once := 0
	for _, v := range numbers {
		switch seen[v]++; seen[v] {
		case 1:
			once++
		case 2:
			once--
		}
	}
	return 100 * float64(once) / float64(len(numbers))
}

// blank is an all-zero image of the shape of another.
func blank(m *raster.Image) *raster.Image {
	return raster.NewImage(m.Width, m.Height, m.Channels, m.Depth)
}
