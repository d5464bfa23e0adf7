// Package attack attacks cryptosystems and says what came of it.
//
//	results, err := attack.Run(ctx, attack.Options{
//		Plain:    images, // two or more, of one shape
//		Networks: []*cipher.Network{{Name: "built-in generator", Key: model.Key}},
//		Schemes:  []string{"xor", "paper", "logistic", "sealed"},
//		Seed:     1,
//	}, nil)
//
// Most of the attacks are older than chaos ciphers. Each one is code that attacks. It gets what its attack model gives an attacker and
// never the secret: cipher images, cipher images of images that he chose, what is published (the iteration count of the cat map), and
// in some attacks the network's weights. A criterion that the result states says whether it succeeded. It is the same for every
// cryptosystem. Where it can be met image by image, the result has a [Rate] over several images.
//
// A generator that takes noise draws it afresh each time the victim makes a key. The attacker draws noise of his own.
//
// An attack asks what a cryptosystem is (see cipher.Info), never what it is called. It runs on every one, or gives the reason why not.
//
//	1  the cat map alone: every iteration count    10  the average of many raw keys
//	2  the histogram                               11  forged cipher images and key files
//	3  chosen images on a permutation              12  a key that is wrong in one bit
//	4  an all-zero image                           13  the network's weights are known
//	5  the XOR of two cipher images                14  noise and crop
//	6  one bit of the image changed, key kept      15  the logistic map in floating point
//	7  the same image twice                        16  a network that has learnt to restore images
//	8  one bit changed, key = G(image)             17  images alike under one key
//	9  is the raw key, or the keystream, random?   18  a linear decoder, trained on known pairs
//
// Attacks 3, 4 and 5 are made twice: on the published use, in which each image has a key of its own, and on its misuse, a kept key.
//
// [Checklist] sums the results up by the rules of Alvarez and Li (2006) for chaos ciphers.
//
// The same options give the same results: what would come from crypto/rand in use comes from a stream made of the seed. A statement
// about a system as strong as sealed is a false alarm for less than one seed in a thousand, and attack 2's, whose level is that of the
// tables, for one in a hundred.
package attack

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"keygan/cipher"
	"keygan/data/raster"
)

// Options say what is attacked.
type Options struct {
	Plain      []*raster.Image   // two or more plain images of one shape: square, 8 bits, grey or RGB
	Mirrored   int               // so many of them, at the end, are mirror images: they are material for attacks, and no rate counts them
	Many       []*raster.Image   // of the same shape, for attacks that need more images; none: Plain without mirror images
	Learned    []*Learned        // attackers of attack 16
	Networks   []*cipher.Network // a cryptosystem is attacked with each network that fits it
	Schemes    []string          // the cryptosystems; variants of "" and theirs are added
	Seed       uint64            // of every choice that the attacks make, and of the secrets
	Iterations int               // of the cat map; 0 is cipher.DefaultIterations
	Quick      bool              // few keys and sequences instead of many; each result says how many
}

// Value is one measured number.
type Value struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"` // finite
	Unit  string  `json:"unit,omitempty"`
}

// Picture is an image to be shown with a result.
type Picture struct {
	Name    string        `json:"name"` // part of a file name: small letters, digits and dashes, unique among all results
	Caption string        `json:"caption"`
	Image   *raster.Image `json:"-"`
}

// A System is a scheme, and the name of the generator that takes part in it, if any.
type System struct {
	Scheme    string `json:"scheme"`
	Generator string `json:"generator,omitempty"`
}

// String is the system for people: "xor, WGAN-GP".
func (s System) String() string {
	if s.Generator == "" {
		return s.Scheme
	}
	return s.Scheme + ", " + s.Generator
}

// A Kind is what an attack is after. Only those of one kind can be counted together.
type Kind string

// The kinds of attacks.
const (
	Recovers      Kind = "recovers the image"
	Distinguishes Kind = "distinguishes" // cipher images, keys or keystreams, from random bytes or from each other
	Forges        Kind = "forges"
	Measures      Kind = "measures" // what damage and wrong keys leave: no attack on secrecy
)

// Kinds are all kinds, in the order in which they are told of.
var Kinds = []Kind{Recovers, Distinguishes, Forges, Measures}

// A Use is how the victim uses the cryptosystem.
type Use string

// The uses.
const (
	Published Use = "published" // as its authors do. For most systems that is one key for each image
	KeptKey   Use = "kept key"  // misuse: one key for several images
)

// Result is what one attack did to one system in one use.
type Result struct {
	Number int    `json:"number"` // see the package comment
	Name   string `json:"name"`
	Kind   Kind   `json:"kind,omitempty"`
	Has    string `json:"attacker_has,omitempty"` // what the attack model gives the attacker, beside what is published
	System
	Use        Use       `json:"use,omitempty"`
	NotRun     string    `json:"not_run,omitempty"` // why the attack was not made; the fields below are then empty
	Expected   string    `json:"expected"`          // of a weak cryptosystem and of a strong one, by the literature
	Criterion  string    `json:"criterion"`         // when the attack counts as successful
	Succeeded  bool      `json:"succeeded"`
	Rate       *Rate     `json:"rate,omitempty"`  // over several images, where the criterion can be met by each
	Shows      string    `json:"shows,omitempty"` // what an attack that recovers no image still shows
	Measured   []Value   `json:"measured"`
	Conclusion string    `json:"conclusion"` // one or two sentences
	Pictures   []Picture `json:"pictures,omitempty"`
}

// Value returns the measured value of a name.
func (r Result) Value(name string) (float64, bool) {
	for _, v := range r.Measured {
		if v.Name == name {
			return v.Value, true
		}
	}
	return 0, false
}

// An attack is one row of the table of attacks. applies returns why it cannot be made on a target, or "".
type attack struct {
	number  int
	name    string
	kind    Kind
	has     string // see Result.Has
	uses    []Use
	applies func(*target) string
	run     func(*bench, *target) Result
}

// The uses that an attack is made on.
var (
	asUsed   = []Use{Published}
	reused   = []Use{KeptKey}
	bothUses = []Use{Published, KeptKey}
)

// attacks are all of them, in their order.
var attacks = []attack{
	{1, "every iteration count", Recovers, "cipher images", asUsed, movesPixels, everyIteration},
	{2, "histogram", Distinguishes, "cipher images", asUsed, always, histogram},
	{3, "chosen images on a permutation", Recovers, "chosen images", bothUses, movesPixels, chosenImages},
	{4, "all-zero image", Recovers, "chosen images", bothUses, always, zeroImage},
	{5, "XOR of two cipher images", Recovers, "cipher images", bothUses, always, twoTimePad},
	{6, "one bit changed, key kept", Distinguishes, "chosen images", reused, always, oneBitKeptKey},
	{7, "the same image twice", Distinguishes, "cipher images", asUsed, always, sameImageTwice},
	{8, "one bit changed, key = G(image)", Distinguishes, "chosen images", asUsed, keyForEachImage, oneBitOwnKey},
	{9, "is it random?", Distinguishes, "keys, or chosen images", asUsed, hasKeystream, randomBits},
	{10, "average of many raw keys", Recovers, "keys of other images", asUsed, takesKeyImage, averageOfKeys},
	{11, "forgery", Forges, "files to change", asUsed, always, forgery},
	{12, "key wrong in one bit", Measures, "the key but for a bit", asUsed, always, wrongBit},
	{13, "weights published", Recovers, "the network", asUsed, takesNetwork, knownWeights},
	{14, "noise and crop", Measures, "files to change", asUsed, always, damaged},
	{15, "logistic map in floating point", Recovers, "known images", asUsed, floatingPoint, floatingLogistic},
	{16, "learned", Recovers, "pairs under keys of his own", asUsed, hasLearned, learned},
	{17, "images alike under one key", Distinguishes, "cipher images", asUsed, keptByUse, imagesAlike},
	{18, "decoder from known pairs", Recovers, "known images", asUsed, always, knownPairs},
}

func always(*target) string { return "" }

// The attacks that need something of a target, and why they are not made without it.
var (
	movesPixels     = only("It moves no pixels.", func(t *target) bool { return t.info.MovesPixels })
	keyForEachImage = only("One key serves all images, as in the attacks with a kept key.", func(t *target) bool { return !t.info.Kept() })
	keptByUse       = only("Each image has a key of its own.", func(t *target) bool { return t.info.Kept() })
	takesNetwork    = only("No network takes part in it.", func(t *target) bool { return t.network != nil })
	takesKeyImage   = only("No network makes its keys.", (*target).takesKey)
	floatingPoint   = only("Its keystream is not made of floating-point numbers.", func(t *target) bool { return t.info.FloatBits > 0 })
)

func only(reason string, holds func(*target) bool) func(*target) string {
	return func(t *target) string {
		if holds(t) {
			return ""
		}
		return reason
	}
}

func hasKeystream(t *target) string {
	switch {
	case t.info.Keystream == cipher.RawKeystream && t.info.OnlyAttacks == nil:
		return "Its keystream is the network's raw key, which is tested by itself."
	case t.info.Keystream == cipher.NoKeystream:
		return "It has no keystream."
	}
	return ""
}

// Run makes all attacks on all targets: first by attack, then by target. progress, when not nil, is called before each one and once at
// the end. An error is about the options, a network that failed, or ctx.
func Run(ctx context.Context, o Options, progress func(done, total int, what string)) (results []Result, err error) {
	doing := "attacks"
	defer func() {
		switch f := recover().(type) {
		case nil:
		case failure:
			results, err = nil, fmt.Errorf("%s: %w", doing, f.error)
		default:
			panic(f)
		}
	}()
	b, targets, err := newBench(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("attacks: %w", err)
	}
	total := len(attacks) * len(targets)
	for i := range total {
		a, t := attacks[i/len(targets)], targets[i%len(targets)]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		doing = fmt.Sprintf("attack %d on %s", a.number, t)
		if progress != nil {
			progress(i, total, doing)
		}
		if t.info.OnlyAttacks == nil || slices.Contains(t.info.OnlyAttacks, a.number) {
			results = append(results, a.on(b, t)...)
		}
	}
	if progress != nil {
		progress(total, total, "done")
	}
	return results, nil
}

// on makes an attack on a target, in each use that it has.
func (a attack) on(b *bench, t *target) (results []Result) {
	for _, use := range t.uses(a.uses) {
		used := *t
		used.use = use
		r := Result{NotRun: a.applies(t)}
		if r.NotRun == "" && use == KeptKey && t.info.Fresh {
			r.NotRun = "Does not apply: each encryption draws a secret of its own, so that no key can be kept."
		}
		if r.NotRun == "" {
			r = a.run(b, &used)
		}
		r.Number, r.Name, r.Kind, r.Has, r.System, r.Use = a.number, a.name, a.kind, a.has, t.name(), use
		r.Measured = slices.DeleteFunc(r.Measured, func(v Value) bool { return math.IsNaN(v.Value) || math.IsInf(v.Value, 0) })
		for k := range r.Pictures {
			r.Pictures[k].Name = slug(fmt.Sprintf("attack %d %s %s %s", r.Number, t, inName(use), r.Pictures[k].Name))
		}
		results = append(results, r)
		if a.applies(t) != "" {
			break // whatever the use
		}
	}
	return results
}

// inName is the part of a picture's name that tells the misuse from the published use.
func inName(u Use) string {
	if u == KeptKey {
		return string(u)
	}
	return ""
}

func (o Options) check() error {
	if len(o.Plain) < 2 {
		return errors.New("at least two plain images are needed")
	}
	first := o.Plain[0]
	for _, m := range o.Plain {
		if m.Width != m.Height || m.Depth != 8 || (m.Channels != 1 && m.Channels != 3) {
			return fmt.Errorf("a plain image is %s; it must be square, grey or RGB, of 8 bits", m)
		}
		if m.Width != first.Width || m.Channels != first.Channels {
			return fmt.Errorf("the plain images differ in shape: %s and %s", first, m)
		}
	}
	if first.Width < 16 {
		return fmt.Errorf("the plain images are %s; they must be 16×16 or larger", first)
	}
	if n := o.Iterations; n < 0 || n > cipher.MaxIterations {
		return fmt.Errorf("%d iterations of the cat map; there must be 1 to %d", n, cipher.MaxIterations)
	}
	return nil
}
