package attack

import (
	"fmt"
	"math"

	"keygan/data/raster"
)

// zeroImage is attack 4. The victim keeps a key, and encrypts an all-zero image for the attacker: its cipher image is the keystream.
// XORed with any other cipher image under this key it leaves the cat map, which has no key.
func zeroImage(b *bench, t *target) Result {
	encrypt := b.keptKey(t)
	wanted := t.plain[1]
	cipherImage := encrypt(wanted)
	keystream := encrypt(blank(wanted))
	found, _, _ := smoothest(xored(cipherImage, keystream))
	f := judge(found, wanted)
	return Result{
		Expected:  "weak: the cipher image of an all-zero image is the keystream, and opens all others; strong: a new secret for each image",
		Criterion: criterionWhole,
		Succeeded: f.whole(),
		Measured:  f.values,
		Pictures: []Picture{
			{"cipher", "what the attacker wants to read", cipherImage}, {"keystream", "the cipher image of an all-zero image", keystream},
			{"recovered", "the two XORed, the cat map undone", found},
		},
		Conclusion: either(f.whole(), "One all-zero image gives the keystream away, and with it every image under this key.",
			"The cipher image of the all-zero image opens no other"+either(t.info.Fresh, ": each image has a secret of its own.", ".")),
	}
}

// twoTimePad is attack 5. The attacker has two cipher images under one key and chose neither: the key falls out of their XOR.
func twoTimePad(b *bench, t *target) Result {
	encrypt := b.keptKey(t)
	first, second := t.plain[0], t.plain[1]
	c1, c2 := encrypt(first), encrypt(second)
	both := xored(c1, c2)
	values, told := notNoise(both)
	found, _, correlation := smoothest(both)
	f := judge(found, xored(first, second))
	return Result{
		Expected: "weak: C1 ⊕ C2 = map(P1) ⊕ map(P2), both images visible after undoing the map; strong: C1 ⊕ C2 indistinguishable " +
			"from random bytes",
		Criterion: "what is found is P1 ⊕ P2 in at least 99 % of the samples, or C1 ⊕ C2 can be told from random bytes",
		Succeeded: f.whole() || told.distinguishes(),
		Measured: append(values, Value{"highest correlation of neighbours, map undone", correlation, ""},
			Value{"samples of P1 ⊕ P2 found", f.equal, "%"}, Value{"least p-value", told.p, ""}),
		Pictures: []Picture{
			{"first", "C1, what the attacker has", c1}, {"second", "C2, under the same key", c2},
			{"recovered", "C1 ⊕ C2, the cat map undone", found},
		},
		Conclusion: either(f.whole(),
			fmt.Sprintf("C1 ⊕ C2 with the cat map undone is P1 ⊕ P2: it shows both images (correlation of neighbours %.2f).", correlation),
			either(told.distinguishes(), fmt.Sprintf("C1 ⊕ C2 is told from noise by its %s.", told.test),
				fmt.Sprintf("C1 ⊕ C2 cannot be told from noise (least probable: its %s, p = %.2g).", told.test, told.p))),
	}
}

// changedBit is an image with its lowest bit changed in one sample.
func changedBit(plain *raster.Image, at int) *raster.Image {
	m := plain.Clone()
	m.Pix[at] ^= 1
	return m
}

const strongBands = "inside the bands of random images"

var criterionBands = fmt.Sprintf("NPCR or UACI is one that two random images give with a probability below %.0e", falseAlarm)

// oneBitKeptKey is attack 6, the differential attack: two images that differ in one bit, one key.
func oneBitKeptKey(b *bench, t *target) Result {
	encrypt := b.keptKey(t)
	at := b.random("one bit, kept key").IntN(len(t.plain[0].Pix))
	r := oneBit(encrypt, t.plain[0], changedBit(t.plain[0], at))
	r.Expected = fmt.Sprintf("weak: NPCR %.2g %%, one sample of all, UACI ≈ 0; strong: %s", 100/float64(len(t.plain[0].Pix)), strongBands)
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

// oneBitOwnKey is attack 8: the differential attack with the key made anew for the changed image.
func oneBitOwnKey(b *bench, t *target) Result {
	plain := t.plain[0]
	encrypt := b.ownKeys(t)
	original := encrypt(plain)
	random := b.random("one bit, own key")
	n := b.many(1, 4)
	var npcr, uaci float64
	worst := strongest{p: 1}
	var difference *raster.Image
	for range n {
		changed := encrypt(changedBit(plain, random.IntN(len(plain.Pix))))
		values, told := differs(original, changed)
		npcr, uaci = npcr+values[0].Value/float64(n), uaci+values[1].Value/float64(n)
		if told.p <= worst.p {
			worst, difference = told, differencePicture(original, changed)
		}
	}
	worst.p = math.Min(1, worst.p*float64(n))
	values := []Value{{"NPCR", npcr, "%"}, {"UACI", uaci, "%"}}
	return Result{
		Expected:  "weak: only what the generator's rounding lets through; strong: " + strongBands,
		Criterion: criterionBands, Succeeded: worst.distinguishes(),
		Measured:   append(values, Value{"one-bit changes", float64(n), ""}, Value{"least p-value", worst.p, ""}),
		Conclusion: sayDifference(values, worst),
		Pictures:   []Picture{{"difference", "white: samples in which the two cipher images differ", difference}},
	}
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
