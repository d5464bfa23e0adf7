package attack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"

	"keygan/cipher"
	"keygan/cipher/catmap"
	"keygan/cipher/sealed"
	"keygan/data/raster"
)

// The schemes. CatMap is no scheme of package cipher: it is the half of paper that moves pixels, with the iteration count as its key.
const (
	catMapAlone  = "cat map alone"
	schemeXOR    = "xor"
	schemePaper  = "paper"
	logistic     = "logistic"
	rawKey       = "raw key"
	schemeSealed = "sealed"
)

// A system is a scheme, with the generator that makes its keys where it takes one.
type system struct {
	scheme    string
	generator *Generator
	secrets   *rand.ChaCha8 // what sealed takes from crypto/rand in use: a stream of its own, so that a report can be made again
}

func (s system) generatorName() string {
	if s.generator == nil {
		return ""
	}
	return s.generator.Name
}

func (s system) String() string { return systemName(s.scheme, s.generatorName()) }

// systems pairs schemes with generators.
func (o Options) systems() ([]system, error) {
	all := []system{{scheme: catMapAlone}}
	for i := range o.Generators {
		all = append(all, system{scheme: rawKey, generator: &o.Generators[i]})
	}
	for _, name := range o.Schemes {
		takesKey := name == schemeSealed && len(o.Generators) > 0
		if name != schemeSealed {
			s, err := cipher.SchemeByName(name)
			if err != nil {
				return nil, err
			}
			takesKey = s.TakesKey()
		}
		if !takesKey {
			all = append(all, system{scheme: name})
			if name == logistic {
				all = append(all, system{scheme: logisticSingle})
			}
			continue
		}
		if len(o.Generators) == 0 {
			return nil, fmt.Errorf("the scheme %q needs a generator", name)
		}
		for i := range o.Generators {
			all = append(all, system{scheme: name, generator: &o.Generators[i]})
		}
	}
	return all, nil
}

// bench is where the attacks are made: the images, the victim's parameters, and the keys that were made already.
type bench struct {
	ctx    context.Context
	o      Options
	params cipher.Params
	catMap int // iterations, the secret of the cat map alone
	keys   map[keyOf]*raster.Image
}

type keyOf struct {
	generator string
	plain     [sha256.Size]byte
}

func newBench(ctx context.Context, o Options) (*bench, []system, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	systems, err := o.systems()
	if err != nil {
		return nil, nil, err
	}
	b := &bench{ctx: ctx, o: o, keys: map[keyOf]*raster.Image{}}
	for i := range systems {
		systems[i].secrets = rand.NewChaCha8(b.seed("secrets of " + systems[i].String()))
	}
	r := b.random("secrets")
	b.params = cipher.Params{Iterations: o.Iterations}
	if o.Iterations == 0 {
		b.params.Iterations = cipher.DefaultIterations
	}
	b.catMap = 1 + r.IntN(catmap.Period(b.side(), 1, 1)-1)
	for {
		b.params.X0, b.params.R = r.Float64(), 3.9+float64(0.1*r.Float64())
		if _, err := cipher.LogisticKeystream(1, b.params.X0, b.params.R); err == nil {
			return b, systems, nil
		}
	}
}

// random is a generator of its own for each purpose, so that no attack depends on which others are made.
func (b *bench) random(purpose string) *rand.Rand {
	return rand.New(rand.NewChaCha8(b.seed(purpose)))
}

func (b *bench) seed(purpose string) [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "keygan attack\n%d\n%s", b.o.Seed, purpose))
}

func (b *bench) side() int { return b.o.Plain[0].Width }

// many is a number of keys, sequences or repetitions.
func (b *bench) many(quick, full int) int {
	if b.o.Quick {
		return quick
	}
	return full
}

// key is the key image of a plain image. Making one is what takes the time, so they are kept.
func (b *bench) key(g *Generator, plain *raster.Image) (*raster.Image, error) {
	at := keyOf{g.Name, cipher.Digest(plain)}
	if k := b.keys[at]; k != nil {
		return k, nil
	}
	if err := b.ctx.Err(); err != nil {
		return nil, err
	}
	k, err := g.Key(plain)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	b.keys[at] = k
	return k, nil
}

// An oracle is the victim as the attacker meets him: images in, cipher images out, and nothing of the key.
type oracle func(plain *raster.Image) (*raster.Image, error)

// keptKey is a victim who keeps one key for all images: the one that the generator made of the first image, one pair x0 and r, one
// iteration count. sealed cannot be used so. It mixes the same network key with a fresh secret for each image.
func (b *bench) keptKey(s system) (oracle, error) {
	if s.generator == nil {
		return func(plain *raster.Image) (*raster.Image, error) { return b.encrypt(s, plain, nil) }, nil
	}
	key, err := b.key(s.generator, b.o.Plain[0])
	if err != nil {
		return nil, err
	}
	return func(plain *raster.Image) (*raster.Image, error) { return b.encrypt(s, plain, key) }, nil
}

// ownKeys is a victim who does as the scheme says: the key of each image is the one that the generator makes of it.
func (b *bench) ownKeys(s system) oracle {
	return func(plain *raster.Image) (*raster.Image, error) {
		if s.generator == nil {
			return b.encrypt(s, plain, nil)
		}
		key, err := b.key(s.generator, plain)
		if err != nil {
			return nil, err
		}
		return b.encrypt(s, plain, key)
	}
}

func (b *bench) encrypt(s system, plain, key *raster.Image) (*raster.Image, error) {
	switch s.scheme {
	case catMapAlone:
		return catmap.Apply(plain, 1, 1, b.catMap), nil
	case schemeSealed:
		out, k, err := sealed.SealImage(plain, sealOptions(s, key))
		if err == nil {
			k.Wipe()
		}
		return out, err
	}
	scheme, err := cipher.SchemeByName(s.scheme)
	if err != nil {
		return nil, err
	}
	out, _, err := scheme.Encrypt(plain, key, b.params)
	return out, err
}

// sealOptions takes the SHA-256 of the generator's name for that of its weights, which are not at hand.
func sealOptions(s system, key *raster.Image) sealed.Options {
	if key == nil {
		return sealed.Options{Random: s.secrets}
	}
	hash := sha256.Sum256([]byte(s.generator.Name))
	return sealed.Options{
		NetworkKey: key.Pix, Generator: hex.EncodeToString(hash[:]), NetworkInput: fmt.Sprintf("%dx%d", key.Width, key.Height), Random: s.secrets,
	}
}

// slug makes a part of a file name: small letters, digits and dashes.
func slug(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}
