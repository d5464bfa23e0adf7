package attack

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/cipher/catmap"
	"keygan/cipher/sealed"
	"keygan/data/raster"

	"filippo.io/age"
)

// forgery is attack 11. The attacker changes what lies on a disk or goes over a wire, and the receiver opens it.
func forgery(b *bench, s system) (Result, error) {
	if s.scheme == schemeSealed {
		return forgeSealed(b, s)
	}
	return forgeUnsealed(b, s)
}

// An unsealed pair is what opens an image of a published scheme. The attacker who reaches the key file, too, edits its fields; he
// uses nothing of the key in it.
type unsealedPair struct {
	cipher *raster.Image
	key    *cipher.KeyFile
}

// unsealed encrypts an image, each time anew.
func (b *bench) unsealed(s system, plain *raster.Image) (unsealedPair, error) {
	scheme, err := cipher.SchemeByName(s.scheme)
	if err != nil {
		return unsealedPair{}, err
	}
	var key *raster.Image
	if s.generator != nil {
		if key, err = b.key(s.generator, plain); err != nil {
			return unsealedPair{}, err
		}
	}
	c, k, err := scheme.Encrypt(plain, key, b.params)
	if err == nil && k.Key != nil {
		k.Key = k.Key.Clone()
	}
	return unsealedPair{c, k}, err
}

// fits makes the key file's shape and SHA-256 those of the cipher image, which takes no secret.
func (p unsealedPair) fits() {
	p.key.Width, p.key.Height, p.key.SHA256 = p.cipher.Width, p.cipher.Height, cipher.Digest(p.cipher)
	if p.key.Key != nil {
		p.key.Key = rows(p.key.Key, p.cipher.Height)
	}
}

// rows is the image with so many rows: cut off, or black ones added, below.
func rows(m *raster.Image, height int) *raster.Image {
	out := raster.NewImage(m.Width, height, m.Channels, m.Depth)
	copy(out.Pix, m.Pix)
	return out
}

// halves is the upper half of one image above the lower of another, or the halves of one swapped.
func halves(upper, lower []byte) []byte {
	n := len(upper) / 2
	return slices.Concat(upper[:n], lower[n:])
}

func swapped(pix []byte) []byte { n := len(pix) / 2; return slices.Concat(pix[n:], pix[:n]) }

// cipherForgeries change the cipher image alone.
func cipherForgeries(other *raster.Image) map[string]func(*raster.Image) {
	return map[string]func(*raster.Image){
		"a bit flipped":       func(m *raster.Image) { m.Pix[len(m.Pix)/3] ^= 128 },
		"a row cut off":       func(m *raster.Image) { *m = *rows(m, m.Height-1) },
		"a row added":         func(m *raster.Image) { *m = *rows(m, m.Height+1) },
		"halves swapped":      func(m *raster.Image) { m.Pix = swapped(m.Pix) },
		"half of another one": func(m *raster.Image) { m.Pix = halves(m.Pix, other.Pix) },
	}
}

func forgeUnsealed(b *bench, s system) (Result, error) {
	plain := b.o.Plain[0]
	other, err := b.unsealed(s, b.o.Plain[1])
	if err != nil {
		return Result{}, err
	}
	forgeries := map[string]func(*unsealedPair){
		"header edited": func(p *unsealedPair) {
			p.key.Params.Iterations++
			p.key.Params.R -= 0x1p-20
			p.key.Name = "another patient.png"
		},
		"key file of another image": func(p *unsealedPair) {
			p.key, p.key.SHA256 = other.key, cipher.Digest(p.cipher)
		},
	}
	for what, forge := range cipherForgeries(other.cipher) {
		forgeries[what] = func(p *unsealedPair) { forge(p.cipher) }
	}
	var refused, accepted []string
	for what, forge := range forgeries {
		pair, err := b.unsealed(s, plain)
		if err != nil {
			return Result{}, err
		}
		forge(&pair)
		if _, err := cipher.Decrypt(pair.cipher, pair.key); err != nil {
			refused = append(refused, what)
		}
		pair.fits()
		if _, err := cipher.Decrypt(pair.cipher, pair.key); err == nil {
			accepted = append(accepted, what)
		}
	}
	slices.Sort(accepted)
	drawn, err := drawnOver(b, s)
	if err != nil {
		return Result{}, err
	}
	r := forgeryResult(len(forgeries), accepted)
	r.Measured = append(r.Measured, Value{"refused by the SHA-256 where the attacker cannot reach the key file", float64(len(refused)), ""})
	r.Pictures = []Picture{{"forged", "what the receiver gets after the attacker has drawn a disc into the cipher image", drawn}}
	if r.Succeeded {
		r.Conclusion += " All that is there is a SHA-256 in the key file, and whoever reaches the key file makes it anew, without a key."
	}
	return r, nil
}

func forgeryResult(tried int, accepted []string) Result {
	r := Result{
		Expected:   "weak: forgeries are accepted in silence; strong: each is refused before any output",
		Criterion:  "a forgery is accepted",
		Succeeded:  len(accepted) > 0,
		Measured:   []Value{{"forgeries tried", float64(tried), ""}, {"forgeries accepted", float64(len(accepted)), ""}},
		Conclusion: fmt.Sprintf("All %d forgeries are refused, and nothing of the image is given out.", tried),
	}
	if r.Succeeded {
		r.Conclusion = fmt.Sprintf("%d of %d forgeries are accepted in silence: %s.", len(accepted), tried, strings.Join(accepted, ", "))
	}
	return r
}

// drawnOver is what an attacker makes of a cipher image without knowing anything of it: the highest bit of each sample in a disc is
// turned over. XOR carries the change into the plain image as it is, and the cat map, which has no key, can be done to the disc before.
func drawnOver(b *bench, s system) (*raster.Image, error) {
	pair, err := b.unsealed(s, b.o.Plain[0])
	if err != nil {
		return nil, err
	}
	disc, n := blank(pair.cipher), b.side()
	for i := range disc.Pix {
		x, y := i/disc.Channels/n-n/3, i/disc.Channels%n-n/3
		if 64*(x*x+y*y) < n*n {
			disc.Pix[i] = 128
		}
	}
	if s.scheme == schemePaper {
		disc = catmap.Apply(disc, 1, 1, b.params.Iterations)
	}
	pair.cipher = xored(pair.cipher, disc)
	pair.fits()
	return cipher.Decrypt(pair.cipher, pair.key)
}

// A sealedPair is a cipher image and its key file, encrypted to a receiver.
type sealedPair struct {
	cipher *raster.Image
	file   []byte
}

func (b *bench) sealedPair(s system, plain *raster.Image, to age.Recipient) (sealedPair, error) {
	var key *raster.Image
	var err error
	if s.generator != nil {
		if key, err = b.key(s.generator, plain); err != nil {
			return sealedPair{}, err
		}
	}
	c, k, err := sealed.SealImage(plain, sealOptions(s, key))
	if err != nil {
		return sealedPair{}, err
	}
	defer k.Wipe()
	var file bytes.Buffer
	err = k.Encrypt(&file, to)
	return sealedPair{c, file.Bytes()}, err
}

func (p sealedPair) open(identity age.Identity) (*raster.Image, error) {
	k, err := sealed.ReadKey(bytes.NewReader(p.file), identity)
	if err != nil {
		return nil, err
	}
	defer k.Wipe()
	return sealed.OpenImage(p.cipher, k)
}

// forgeSealed has the attacker change the cipher image or the key file, of which he cannot read a byte.
func forgeSealed(b *bench, s system) (Result, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return Result{}, err
	}
	pair, err := b.sealedPair(s, b.o.Plain[0], identity.Recipient())
	if err != nil {
		return Result{}, err
	}
	other, err := b.sealedPair(s, b.o.Plain[1], identity.Recipient())
	if err != nil {
		return Result{}, err
	}
	if _, err := pair.open(identity); err != nil {
		return Result{}, fmt.Errorf("what nobody changed does not open: %w", err)
	}
	var accepted []string
	tried := 0
	try := func(what string, p sealedPair) error {
		tried++
		m, err := p.open(identity)
		switch {
		case err == nil || m != nil:
			accepted = append(accepted, what)
		case !errors.Is(err, sealed.ErrRefused):
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	forged := map[string]sealedPair{
		"key file of another image": {pair.cipher, other.file},
		"key file cut short":        {pair.cipher, pair.file[:len(pair.file)-1]},
		"a byte after the key file": {pair.cipher, append(slices.Clone(pair.file), 0)},
	}
	for what, forge := range cipherForgeries(other.cipher) {
		c := pair.cipher.Clone()
		forge(c)
		forged[what] = sealedPair{c, pair.file}
	}
	random := b.random("bits of the key file")
	for range b.many(16, 64) {
		file := slices.Clone(pair.file)
		at, bit := random.IntN(len(file)), random.IntN(8)
		file[at] ^= 1 << bit
		forged[fmt.Sprintf("bit %d of byte %d of the key file", bit, at)] = sealedPair{pair.cipher, file}
	}
	for what, p := range forged {
		if err := try(what, p); err != nil {
			return Result{}, err
		}
	}
	slices.Sort(accepted)
	r := forgeryResult(tried, accepted)
	own, err := b.sealedPair(s, b.o.Plain[1], identity.Recipient())
	if err != nil {
		return Result{}, err
	}
	if _, err := own.open(identity); err == nil {
		r.Conclusion += " What nobody can refuse is a pair of files that somebody has made anew with the receiver's public key: sealed does not say who sealed."
	}
	return r, nil
}

// wrongBit is attack 12. The receiver, or an attacker who knows nearly all of it, has a key that is wrong in one bit.
func wrongBit(b *bench, s system) (Result, error) {
	if s.scheme == schemeSealed {
		return wrongBitSealed(b, s)
	}
	pair, err := b.unsealed(s, b.o.Plain[0])
	if err != nil {
		return Result{}, err
	}
	if k := pair.key.Key; k != nil {
		k.Pix[len(k.Pix)/2] ^= 1
	} else {
		pair.key.Params.X0 += 0x1p-53
	}
	r := Result{
		Expected:  "weak: raw XOR, one bit of the image is wrong and nobody is told; strong: an authentication error",
		Criterion: "something is decrypted without an error",
	}
	found, err := cipher.Decrypt(pair.cipher, pair.key)
	if err != nil {
		r.Conclusion = "The wrong key is refused."
		return r, nil
	}
	f, err := judge(found, b.o.Plain[0])
	if err != nil {
		return r, err
	}
	r.Succeeded, r.Measured = true, append([]Value{{"wrong keys tried", 1, ""}, {"wrong keys accepted", 1, ""}}, f.values...)
	r.Pictures = []Picture{{"decrypted", "decrypted with a key that is wrong in one bit", found}}
	r.Conclusion = fmt.Sprintf("Accepted in silence: %.4f %% of the samples are those of the plain image.", f.equal)
	return r, nil
}

func wrongBitSealed(b *bench, s system) (Result, error) {
	plain := b.o.Plain[0]
	var network *raster.Image
	var err error
	if s.generator != nil {
		if network, err = b.key(s.generator, plain); err != nil {
			return Result{}, err
		}
	}
	c, k, err := sealed.SealImage(plain, sealOptions(s, network))
	if err != nil {
		return Result{}, err
	}
	defer k.Wipe()
	accepted, bits := 0, 8*len(k.PRK)
	step := b.many(16, 1)
	for bit := 0; bit < bits; bit += step {
		wrong := *k
		wrong.PRK[bit/8] ^= 1 << (bit % 8)
		if m, err := sealed.OpenImage(c, &wrong); err == nil || m != nil {
			accepted++
		}
	}
	r := Result{
		Expected:   "weak: raw XOR, one bit of the image is wrong and nobody is told; strong: an authentication error",
		Criterion:  "something is decrypted without an error",
		Succeeded:  accepted > 0,
		Measured:   []Value{{"wrong keys tried", float64(bits / step), ""}, {"wrong keys accepted", float64(accepted), ""}},
		Conclusion: fmt.Sprintf("%d of %d keys that are wrong in one bit are accepted.", accepted, bits/step),
	}
	if accepted == 0 {
		r.Conclusion = fmt.Sprintf("All %d keys that are wrong in one bit are refused, and nothing is given out.", bits/step)
	}
	return r, nil
}
