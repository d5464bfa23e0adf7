// Package sp80090b estimates min-entropy as NIST SP 800-90B (January 2018) does on its non-IID track: the ten estimators of section 6.3.
//
//	r, err := sp80090b.Assess(key, sp80090b.Options{})
//	fmt.Println(r.MinEntropy, "bits a symbol")
//
// Min-entropy is −log₂ of the probability with which the best guess at the next symbol is right. It is never above Shannon entropy, and it
// sees what a histogram hides: bytes that are equally frequent but predict each other have 8 bits of Shannon entropy and little min-entropy.
// Each estimator looks for one kind of weakness, and the smallest estimate counts. Estimates for perfect random bytes lie well below 8, mostly
// between 7 and 7.5 for 10⁶ bytes, because each estimator takes the pessimistic end of a 99 % interval.
//
// The data are looked at twice. The literal string has symbols of 1 to 8 bits, numbered in order and without gaps. The bit string
// has the bits of the same symbols, the highest first. Collision, Markov and compression estimates are for bits only. The assessment is
// min(H_original, bits × H_bitstring).
//
// What the package promises:
//
//   - The values are those of NIST's program (ea_non_iid -i -a, version 1.1.7) to 10⁻⁶. Where the program departs from the text of the
//     standard, the package follows the program, and a comment says so. One departure is everywhere: the text rounds the normal
//     quantile to 2.576, the program does not.
//   - An estimator that cannot be made says why and leaves the minimum alone. A string of one symbol has min-entropy 0. Strings of fewer
//     than [FewestSymbols] symbols or [FewestBits] bits, on which several cannot be made, are refused.
//   - The time is linear in the length of the string, whatever is in it; at worst lag takes 128 steps a symbol, and multi_mcw 4 for
//     each symbol of the alphabet.
//   - Memory is about 10 bytes for a bit of the bit string, and up to 40 if it repeats itself. The bit string must not be longer
//     than [MostBits].
package sp80090b

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	mathbits "math/bits"
	"runtime"

	"golang.org/x/sync/errgroup"
)

const (
	// FewestSymbols is the shortest string, in symbols: multiMCW takes no shorter one. The standard wants 10⁶ symbols.
	FewestSymbols = 4096
	// FewestBits is the shortest bit string. The compression estimate takes no shorter one.
	FewestBits = (warmUp + 2) * blockBits
	// MostBits is the longest bit string.
	MostBits = 1 << 26
)

// zAlpha is the quantile of the normal distribution for 99 %, two-sided: upper bounds are at 99.5 %.
const zAlpha = 2.5758293035489008

// Options say what the symbols are. The zero value is what NIST's program does.
type Options struct {
	SymbolBits int // in a symbol, 1 to 8; 0: as many as the largest symbol needs
	FirstBits  int // look only at the beginning of the bit string: the program's -t takes 1,000,000; 0: at all of it
}

// Result is what the estimators say of a string.
type Result struct {
	SymbolBits int        // in a symbol
	Alphabet   int        // symbols that occur
	Samples    int        // the length in symbols
	HOriginal  float64    // the smallest estimate of the literal string, at most SymbolBits, in bits a symbol
	HBitstring float64    // the smallest estimate of the bit string, at most 1, in bits a bit; NaN if it was not looked at
	MinEntropy float64    // bits a symbol: the smaller of HOriginal and SymbolBits × HBitstring
	Estimates  []Estimate // in the order of the standard
}

// Estimate is the result of one estimator.
type Estimate struct {
	Name      string  // as in JSON
	Original  float64 // bits a symbol of the literal string; NaN if it was not made
	Bitstring float64 // bits a bit of the bit string; NaN if it was not made
	Skipped   string  // why the estimator did not apply to a string that it is for; "" if it did
}

// text is a string over the alphabet 0 … k−1.
type text struct {
	s []byte
	k int // at least 2
}

// counts counts each symbol.
func (t *text) counts() []int {
	n := make([]int, t.k)
	for _, c := range t.s {
		n[c]++
	}
	return n
}

// An estimator makes an estimate for each of its names.
type estimator struct {
	names    []string
	bitsOnly bool
	estimate func(*text) []outcome
}

// outcome is a min-entropy in bits a symbol, or why there is none.
type outcome struct {
	h       float64
	skipped string
}

func one(f func(*text) float64) func(*text) []outcome {
	return func(t *text) []outcome { return []outcome{{h: f(t)}} }
}

// estimators are in the order of section 6.3.
var estimators = []estimator{
	{[]string{"most_common_value"}, false, one(mostCommonValue)},
	{[]string{"collision"}, true, one(collision)},
	{[]string{"markov"}, true, one(markov)},
	{[]string{"compression"}, true, one(compression)},
	{[]string{"t_tuple", "lrs"}, false, tuples},
	{[]string{"multi_mcw"}, false, one(multiMCW)},
	{[]string{"lag"}, false, one(lag)},
	{[]string{"multi_mmc"}, false, one(multiMMC)},
	{[]string{"lz78y"}, false, one(lz78y)},
}

// Assess makes all estimates, on as many processors as Go may use. Each byte of p is a symbol. The error says why a string is refused: it is too
// short or too long, or a symbol has more bits than o says.
func Assess(p []byte, o Options) (*Result, error) { return AssessContext(context.Background(), p, o) }

// AssessContext is Assess, but it begins no further estimate, and returns the context's error, once that has ended.
func AssessContext(ctx context.Context, p []byte, o Options) (*Result, error) {
	r, literal, bits, err := prepare(p, o)
	if err != nil {
		return nil, err
	}
	if r.Alphabet == 1 {
		for _, e := range estimators {
			for _, name := range e.names {
				r.Estimates = append(r.Estimates, Estimate{name, math.NaN(), math.NaN(), "there is only one symbol"})
			}
		}
		return r, nil
	}
	ofBits, ofLiteral := make([][]outcome, len(estimators)), make([][]outcome, len(estimators))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, half := range []struct {
		t    *text
		into [][]outcome
	}{{bits, ofBits}, {literal, ofLiteral}} {
		for i, e := range estimators {
			if half.t != nil && (half.t.k == 2 || !e.bitsOnly) {
				group.Go(func() error {
					if ctx.Err() == nil {
						half.into[i] = e.estimate(half.t)
					}
					return ctx.Err()
				})
			}
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r.collect(ofLiteral, ofBits)
	return r, nil
}

// prepare makes the two strings. The bit string is nil where NIST's program does not look at it: two symbols are bits already.
func prepare(p []byte, o Options) (r *Result, literal, bits *text, err error) {
	var occurs [256]bool
	for _, c := range p {
		occurs[c] = true
	}
	r = &Result{Samples: len(p)}
	var number [256]byte
	largest := 0
	for c, yes := range occurs {
		if yes {
			number[c] = byte(r.Alphabet)
			r.Alphabet++
			largest = c
		}
	}
	r.SymbolBits = cmp.Or(o.SymbolBits, max(1, mathbits.Len(uint(largest))))
	switch n := len(p) * r.SymbolBits; {
	case r.SymbolBits < 1 || r.SymbolBits > 8:
		err = fmt.Errorf("symbols of %d bits: they must have 1 to 8", r.SymbolBits)
	case largest>>r.SymbolBits != 0:
		err = fmt.Errorf("the symbol %d has more than %d bits", largest, r.SymbolBits)
	case len(p) < FewestSymbols:
		err = fmt.Errorf("%d symbols are too few for min-entropy: it takes at least %d, and a million to be precise", len(p), FewestSymbols)
	case n < FewestBits:
		err = fmt.Errorf("%d bits are too few for min-entropy: it takes at least %d, and a million to be precise", n, FewestBits)
	case n > MostBits:
		err = fmt.Errorf("%d bits are more than can be assessed at once (%d)", n, MostBits)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	literal = &text{make([]byte, len(p)), r.Alphabet}
	for i, c := range p {
		literal.s[i] = number[c]
	}
	if r.Alphabet > 2 {
		bits = &text{bitsOf(p, r.SymbolBits), 2}
		if o.FirstBits > 0 {
			bits.s = bits.s[:min(len(bits.s), max(o.FirstBits, FewestBits))]
		}
	}
	return r, literal, bits, nil
}

// bitsOf is the bits of each symbol, the highest first, a byte a bit.
func bitsOf(p []byte, width int) []byte {
	out := make([]byte, 0, len(p)*width)
	for _, c := range p {
		for j := width - 1; j >= 0; j-- {
			out = append(out, c>>j&1)
		}
	}
	return out
}

// collect fills in the estimates and takes their minima.
func (r *Result) collect(ofLiteral, ofBits [][]outcome) {
	r.HOriginal, r.HBitstring = float64(r.SymbolBits), math.NaN()
	if r.Alphabet > 2 {
		r.HBitstring = 1
	}
	for i, e := range estimators {
		for j, name := range e.names {
			made := Estimate{name, math.NaN(), math.NaN(), ""}
			take := func(from [][]outcome, h, least *float64) {
				if from[i] == nil {
					return
				}
				*h = from[i][j].h
				made.Skipped = cmp.Or(made.Skipped, from[i][j].skipped)
				if *h < *least { // not NaN
					*least = *h
				}
			}
			take(ofLiteral, &made.Original, &r.HOriginal)
			take(ofBits, &made.Bitstring, &r.HBitstring)
			r.Estimates = append(r.Estimates, made)
		}
	}
	r.MinEntropy = r.HOriginal
	if perSymbol := float64(r.SymbolBits) * r.HBitstring; perSymbol < r.MinEntropy {
		r.MinEntropy = perSymbol
	}
}

// MarshalJSON writes what was not estimated as null, and the estimates by name.
func (r *Result) MarshalJSON() ([]byte, error) {
	type estimate struct {
		Original  *float64 `json:"original"`
		Bitstring *float64 `json:"bitstring"`
		Skipped   string   `json:"skipped,omitempty"`
	}
	number := func(v float64) *float64 {
		if math.IsNaN(v) {
			return nil
		}
		return &v
	}
	byName := map[string]estimate{}
	for _, e := range r.Estimates {
		byName[e.Name] = estimate{number(e.Original), number(e.Bitstring), e.Skipped}
	}
	return json.Marshal(struct {
		SymbolBits int                 `json:"symbol_bits"`
		Alphabet   int                 `json:"alphabet"`
		Samples    int                 `json:"samples"`
		HOriginal  float64             `json:"h_original"`
		HBitstring *float64            `json:"h_bitstring"`
		MinEntropy float64             `json:"min_entropy"`
		Estimators map[string]estimate `json:"estimators"`
	}{r.SymbolBits, r.Alphabet, r.Samples, r.HOriginal, number(r.HBitstring), r.MinEntropy, byName})
}
