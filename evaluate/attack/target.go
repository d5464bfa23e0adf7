package attack

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/data/raster"
)

// A target is a cryptosystem, with the network that takes part in it.
type target struct {
	system  cipher.Cryptosystem
	info    cipher.Info
	network *cipher.Network
	plain   []*raster.Image // the victim's images, in the channels that the network takes
	many    []*raster.Image // likewise Options.Many
	learned []*Learned      // attackers of the scheme
	random  io.Reader       // what the victim takes from crypto/rand in use; seeded, so that a report can be made again
	kept    cipher.Secret   // where one secret serves all images
	use     Use             // in the attack that is being made
}

// uses are those of an attack that make sense on the target. Where one key serves all images, that is its only use: the published
// one, or misuse in a variant that keeps what its system draws afresh.
func (t *target) uses(of []Use) []Use {
	switch {
	case t.info.Kept() && cipher.Describe(t.info.VariantOf).Fresh:
		return reused
	case t.info.Kept():
		return asUsed
	}
	return of
}

// takesNoise says whether the victim's network draws noise for each image.
func (t *target) takesNoise() bool { return t.network != nil && t.network.TakesNoise }

func (t *target) name() System {
	if t.network == nil {
		return System{Scheme: t.info.Name}
	}
	return System{t.info.Name, t.network.Name}
}

func (t *target) String() string { return t.name().String() }

// takesKey says whether a network makes a key image of each image.
func (t *target) takesKey() bool { return t.network != nil && t.network.Encryptor == nil }

// targets pairs cryptosystems and their variants with networks.
func (o Options) targets() ([]*target, error) {
	systems := slices.Clone(cipher.Variants(""))
	for _, name := range o.Schemes {
		c, err := cipher.ByName(name)
		if err != nil {
			return nil, err
		}
		systems = append(append(systems, c), cipher.Variants(name)...)
	}
	var all []*target
	for _, c := range systems {
		info, alone := c.Info(), true
		for _, n := range o.Networks {
			if info.Takes.Fits(n) {
				alone = false
				all = append(all, &target{system: c, info: info, network: n})
			}
		}
		switch optional := info.Takes == cipher.Nothing || info.Takes == cipher.OptionalKeyImage; {
		case alone && optional:
			all = append(all, &target{system: c, info: info})
		case alone && info.OnlyAttacks == nil:
			return nil, fmt.Errorf("the scheme %q needs a generator", info.Name)
		}
	}
	return all, nil
}

// bench is where the attacks are made: the images, the victim's parameters, and the keys that were made already.
type bench struct {
	ctx    context.Context
	o      Options
	params cipher.Params
	keys   map[keyOf]*raster.Image
	own    []*raster.Image // the attacker's images, see ownImages
}

type keyOf struct {
	network string
	plain   [sha256.Size]byte
}

func newBench(ctx context.Context, o Options) (*bench, []*target, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	targets, err := o.targets()
	if err != nil {
		return nil, nil, err
	}
	b := &bench{ctx: ctx, o: o, keys: map[keyOf]*raster.Image{}, params: cipher.Params{Iterations: o.Iterations}}
	if o.Iterations == 0 {
		b.params.Iterations = cipher.DefaultIterations
	}
	kept := b.source("secrets")
	for _, t := range targets {
		t.plain, t.many = t.taken(o.Plain), t.taken(o.Many)
		if len(o.Many) == 0 {
			t.many = t.plain[:len(t.plain)-o.Mirrored]
		}
		for _, l := range o.Learned {
			if l.Scheme == t.info.Name {
				t.learned = append(t.learned, l)
			}
		}
		t.random = b.source("secrets of " + t.String())
		if t.info.Kept() {
			t.kept = b.newSecret(t, t.plain[0], nil, kept)
		}
	}
	return b, targets, nil
}

// taken are images in the channels that the target's network takes.
func (t *target) taken(images []*raster.Image) (out []*raster.Image) {
	for _, m := range images {
		if t.network != nil && t.network.Channels != 0 {
			m = m.Convert(t.network.Channels)
		}
		out = append(out, m)
	}
	return out
}

// random is a generator of its own for each purpose, so that no attack depends on which others are made.
func (b *bench) random(purpose string) *rand.Rand { return rand.New(b.source(purpose)) }

func (b *bench) source(purpose string) *rand.ChaCha8 { return rand.NewChaCha8(b.seed(purpose)) }

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

// A failure is an error that ends a run of attacks. It panics up to Run, so that the code of an attack reads as the attack goes.
type failure struct{ error }

// must returns v, unless there is an error, which ends the run.
func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(failure{err})
	}
}

// key is the key image that the attacker makes of an image, with noise of his own where the network takes any. Making one is what takes
// the time, so they are kept.
func (b *bench) key(n *cipher.Network, plain *raster.Image) *raster.Image {
	at := keyOf{n.Name, cipher.Digest(plain)}
	if b.keys[at] == nil {
		b.keys[at] = b.newKey(n, plain, b.source(fmt.Sprintf("the attacker's noise\n%s\n%x", n.Name, at.plain)))
	}
	return b.keys[at]
}

// newKey makes a key image. The noise, where the network takes any, comes from random.
func (b *bench) newKey(n *cipher.Network, plain *raster.Image, random io.Reader) *raster.Image {
	check(b.ctx.Err())
	if n.TakesNoise {
		n = must(n.WithNoise(random))
	}
	k, err := n.Key(plain)
	if err != nil {
		check(fmt.Errorf("key: %w", err))
	}
	return k
}

// victimsKey is the key image that the victim makes of an image: with fresh noise each time.
func (b *bench) victimsKey(t *target, plain *raster.Image) *raster.Image {
	switch {
	case !t.takesKey():
		return nil
	case t.takesNoise():
		return b.newKey(t.network, plain, t.random)
	}
	return b.key(t.network, plain)
}

// newSecret is what the victim encrypts an image with, given the key image.
func (b *bench) newSecret(t *target, plain, key *raster.Image, random io.Reader) cipher.Secret {
	in := cipher.Input{Plain: plain, Key: key, Network: t.network, Params: b.params, Random: random}
	if !t.takesKey() && t.takesNoise() {
		in.Network = must(t.network.WithNoise(random))
	}
	return must(t.system.NewSecret(in))
}

// secret is what the victim encrypts an image with, as the cryptosystem says.
func (b *bench) secret(t *target, plain *raster.Image) cipher.Secret {
	if t.kept != nil && !t.takesNoise() {
		return t.kept
	}
	return b.newSecret(t, plain, b.victimsKey(t, plain), t.random)
}

// An oracle is the victim as the attacker meets him: images in, cipher images out, and nothing of the key.
type oracle func(plain *raster.Image) *raster.Image

// victim uses the cryptosystem as the attack says.
func (b *bench) victim(t *target) oracle {
	if t.use == KeptKey && t.kept == nil {
		return b.keptKey(t)
	}
	return b.ownKeys(t)
}

// keptKey is a victim who keeps the key that the network made of the first image.
func (b *bench) keptKey(t *target) oracle {
	key := b.victimsKey(t, t.plain[0])
	return func(plain *raster.Image) *raster.Image {
		return must(b.newSecret(t, plain, key, t.random).Encrypt(plain))
	}
}

// ownKeys is a victim who does as the cryptosystem says.
func (b *bench) ownKeys(t *target) oracle {
	return func(plain *raster.Image) *raster.Image { return must(b.secret(t, plain).Encrypt(plain)) }
}

// wanted are the victim's images that rates are counted over.
func (b *bench) wanted(t *target) []*raster.Image {
	n := max(1, len(t.plain)-b.o.Mirrored)
	return t.plain[:min(n, b.many(2, 8))]
}

// slug makes a part of a file name: small letters, digits and dashes.
func slug(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-")
}
