package attack

import (
	"fmt"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// knownWeights is attack 13. By Kerckhoffs's principle the network is public. The attacker has a cipher image and the network, and asks
// what is still secret:
//
//   - He suspects the image to be one of several. He makes each one's key and sees which opens the cipher image to itself.
//   - He suspects nothing, takes the average key for a start, smooths what comes out, makes the key of that, and so on: the network
//     gives similar images similar keys.
//   - He has a blurred copy of the image, as in a report or a preview, and takes its key.
func knownWeights(b *bench, t *target) Result {
	wanted := t.plain[0]
	cipherImage := b.ownKeys(t)(wanted)
	named, candidates := b.dictionary(t, cipherImage)
	iterated, steps := b.fromNothing(t, cipherImage)
	start := judge(iterated, wanted)
	blurred := blur(wanted, max(1, b.side()/64))
	key := b.key(t.network, blurred)
	truth := b.key(t.network, wanted)
	npcr := must(metrics.NPCR(key, truth))
	found, _, _ := smoothest(xored(cipherImage, firstChannels(key, cipherImage)))
	preview := judge(found, wanted)
	r := Result{
		Expected: "weak: no secret is left but the image itself and the iteration count; strong: no loss",
		Criterion: fmt.Sprintf("the image is named among %d, or the plain image is seen in what is found without a candidate, r ≥ 0.3",
			candidates),
		Succeeded: named == 0 || start.visible() || preview.visible(),
		Measured: append([]Value{
			{"candidates", float64(candidates), ""}, {"image named", bit(named == 0), ""},
			{"bytes of a blurred copy's key that differ from the true key's", npcr, "%"},
			{"correlation of a blurred copy's key with the true key", pearson(key.Pix, truth.Pix), ""},
			{"correlation with the plain image, by a blurred copy's key", preview.correlation, ""},
			{"steps from the average key", float64(steps), ""},
		}, start.values...),
		Pictures: []Picture{
			{"cipher", "what the attacker has", cipherImage},
			{"iterated", "recovered with only the network, from the average key on", iterated},
			{"preview", "recovered with the network and a blurred copy of the image", found},
		},
	}
	r.Conclusion = sayKnownWeights(named == 0, candidates, start.correlation, preview.correlation)
	return r
}

func sayKnownWeights(named bool, candidates int, nothing, preview float64) string {
	s := fmt.Sprintf("Which of %d candidates it is cannot be told", candidates)
	if named {
		s = fmt.Sprintf("Which of %d candidates it is can be told with certainty", candidates)
	}
	return s + fmt.Sprintf("; with only the network the attacker finds an image that correlates with the plain one by %.3f, with a "+
		"blurred copy of it one that does so by %.3f.", nothing, preview)
}

func bit(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// dictionary returns the number of the only candidate whose key opens the cipher image to the candidate itself, or −1.
func (b *bench) dictionary(t *target, cipherImage *raster.Image) (named, candidates int) {
	all := t.plain[:min(len(t.plain), b.many(2, 4))]
	named = -1
	for i, m := range all {
		key := b.key(t.network, m)
		found, _, _ := smoothest(xored(cipherImage, firstChannels(key, cipherImage)))
		f := judge(found, m)
		if f.whole() {
			if named >= 0 {
				return -1, len(all)
			}
			named = i
		}
	}
	return named, len(all)
}

// fromNothing looks for the plain image with only the network.
func (b *bench) fromNothing(t *target, cipherImage *raster.Image) (best *raster.Image, steps int) {
	average := b.averageKey(t, b.many(4, 12))
	found, _, highest := smoothest(xored(cipherImage, average))
	best = found
	for range b.many(2, 6) {
		key := b.key(t.network, blur(found, 2))
		var correlation float64
		if found, _, correlation = smoothest(xored(cipherImage, firstChannels(key, cipherImage))); correlation > highest {
			best, highest = found, correlation
		}
		steps++
	}
	return best, steps
}

// blur is the mean over (2·radius + 1)² pixels, fewer at the edges.
func blur(m *raster.Image, radius int) *raster.Image {
	return blurColumns(blurRows(m, radius), radius)
}

func blurRows(m *raster.Image, radius int) *raster.Image {
	return slide(m, radius, m.Height, m.Width, m.Width*m.Channels, m.Channels)
}

func blurColumns(m *raster.Image, radius int) *raster.Image {
	return slide(m, radius, m.Width, m.Height, m.Channels, m.Width*m.Channels)
}

// slide takes the mean along lines of n samples that lie step apart; lines begin apart bytes from each other.
func slide(m *raster.Image, radius, lines, n, apart, step int) *raster.Image {
	out := blank(m)
	for line := range lines {
		for c := range m.Channels {
			at := line*apart + c
			for i := range n {
				low, high := max(0, i-radius), min(n-1, i+radius)
				sum := 0
				for k := low; k <= high; k++ {
					sum += int(m.Pix[at+k*step])
				}
				count := high - low + 1
				out.Pix[at+i*step] = byte((sum + count/2) / count)
			}
		}
	}
	return out
}
