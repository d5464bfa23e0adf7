package attack

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"filippo.io/age"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// A message is what lies on a disk or goes over a wire: a cipher image and, where there is one, its key file.
type message struct {
	secret  cipher.Secret
	image   *raster.Image
	clear   *cipher.KeyFile // of a cipher.FiledSecret. The attacker uses nothing of the key in it.
	wrapped []byte          // of a cipher.WrappedSecret
}

// send encrypts an image, each time anew, to a receiver.
func (b *bench) send(t *target, plain *raster.Image, to age.Recipient) *message {
	m := &message{secret: b.secret(t, plain)}
	m.image = must(m.secret.Encrypt(plain))
	switch s := m.secret.(type) {
	case cipher.WrappedSecret:
		var file bytes.Buffer
		check(s.Wrap(&file, to))
		m.wrapped = file.Bytes()
	case cipher.FiledSecret:
		m.clear = s.KeyFile(m.image)
	}
	return m
}

// open is what the receiver does.
func (m *message) open(identity age.Identity) (*raster.Image, error) {
	secret := m.secret
	switch {
	case m.clear != nil:
		return cipher.Decrypt(m.image, m.clear)
	case m.wrapped != nil:
		var err error
		if secret, err = m.secret.(cipher.WrappedSecret).Unwrap(bytes.NewReader(m.wrapped), identity); err != nil {
			return nil, err
		}
	}
	return secret.Decrypt(m.image)
}

// fit makes the key file's shape and SHA-256 those of the cipher image. That takes no secret.
func (m *message) fit() {
	m.clear.Width, m.clear.Height, m.clear.SHA256 = m.image.Width, m.image.Height, cipher.Digest(m.image)
	if m.clear.Key != nil {
		m.clear.Key = withRows(m.clear.Key, m.image.Height)
	}
}

// withRows cuts rows off an image or adds black ones, below.
func withRows(m *raster.Image, height int) *raster.Image {
	out := raster.NewImage(m.Width, height, m.Channels, m.Depth)
	copy(out.Pix, m.Pix)
	return out
}

// forgeries change the cipher image or the key file; other is a message that the attacker has as well.
func (b *bench) forgeries(m, other *message) map[string]func(*message) {
	half := len(m.image.Pix) / 2
	all := map[string]func(*message){
		"a bit flipped":       func(m *message) { m.image.Pix[len(m.image.Pix)/3] ^= 128 },
		"a row cut off":       func(m *message) { m.image = withRows(m.image, m.image.Height-1) },
		"a row added":         func(m *message) { m.image = withRows(m.image, m.image.Height+1) },
		"halves swapped":      func(m *message) { m.image.Pix = slices.Concat(m.image.Pix[half:], m.image.Pix[:half]) },
		"half of another one": func(m *message) { m.image.Pix = slices.Concat(m.image.Pix[:half], other.image.Pix[half:]) },
	}
	switch {
	case m.clear != nil:
		all["header edited"] = func(m *message) {
			m.clear.Params.Iterations++
			m.clear.Params.R -= 0x1p-20
			m.clear.Name = "another patient.png"
		}
		all["key file of another image"] = func(m *message) {
			file := *other.clear
			m.clear = &file
		}
	case m.wrapped != nil:
		all["key file of another image"] = func(m *message) { m.wrapped = other.wrapped }
		all["key file cut short"] = func(m *message) { m.wrapped = m.wrapped[:len(m.wrapped)-1] }
		all["a byte after the key file"] = func(m *message) { m.wrapped = append(slices.Clone(m.wrapped), 0) }
		random := b.random("bits of the key file")
		for range b.many(16, 64) {
			at, bit := random.IntN(len(m.wrapped)), random.IntN(8)
			all[fmt.Sprintf("bit %d of byte %d of the key file", bit, at)] = func(m *message) {
				m.wrapped = slices.Clone(m.wrapped)
				m.wrapped[at] ^= 1 << bit
			}
		}
	}
	return all
}

// forgery is attack 11. The attacker changes what lies on a disk or goes over a wire, and the receiver opens it.
func forgery(b *bench, t *target) Result {
	identity := must(age.GenerateX25519Identity())
	sent := b.send(t, t.plain[0], identity.Recipient())
	other := b.send(t, t.plain[1], identity.Recipient())
	must(sent.open(identity)) // what nobody changed
	var accepted []string
	noticed := 0
	forgeries := b.forgeries(sent, other)
	for _, what := range slices.Sorted(maps.Keys(forgeries)) {
		m := *sent
		m.image = sent.image.Clone()
		if sent.clear != nil {
			file := *sent.clear
			m.clear = &file
		}
		forgeries[what](&m)
		opened, err := m.open(identity)
		if err != nil {
			noticed++
		}
		if m.clear != nil {
			m.fit()
			opened, err = m.open(identity)
		}
		switch {
		case err == nil || opened != nil:
			accepted = append(accepted, what)
		case t.info.Authenticates != "" && !errors.Is(err, cipher.ErrRefused):
			check(fmt.Errorf("%s: %w", what, err))
		}
	}
	r := Result{
		Expected:  "weak: forgeries are accepted in silence; strong: each is refused before any output",
		Criterion: "a forgery is accepted",
		Succeeded: len(accepted) > 0,
		Measured:  []Value{{"forgeries tried", float64(len(forgeries)), ""}, {"forgeries accepted", float64(len(accepted)), ""}},
		Conclusion: either(len(accepted) > 0,
			fmt.Sprintf("%d of %d forgeries are accepted in silence: %s.", len(accepted), len(forgeries), strings.Join(accepted, ", ")),
			fmt.Sprintf("All %d forgeries are refused, and nothing of the image is given out.", len(forgeries))),
	}
	switch {
	case sent.clear != nil:
		r.Measured = append(r.Measured, Value{"refused by the SHA-256 where the attacker cannot reach the key file", float64(noticed), ""})
		if r.Succeeded {
			r.Conclusion += " All that is there is a SHA-256 in the key file, and whoever reaches the key file makes it anew, without " +
				"a key."
		}
		r.Pictures = []Picture{{"forged", "what the receiver gets after the attacker has drawn a disc into the cipher image",
			sent.drawnOver()}}
	case sent.wrapped != nil:
		must(b.send(t, t.plain[1], identity.Recipient()).open(identity))
		r.Conclusion += " Nobody can refuse a pair of files that somebody has made anew with the receiver's public key: " +
			t.info.Name + " does not say who sent it."
	}
	return r
}

// drawnOver is what the receiver gets after an attacker who knows nothing of the image turned over the highest bit of each sample in a
// disc. XOR carries the change into the plain image as it is. A permutation that has no key can be done to the disc before.
func (m *message) drawnOver() *raster.Image {
	disc, n := blank(m.image), m.image.Width
	for i := range disc.Pix {
		x, y := i/disc.Channels/n-n/3, i/disc.Channels%n-n/3
		if 64*(x*x+y*y) < n*n {
			disc.Pix[i] = 128
		}
	}
	if layered, ok := m.secret.(cipher.LayeredSecret); ok {
		if _, scrambled := layered.Layers(disc); scrambled != nil {
			disc = scrambled
		}
	}
	m.image = xored(m.image, disc)
	m.fit()
	return must(m.open(nil))
}

// wrongBit is attack 12. The receiver, or an attacker who knows nearly all of it, has a key that is wrong in one bit.
func wrongBit(b *bench, t *target) Result {
	plain := t.plain[0]
	secret := b.secret(t, plain)
	cipherImage := must(secret.Encrypt(plain))
	r := Result{
		Expected:  "weak: raw XOR, one bit of the image is wrong and nobody is told; strong: an authentication error",
		Criterion: "something is decrypted without an error",
	}
	wrong := must(secret.Flip(func(n int) int { // the middle of a long key and the last bit of a short one
		if n > 64 {
			return n / 2
		}
		return 0
	}))
	if found, err := wrong.Decrypt(cipherImage); err == nil {
		f := judge(found, plain)
		r.Succeeded, r.Measured = true, append([]Value{{"wrong keys tried", 1, ""}, {"wrong keys accepted", 1, ""}}, f.values...)
		r.Pictures = []Picture{{"decrypted", "decrypted with a key that is wrong in one bit", found}}
		r.Conclusion = fmt.Sprintf("Accepted in silence: %.4f %% of the samples are those of the plain image.", f.equal)
		return r
	}
	accepted, bits, step := 0, secret.Bits(), b.many(16, 1)
	for bit := 0; bit < bits; bit += step {
		wrong := must(secret.Flip(func(n int) int {
			if n == 8 {
				return bit % 8
			}
			return bit / 8 % n
		}))
		if m, err := wrong.Decrypt(cipherImage); err == nil || m != nil {
			accepted++
		}
	}
	r.Succeeded = accepted > 0
	r.Measured = []Value{{"wrong keys tried", float64(bits / step), ""}, {"wrong keys accepted", float64(accepted), ""}}
	r.Conclusion = either(accepted > 0, fmt.Sprintf("%d of %d keys that are wrong in one bit are accepted.", accepted, bits/step),
		fmt.Sprintf("All %d keys that are wrong in one bit are refused, and nothing is given out.", bits/step))
	return r
}

// Damage is what happens to a cipher image of 8 bits on its way.
type Damage struct {
	Name  string
	Share float64 // of the pixels that are lost
	Do    func(*raster.Image, *rand.Rand)
}

// Damages are salt and pepper, and the loss of the middle 1/16 and of the middle quarter.
var Damages = []Damage{
	saltAndPepper("salt and pepper", 0.05), crop("crop 1/16", 1./16), crop("crop 1/4", 1./4),
}

// MoreDamages are weaker and stronger ones of both kinds, for tables.
var MoreDamages = []Damage{
	saltAndPepper("salt and pepper, 1 %", 0.01), saltAndPepper("salt and pepper, 10 %", 0.1), crop("crop 1/2", 1./2),
}

// saltAndPepper turns a share of the pixels black or white.
func saltAndPepper(name string, share float64) Damage {
	return Damage{name, share, func(m *raster.Image, r *rand.Rand) {
		for p := range m.Width * m.Height {
			if r.Float64() >= share {
				continue
			}
			v := byte(255 * r.IntN(2))
			for c := range m.Channels {
				m.Pix[p*m.Channels+c] = v
			}
		}
	}}
}

// crop makes the middle of an image black, a share of its area.
func crop(name string, share float64) Damage {
	return Damage{name, share, func(m *raster.Image, _ *rand.Rand) {
		width, height := int(float64(m.Width)*math.Sqrt(share)), int(float64(m.Height)*math.Sqrt(share))
		left, top := (m.Width-width)/2, (m.Height-height)/2
		for y := top; y < top+height; y++ {
			clear(m.Pix[(y*m.Width+left)*m.Channels:][:width*m.Channels])
		}
	}}
}

// damaged is attack 14, rather a price than an attack: what survives when the cipher image is damaged. A cryptosystem that lets chance
// change the image in silence lets an attacker do so as well.
func damaged(b *bench, t *target) Result {
	plain := t.plain[0]
	r := Result{
		Expected:  "weak: the image degrades gently, PSNR ≈ 22.5, 21.5 and 15.5 dB; strong: it is refused, which is a trade-off",
		Criterion: "a damaged cipher image is opened, and the plain image is seen in what comes out, r ≥ 0.3",
	}
	secret := b.secret(t, plain)
	cipherImage := must(secret.Encrypt(plain))
	lost, refused := metrics.ExpectedMSE(plain), 0
	for _, d := range Damages {
		m := cipherImage.Clone()
		d.Do(m, b.random("salt and pepper"))
		found, err := secret.Decrypt(m)
		if err != nil {
			refused++
			continue
		}
		f := judge(found, plain)
		psnr := must(metrics.PSNR(found, plain))
		r.Succeeded = r.Succeeded || f.visible()
		r.Measured = append(r.Measured, Value{"PSNR after " + d.Name, psnr, "dB"},
			Value{"expected of a uniform key after " + d.Name, metrics.PSNROf(d.Share*lost, plain.Max()), "dB"})
		r.Pictures = append(r.Pictures, Picture{slug(d.Name), "decrypted after " + d.Name, found})
	}
	switch {
	case refused > 0:
		r.Measured = append(r.Measured, Value{"damaged images", float64(len(Damages)), ""},
			Value{"damaged images refused", float64(refused), ""})
		r.Conclusion = fmt.Sprintf("%d of %d damaged cipher images are refused. This is the price of authentication: a bit that is "+
			"wrong anywhere, and the image does not open. Keep copies.", refused, len(Damages))
	case r.Succeeded:
		r.Conclusion = fmt.Sprintf("A damaged cipher image opens, with the damage spread or in its place: PSNR %.1f, %.1f and %.1f dB. "+
			"The same holds for what an attacker changes.", r.Measured[0].Value, r.Measured[2].Value, r.Measured[4].Value)
	default:
		r.Conclusion = "A damaged cipher image opens, and what comes out does not show the plain image."
	}
	return r
}
