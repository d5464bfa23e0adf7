package experiment

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/infer"
)

// The schemes beside those of package cipher's registry.
const (
	SchemeSealed   = "sealed"
	SchemeAES      = "aes-256-gcm" // the reference: the samples under AES-256-GCM, and nothing else
	SchemeChaosGAN = "chaos-gan"   // a network encrypts, another decrypts
)

// Schemes lists the schemes that can be measured.
func Schemes() []string { return append(cipher.Schemes(), SchemeChaosGAN, SchemeSealed, SchemeAES) }

// A system makes the secrets of a scheme, one for each image.
type system struct {
	SystemInfo
	generator *generator // nil where none takes part
	secretOf  func(in secretInput) (secret, error)
	keySpace  keySpace

	cost, changeCost float64 // of an image and of a one-bit change, see tracker
}

// secretInput is what a secret may be made of.
type secretInput struct {
	plain  *raster.Image
	raw    *raster.Image // the generator's key of plain; nil where there is no generator of keys
	noise  infer.Seed    // of the generator
	random *rand.ChaCha8 // what a user would take from crypto/rand. It is seeded, so that a report can be made again.
}

// A secret is all that encrypts and decrypts one image.
type secret interface {
	// encrypt gives the cipher image, of the shape of plain. Under one secret it is always the same.
	encrypt(plain *raster.Image) (*raster.Image, error)

	// decrypt takes a cipher image that may be damaged. It comes after encrypt. The error of a scheme that notices wraps
	// sealed.ErrRefused.
	decrypt(secret *raster.Image) (*raster.Image, error)

	// oneBit is the same secret but for a bit at random; for decrypt, what the receiver got but for a bit.
	oneBit(rng *rand.Rand) (secret, error)

	// stranger is a secret of the same kind that has nothing to do with this one. other is the raw key of another image.
	stranger(other *raster.Image, random *rand.ChaCha8) (s secret, what string, err error)

	// bytes is how much must reach the receiver in secret. It comes after encrypt.
	bytes() (int, error)

	// show is the key as an image, nil if there is none worth looking at, and the image after the cat map, nil without one.
	show(plain *raster.Image) (key, scrambled *raster.Image)
}

// systemsOf lists the systems of cfg: each scheme, with each generator that it can take.
func systemsOf(cfg Config, generators []*generator) ([]*system, error) {
	main := mainChannels(generators)
	var out []*system
	add := func(scheme string, g *generator, secretOf func(secretInput) (secret, error)) {
		s := &system{SystemInfo: SystemInfo{System: System{Scheme: scheme}, Channels: main}, generator: g, secretOf: secretOf}
		if g != nil {
			s.Generator = g.info.Name
			if g.keys == nil {
				s.NotMeasured = "not measured: the generator could not be read: " + g.err.Error()
			} else {
				s.Channels = g.info.Channels
			}
		}
		s.keySpace = keySpaceOf(s, cfg)
		out = append(out, s)
	}
	for _, name := range cfg.Schemes {
		switch name {
		case SchemeAES:
			add(name, nil, newAESSecret)
			continue
		case SchemeChaosGAN:
			for _, g := range generators {
				if g.chaos() {
					add(name, g, g.chaosSecret)
				}
			}
		case SchemeSealed:
			for _, g := range generators {
				if !g.chaos() {
					add(name, g, g.sealedSecret)
				}
			}
		default:
			scheme, err := cipher.SchemeByName(name)
			if err != nil {
				return nil, err
			}
			secretOf := keyedSecrets(scheme, cfg.params())
			if !scheme.TakesKey() {
				add(name, nil, secretOf)
				out[len(out)-1].Research = scheme.Warning()
				continue
			}
			for _, g := range generators {
				if !g.chaos() {
					add(name, g, secretOf)
					out[len(out)-1].Research = scheme.Warning()
				}
			}
		}
		if !slices.ContainsFunc(out, func(s *system) bool { return s.Scheme == name }) {
			add(name, nil, nil)
			out[len(out)-1].NotMeasured = "not measured: " + missingGenerator(name)
		}
	}
	return out, nil
}

// missingGenerator says what a scheme lacks where no generator fits it.
func missingGenerator(scheme string) string {
	if scheme == SchemeChaosGAN {
		return "no chaos GAN was given: it takes the run of one, as in -w chaos-gan=runs/chaos-gan-small"
	}
	return fmt.Sprintf("no generator that makes keys was given: it takes one, as in -w %s", BuiltIn)
}

// mainChannels are those of the images wherever no generator asks for others.
func mainChannels(generators []*generator) int {
	channels := 0
	for _, g := range generators {
		if g.keys != nil && !g.chaos() {
			channels = max(channels, g.info.Channels)
		}
	}
	if channels == 0 {
		return 3
	}
	return channels
}
