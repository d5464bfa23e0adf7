package attack

import (
	"fmt"
	"math"
	"slices"

	"keygan/data/raster"
)

// others are images of the victim's but the first, of which a kept key is made.
func (b *bench) others(t *target) []*raster.Image {
	if w := b.wanted(t); len(w) > 1 {
		return w[1:]
	}
	return t.plain[1:2]
}

// zeroImage is attack 4. The victim encrypts an all-zero image for the attacker: its cipher image is the keystream. Where the key is kept,
// it leaves of any other cipher image, XORed with it, no more than the cat map, which has no key.
func zeroImage(b *bench, t *target) Result {
	encrypt := b.victim(t)
	keystream := encrypt(blank(t.plain[0]))
	h := hunted(b.others(t), finding.whole, func(wanted *raster.Image) trial {
		c := encrypt(wanted)
		return trial{cipher: c, found: b.unscrambled(t, xored(c, keystream)), truth: wanted}
	})
	return Result{
		Expected:  "weak: the cipher image of an all-zero image is the keystream, and opens all others; strong: a new secret for each image",
		Criterion: ofMost(criterionWhole),
		Succeeded: h.most(), Rate: &h.Rate,
		Measured: append(h.values, b.unpublished(t, h.first, xored(h.first.cipher, keystream))...),
		Pictures: []Picture{
			{"cipher", "what the attacker wants to read", h.first.cipher}, {"keystream", "the cipher image of an all-zero image", keystream},
			{"recovered", "the two XORed, the cat map undone", h.first.found},
		},
		Conclusion: fmt.Sprintf("The cipher image of one all-zero image opens %s", h.Rate) + either(h.most(), ": it gives the keystream away.",
			either(t.info.Fresh, ": each image has a secret of its own.", ".")),
	}
}

// twoTimePad is attack 5. The attacker has two cipher images and chose neither. Where they are under one key, it falls out of their XOR.
func twoTimePad(b *bench, t *target) Result {
	encrypt := b.victim(t)
	first := t.plain[0]
	c1 := encrypt(first)
	h := hunted(b.others(t), finding.whole, func(second *raster.Image) trial {
		c2 := encrypt(second)
		return trial{cipher: c2, found: b.unscrambled(t, xored(c1, c2)), truth: xored(first, second)}
	})
	both := xored(c1, h.first.cipher)
	values, told := notNoise(both)
	shows := ""
	if told.distinguishes() && !h.most() {
		shows = fmt.Sprintf("C1 ⊕ C2 is told from random bytes by its %s, p = %.2g", told.test, told.p)
	}
	return Result{
		Expected: "weak: C1 ⊕ C2 = map(P1) ⊕ map(P2), both images visible after undoing the map; strong: C1 ⊕ C2 indistinguishable " +
			"from random bytes",
		Criterion: fmt.Sprintf("at least 99 %% of the samples of P1 ⊕ P2 are found, for at least half of the pairs of images; it shows something "+
			"when C1 ⊕ C2 is what random bytes give with a probability below %.0e", falseAlarm),
		Succeeded: h.most(), Rate: &h.Rate, Shows: shows,
		Measured: append(append(values, Value{"samples of P1 ⊕ P2 found", h.value("samples found"), "%"},
			Value{"correlation with P1 ⊕ P2", h.value("correlation with the plain image"), ""},
			Value{"least p-value of C1 ⊕ C2 as noise", told.p, ""}), b.unpublished(t, h.first, both)...),
		Pictures: []Picture{
			{"first", "C1, what the attacker has", c1}, {"second", "C2, another cipher image", h.first.cipher},
			{"recovered", "C1 ⊕ C2, the cat map undone", h.first.found},
		},
		Conclusion: either(h.most(), fmt.Sprintf("C1 ⊕ C2 with the cat map undone is P1 ⊕ P2 for %s: it shows both images.", h.Rate),
			fmt.Sprintf("C1 ⊕ C2 is P1 ⊕ P2 for %s. ", h.Rate)+either(told.distinguishes(), shows+".",
				fmt.Sprintf("It cannot be told from noise (least probable: its %s, p = %.2g).", told.test, told.p))),
	}
}

const strongBands = "inside the bands of random images"

var criterionBands = fmt.Sprintf("NPCR or UACI is one that two random images give with a probability below %.0e", falseAlarm)

// oneBitKeptKey is attack 6, the differential attack: two images that differ in one bit, one key.
func oneBitKeptKey(b *bench, t *target) Result {
	encrypt, plain, random := b.victim(t), t.plain[0], b.random("one bit, kept key")
	r := oneBit(encrypt, plain, RandomBit(random, plain.Width, plain.Height, random.IntN(8)).Change(plain))
	r.Expected = fmt.Sprintf("weak: NPCR %.2g %%, one sample of all, UACI ≈ 0; strong: %s", 100/float64(len(plain.Pix)), strongBands)
	r.mapped(bitMap(encrypt, plain, b.many(3, 6)), len(plain.Pix))
	return r
}

func oneBit(encrypt oracle, plain, changed *raster.Image) Result {
	c1, c2 := encrypt(plain), encrypt(changed)
	values, told := differs(c1, c2)
	return Result{
		Criterion: criterionBands, Succeeded: told.distinguishes(),
		Measured:   append(values, Value{"least p-value", told.p, ""}),
		Conclusion: sayDifference(values, told),
		Pictures:   []Picture{{"difference", "white: samples in which the two cipher images differ", differencePicture(c1, c2)}},
	}
}

func sayDifference(values []Value, told strongest) string {
	s := fmt.Sprintf("The cipher images differ in %.4g %% of the samples, by %.4g %% on average", values[0].Value, values[1].Value)
	return s + either(told.distinguishes(), ": the change does not spread.", ": as two random images do.")
}

// sameImageTwice is attack 7: the attacker sees the same image encrypted twice, each time as the scheme says.
func sameImageTwice(b *bench, t *target) Result {
	r := oneBit(b.ownKeys(t), t.plain[0], t.plain[0])
	r.Expected = "weak: identical cipher images; strong: different ones, as two random images are"
	if npcr, _ := r.Value("NPCR"); npcr == 0 {
		r.Conclusion = "The two cipher images are identical: whoever sees them knows that the same image was sent twice."
	}
	return r
}

// oneBitOwnKey is attack 8: the differential attack with the key made anew for the changed image, for each of the eight bits.
func oneBitOwnKey(b *bench, t *target) Result {
	plain := t.plain[0]
	encrypt := b.victim(t)
	original := encrypt(plain)
	random := b.random("one bit, own key")
	n := b.many(2, 8)
	var npcr, uaci float64
	var each []Value
	worst := strongest{p: 1}
	var difference *raster.Image
	for i := range n {
		bit := RandomBit(random, plain.Width, plain.Height, 7-i)
		changed := encrypt(bit.Change(plain))
		values, told := differs(original, changed)
		npcr, uaci = npcr+values[0].Value/float64(n), uaci+values[1].Value/float64(n)
		each = append(each, Value{fmt.Sprintf("NPCR, bit %d", bit.Bit), values[0].Value, "%"})
		if told.p <= worst.p {
			worst, difference = told, differencePicture(original, changed)
		}
	}
	worst.p = math.Min(1, worst.p*float64(n))
	values := []Value{{"NPCR", npcr, "%"}, {"UACI", uaci, "%"}}
	r := Result{
		Expected:  "weak: only what the generator's rounding lets through; strong: " + strongBands,
		Criterion: criterionBands, Succeeded: worst.distinguishes(),
		Measured:   slices.Concat(values, []Value{{"one-bit changes", float64(n), ""}, {"least p-value", worst.p, ""}}, each),
		Conclusion: sayDifference(values, worst),
		Pictures:   []Picture{{"difference", "white: samples in which the two cipher images differ", difference}},
	}
	r.mapped(bitMap(encrypt, plain, b.many(3, 6)), len(plain.Pix))
	return r
}

// differencePicture is white in the samples in which two images differ, and black elsewhere.
func differencePicture(a, b *raster.Image) *raster.Image {
	out := xored(a, b)
	for i, v := range out.Pix {
		if v != 0 {
			out.Pix[i] = 255
		}
	}
	return out
}
