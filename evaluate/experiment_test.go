package evaluate

import (
	"crypto/sha256"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
	"keygan/infer"
)

// idealKeys makes keys that are random and change altogether with one bit of the image: what a generator would have to be.
type idealKeys struct{}

func (idealKeys) KeyFrom(img *raster.Image, _ infer.Seed) (*raster.Image, error) {
	key := raster.NewImage(img.Width, img.Height, img.Channels, 8)
	rand.NewChaCha8(sha256.Sum256(img.Pix)).Read(key.Pix)
	return key, nil
}

// measureWith runs the experiment with other keys than a generator's.
func measureWith(t *testing.T, keys keyGenerator, changes int, schemes ...string) *Report {
	t.Helper()
	cfg := Config{
		Sources: []Source{{Name: "xray", Spec: dataset.Spec{Synthetic: "xray", Count: 8}}}, Images: 8, Changes: changes, Seed: 1, Schemes: schemes,
		Randomness: Randomness{2, 20_000},
	}.Resolved()
	g := &generator{info: GeneratorInfo{Name: "keys", Network: infer.NetworkResNet, Channels: 3, Hash: strings.Repeat("0", 64)}, keys: keys}
	e, sources, err := newExperiment(cfg, []*generator{g})
	if err != nil {
		t.Fatal(err)
	}
	r := &Report{Config: cfg, Generators: []GeneratorInfo{g.info}, Alpha: Alpha, Published: Published}
	for _, s := range e.systems {
		r.Systems = append(r.Systems, s.SystemInfo)
	}
	one := e.newTrial(cfg.Sources[0], sources[0])
	if err := one.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.addSource(one)
	if r.Randomness, err = e.bits.test(t.Context(), e.systems, nil); err != nil {
		t.Fatal(err)
	}
	r.Findings = findings(r)
	return r
}

// TestIdealKeysPass: with keys that are all one could wish for, both schemes pass every threshold there is.
func TestIdealKeysPass(t *testing.T) {
	r := measureWith(t, idealKeys{}, 20, "xor", "paper", SchemeSealed, SchemeAES)
	judged := 0
	for _, row := range r.Rows {
		want := Pass
		if row.Scheme == PlainImage {
			want = Fail
		}
		switch row.Metric {
		case idKeySensitivityCipher, idKeySensitivityDecrypted, idNPCRSameKey, idUACISameKey:
			if row.Scheme == "xor" || row.Scheme == "paper" || row.Metric == idNPCRSameKey || row.Metric == idUACISameKey {
				want = Fail // no key can make up for what the scheme does not do
			}
		}
		if row.Verdict == None {
			continue
		}
		judged++
		if row.Verdict != want {
			t.Errorf("%s, %s: %s, want %s: %s", row.System(), row.Metric, row.Verdict, want, row.spread())
		}
	}
	if judged < 70 {
		t.Errorf("only %d rows have a verdict", judged)
	}
	mse := r.Row("xray", System{"paper", "keys"}, idMSE)
	near(t, "MSE against a uniform cipher", *mse.Measured, *mse.Expected, .005)
	uaci := r.Row("xray", System{"xor", "keys"}, idUACIPlainCipher)
	near(t, "UACI against a uniform cipher", *uaci.Measured, *uaci.Expected, .005)
	text := strings.Join(r.Findings, "\n")
	for _, want := range []string{"NPCR is passed by `xor`, `paper`, `sealed`, `aes-256-gcm`", "passes everywhere", "Histograms pass for uniform", "no more than chance gives", "bit for bit"} {
		if !strings.Contains(text, want) {
			t.Errorf("the findings lack %q:\n%s", want, text)
		}
	}
	for _, wrong := range []string{"do not spread", "not uniform", "still correlated"} {
		if strings.Contains(text, wrong) {
			t.Errorf("the findings say %q:\n%s", wrong, text)
		}
	}
}

// fixedKey is one random key for all images, as when a key is kept.
type fixedKey struct{}

func (fixedKey) KeyFrom(img *raster.Image, seed infer.Seed) (*raster.Image, error) {
	return idealKeys{}.KeyFrom(raster.NewImage(img.Width, img.Height, img.Channels, 8), seed)
}

// TestFixedKeyIsSeen: with a fixed random key every statistic of the ciphertext passes, the papers' NPCR too, and only the
// field's NPCR tells: one byte of 196,608 changes.
func TestFixedKeyIsSeen(t *testing.T) {
	r := measureWith(t, fixedKey{}, 8, "xor", "paper", "logistic")
	for _, scheme := range []string{"xor", "paper"} {
		for id, want := range map[string]Verdict{idNPCR: Fail, idUACI: Fail, idNPCRPlainCipher: Pass, idEntropy: Pass} {
			if row := r.Row("xray", System{scheme, "keys"}, id); row.Verdict != want {
				t.Errorf("%s, %s: %s, want %s: %s", scheme, id, row.Verdict, want, row.spread())
			}
		}
		near(t, "NPCR of one byte", *r.Row("xray", System{scheme, "keys"}, idNPCR).Measured, 100./(256*256*3), 1e-12)
	}
	if v := *r.Row("xray", System{RawKey, "keys"}, idNPCRKeyKey).Measured; v != 0 {
		t.Errorf("NPCR between equal keys %v", v)
	}
	text := strings.Join(r.Findings, "\n")
	for _, want := range []string{
		"do not spread** under `xor`, `paper`, `logistic`", "0.00051 %", "Of `xor`, `paper`: neither a permutation", "the bit changes 0.00 % of the key's bytes",
		"Of `logistic`: the keystream does not depend on the image", "passes everywhere", "opens nearly all that the right one opens** under `xor`, `paper`",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the findings lack %q:\n%s", want, text)
		}
	}
}

// Each sentence of the findings is there only when the values say so: what is said of the keys is not said of good ones.
func TestFindingsBlameTheKeysOnlyWhenTheyFail(t *testing.T) {
	made := func(scheme, metric string, v float64, verdict Verdict) Row {
		return Row{Source: "mri", Scheme: scheme, Generator: "net", Metric: metric, Measured: &v, N: 1, Expected: &v, Verdict: verdict, digits: 4, brief: 4}
	}
	for keys, want := range map[Verdict]bool{Fail: true, Pass: false} {
		r := &Report{
			Config: Config{Size: 256}, Systems: []SystemInfo{{System: System{"xor", "net"}, Channels: 3}}, Alpha: Alpha,
			Sources: []SourceInfo{{Name: "mri"}},
			Rows: []Row{
				made("xor", idNPCR, 1, Fail), made(RawKey, idNPCRKeyOneBit, 1, keys), made(RawKey, idUACIKeyOneBit, 0.1, keys),
				made("xor", idChiSquare, 900, Fail), made(RawKey, idChiSquare, 900, keys), made(RawKey, idEntropy, 7, keys),
			},
		}
		text := strings.Join(findings(r), "\n")
		for _, always := range []string{"do not spread** under `xor`", "not uniform** under `xor`: χ² of 900.0000, where 98 % of random data lie between 205.4 and 310.5."} {
			if !strings.Contains(text, always) {
				t.Errorf("keys %s: the findings lack %q:\n%s", keys, always, text)
			}
		}
		for _, blame := range []string{"too smooth", "over all bytes, changed or not, the mean change is 0.1000 %", "The raw keys of `xor` are not uniform"} {
			if strings.Contains(text, blame) != want {
				t.Errorf("keys %s: %q is in the findings: %v\n%s", keys, blame, !want, text)
			}
		}
	}
}

func TestJudge(t *testing.T) {
	c := criterion{expected: 0, low: -1, high: 1, level: .01}
	many := func(value float64, misses int) []float64 {
		v := make([]float64, 50)
		for i := range misses {
			v[i] = value * float64(1-2*(i%2))
		}
		return v
	}
	for _, x := range []struct {
		values []float64
		want   Verdict
		missed int
	}{
		{nil, None, 0},
		{[]float64{.5}, Pass, 0},
		{[]float64{1.5}, Fail, 1},
		{[]float64{math.NaN()}, Fail, 1},
		{[]float64{1.5, 0, 0, 0}, Pass, 1},   // 4 % of random series do so
		{[]float64{5, 0, 0, 0}, Fail, 1},     // the mean is outside
		{many(2, 2), Pass, 2},                // 9 %
		{many(2, 4), Fail, 4},                // 0.2 %
		{[]float64{2, -2, 2, -2}, Fail, 4},   // cancels out in the mean
		{[]float64{1, 1, -1}, Pass, 0},       // on the edge
		{[]float64{1.01, 1.01, 1}, Fail, 2},  //
		{[]float64{math.Inf(1), 0}, Fail, 1}, //
	} {
		if got, missed := c.judge(x.values); got != x.want || missed != x.missed {
			t.Errorf("%v: %s, %d missed; want %s, %d", x.values, got, missed, x.want, x.missed)
		}
	}
	exact := criterion{1, 1, 1, 0}
	if v, _ := exact.judge([]float64{1, 1, 1}); v != Pass {
		t.Errorf("exact: %s", v)
	}
	if v, missed := exact.judge([]float64{1, 1 - 1e-15, 1}); v != Fail || missed != 1 {
		t.Errorf("almost exact: %s", v)
	}
	// Against the sum of the probabilities: P(X ≥ 2) of 10 at .1.
	near(t, "binomial tail", binomialTail(2, 10, .1), 1-math.Pow(.9, 10)-10*.1*math.Pow(.9, 9), 1e-12)
}

func TestExpectedUACI(t *testing.T) {
	black := raster.NewImage(4, 4, 1, 8)
	near(t, "black", metrics.ExpectedUACI(black), 50, 1e-12)
	all := raster.NewImage(16, 16, 1, 8)
	for i := range all.Pix {
		all.Pix[i] = byte(i)
	}
	mean, _ := metrics.UACIExpected(1, 255)
	near(t, "every value once", metrics.ExpectedUACI(all), mean, 1e-12)
}

func TestEightBits(t *testing.T) {
	m := raster.NewImage(5, 1, 1, 16)
	for i, v := range []int{0, 128, 129, 32768, 65535} {
		m.SetSample(i, v)
	}
	got := eightBits(m)
	for i, want := range []byte{0, 0, 1, 128, 255} {
		if got.Pix[i] != want {
			t.Errorf("sample %d: %d, want %d", m.Sample(i), got.Pix[i], want)
		}
	}
	if low := raster.NewImage(2, 2, 1, 8); eightBits(low) != low {
		t.Error("an image of 8 bits was copied")
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		v      float64
		digits int
		want   string
	}{
		{99.60937, 4, "99.6094"}, {0, 4, "0.0000"}, {.0005086, 4, "0.00051"}, {-.00001234, 4, "-0.000012"}, {.001, 4, "0.0010"}, {197296, 0, "197296"},
	} {
		if got := decimal(c.v, c.digits); got != c.want {
			t.Errorf("%v with %d: %s, want %s", c.v, c.digits, got, c.want)
		}
	}
}

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if d := math.Abs(got - want); !(d <= relative*math.Abs(want)) {
		t.Errorf("%s: %.15g, want %.15g (off by %.2g)", what, got, want, d)
	}
}
