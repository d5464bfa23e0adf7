package attack

import (
	"fmt"
	"strings"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"keygan/evaluate/metrics"
	"keygan/evaluate/sp80022"
)

// ownImages are n images that the attacker has of his own: drawn chest X-rays and brain scans, of the shape of the victim's.
func (b *bench) ownImages(t *target, n int) []*raster.Image {
	seed := b.random("the attacker's images").Uint64()
	var all []*raster.Image
	for i := range n {
		src := must(synthetic.New([]string{"xray", "mri"}[i%2], i+1, b.side(), seed))
		m := must(src.Image(i))
		all = append(all, m.Convert(t.plain[0].Channels))
	}
	return all
}

// randomBits is attack 9: are the bytes that are XORed onto an image, raw keys or cipher images of all-zero images, random?
func randomBits(b *bench, t *target) Result {
	streams := b.keystreams(t, b.many(1, 3))
	p := map[string]float64{}
	var values []Value
	var rejected []string
	for i, m := range streams {
		statistics, told := notNoise(m)
		p[fmt.Sprintf("image %d: %s", i+1, told.test)] = told.p
		if i == 0 {
			values = statistics
		}
		for _, r := range sp80022.Run(sp80022.FromBytes(m.Pix)) {
			if r.Skipped != "" {
				continue
			}
			p[fmt.Sprintf("image %d: %s", i+1, r.Name)] = min(1, r.Smallest()*float64(len(r.PValues)))
			if !r.Passed() && i == 0 {
				rejected = append(rejected, r.Name)
			}
		}
	}
	worst := strongestOf(p)
	r := Result{
		Expected: "weak: a network's key is expected to be rejected; strong: the keystream passes",
		Criterion: fmt.Sprintf("a statistic or a test of SP 800-22 is one that random bits give with a probability below %.0e, "+
			"corrected for the number of tests", falseAlarm),
		Succeeded: worst.distinguishes(),
		Measured: append(values, Value{"images", float64(len(streams)), ""}, Value{"bits per image", float64(8 * len(streams[0].Pix)), ""},
			Value{"tests of SP 800-22 failed by the first image, at 1 %", float64(len(rejected)), ""}, Value{"least p-value", worst.p, ""}),
		Pictures: []Picture{{"bytes", "the first of the images tested", streams[0]}},
	}
	if r.Succeeded {
		horizontal, _ := r.Value("horizontal correlation")
		r.Conclusion = fmt.Sprintf("Rejected: χ² is %.0f (random: 255 ± 23), the horizontal correlation %.3f (random: 0 ± 0.004)",
			values[1].Value, horizontal)
		if len(rejected) > 0 {
			r.Conclusion += fmt.Sprintf(", and of SP 800-22 the first image fails %s", strings.Join(rejected, ", "))
		}
		r.Conclusion += "."
	} else {
		r.Conclusion = fmt.Sprintf("Not rejected: the least probable of all tests is %s, p = %.2g after correction for their number.",
			worst.test, worst.p)
	}
	return r
}

// keystreams are n images of the bytes that a target XORs: raw keys of the attacker's own images, or cipher images of black ones.
func (b *bench) keystreams(t *target, n int) []*raster.Image {
	images := b.ownImages(t, n)
	streams := make([]*raster.Image, n)
	for i, m := range images {
		switch {
		case t.info.Keystream == cipher.RawKeystream:
			streams[i] = b.key(t.network, m)
		case t.kept != nil: // one for each stream here
			streams[i] = must(b.newSecret(t, m, nil, b.source(fmt.Sprintf("keystream %d", i))).Encrypt(blank(m)))
		default:
			streams[i] = b.ownKeys(t)(blank(m))
		}
	}
	return streams
}

// averageOfKeys is attack 10. The attacker has the network, or has seen keys of other images, and takes their average for the key of a
// cipher image: it is near it wherever the network makes the same of any image.
func averageOfKeys(b *bench, t *target) Result {
	n := b.many(4, 12)
	wanted := t.plain[0]
	average := b.averageKey(t, n)
	cipherImage := b.ownKeys(t)(wanted)
	found, _, _ := smoothest(xored(cipherImage, average))
	f := judge(found, wanted)
	key := b.key(t.network, wanted)
	return Result{
		Expected:  "weak: structure shows where the network is nearly constant; strong: none",
		Criterion: criterionVisible,
		Succeeded: f.visible(),
		Measured: append([]Value{
			{"keys averaged", float64(n), ""},
			{"correlation of the average with the true key", pearson(average, firstChannels(key, wanted)), ""},
			{"correlation of the cipher image with the plain image", pearson(cipherImage, wanted), ""},
		}, f.values...),
		Pictures: []Picture{
			{"cipher", "what the attacker has", cipherImage},
			{"average", fmt.Sprintf("the average of %d keys of other images", n), average},
			{"recovered", "the two XORed, the cat map undone", found},
		},
		Conclusion: fmt.Sprintf("The average of %d keys of other images leaves what correlates with the plain image by %.3f", n,
			f.correlation) + either(f.visible(), ": it shows.", ": too little for the criterion."),
	}
}

// averageKey is the mean of the keys of n images of the attacker's own, sample by sample, in the channels that encrypt the target's.
func (b *bench) averageKey(t *target, n int) *raster.Image {
	own := b.ownImages(t, n)
	out := blank(t.plain[0])
	sums := make([]int, len(out.Pix))
	for _, m := range own {
		k := b.key(t.network, m)
		for i, v := range firstChannels(k, out).Pix {
			sums[i] += int(v)
		}
	}
	for i, sum := range sums {
		out.Pix[i] = byte((sum + n/2) / n)
	}
	return out
}

// firstChannels is the part of a key that encrypts m: the first channel for grey images.
func firstChannels(key, m *raster.Image) *raster.Image {
	if key.Channels == m.Channels {
		return key
	}
	out := blank(m)
	for p := range key.Width * key.Height {
		copy(out.Pix[p*m.Channels:][:m.Channels], key.Pix[p*key.Channels:])
	}
	return out
}

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
	return Result{
		Expected: "weak: no secret is left but the image itself and the iteration count; strong: no loss",
		Criterion: fmt.Sprintf("the image is named among %d, or the plain image is seen in what is found without a candidate, r ≥ 0.3",
			candidates),
		Succeeded: named == 0 || start.visible() || preview.visible(),
		Measured: append([]Value{
			{"candidates", float64(candidates), ""}, {"image named", map[bool]float64{true: 1}[named == 0], ""},
			{"bytes of a blurred copy's key that differ from the true key's", npcr, "%"},
			{"correlation of a blurred copy's key with the true key", pearson(key, truth), ""},
			{"correlation with the plain image, by a blurred copy's key", preview.correlation, ""},
			{"steps from the average key", float64(steps), ""},
		}, start.values...),
		Pictures: []Picture{
			{"cipher", "what the attacker has", cipherImage},
			{"iterated", "recovered with only the network, from the average key on", iterated},
			{"preview", "recovered with the network and a blurred copy of the image", found},
		},
		Conclusion: fmt.Sprintf("Which of %d candidates it is %s; with only the network the attacker finds an image that correlates with the "+
			"plain one by %.3f, with a blurred copy of it one that does so by %.3f.", candidates,
			either(named == 0, "can be told with certainty", "cannot be told"), start.correlation, preview.correlation),
	}
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
	row := m.Width * m.Channels
	return slide(slide(m, radius, m.Height, m.Width, row, m.Channels), radius, m.Width, m.Height, m.Channels, row)
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
