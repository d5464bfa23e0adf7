// Package attack attacks cryptosystems and says what came of it.
//
//	results, err := attack.Run(ctx, attack.Options{
//		Plain:    images, // two or more, of one shape
//		Networks: []*cipher.Network{{Name: "built-in generator", Key: model.Key}},
//		Schemes:  []string{"xor", "paper", "logistic", "sealed"},
//		Seed:     1,
//	}, nil)
//
// There are 15 attacks, most of them older than chaos ciphers. Each one is code that attacks. It gets what its attack model gives an
// attacker and never the secret: cipher images, cipher images of images that he chose, and from attack 13 on the network's weights. A
// criterion that the result states says whether it succeeded. It is the same for every cryptosystem.
//
// An attack asks what a cryptosystem is (see cipher.Info), never what it is called. It runs on every one, or gives the reason why not.
//
//	1  the cat map alone: every iteration count      9  is the raw key, or the keystream, random?
//	2  the histogram                                10  the average of many raw keys
//	3  chosen images on a permutation               11  forged cipher images and key files
//	4  an all-zero image under a kept key           12  a key that is wrong in one bit
//	5  two images under one key                     13  the network's weights are known
//	6  one bit of the image changed, key kept       14  noise and crop
//	7  the same image twice, key = G(image)         15  the logistic map in floating point
//	8  one bit changed, key = G(image)
//
// [Checklist] sums the results up by the rules of Alvarez and Li (2006) for chaos ciphers.
//
// The same options give the same results: what would come from crypto/rand in use comes from a stream made of the seed. A statement
// about a system as strong as sealed is a false alarm for less than one seed in a thousand.
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

// Result is what one attack did to one system.
type Result struct {
	Number int    `json:"number"` // 1 to 15
	Name   string `json:"name"`
	System
	NotRun     string    `json:"not_run,omitempty"` // why the attack was not made; the fields below are then empty
	Expected   string    `json:"expected"`          // of a weak cryptosystem and of a strong one, by the literature
	Criterion  string    `json:"criterion"`         // when the attack counts as successful
	Succeeded  bool      `json:"succeeded"`
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
	applies func(*target) string
	run     func(*bench, *target) Result
}

// attacks are all of them, in their order.
var attacks = []attack{
	{1, "every iteration count", movesPixels, everyIteration},
	{2, "histogram", always, histogram},
	{3, "chosen images on a permutation", movesPixels, chosenImages},
	{4, "all-zero image, key kept", always, zeroImage},
	{5, "two images under one key", always, twoTimePad},
	{6, "one bit changed, key kept", always, oneBitKeptKey},
	{7, "the same image twice, key = G(image)", keyForEachImage, sameImageTwice},
	{8, "one bit changed, key = G(image)", keyForEachImage, oneBitOwnKey},
	{9, "is it random?", hasKeystream, randomBits},
	{10, "average of many raw keys", takesKeyImage, averageOfKeys},
	{11, "forgery", always, forgery},
	{12, "key wrong in one bit", always, wrongBit},
	{13, "weights published", takesKeyImage, knownWeights},
	{14, "noise and crop", always, damaged},
	{15, "logistic map in floating point", floatingPoint, floatingLogistic},
}

func always(*target) string { return "" }

// The attacks that need something of a target, and why they are not made without it.
var (
	movesPixels     = only("It moves no pixels.", func(t *target) bool { return t.info.MovesPixels })
	keyForEachImage = only("One key serves all images, as in the attacks with a kept key.", func(t *target) bool { return !t.info.Kept() })
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
		if t.info.OnlyAttacks != nil && !slices.Contains(t.info.OnlyAttacks, a.number) {
			continue
		}
		r := Result{NotRun: a.applies(t)}
		if r.NotRun == "" {
			r = a.run(b, t)
		}
		r.Number, r.Name, r.System = a.number, a.name, t.name()
		r.Measured = slices.DeleteFunc(r.Measured, func(v Value) bool { return math.IsNaN(v.Value) || math.IsInf(v.Value, 0) })
		for k := range r.Pictures {
			r.Pictures[k].Name = fmt.Sprintf("attack-%d-%s-%s", r.Number, slug(t.String()), r.Pictures[k].Name)
		}
		results = append(results, r)
	}
	if progress != nil {
		progress(total, total, "done")
	}
	return results, nil
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
