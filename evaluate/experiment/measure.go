package experiment

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/evaluate/attack"
)

// product is what a system made of a subject.
type product struct {
	system *system
	secret cipher.Secret
	cipher *raster.Image
	random *rand.ChaCha8
}

// keyBits is how many single bits of an image's key are changed for the key's sensitivity.
const keyBits = 4

// measureKeys takes the metrics of the raw keys of a subject.
func (t *trial) measureKeys(s *subject) error {
	makers := t.makers()
	for i, g := range makers {
		of, key := System{Scheme: RawKey, Generator: g.info.Name}, s.keys[g.info.Name]
		err := t.results.observe(of, EachImage, Observation{A: key})
		err = cmp.Or(err, t.results.observe(of, EachKey, Observation{A: key}))
		err = cmp.Or(err, t.results.observe(of, PlainAndKey, Observation{A: s.plain[g.info.Channels], B: key}), t.collect(g, s))
		err = cmp.Or(err, t.results.observe(of, KeyMade, Observation{A: key, KeyTime: s.took[g.info.Name]}))
		if before := t.before[g.info.Name]; before != nil && len(t.info.Images) > 0 {
			err = cmp.Or(err, t.results.observe(of, KeysOfTwoImages, Observation{A: before, B: key}))
		}
		if first := makers[0]; i > 0 && first.info.Channels == g.info.Channels {
			err = cmp.Or(err, t.results.observe(of, KeysOfTwoGenerators, Observation{A: s.keys[first.info.Name], B: key}))
		}
		if err != nil {
			return err
		}
		t.bits.add(of, RawKeys, key.Pix)
		if len(t.first.Keys) == i {
			t.first.Keys = append(t.first.Keys, Keyed{Generator: g.info.Name})
		}
		if k := &t.first.Keys[i]; len(k.Key) < mostKeyed {
			k.Plain, k.Key = append(k.Plain, s.plain[g.info.Channels]), append(k.Key, key)
		}
	}
	return nil
}

// newSecret makes the secret of a subject. Where one secret serves all images, it is the same each time.
func (t *trial) newSecret(sys *system, s *subject, random *rand.ChaCha8) (cipher.Secret, error) {
	if sys.cryptosystem.Info().Kept() {
		random = rand.NewChaCha8(t.seeded("kept secret 1 "+sys.String(), 0))
	}
	in := cipher.Input{Plain: s.plain[sys.Channels], Params: t.cfg.params(), Random: random}
	if g := sys.generator; g != nil {
		in.Network, in.Key = g.network(s.noise), s.keys[g.info.Name]
	}
	return sys.cryptosystem.NewSecret(in)
}

// measureSystem encrypts and decrypts one image, with the right key and with wrong ones, whole and damaged.
func (t *trial) measureSystem(sys *system, s *subject) (*product, error) {
	purpose := "secrets 1 " + t.info.Name + "\n" + sys.String()
	random := rand.NewChaCha8(t.seeded(purpose, s.index))
	rng := rand.New(rand.NewChaCha8(t.seeded("damage 1 "+t.info.Name, s.index))) // the same damage for all systems
	plain := s.plain[sys.Channels]

	key, err := t.newSecret(sys, s, random)
	if err != nil {
		return nil, err
	}
	sent := Observation{A: plain, KeySpace: sys.keySpace}
	if sys.generator != nil {
		sent.KeyTime = s.took[sys.generator.info.Name]
	}
	start := time.Now()
	if sent.B, err = key.Encrypt(plain); err != nil {
		return nil, err
	}
	sent.EncryptTime = time.Since(start)
	secretly, err := key.Sent()
	if err != nil {
		return nil, err
	}
	sent.KeyBytes = len(secretly)
	decrypt, err := received(sys.cryptosystem.Info(), key, secretly)
	if err != nil {
		return nil, err
	}
	start = time.Now()
	decrypted, err := decrypt(sent.B)
	if err != nil {
		return nil, err
	}
	sent.DecryptTime = time.Since(start)
	out := Encrypted{System: sys.System, Plain: plain, Cipher: sent.B, Decrypted: decrypted}
	t.bits.add(sys.System, Ciphertexts, out.Cipher.Pix)
	err = cmp.Or(
		t.results.observe(sys.System, Transmitted, sent),
		t.results.observe(sys.System, EachImage, Observation{A: out.Cipher}),
		t.results.observe(sys.System, PlainAndCipher, Observation{A: plain, B: out.Cipher}),
		t.results.observe(sys.System, PlainAndDecrypted, Observation{A: plain, B: decrypted}),
		t.wrongKey(sys, key, random, &out),
		keySensitivity(t.results, sys.System, key, &out, rng),
		robustness(t.results, sys.System, key, &out, rng),
	)
	if err != nil {
		return nil, err
	}
	if len(t.info.Images) == 0 {
		if layered, ok := key.(cipher.LayeredSecret); ok {
			out.Key, out.Scrambled = layered.Layers(plain)
		}
		t.first.Encrypted = append(t.first.Encrypted, out)
	}
	return &product{sys, key, out.Cipher, random}, t.addKeystream(sys, s, random)
}

// received is how the receiver decrypts: with the key file that he was sent, where the system writes one in the clear, and nothing else.
// The secrets of other systems are what is sent.
func received(of cipher.Info, key cipher.Secret, sent []byte) (decrypt func(*raster.Image) (*raster.Image, error), err error) {
	if of.KeyFile != cipher.ClearKeyFile {
		return key.Decrypt, nil
	}
	file, err := cipher.ParseKeyFile("the key file that was sent", sent)
	return func(m *raster.Image) (*raster.Image, error) {
		fits := *file
		fits.SHA256 = cipher.Digest(m)
		return cipher.Decrypt(m, &fits)
	}, err
}

// addKeystream keeps the ciphertext of a black image for SP 800-22, where that is a keystream that is not the raw key.
func (t *trial) addKeystream(sys *system, s *subject, random *rand.ChaCha8) error {
	info := sys.cryptosystem.Info()
	if info.Keystream != cipher.OwnKeystream {
		return nil
	}
	key, err := t.newSecret(sys, s, random)
	if err != nil {
		return err
	}
	black := raster.NewImage(t.cfg.Size, t.cfg.Size, sys.Channels, 8)
	if info.Kept() {
		if len(t.info.Images) > 0 || t.bits.holds(sys.System, Keystreams) {
			return nil
		}
		black = raster.NewImage(t.cfg.Size, max(t.cfg.Size, t.bits.wanted()/t.cfg.Size+1), 1, 8) // one keystream serves all images
	}
	keystream, err := key.Encrypt(black)
	if err != nil {
		return err
	}
	if info.Kept() {
		t.bits.addStream(sys.System, Keystreams, keystream.Pix)
	} else {
		t.bits.add(sys.System, Keystreams, keystream.Pix)
	}
	return nil
}

// Refusal is what stands in the cell of a system that gives nothing out.
const Refusal = "refused: the scheme notices and gives out nothing"

// compareDecrypted decrypts what should not open, and compares. It notes a refusal in the place of values; the image is then nil.
func compareDecrypted(r measurements, of System, on Occasion, key cipher.Secret, with, cipherImage *raster.Image) (*raster.Image, error) {
	decrypted, err := key.Decrypt(cipherImage)
	if errors.Is(err, cipher.ErrRefused) {
		r.explain(of, on, Refusal)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decrypted, r.observe(of, on, Observation{A: with, B: decrypted})
}

// wrongKey decrypts with a key that has nothing to do with the right one.
func (t *trial) wrongKey(sys *system, key cipher.Secret, random *rand.ChaCha8, out *Encrypted) error {
	var other *raster.Image
	if sys.generator != nil {
		other = t.before[sys.generator.info.Name]
	}
	wrong, what, err := key.Stranger(cipher.Input{Key: other, Random: random})
	if err != nil {
		return err
	}
	out.WrongWhy = what
	if out.Wrong, err = compareDecrypted(t.results, sys.System, PlainAndWrongKey, wrong, out.Plain, out.Cipher); out.Wrong == nil {
		out.WrongWhy += ": refused"
	}
	return err
}

// keySensitivity changes single bits of the key, and compares what is encrypted and what is decrypted.
func keySensitivity(r measurements, of System, key cipher.Secret, out *Encrypted, rng *rand.Rand) error {
	for range keyBits {
		other, err := key.Flip(rng.IntN)
		if err != nil {
			return err
		}
		decrypted, err := compareDecrypted(r, of, DecryptedKeyBit, other, out.Decrypted, out.Cipher)
		if err != nil {
			return err
		}
		if out.KeyBit == nil {
			out.KeyBit = decrypted
		}
		changed, err := other.Encrypt(out.Plain)
		if err != nil {
			return err
		}
		if err := r.observe(of, CiphersKeyBit, Observation{A: out.Cipher, B: changed}); err != nil {
			return err
		}
	}
	return nil
}

// robustness decrypts a cipher image that was damaged on its way.
func robustness(r measurements, of System, key cipher.Secret, out *Encrypted, rng *rand.Rand) error {
	damages := slices.Concat(attack.Damages, attack.MoreDamages)
	for i, on := range []Occasion{AfterNoise, AfterCrop16, AfterCrop4, AfterNoise1, AfterNoise10, AfterCrop2} {
		damaged := out.Cipher.Clone()
		damages[i].Do(damaged, rng)
		if _, err := compareDecrypted(r, of, on, key, out.Plain, damaged); err != nil {
			return err
		}
	}
	return nil
}
