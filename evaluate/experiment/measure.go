package experiment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
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
	var firstMaker *generator
	for i, g := range t.makers() {
		of := System{RawKey, g.info.Name}
		key := s.keys[g.info.Name]
		statisticsOf(t.results, of, key)
		t.results.add(of, IDKeyTime, milliseconds(s.took[g.info.Name]))
		t.bits.add(of, RawKeys, key.Pix)
		if before := t.before[g.info.Name]; before != nil && len(t.info.Images) > 0 {
			if err := differential(t.results, of, IDNPCRKeyKey, IDUACIKeyKey, before, key); err != nil {
				return err
			}
		}
		if firstMaker == nil {
			firstMaker = g
		} else if firstMaker.info.Channels == g.info.Channels {
			if err := differential(t.results, of, IDNPCRGenerators, IDUACIGenerators, s.keys[firstMaker.info.Name], key); err != nil {
				return err
			}
		}
		if len(t.first.Keys) == i {
			t.first.Keys = append(t.first.Keys, Keyed{Generator: g.info.Name})
		}
		if k := &t.first.Keys[i]; len(k.Key) < mostKeyed {
			k.Plain, k.Key = append(k.Plain, s.plain[g.info.Channels]), append(k.Key, key)
		}
	}
	return nil
}

// newSecret makes the secret of a subject.
func (t *trial) newSecret(sys *system, s *subject, random *rand.ChaCha8) (cipher.Secret, error) {
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
	start := time.Now()
	secret, err := key.Encrypt(plain)
	if err != nil {
		return nil, err
	}
	encryption := time.Since(start)
	start = time.Now()
	decrypted, err := key.Decrypt(secret)
	if err != nil {
		return nil, err
	}
	t.addTimes(sys, s, len(plain.Pix), encryption, time.Since(start))

	sent, err := key.Sent()
	if err != nil {
		return nil, err
	}
	t.results.add(sys.System, IDKeyBytes, float64(len(sent)))
	t.results.add(sys.System, IDKeySpace, sys.keySpace.Nominal)
	t.results.add(sys.System, IDKeySpacePublic, sys.keySpace.Effective)
	t.results.at(sys.System, IDKeySpace).remark = sys.keySpace.NominalHow
	t.results.at(sys.System, IDKeySpacePublic).remark = sys.keySpace.EffectiveHow

	statisticsOf(t.results, sys.System, secret)
	t.bits.add(sys.System, Ciphertexts, secret.Pix)
	if err := plainAgainstCipher(t.results, sys.System, plain, secret); err != nil {
		return nil, err
	}
	if err := plainAgainstDecrypted(t.results, sys.System, plain, decrypted); err != nil {
		return nil, err
	}
	out := Encrypted{System: sys.System, Plain: plain, Cipher: secret, Decrypted: decrypted}
	if err := t.wrongKey(sys, s, key, random, &out); err != nil {
		return nil, err
	}
	if err := keySensitivity(t.results, sys.System, key, &out, rng); err != nil {
		return nil, err
	}
	if err := robustness(t.results, sys.System, key, &out, rng); err != nil {
		return nil, err
	}
	if len(t.info.Images) == 0 {
		if layered, ok := key.(cipher.LayeredSecret); ok {
			out.Key, out.Scrambled = layered.Layers(plain)
		}
		t.first.Encrypted = append(t.first.Encrypted, out)
	}
	return &product{sys, key, secret, random}, t.addKeystream(sys, s, random)
}

func (t *trial) addTimes(sys *system, s *subject, bytes int, encryption, decryption time.Duration) {
	t.results.add(sys.System, IDEncryptTime, milliseconds(encryption))
	t.results.add(sys.System, IDDecryptTime, milliseconds(decryption))
	whole := encryption
	if sys.generator != nil {
		whole += s.took[sys.generator.info.Name]
	}
	t.results.add(sys.System, IDSpeed, float64(bytes)/1e6/whole.Seconds())
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
		if len(t.info.Images) > 0 || t.bits.has(sys.System, Keystreams) {
			return nil
		}
		black = raster.NewImage(t.cfg.Size, max(t.cfg.Size, t.bits.wanted/t.cfg.Size+1), 1, 8) // one keystream serves all images
	}
	keystream, err := key.Encrypt(black)
	if err != nil {
		return err
	}
	t.bits.add(sys.System, Keystreams, keystream.Pix)
	return nil
}

// Refusal is what stands in the cell of a system that gives nothing out.
const Refusal = "refused: the scheme notices, and gives nothing out"

// wrongKey decrypts with a key that has nothing to do with the right one.
func (t *trial) wrongKey(sys *system, s *subject, key cipher.Secret, random *rand.ChaCha8, out *Encrypted) error {
	var other *raster.Image
	if sys.generator != nil {
		other = t.before[sys.generator.info.Name]
	}
	wrong, what, err := key.Stranger(cipher.Input{Key: other, Random: random})
	if err != nil {
		return err
	}
	out.Wrong, err = wrong.Decrypt(out.Cipher)
	if errors.Is(err, cipher.ErrRefused) {
		out.WrongWhy = what + ": refused"
		t.results.at(sys.System, IDSSIMWrongKey).reason = Refusal
		t.results.at(sys.System, IDNPCRWrongKey).reason = Refusal
		return nil
	}
	if err != nil {
		return err
	}
	out.WrongWhy = what
	ssim, err := metrics.SSIM(out.Plain, out.Wrong, metrics.Gaussian11)
	if err != nil {
		return err
	}
	npcr, err := metrics.NPCR(out.Plain, out.Wrong)
	if err != nil {
		return err
	}
	t.results.add(sys.System, IDSSIMWrongKey, ssim)
	t.results.add(sys.System, IDNPCRWrongKey, npcr)
	return nil
}

// keySensitivity changes single bits of the key, and compares what is encrypted and what is decrypted.
func keySensitivity(r measurements, of System, key cipher.Secret, out *Encrypted, rng *rand.Rand) error {
	for range keyBits {
		other, err := key.Flip(rng.IntN)
		if err != nil {
			return err
		}
		decrypted, err := other.Decrypt(out.Cipher)
		switch {
		case errors.Is(err, cipher.ErrRefused):
			r.at(of, IDKeySensitivityDecrypted).reason = Refusal
		case err != nil:
			return err
		default:
			share, err := metrics.NPCR(out.Decrypted, decrypted)
			if err != nil {
				return err
			}
			r.add(of, IDKeySensitivityDecrypted, share)
		}
		secret, err := other.Encrypt(out.Plain)
		if err != nil {
			return err
		}
		share, err := metrics.NPCR(out.Cipher, secret)
		if err != nil {
			return err
		}
		r.add(of, IDKeySensitivityCipher, share)
	}
	return nil
}

// oneBitChanges runs everything again, key generation included, for copies of an image with one bit of one sample changed at a
// random place, and compares keys and ciphertexts with the unchanged image's. Then it does so under the key of the unchanged image.
func (t *trial) oneBitChanges(ctx context.Context, s *subject, made []*product, count int, what string) error {
	for i := range count {
		changed := &subject{index: s.index, noise: s.noise, plain: map[int]*raster.Image{}}
		for _, c := range t.channels {
			m := s.plain[c].Clone()
			m.Pix[t.places.IntN(len(m.Pix))] ^= 1 << t.places.IntN(8)
			changed.plain[c] = m
		}
		if err := t.makeKeys(ctx, changed, fmt.Sprintf("%s, one-bit change %d of %d", what, i+1, count)); err != nil {
			return err
		}
		for _, g := range t.makers() {
			of, name := System{RawKey, g.info.Name}, g.info.Name
			t.results.add(of, IDKeyTime, milliseconds(changed.took[name]))
			if err := differential(t.results, of, IDNPCRKeyOneBit, IDUACIKeyOneBit, s.keys[name], changed.keys[name]); err != nil {
				return err
			}
		}
		for _, p := range made {
			if err := t.oneBitChange(p, changed); err != nil {
				return fmt.Errorf("%s: %w", p.system, err)
			}
			t.progress.passed(p.system.changeCost, what)
		}
	}
	return nil
}

func (t *trial) oneBitChange(p *product, changed *subject) error {
	plain, of := changed.plain[p.system.Channels], p.system.System
	anew, err := t.newSecret(p.system, changed, p.random)
	if err != nil {
		return err
	}
	for _, run := range []struct {
		key        cipher.Secret
		npcr, uaci string
	}{{anew, IDNPCR, IDUACI}, {p.secret, IDNPCRSameKey, IDUACISameKey}} {
		secret, err := run.key.Encrypt(plain)
		if err != nil {
			return err
		}
		if err := differential(t.results, of, run.npcr, run.uaci, p.cipher, secret); err != nil {
			return err
		}
	}
	return nil
}

// statisticsOf adds entropy, χ² and the correlations of an image.
func statisticsOf(r measurements, of System, m *raster.Image) {
	r.add(of, IDEntropy, metrics.Entropy(m))
	r.add(of, IDChiSquare, metrics.ChiSquare(m))
	for c := range m.Channels {
		for _, d := range metrics.Directions {
			v, err := metrics.Correlation(m, c, d)
			if errors.Is(err, metrics.ErrUndefined) {
				r.addUndefined(of, IDCorrelation[d], err)
				continue
			}
			r.add(of, IDCorrelation[d], v)
		}
	}
}

// differential adds the NPCR and the UACI of two images.
func differential(r measurements, of System, npcrID, uaciID string, a, b *raster.Image) error {
	npcr, err := metrics.NPCR(a, b)
	if err != nil {
		return err
	}
	uaci, err := metrics.UACI(a, b)
	if err != nil {
		return err
	}
	r.add(of, npcrID, npcr)
	r.add(of, uaciID, uaci)
	return nil
}

func plainAgainstCipher(r measurements, of System, plain, secret *raster.Image) error {
	npcr, err := metrics.NPCR(plain, secret)
	if err != nil {
		return err
	}
	uaci, err := metrics.UACI(plain, secret)
	if err != nil {
		return err
	}
	mse, err := metrics.MSE(plain, secret)
	if err != nil {
		return err
	}
	expected := metrics.ExpectedMSE(plain)
	r.add(of, IDNPCRPlainCipher, npcr)
	r.addExpected(of, IDUACIPlainCipher, uaci, metrics.ExpectedUACI(plain))
	r.addExpected(of, IDMSE, mse, expected)
	r.addExpected(of, IDPSNR, metrics.PSNROf(mse, plain.Max()), metrics.PSNROf(expected, plain.Max()))
	for id, window := range map[string]metrics.Window{IDSSIM: metrics.Gaussian11, IDSSIMUniform7: metrics.Uniform7} {
		v, err := metrics.SSIM(plain, secret, window)
		if err != nil {
			return err
		}
		r.add(of, id, v)
	}
	return nil
}

func plainAgainstDecrypted(r measurements, of System, plain, decrypted *raster.Image) error {
	mse, err := metrics.MSE(plain, decrypted)
	if err != nil {
		return err
	}
	ssim, err := metrics.SSIM(plain, decrypted, metrics.Gaussian11)
	if err != nil {
		return err
	}
	r.add(of, IDMSEDecrypted, mse)
	r.add(of, IDPSNRDecrypted, metrics.PSNROf(mse, plain.Max()))
	r.add(of, IDSSIMDecrypted, ssim)
	exact := 0.0
	if slices.Equal(plain.Pix, decrypted.Pix) {
		exact = 100
	}
	r.add(of, IDExact, exact)
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
