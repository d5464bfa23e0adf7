package cipher

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"keygan/cipher/catmap"
	"keygan/cipher/sealed"
	"keygan/data/raster"
)

// The attacks below must succeed on the published schemes, or on the cat map alone, and fail on sealed. What each one takes is in
// the hands of an attacker who sees cipher images, chooses images, or both.

// picture is a grey 256×256 image with smooth shades and edges, like a scan.
func picture() *raster.Image {
	m := raster.NewImage(256, 256, 1, 8)
	for x := range 256 {
		for y := range 256 {
			v := 40 + x/4 + y/8
			if d := math.Hypot(float64(x-120), float64(y-140)); d < 70 {
				v = 200 - int(d)
			}
			m.Pix[256*x+y] = byte(v)
		}
	}
	return m
}

// correlation of horizontally adjacent samples: near 1 in a picture, near 0 in noise (standard deviation 0.004 at 256×256).
func correlation(m *raster.Image) float64 {
	var n, sx, sy, sxx, syy, sxy float64
	for x := range m.Height {
		for y := range m.Width - 1 {
			a, b := float64(m.Pix[x*m.Width+y]), float64(m.Pix[x*m.Width+y+1])
			n, sx, sy, sxx, syy, sxy = n+1, sx+a, sy+b, sxx+a*a, syy+b*b, sxy+a*b
		}
	}
	return (n*sxy - sx*sy) / math.Sqrt((n*sxx-sx*sx)*(n*syy-sy*sy))
}

// looksUniform is χ² of the bytes with 255 degrees of freedom: mean 255, standard deviation 22.6. Uniform bytes are outside less
// than once in 10⁹ runs.
func looksUniform(b []byte) bool {
	count, expected, chi := [256]float64{}, float64(len(b))/256, 0.0
	for _, v := range b {
		count[v]++
	}
	for _, c := range count {
		chi += (c - expected) * (c - expected) / expected
	}
	return chi > 130 && chi < 420
}

// changed is the share of samples in which two images differ (NPCR), and how much on average, of 255 (UACI).
func changed(a, b *raster.Image) (npcr, uaci float64) {
	for i := range a.Pix {
		if a.Pix[i] != b.Pix[i] {
			npcr++
		}
		uaci += math.Abs(float64(a.Pix[i])-float64(b.Pix[i])) / 255
	}
	return npcr / float64(len(a.Pix)), uaci / float64(len(a.Pix))
}

func xored(a, b *raster.Image) *raster.Image {
	out := a.Clone()
	XOR(out.Pix, a.Pix, b.Pix)
	return out
}

func mustEncrypt(t *testing.T, name string, plain, key *raster.Image) *raster.Image {
	t.Helper()
	out, _, err := encrypt(mustScheme(t, name), plain, key, Params{Iterations: DefaultIterations})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// networkHash stands for the hash of a network.
const networkHash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func sealImage(t *testing.T, m *raster.Image, o sealed.Options) (*raster.Image, *sealed.Key) {
	t.Helper()
	out, k, err := sealed.SealImage(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return out, k
}

func mustRefuse(t *testing.T, what string, c *raster.Image, k *sealed.Key) {
	t.Helper()
	if m, err := sealed.OpenImage(c, k); err != sealed.ErrRefused || m != nil {
		t.Errorf("%s: error %v", what, err)
	}
}

// Attack 1: try every iteration count, keep the picture. Attack 2: the histogram.
func TestAttackOnTheCatMapAlone(t *testing.T) {
	plain := picture()
	search := func(c *raster.Image) (best *raster.Image, highest float64) {
		for k := range catmap.Period(256, 1, 1) {
			m := catmap.Invert(c, 1, 1, k)
			if r := correlation(m); r > highest {
				best, highest = m, r
			}
		}
		return best, highest
	}
	moved := catmap.Apply(plain, 1, 1, 77)
	if found, _ := search(moved); !same(found, plain) {
		t.Error("the search of all iterations does not find the picture")
	}
	if looksUniform(moved.Pix) {
		t.Error("the cat map changed the histogram")
	}
	sealed, _ := sealImage(t, plain, sealed.Options{})
	if _, r := search(sealed); r > 0.05 {
		t.Errorf("sealed: some iteration count gives a correlation of %.3f", r)
	}
	if !looksUniform(sealed.Pix) {
		t.Error("sealed: the histogram is not uniform")
	}
}

// Attack 3: two chosen images, one with each pixel's row and one with its column, give the whole permutation.
func TestAttackChosenImagesOnAPermutation(t *testing.T) {
	rows, columns, secret := raster.NewImage(256, 256, 1, 8), raster.NewImage(256, 256, 1, 8), picture()
	for i := range rows.Pix {
		rows.Pix[i], columns.Pix[i] = byte(i/256), byte(i%256)
	}
	attack := func(encrypt func(*raster.Image) *raster.Image) *raster.Image {
		r, c, target := encrypt(rows), encrypt(columns), encrypt(secret)
		found := raster.NewImage(256, 256, 1, 8)
		for i, v := range target.Pix {
			found.Pix[256*int(r.Pix[i])+int(c.Pix[i])] = v
		}
		return found
	}
	if !same(attack(func(m *raster.Image) *raster.Image { return catmap.Apply(m, 3, 5, 40) }), secret) {
		t.Error("two chosen images do not give the cat map away")
	}
	found := attack(func(m *raster.Image) *raster.Image { c, _ := sealImage(t, m, sealed.Options{}); return c })
	if npcr, _ := changed(found, secret); npcr < 0.95 {
		t.Errorf("sealed: %.1f %% of the pixels found", 100*(1-npcr))
	}
}

// Attacks 4, 5 and 7, with one network key for all images: an all-zero image gives the keystream away, two cipher images the XOR of
// the two images, and one image twice itself.
func TestAttackKeyUsedTwice(t *testing.T) {
	plain, zero, key := picture(), raster.NewImage(256, 256, 1, 8), noise(256, 256, 3, 9)
	other := plain.Clone()
	slices.Reverse(other.Pix)
	for _, scheme := range []string{"xor", "paper"} {
		undo := func(m *raster.Image) *raster.Image { return m }
		if scheme == "paper" {
			undo = func(m *raster.Image) *raster.Image { return catmap.Invert(m, 1, 1, DefaultIterations) }
		}
		c1, c2, keystream := mustEncrypt(t, scheme, plain, key), mustEncrypt(t, scheme, other, key), mustEncrypt(t, scheme, zero, key)
		if !same(undo(xored(c1, keystream)), plain) {
			t.Errorf("%s: an all-zero image does not give the keystream away", scheme)
		}
		if !same(undo(xored(c1, c2)), xored(plain, other)) {
			t.Errorf("%s: two images under one key do not give their XOR away", scheme)
		}
		if !same(c1, mustEncrypt(t, scheme, plain, key)) {
			t.Errorf("%s: an image encrypted twice does not show", scheme)
		}
	}
	p := Params{X0: 0.4, R: 3.97} // of logistic, kept for all images
	var l [3]*raster.Image
	for i, m := range []*raster.Image{plain, other, zero} {
		var err error
		if l[i], _, err = encrypt(mustScheme(t, "logistic"), m, nil, p); err != nil {
			t.Fatal(err)
		}
	}
	if !same(xored(l[0], l[2]), plain) || !same(xored(l[0], l[1]), xored(plain, other)) {
		t.Error("logistic: x0 and r kept for three images do not give them away")
	}
	o := sealed.Options{NetworkKey: key.Pix, Generator: networkHash, NetworkInput: "256x256"}
	var c [4]*raster.Image
	for i, m := range []*raster.Image{plain, other, zero, plain} {
		c[i], _ = sealImage(t, m, o)
	}
	for i, a := range c {
		for j, b := range c[:i] {
			if d := xored(a, b); !looksUniform(d.Pix) || math.Abs(correlation(d)) > 0.03 {
				t.Errorf("sealed: the XOR of the cipher images %d and %d is not noise", i, j)
			}
		}
	}
}

// Attacks 6 and 13: one bit of the image changed, the network's key the same and known.
func TestAttackOneBitChanged(t *testing.T) {
	plain, key := picture(), noise(256, 256, 3, 9)
	bit := plain.Clone()
	bit.Pix[12345] ^= 1
	for _, scheme := range []string{"xor", "paper"} {
		if npcr, uaci := changed(mustEncrypt(t, scheme, plain, key), mustEncrypt(t, scheme, bit, key)); npcr != 1.0/65536 || uaci > 1e-7 {
			t.Errorf("%s: NPCR %v, UACI %v, and not one pixel by one bit", scheme, npcr, uaci)
		}
	}
	o := sealed.Options{NetworkKey: key.Pix, Generator: networkHash, NetworkInput: "256x256"}
	a, _ := sealImage(t, plain, o)
	b, _ := sealImage(t, bit, o)
	// Expected of independent noise: 255/256 = 0.99609 with a standard deviation of 0.00024, and 0.33464 with one of 0.00093.
	if npcr, uaci := changed(a, b); npcr < 0.9946 || npcr > 0.9976 || uaci < 0.3290 || uaci > 0.3403 {
		t.Errorf("sealed: NPCR %v, UACI %v", npcr, uaci)
	}
}

// Attack 11: the attacker turns a pixel over, and makes the key file's SHA-256 fit, which needs no key. Attack 12: a key wrong in one
// bit. (For all the other forgeries on sealed see the tests of package sealed.)
func TestAttackForgery(t *testing.T) {
	plain, key := picture(), noise(256, 256, 3, 9)
	for _, name := range []string{"xor", "paper"} {
		s := mustScheme(t, name)
		for what, forge := range map[string]func(*raster.Image, *KeyFile){
			"a cipher bit": func(c *raster.Image, _ *KeyFile) { c.Pix[999] ^= 128 },
			"a key bit":    func(_ *raster.Image, k *KeyFile) { k.Key.Pix[999] ^= 128 },
		} {
			c, k, err := encrypt(s, plain, key, Params{Iterations: DefaultIterations})
			if err != nil {
				t.Fatal(err)
			}
			forge(c, k)
			k.SHA256 = Digest(c)
			got, err := s.Open(c, k)
			if err != nil {
				t.Fatal(err)
			}
			if npcr, _ := changed(got, plain); npcr != 1.0/65536 {
				t.Errorf("%s: %s changed a share of %v of the pixels, and not one of them", name, what, npcr)
			}
		}
	}
	c, k := sealImage(t, plain, sealed.Options{})
	c.Pix[999] ^= 128
	mustRefuse(t, "a cipher bit", c, k)
	c.Pix[999] ^= 128
	k.PRK[0] ^= 1
	mustRefuse(t, "a key bit", c, k)
}

// Attack 14, which is no attack but a price: salt and pepper on 5 % of the pixels. xor gives the image back with 5 % of noise, for
// whoever looks past the digest; sealed gives nothing.
func TestNoiseOnTheCipherImage(t *testing.T) {
	plain, key := picture(), noise(256, 256, 3, 9)
	dirty := func(c *raster.Image) *raster.Image {
		c = c.Clone()
		where := noise(256, 256, 1, 77)
		for i, v := range where.Pix {
			if v < 13 {
				c.Pix[i] = 255 * (v & 1)
			}
		}
		return c
	}
	s := mustScheme(t, "xor")
	c, k, err := encrypt(s, plain, key, Params{})
	if err != nil {
		t.Fatal(err)
	}
	c = dirty(c)
	k.SHA256 = Digest(c)
	got, err := s.Open(c, k)
	if err != nil {
		t.Fatal(err)
	}
	if npcr, _ := changed(got, plain); npcr < 0.04 || npcr > 0.06 {
		t.Errorf("xor: %.3f of the pixels are wrong", npcr)
	}
	sealed, sealedKey := sealImage(t, plain, sealed.Options{})
	mustRefuse(t, "5 % of noise", dirty(sealed), sealedKey)
}

// Attacks 10 and 13: the network makes nearly the same key of all images, so that the average of other keys is near this one; and the
// network is known, so that whoever guesses the image has the key itself. Under paper the iterations are tried, all of them.
func TestAttackKeyGuessed(t *testing.T) {
	plain, texture := picture(), noise(256, 256, 3, 9)
	keyOf := func(seed uint32) *raster.Image {
		key, trace := texture.Clone(), noise(256, 256, 3, seed)
		for i := range key.Pix {
			key.Pix[i] = key.Pix[i]&^7 | trace.Pix[i]&7
		}
		return key
	}
	average, sums := raster.NewImage(256, 256, 1, 8), make([]int, 256*256)
	const others = 8
	for k := range uint32(others) {
		for i, v := range keyOf(100 + k).Pix {
			if i%3 == 0 {
				sums[i/3] += int(v)
			}
		}
	}
	for i, sum := range sums {
		average.Pix[i] = byte(sum / others)
	}
	key := keyOf(1)
	exact := raster.NewImage(256, 256, 1, 8)
	for i := range exact.Pix {
		exact.Pix[i] = key.Pix[3*i]
	}
	sealed, _ := sealImage(t, plain, sealed.Options{NetworkKey: key.Pix, Generator: networkHash, NetworkInput: "256x256"})
	for what, c := range map[string]*raster.Image{"xor": mustEncrypt(t, "xor", plain, key), "paper": mustEncrypt(t, "paper", plain, key), "sealed": sealed} {
		for guess, g := range map[string]*raster.Image{"the average": average, "the key": exact} {
			found, highest := (*raster.Image)(nil), math.Inf(-1)
			for k := range catmap.Period(256, 1, 1) {
				m := catmap.Invert(xored(c, g), 1, 1, k)
				if r := correlation(m); r > highest {
					found, highest = m, r
				}
			}
			_, uaci := changed(found, plain) // expected of noise: above 0.25 whatever the image
			switch {
			case what == "sealed" && (highest > 0.05 || uaci < 0.25):
				t.Errorf("sealed, %s: correlation %.3f, UACI %.3f", guess, highest, uaci)
			case what != "sealed" && guess == "the key" && !same(found, plain):
				t.Errorf("%s: the key does not open it", what)
			case what != "sealed" && uaci > 0.02:
				t.Errorf("%s, %s: UACI %.3f, the picture does not show", what, guess, uaci)
			}
		}
	}
}

// A constant network key, and none at all, leave sealed what it is: attacks 10 and 13.
func TestSealedNeedsNoNetwork(t *testing.T) {
	plain := raster.NewImage(256, 256, 1, 8)
	for what, o := range map[string]sealed.Options{
		"none": {}, "all zeros": {NetworkKey: make([]byte, 3*256*256), Generator: networkHash, NetworkInput: "256x256"}, "the image itself": {NetworkKey: plain.Pix, Generator: networkHash, NetworkInput: "256x256"},
	} {
		a, ka := sealImage(t, plain, o)
		b, kb := sealImage(t, plain, o)
		if !looksUniform(a.Pix) || !looksUniform(xored(a, b).Pix) || math.Abs(correlation(a)) > 0.03 {
			t.Errorf("%s: the cipher image of a black image is not noise", what)
		}
		if bytes.Equal(ka.PRK[:8], kb.PRK[:8]) || bytes.Equal(ka.PRK[56:], kb.PRK[56:]) {
			t.Errorf("%s: two secrets gave keys with common parts", what)
		}
	}
}
