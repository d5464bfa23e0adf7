package attack

import (
	"fmt"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"keygan/evaluate/sp80022"
)

// ownImages are n images that the attacker has of his own: drawn chest X-rays and brain scans in turn, of the shape of the victim's.
func (b *bench) ownImages(t *target, n int) []*raster.Image {
	seed := b.random("the attacker's images").Uint64()
	for i := len(b.own); i < n; i++ {
		src := must(synthetic.New([]string{"xray", "mri"}[i%2], i+1, b.side(), seed))
		b.own = append(b.own, must(src.Image(i)))
	}
	all := make([]*raster.Image, n)
	for i := range all {
		all[i] = b.own[i].Convert(t.plain[0].Channels)
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
	average, encrypt := b.averageKey(t, n), b.victim(t)
	h := hunted(b.wanted(t), finding.seen, func(wanted *raster.Image) trial {
		c := encrypt(wanted)
		return trial{c, b.unscrambled(t, xored(c, average)), wanted, b.baseline(t, wanted, c)}
	})
	return Result{
		Expected:  "weak: structure shows where the network is nearly constant; strong: none",
		Criterion: ofMost(criterionSeen),
		Succeeded: h.most(), Rate: &h.Rate,
		Measured: slices.Concat([]Value{
			{"keys averaged", float64(n), ""},
			{"correlation of the first cipher image with its plain image", pearson(h.first.cipher, h.first.truth), ""},
		}, h.values, b.unpublished(t, h.first, xored(h.first.cipher, average))),
		Pictures: []Picture{
			{"cipher", "what the attacker has", h.first.cipher},
			{"average", fmt.Sprintf("the average of %d keys of other images", n), average},
			{"recovered", "the two XORed, the cat map undone", h.first.found},
		},
		Conclusion: fmt.Sprintf("The average of %d keys of other images makes %s visible, with a mean correlation of %.3f, and explains "+
			"%.1f %% of what the baseline leaves unexplained.", n, h.Rate, h.value("correlation with the plain image"),
			h.value("explained of what the baseline leaves unexplained")),
	}
}

// averageKey is the mean of the keys of n images of the attacker's own, sample by sample, in the channels that encrypt the target's.
func (b *bench) averageKey(t *target, n int) *raster.Image {
	var keys []*raster.Image
	for _, m := range b.ownImages(t, n) {
		keys = append(keys, firstChannels(b.key(t.network, m), t.plain[0]))
	}
	return mean(keys)
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
// what is still secret. Where the network itself encrypts, he decrypts as the receiver does. Where it makes keys, there are three ways:
//
//   - He suspects the image to be one of several. He makes each one's key and sees which opens the cipher image to itself.
//   - He suspects nothing, takes the average key for a start, smooths what comes out, makes the key of that, and so on: the network
//     gives similar images similar keys.
//   - He has a blurred copy of the image, as in a report or a preview, and takes its key. The copy then belongs to the baseline.
func knownWeights(b *bench, t *target) Result {
	if !t.takesKey() {
		return decryptedByAnybody(b, t)
	}
	encrypt, images := b.victim(t), b.wanted(t)
	ciphers, named := map[*raster.Image]*raster.Image{}, map[*raster.Image]bool{}
	for _, wanted := range images {
		ciphers[wanted] = encrypt(wanted)
	}
	candidates := min(len(t.plain), b.many(2, 4))
	for _, wanted := range images {
		named[wanted] = b.names(t, wanted, ciphers[wanted], candidates)
	}
	alone := hunted(images, finding.seen, func(wanted *raster.Image) trial {
		return trial{ciphers[wanted], b.fromNothing(t, ciphers[wanted]), wanted, b.baseline(t, wanted, ciphers[wanted])}
	})
	copied := hunted(images, finding.seen, func(wanted *raster.Image) trial {
		preview, c := blur(wanted, max(1, b.side()/64)), ciphers[wanted]
		found := b.unscrambled(t, xored(c, firstChannels(b.key(t.network, preview), c)))
		return trial{c, found, wanted, append(b.baseline(t, wanted, c), preview)}
	})
	successes, namedImages := 0, 0
	for i, wanted := range images {
		if named[wanted] {
			namedImages++
		}
		if named[wanted] || alone.held[i] || copied.held[i] {
			successes++
		}
	}
	rate := newRate(successes, len(images))
	return Result{
		Expected: "weak: no secret is left but the image itself; strong: no loss",
		Criterion: ofMost(fmt.Sprintf("the image is named among %d, or %s; a blurred copy, where the attacker has one, belongs to the baseline",
			candidates, criterionSeen)),
		Succeeded: rate.most(), Rate: rate,
		Measured: append([]Value{
			{"candidates", float64(candidates), ""}, {"images named", 100 * float64(namedImages) / float64(len(images)), "%"},
			{"images seen with only the network", float64(alone.Successes), ""},
			{"images seen with a blurred copy", float64(copied.Successes), ""},
			{"correlation with the plain image, by a blurred copy's key", copied.value("correlation with the plain image"), ""},
			{"explained of what the baseline with the copy leaves unexplained", copied.value("explained of what the baseline leaves unexplained"), "%"},
		}, alone.values...),
		Pictures: []Picture{
			{"cipher", "what the attacker has", alone.first.cipher},
			{"iterated", "recovered with only the network, from the average key on", alone.first.found},
			{"preview", "recovered with the network and a blurred copy of the image", copied.first.found},
		},
		Conclusion: fmt.Sprintf("The attack succeeds on %s. Among %d candidates it names %d of the images. With only the network it makes %d "+
			"of them visible beyond the baseline, with a blurred copy of the image %d.", rate, candidates, namedImages, alone.Successes,
			copied.Successes),
	}
}

// decryptedByAnybody is attack 13 where a network encrypts: there is no secret beside the networks. How much there is to see depends on
// what the receiver himself can decrypt.
func decryptedByAnybody(b *bench, t *target) Result {
	decrypt, equal := b.newSecret(t, t.plain[0], nil, b.source("the attacker's copy of the networks")), 0.0
	images := b.wanted(t)
	h := hunted(images, finding.seen, func(wanted *raster.Image) trial {
		secret := b.secret(t, wanted)
		c := must(secret.Encrypt(wanted))
		found := must(decrypt.Decrypt(c))
		equal += samplesFound(found, must(secret.Decrypt(c))) / float64(len(images))
		return trial{c, found, wanted, b.baseline(t, wanted, c)}
	})
	return Result{
		Expected:  "weak: the weights are the key, and everything opens; strong: no loss",
		Criterion: ofMost(criterionSeen),
		Succeeded: h.most(), Rate: &h.Rate,
		Measured: append([]Value{{"samples equal to what the receiver decrypts", equal, "%"}}, h.values...),
		Pictures: []Picture{{"cipher", "what the attacker has", h.first.cipher},
			{"decrypted", "decrypted with the published weights", h.first.found}},
		Conclusion: fmt.Sprintf("With the published weights the attacker decrypts %.1f %% of the samples as the receiver does. That makes %s "+
			"visible beyond the baseline, with a mean SSIM of %.3f.", equal, h.Rate, h.value("SSIM")),
	}
}

// names says whether the wanted image is the only one among candidates whose key opens the cipher image to the candidate itself.
func (b *bench) names(t *target, wanted, cipherImage *raster.Image, candidates int) bool {
	all := append([]*raster.Image{wanted}, slices.DeleteFunc(slices.Clone(t.plain), func(m *raster.Image) bool { return m == wanted })...)
	for _, m := range all[:candidates] {
		key := b.key(t.network, m)
		opened := b.unscrambled(t, xored(cipherImage, firstChannels(key, cipherImage)))
		if (samplesFound(opened, m) >= 99) != (m == wanted) {
			return false
		}
	}
	return true
}

// fromNothing looks for the plain image with only the network.
func (b *bench) fromNothing(t *target, cipherImage *raster.Image) *raster.Image {
	best := b.unscrambled(t, xored(cipherImage, b.averageKey(t, b.many(4, 12))))
	highest, found := neighbours(best), best
	for range b.many(1, 2) {
		key := b.key(t.network, blur(found, 2))
		found = b.unscrambled(t, xored(cipherImage, firstChannels(key, cipherImage)))
		if r := neighbours(found); r > highest {
			best, highest = found, r
		}
	}
	return best
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
