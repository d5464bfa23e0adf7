package attack

import (
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"keygan/data/raster"
)

// A decoder estimates each sample of a plain image from the cipher image around it, by a linear function that is the same everywhere:
// ridge regression, the least a trained network can learn. Its inputs are the samples of a window and the bits of the middle pixel, as
// XOR with a key that hardly changes is linear in those.
type decoder struct {
	weights *mat.Dense // inputs × channels
}

const (
	decoderRadius = 3 // a window of 7×7 pixels
	// decoderRidge is added for each example to the squares of the inputs, whose variance is about 0.08.
	decoderRidge = 1e-4
)

func decoderInputs(channels int) int {
	window := 2*decoderRadius + 1
	return 1 + channels*(window*window+8)
}

// input fills row with the inputs for the pixel in row y, column x. Beyond the edges the edge is repeated.
func (decoder) input(row []float64, m *raster.Image, y, x int) {
	row[0] = 1
	i := 1
	for dy := -decoderRadius; dy <= decoderRadius; dy++ {
		line := min(max(y+dy, 0), m.Height-1) * m.Width
		for dx := -decoderRadius; dx <= decoderRadius; dx++ {
			at := (line + min(max(x+dx, 0), m.Width-1)) * m.Channels
			for c := range m.Channels {
				row[i] = float64(m.Pix[at+c])/255 - 0.5
				i++
			}
		}
	}
	for c := range m.Channels {
		v := m.Pix[(y*m.Width+x)*m.Channels+c]
		for bit := range 8 {
			row[i] = float64(v>>bit&1) - 0.5
			i++
		}
	}
}

// trained learns from pairs of a cipher image and its plain image, at so many random pixels of each.
func trained(random *rand.Rand, ciphers, plain []*raster.Image, pixels int) (decoder, error) {
	channels, inputs := plain[0].Channels, decoderInputs(ciphers[0].Channels)
	squares, products := mat.NewSymDense(inputs, nil), mat.NewDense(inputs, channels, nil)
	var d decoder
	for k, c := range ciphers {
		x, y := mat.NewDense(pixels, inputs, nil), mat.NewDense(pixels, channels, nil)
		for i := range pixels {
			at := random.IntN(c.Width * c.Height)
			d.input(x.RawRowView(i), c, at/c.Width, at%c.Width)
			for channel := range channels {
				y.Set(i, channel, float64(plain[k].Pix[at*channels+channel])/255)
			}
		}
		var of mat.SymDense
		of.SymOuterK(1, x.T())
		squares.AddSym(squares, &of)
		var to mat.Dense
		to.Mul(x.T(), y)
		products.Add(products, &to)
	}
	for i := 1; i < inputs; i++ {
		squares.SetSym(i, i, squares.At(i, i)+decoderRidge*float64(pixels*len(ciphers)))
	}
	var factor mat.Cholesky
	if !factor.Factorize(squares) {
		return d, fmt.Errorf("the decoder cannot be trained: its %d inputs depend on each other", inputs)
	}
	d.weights = mat.NewDense(inputs, channels, nil)
	return d, factor.SolveTo(d.weights, products)
}

// decode estimates the plain image.
func (d decoder) decode(cipherImage *raster.Image) *raster.Image {
	inputs, channels := d.weights.Dims()
	out := raster.NewImage(cipherImage.Width, cipherImage.Height, channels, 8)
	x := mat.NewDense(cipherImage.Width, inputs, nil)
	var y mat.Dense
	for line := range cipherImage.Height {
		for column := range cipherImage.Width {
			d.input(x.RawRowView(column), cipherImage, line, column)
		}
		y.Mul(x, d.weights)
		for i, v := range y.RawMatrix().Data {
			out.Pix[line*cipherImage.Width*channels+i] = raster.Clamp(255*v + 0.5)
		}
	}
	return out
}

// knownPairs is attack 18. The attacker has images of his own with the victim's cipher images of them, trains a decoder on them, and
// applies it to other cipher images of the victim's.
func knownPairs(b *bench, t *target) Result {
	victim, own := b.victim(t), b.ownImages(t, b.many(4, 12))
	encrypt := func(plain *raster.Image) *raster.Image {
		if t.info.Iterations { // which are published
			return b.unscrambled(t, victim(plain))
		}
		return victim(plain)
	}
	var ciphers []*raster.Image
	for _, m := range own {
		ciphers = append(ciphers, encrypt(m))
	}
	d := must(trained(b.random("pixels of the decoder"), ciphers, own, b.many(1000, 2000)))
	h := hunted(b.wanted(t), finding.seen, func(wanted *raster.Image) trial {
		c := encrypt(wanted)
		return trial{c, d.decode(c), wanted, b.baseline(t, wanted, c)}
	})
	return Result{
		Expected:  "weak: the decoder shows images that it has not seen; strong: it gives the mean grey",
		Criterion: ofMost(criterionSeen),
		Succeeded: h.most(), Rate: &h.Rate,
		Measured: append([]Value{{"known pairs", float64(len(own)), ""}, {"inputs of the linear decoder", float64(decoderInputs(ciphers[0].Channels)), ""}},
			h.values...),
		Pictures: []Picture{{"cipher", "what the attacker wants to read, a published cat map undone", h.first.cipher},
			{"decoded", "what the decoder makes of it", h.first.found}},
		Conclusion: fmt.Sprintf("A linear decoder, trained on %d known pairs, makes %s visible, with a mean correlation of %.3f, and "+
			"explains %.1f %% of what the baseline leaves unexplained.", len(own), h.Rate, h.value("correlation with the plain image"),
			h.value("explained of what the baseline leaves unexplained")),
	}
}
