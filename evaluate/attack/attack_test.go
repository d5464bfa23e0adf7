package attack

import (
	"context"
	"crypto/sha256"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/data/synthetic"

	"github.com/google/go-cmp/cmp"
)

// plainImages are four drawn ones, grey.
func plainImages(t *testing.T, side int) []*raster.Image {
	t.Helper()
	var all []*raster.Image
	for i, kind := range []string{"xray", "mri", "xray", "mri"} {
		src, err := synthetic.New(kind, i+1, side, 99)
		if err != nil {
			t.Fatal(err)
		}
		m, err := src.Image(i)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.Convert(1))
	}
	return all
}

// smoothGenerator makes keys as a network does that is nearly constant: a texture, and a trace of the blurred image.
var smoothGenerator = &cipher.Network{Name: "smooth", Hash: strings.Repeat("5", 64), Key: func(plain *raster.Image) (*raster.Image, error) {
	r := rand.New(rand.NewPCG(1, 2))
	blurred := blur(plain, 4)
	key := raster.NewImage(plain.Width, plain.Height, 3, 8)
	for i := range key.Pix {
		key.Pix[i] = byte(64 + r.IntN(128) + int(blurred.Pix[i/3*plain.Channels])/32)
	}
	return key, nil
}}

// idealGenerator makes keys as none does: another random one for every image.
var idealGenerator = &cipher.Network{Name: "ideal", Hash: strings.Repeat("1", 64), Key: func(plain *raster.Image) (*raster.Image, error) {
	key := raster.NewImage(plain.Width, plain.Height, 3, 8)
	rand.NewChaCha8(sha256.Sum256(plain.Pix)).Read(key.Pix)
	return key, nil
}}

func bySystem(results []Result) map[string]map[int]Result {
	out := map[string]map[int]Result{}
	for _, r := range results {
		name := strings.TrimSuffix(r.System.String()+", "+string(r.Use), ", "+string(Published))
		if out[name] == nil {
			out[name] = map[int]Result{}
		}
		out[name][r.Number] = r
	}
	return out
}

// TestAttacks: every attack succeeds where it must, fails where it must, and is made nowhere else. A verdict depends on what is found:
// with an ideal generator the attacks on the generator fail, whatever the scheme.
func TestAttacks(t *testing.T) {
	results, err := Run(t.Context(), Options{
		Plain: plainImages(t, 256), Networks: []*cipher.Network{smoothGenerator, idealGenerator},
		Schemes: []string{"xor", "paper", "logistic", "sealed", "aes-256-gcm"}, Seed: 3, Quick: true,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const yes, no = true, false
	want := map[string]map[int]bool{
		"cat map alone":     {1: yes, 2: yes, 3: yes, 6: yes},
		"raw key, smooth":   {9: yes},
		"raw key, ideal":    {9: no},
		"xor, smooth":       {2: yes, 4: no, 5: no, 7: yes, 8: yes, 10: yes, 11: yes, 12: yes, 13: yes, 14: yes, 18: no},
		"paper, smooth":     {1: no, 2: yes, 3: no, 4: no, 5: no, 7: yes, 8: yes, 10: yes, 11: yes, 12: yes, 13: yes, 14: yes, 18: no},
		"xor, ideal":        {2: no, 4: no, 5: no, 7: yes, 8: no, 10: no, 11: yes, 12: yes, 13: yes, 14: yes, 18: no},
		"paper, ideal":      {1: no, 2: no, 3: no, 4: no, 5: no, 7: yes, 8: no, 10: no, 11: yes, 12: yes, 13: yes, 14: yes, 18: no},
		"logistic":          {2: no, 4: yes, 5: yes, 6: yes, 7: yes, 9: no, 11: yes, 12: yes, 14: yes, 15: no, 17: yes, 18: no},
		"logistic, float32": {15: yes},
		"sealed, smooth":    {1: no, 2: no, 3: no, 4: no, 5: no, 7: no, 8: no, 9: no, 10: no, 11: no, 12: no, 13: no, 14: no, 18: no},
		"sealed, ideal":     {1: no, 2: no, 3: no, 4: no, 5: no, 7: no, 8: no, 9: no, 10: no, 11: no, 12: no, 13: no, 14: no, 18: no},
		"one-time key":      {2: no, 4: no, 5: no, 7: no, 11: yes, 18: no}, // nothing authenticates it
		"aes-256-gcm":       {2: no, 4: no, 5: no, 7: no, 8: no, 9: no, 11: no, 12: no, 14: no, 18: no},

		// One key for several images is misuse. AES-256-GCM falls to it as well; sealed cannot be misused like this.
		"xor, smooth, kept key":                     {4: yes, 5: yes, 6: yes},
		"xor, ideal, kept key":                      {4: yes, 5: yes, 6: yes},
		"paper, smooth, kept key":                   {3: yes, 4: yes, 5: yes, 6: yes},
		"paper, ideal, kept key":                    {3: yes, 4: yes, 5: yes, 6: yes},
		"sealed, smooth, kept key":                  {},
		"sealed, ideal, kept key":                   {},
		"aes-256-gcm, kept key":                     {},
		"one-time key, kept key":                    {},
		"aes-256-gcm, kept key and nonce, kept key": {2: no, 4: yes, 5: yes, 6: yes, 7: yes},
	}
	got := map[string]map[int]bool{}
	for system, of := range bySystem(results) {
		got[system] = map[int]bool{}
		for n, r := range of {
			if r.NotRun == "" {
				got[system][n] = r.Succeeded
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	// XOR of two cipher images: where it recovers no image it may still be no noise. That of random keys is noise.
	for system, shows := range map[string]bool{"xor, smooth": true, "paper, smooth": true, "xor, ideal": false, "aes-256-gcm": false, "one-time key": false, "logistic": false} {
		if r := bySystem(results)[system][5]; (r.Shows != "") != shows || r.Harms() != (r.Succeeded || shows) {
			t.Errorf("attack 5 on %s shows %q, want something: %v", system, r.Shows, shows)
		}
	}
	complete(t, results)
	knownAnswers(t, bySystem(results))
	checkedList(t, results)
}

// complete: a result explains itself, in numbers that JSON can hold, and pictures have names of their own.
func complete(t *testing.T, results []Result) {
	t.Helper()
	names := map[string]bool{}
	for _, r := range results {
		if r.NotRun != "" {
			if r.Expected+r.Criterion+r.Conclusion != "" || len(r.Measured) > 0 {
				t.Errorf("attack %d on %s was not made, and has results: %+v", r.Number, r.System.String(), r)
			}
			continue
		}
		if r.Number < 1 || r.Name == "" || !slices.Contains(Kinds, r.Kind) || r.Use == "" || r.Has == "" || r.Expected == "" || r.Criterion == "" || !strings.HasSuffix(r.Conclusion, ".") || len(r.Measured) == 0 {
			t.Errorf("attack %d on %s is incomplete: %+v", r.Number, r.System.String(), r)
		}
		for _, v := range r.Measured {
			if math.IsNaN(v.Value) || math.IsInf(v.Value, 0) {
				t.Errorf("attack %d on %s: %s is %v", r.Number, r.System.String(), v.Name, v.Value)
			}
		}
		for _, p := range r.Pictures {
			if names[p.Name] || strings.Trim(p.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || p.Caption == "" || p.Image == nil {
				t.Errorf("picture %q is there twice, or without a caption or an image", p.Name)
			}
			names[p.Name] = true
		}
	}
}

// knownAnswers are what can be said beforehand.
func knownAnswers(t *testing.T, of map[string]map[int]Result) {
	t.Helper()
	for _, c := range []struct {
		system    string
		number    int
		value     string
		low, high float64
	}{
		{"cat map alone", 1, "tries", 192, 192},
		{"cat map alone", 1, "samples found", 100, 100},
		{"cat map alone", 3, "chosen images", 2, 2},
		{"paper, ideal, kept key", 3, "samples found", 100, 100},
		{"paper, ideal", 3, "samples found", 0, 5}, // a black border is sometimes guessed right
		{"sealed, ideal", 3, "samples found", 0, 5},
		{"paper, smooth, kept key", 4, "samples found", 100, 100},
		{"paper, smooth, kept key", 4, "iterations guessed by the smoothest result", 30, 30},
		{"aes-256-gcm, kept key and nonce, kept key", 5, "samples of P1 ⊕ P2 found", 100, 100},
		{"logistic", 5, "samples of P1 ⊕ P2 found", 100, 100},
		{"xor, ideal, kept key", 6, "NPCR", 100. / 65536, 100. / 65536}, // 0.0015 %
		{"sealed, ideal", 8, "NPCR", 99.50, 99.72},
		{"sealed, ideal", 8, "UACI", 33.06, 33.87},
		{"logistic", 7, "NPCR", 0, 0},
		{"xor, smooth", 7, "NPCR", 0, 0},
		{"xor, ideal", 8, "NPCR", 99.50, 99.72},
		{"xor, ideal", 12, "samples found", 100 * 65535. / 65536, 100 * 65535. / 65536},
		{"logistic", 12, "samples found", 100, 100}, // x0 and x0 + 2⁻⁵³ round to one orbit: two keys are one
		{"xor, smooth", 11, "forgeries accepted", 7, 7},
		{"xor, smooth", 11, "refused by the SHA-256 where the attacker cannot reach the key file", 6, 6}, // all but the edited header
		{"sealed, smooth", 11, "forgeries accepted", 0, 0},
		{"sealed, smooth", 12, "wrong keys tried", 32, 32},
		{"xor, ideal", 13, "images named", 100, 100},
		{"sealed, smooth", 13, "images named", 0, 0},
		{"sealed, smooth", 14, "damaged images refused", 3, 3},
		{"logistic, float32", 15, "samples found", 100, 100},
		{"logistic, float32", 15, "values in the most common cycle at r = 4", 4344, 4344},
		{"logistic, float32", 15, "values in the most common cycle at r = 3.99", 3733, 3733},
		{"logistic, float32", 15, "entropy of ⌊256·x⌋ at r = 4, float64", 7.685, 7.695},
		{"logistic", 15, "degenerate x0 refused", 5, 5},
		{"logistic", 15, "samples found, r and the part known", 100, 100},
		{"logistic", 15, "log2 of the work, r known", 38.5, 38.52}, // 10¹⁴ / 256
	} {
		v, ok := of[c.system][c.number].Value(c.value)
		if !ok || v < c.low || v > c.high {
			t.Errorf("attack %d on %s: %s is %v (there: %v), want %v to %v", c.number, c.system, c.value, v, ok, c.low, c.high)
		}
	}
}

func checkedList(t *testing.T, results []Result) {
	t.Helper()
	got := map[string]map[string]cipher.Verdict{}
	for _, c := range Checklist(results) {
		if misuse := strings.Contains(c.Evidence, "kept key, which is misuse, falls to attack"); misuse != (len(c.Attacks) > 0 &&
			(strings.HasPrefix(c.Scheme, "xor") || c.Scheme == "paper") && (c.Attacks[0] == 5 || slices.Contains(c.Attacks, 8) && strings.Contains(c.Criterion, "chosen-plain"))) {
			t.Errorf("%s, %s: %s", c.Criterion, c.System.String(), c.Evidence)
		}
		if !strings.HasSuffix(c.Evidence, ".") {
			t.Errorf("%s, %s: no evidence", c.Criterion, c.System.String())
		}
		if got[c.System.String()] == nil {
			got[c.System.String()] = map[string]cipher.Verdict{}
		}
		got[c.System.String()][c.Criterion] = c.Verdict
	}
	if len(got) != 9 {
		t.Errorf("%d systems", len(got))
	}
	for system, verdicts := range got {
		if len(verdicts) != len(rules) {
			t.Errorf("%s: %d rules of %d", system, len(verdicts), len(rules))
		}
		for criterion, v := range verdicts {
			if strings.HasPrefix(system, cipher.Default) && v != cipher.Holds {
				t.Errorf("%s: %s %s", system, criterion, v)
			}
		}
	}
	for _, c := range []struct {
		system, criterion string
		want              cipher.Verdict
	}{
		{"xor, smooth", "withstands a chosen-plaintext attack", cipher.Fails},
		{"xor, ideal", "withstands a chosen-plaintext attack", cipher.Holds}, // as it is used
		{"logistic", "withstands a chosen-plaintext attack", cipher.Fails},
		{"xor, smooth", "no weak keys", cipher.Fails},
		{"xor, ideal", "no weak keys", cipher.NotShown},
		{"xor, smooth", "finite precision does no harm", cipher.Fails},
		{"xor, ideal", "finite precision does no harm", cipher.Holds},
		{"logistic", "avalanche in the key", cipher.Fails},
		{"logistic", "finite precision does no harm", cipher.Fails},
		{"paper, ideal", "avalanche in the key", cipher.Fails},
		{"cat map alone", "avalanche in the key", cipher.NotMeasured},
	} {
		if v := got[c.system][c.criterion]; v != c.want {
			t.Errorf("%s: %s %s, want %s", c.system, c.criterion, v, c.want)
		}
	}
}

// TestDeterministic: the same options give the same results to the last picture, another seed others.
func TestDeterministic(t *testing.T) {
	run := func(seed uint64) []Result {
		calls := 0
		r, err := Run(t.Context(), Options{
			Plain: plainImages(t, 64), Networks: []*cipher.Network{smoothGenerator}, Schemes: []string{"xor", "logistic", "sealed"}, Seed: seed, Quick: true,
		}, func(done, total int, _ string) {
			if done != calls || total < done {
				t.Errorf("progress %d of %d in call %d", done, total, calls)
			}
			calls++
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := run(5)
	if !reflect.DeepEqual(first, run(5)) {
		t.Error("the same options gave other results")
	}
	if reflect.DeepEqual(first, run(6)) {
		t.Error("the seed does not matter")
	}
}

func TestBadOptions(t *testing.T) {
	plain := plainImages(t, 64)
	failing := &cipher.Network{Name: "failing", Key: func(*raster.Image) (*raster.Image, error) { return nil, errors.New("out of order") }}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for what, c := range map[string]struct {
		ctx  context.Context
		o    Options
		want string
	}{
		"one image":        {t.Context(), Options{Plain: plain[:1]}, "two plain images"},
		"16 bits":          {t.Context(), Options{Plain: []*raster.Image{raster.NewImage(64, 64, 1, 16), plain[0]}}, "8 bits"},
		"two shapes":       {t.Context(), Options{Plain: []*raster.Image{plain[0], raster.NewImage(64, 64, 3, 8)}}, "differ in shape"},
		"not square":       {t.Context(), Options{Plain: []*raster.Image{raster.NewImage(64, 32, 1, 8), plain[0]}}, "must be square"},
		"too small":        {t.Context(), Options{Plain: []*raster.Image{raster.NewImage(8, 8, 1, 8), raster.NewImage(8, 8, 1, 8)}}, "16×16"},
		"unknown scheme":   {t.Context(), Options{Plain: plain, Schemes: []string{"rot13"}}, "rot13"},
		"no generator":     {t.Context(), Options{Plain: plain, Schemes: []string{"xor"}}, "needs a generator"},
		"size of paper":    {t.Context(), Options{Plain: plain, Schemes: []string{"paper"}, Networks: []*cipher.Network{idealGenerator}}, "256"},
		"failed generator": {t.Context(), Options{Plain: plain, Schemes: []string{"xor"}, Networks: []*cipher.Network{failing}}, "out of order"},
		"cancelled":        {cancelled, Options{Plain: plain}, "cancelled|canceled"},
		"iterations":       {t.Context(), Options{Plain: plain, Iterations: -1}, "iterations"},
	} {
		r, err := Run(c.ctx, c.o, nil)
		if err == nil || r != nil {
			t.Errorf("%s: no error", what)
			continue
		}
		found := false
		for _, w := range strings.Split(c.want, "|") {
			found = found || strings.Contains(err.Error(), w)
		}
		if !found {
			t.Errorf("%s: %v", what, err)
		}
	}
}
