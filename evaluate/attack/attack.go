// Package attack attacks the schemes of package cipher, the published ones and sealed, and says what came of it.
//
//	results, err := attack.Run(ctx, attack.Options{
//		Plain:      images, // two or more, of one shape
//		Generators: []attack.Generator{{Name: "built-in generator", Key: model.Key}},
//		Schemes:    []string{"xor", "paper", "logistic", "sealed"},
//		Seed:       1,
//	}, nil)
//
// There are 15 attacks, most of them older than chaos ciphers. Each is code that attacks: it is given what its attack model gives to an
// attacker, which is cipher images, cipher images of images that he chose, and the network's weights from attack 13 on, and never the
// secret. Whether it succeeded is then judged from what it found, by a criterion that its result states, the same for every scheme: an
// attack that fails on sealed was run on sealed.
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
// What the package promises: the same options give the same results; what sealed takes from crypto/rand in use comes from a stream
// made of the seed. Whatever is said of sealed holds with a false alarm for less than one seed of a thousand.
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

// A Generator makes the key image of an image, of the same width and height and at least as many channels. The same image must give
// the same key.
type Generator struct {
	Name string
	Key  func(plain *raster.Image) (*raster.Image, error)
}

// Options say what is attacked.
type Options struct {
	Plain      []*raster.Image // two or more plain images of one shape: square, 8 bits, grey or RGB
	Generators []Generator     // of the key images; schemes that need one are attacked with each of them
	Schemes    []string        // "xor", "paper", "logistic", "sealed"; the cat map alone is always there
	Seed       uint64          // of every choice that the attacks make, and of the secrets
	Iterations int             // of the cat map in "paper"; 0 is cipher.DefaultIterations
	Quick      bool            // few keys and sequences instead of many; each result says how many
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

// Result is what one attack did to one system.
type Result struct {
	Number     int       `json:"number"` // 1 to 15
	Name       string    `json:"name"`
	Scheme     string    `json:"scheme"`              // "cat map alone", "xor", "paper", "logistic", "logistic, float32", "sealed", or "raw key"
	Generator  string    `json:"generator,omitempty"` // the generator's name, or ""
	Expected   string    `json:"expected"`            // what the literature leads one to expect, of a weak scheme or of a strong one
	Criterion  string    `json:"criterion"`           // when the attack counts as successful
	Succeeded  bool      `json:"succeeded"`
	Measured   []Value   `json:"measured"`
	Conclusion string    `json:"conclusion"` // one or two sentences
	Pictures   []Picture `json:"pictures,omitempty"`
}

// System names what was attacked: the scheme, and the generator where one takes part.
func (r Result) System() string { return systemName(r.Scheme, r.Generator) }

func systemName(scheme, generator string) string {
	if generator == "" {
		return scheme
	}
	return scheme + ", " + generator
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

// An attack is one row of the table of attacks.
type attack struct {
	number  int
	name    string
	targets func(system) bool
	run     func(*bench, system) (Result, error)
}

// attacks are all of them, in their order.
var attacks = []attack{
	{1, "every iteration count", in(catMapAlone, schemePaper, schemeSealed), everyIteration},
	{2, "histogram", in(catMapAlone, schemeXOR, schemePaper, logistic, schemeSealed), histogram},
	{3, "chosen images on a permutation", in(catMapAlone, schemePaper, schemeSealed), chosenImages},
	{4, "all-zero image, key kept", in(schemeXOR, schemePaper, logistic, schemeSealed), zeroImage},
	{5, "two images under one key", in(schemeXOR, schemePaper, logistic, schemeSealed), twoTimePad},
	{6, "one bit changed, key kept", in(catMapAlone, schemeXOR, schemePaper, logistic, schemeSealed), oneBitKeptKey},
	{7, "the same image twice, key = G(image)", in(schemeXOR, schemePaper, schemeSealed), sameImageTwice},
	{8, "one bit changed, key = G(image)", in(schemeXOR, schemePaper, schemeSealed), oneBitOwnKey},
	{9, "is it random?", in(rawKey, logistic, schemeSealed), randomBits},
	{10, "average of many raw keys", withGenerator(schemeXOR, schemePaper, schemeSealed), averageKey},
	{11, "forgery", in(schemeXOR, schemePaper, logistic, schemeSealed), forgery},
	{12, "key wrong in one bit", in(schemeXOR, schemePaper, logistic, schemeSealed), wrongBit},
	{13, "weights published", withGenerator(schemeXOR, schemePaper, schemeSealed), knownWeights},
	{14, "noise and crop", in(schemeXOR, schemePaper, logistic, schemeSealed), damaged},
	{15, "logistic map in floating point", in(logisticSingle), singleLogistic},
	{15, "logistic map in floating point", in(logistic), doubleLogistic},
}

func in(schemes ...string) func(system) bool {
	return func(s system) bool { return slices.Contains(schemes, s.scheme) }
}

// withGenerator is in without sealed where sealed has no network.
func withGenerator(schemes ...string) func(system) bool {
	return func(s system) bool { return s.generator != nil && slices.Contains(schemes, s.scheme) }
}

// Run makes all attacks on all systems: first by attack, then by system. progress, when not nil, is called before each one and once at
// the end. An error is about the options, a generator that failed, or ctx.
func Run(ctx context.Context, o Options, progress func(done, total int, what string)) ([]Result, error) {
	b, systems, err := newBench(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("attacks: %w", err)
	}
	type job struct {
		attack attack
		system system
	}
	var jobs []job
	for _, a := range attacks {
		for _, s := range systems {
			if a.targets(s) {
				jobs = append(jobs, job{a, s})
			}
		}
	}
	var results []Result
	for i, j := range jobs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if progress != nil {
			progress(i, len(jobs), fmt.Sprintf("attack %d on %s", j.attack.number, j.system))
		}
		r, err := j.attack.run(b, j.system)
		if err != nil {
			return nil, fmt.Errorf("attack %d on %s: %w", j.attack.number, j.system, err)
		}
		r.Number, r.Name = j.attack.number, j.attack.name
		r.Scheme, r.Generator = j.system.scheme, j.system.generatorName()
		r.Measured = slices.DeleteFunc(r.Measured, func(v Value) bool { return math.IsNaN(v.Value) || math.IsInf(v.Value, 0) })
		for k := range r.Pictures {
			r.Pictures[k].Name = fmt.Sprintf("attack-%d-%s-%s", r.Number, slug(j.system.String()), r.Pictures[k].Name)
		}
		results = append(results, r)
	}
	if progress != nil {
		progress(len(jobs), len(jobs), "done")
	}
	return results, nil
}

func (o Options) check() error {
	if len(o.Plain) < 2 {
		return errors.New("two plain images are needed")
	}
	first := o.Plain[0]
	for _, m := range o.Plain {
		if m.Width != m.Height || m.Depth != 8 || (m.Channels != 1 && m.Channels != 3) {
			return fmt.Errorf("a plain image is %s, it must be square, grey or RGB, of 8 bits", m)
		}
		if m.Width != first.Width || m.Channels != first.Channels {
			return fmt.Errorf("the plain images differ in shape: %s and %s", first, m)
		}
	}
	if first.Width < 16 {
		return fmt.Errorf("the plain images are %s, they must be 16×16 or larger", first)
	}
	if n := o.Iterations; n < 0 || n > cipher.MaxIterations {
		return fmt.Errorf("%d iterations of the cat map, there must be 1 to %d", n, cipher.MaxIterations)
	}
	return nil
}
