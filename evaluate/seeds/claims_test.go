package seeds

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"keygan/data/raster"
	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
)

// noise are images of random bytes, of which a share is that of common.
func noise(rng *rand.Rand, count int, share float64, common []byte) (images []*raster.Image) {
	for range count {
		m := raster.NewImage(64, 64, 3, 8)
		for i := range m.Pix {
			m.Pix[i] = byte(rng.Uint32())
			if rng.Float64() < share {
				m.Pix[i] = common[i]
			}
		}
		images = append(images, m)
	}
	return images
}

// Two trainings give another key for the same image: never if the keys are equal, by the field's test only if they are independent. A
// tenth of bytes in common is found.
func TestAnotherKey(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	common := noise(rng, 1, 0, nil)[0].Pix
	for _, c := range []struct {
		name           string
		share          float64
		claimed, field Verdict
	}{{"independent", 0, Holds, Holds}, {"a tenth in common", 0.1, Holds, Fails}, {"equal", 1, Fails, Fails}} {
		k := Keys{Images: 4, Bytes: 64 * 64 * 3}
		all := [][]*raster.Image{noise(rng, 4, c.share, common), noise(rng, 4, c.share, common), noise(rng, 4, c.share, common)}
		if err := k.compareSeeds(all); err != nil {
			t.Fatal(err)
		}
		found := anotherKey(k)
		if k.NPCR.N != 3 || found[0].Verdict != c.claimed || found[1].Verdict != c.field {
			t.Errorf("%s: %d pairs, %s as claimed, %s by the field's test: %v", c.name, k.NPCR.N, found[0].Verdict, found[1].Verdict, found[1].Evidence)
		}
	}
}

// Random keys fail the field's test in one of a hundred cases.
func TestAnotherKeyOfRandomKeys(t *testing.T) {
	const trials = 200
	rng := rand.New(rand.NewPCG(11, 12))
	failed := 0
	for range trials {
		var all [][]*raster.Image
		for range 3 {
			m := raster.NewImage(48, 48, 1, 8)
			for i := range m.Pix {
				m.Pix[i] = byte(rng.Uint32())
			}
			all = append(all, []*raster.Image{m})
		}
		k := Keys{Images: 1, Bytes: 48 * 48}
		if err := k.compareSeeds(all); err != nil {
			t.Fatal(err)
		}
		if anotherKey(k)[1].Verdict != Holds {
			failed++
		}
	}
	if failed > 8 { // of 2 expected; more than four standard deviations
		t.Errorf("%d of %d sets of random keys fail", failed, trials)
	}
}

// Keys that are the same for every image are one key, whatever the images; independent ones are as many as there are.
func TestNoCollapse(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	common := noise(rng, 1, 0, nil)[0].Pix
	verdict := func(share float64) Verdict {
		var different []float64
		for range 3 {
			n, err := effective(noise(rng, 8, share, common))
			if err != nil {
				t.Fatal(err)
			}
			different = append(different, n)
		}
		return noCollapse(Keys{Images: 8, Plain: 4, Different: Summarize(different)}).Verdict
	}
	if v := verdict(0); v != Holds {
		t.Errorf("independent keys: %s", v)
	}
	if v := verdict(0.95); v != Fails {
		t.Errorf("keys that are nearly the same: %s", v)
	}
}

// report has the raw keys of a GAN and a WGAN-GP with some entropies, and a chaos GAN with some SSIMs.
func reportOf(gan, wgan, decrypted, hidden []float64) *Report {
	r := &Report{Systems: []System{
		{Row: "G", Scheme: "xor", Objective: "gan", Generator: "resnet"}, {Row: "W", Scheme: "paper", Objective: "wgan-gp", Generator: "resnet"},
		{Row: "B", Scheme: experiment.SchemeChaosGAN, Objective: "chaos-gan", Generator: "chaos"},
	}}
	for _, c := range []struct {
		row, scheme, metric string
		values              []float64
	}{
		{"G", experiment.RawKey, experiment.IDEntropy, gan}, {"W", experiment.RawKey, experiment.IDEntropy, wgan},
		{"B", experiment.SchemeChaosGAN, experiment.IDSSIMDecrypted, decrypted}, {"B", experiment.SchemeChaosGAN, "ssim_plain_cipher", hidden},
	} {
		r.Cells = append(r.Cells, Cell{Row: c.row, Scheme: c.scheme, Source: "s", Metric: c.metric, OverSeeds: Summarize(c.values)})
	}
	return r
}

func (r *Report) verdict(t *testing.T, claim string) (Verdict, string) {
	t.Helper()
	for _, c := range r.claims() {
		if c.Claim == claim {
			return c.Verdict, strings.Join(c.Evidence, " ")
		}
	}
	t.Fatalf("no claim %q", claim)
	return "", ""
}

// Three seeds against three cannot decide, however far apart they are. Six against six can.
func TestBetterThanGAN(t *testing.T) {
	const claim = "Better keys than a GAN's"
	v, evidence := reportOf([]float64{5, 5.1, 5.2}, []float64{7.7, 7.8, 7.9}, nil, nil).verdict(t, claim)
	if v != NotDecidable || !strings.Contains(evidence, "is 0.1") {
		t.Errorf("three seeds: %s: %s", v, evidence)
	}
	low, high := []float64{5, 5.1, 5.2, 5.3, 5.4, 5.5}, []float64{7, 7.1, 7.2, 7.3, 7.4, 7.5}
	for _, c := range []struct {
		gan, wgan []float64
		want      Verdict
	}{{low, high, Holds}, {high, low, Fails}, {low, low, NotDecidable}} {
		if v, evidence := reportOf(c.gan, c.wgan, nil, nil).verdict(t, claim); v != c.want {
			t.Errorf("%v against %v: %s: %s", c.wgan, c.gan, v, evidence)
		}
	}
}

func TestClaimsOfSystemB(t *testing.T) {
	for _, c := range []struct {
		decrypted, hidden []float64
		fidelity, hides   Verdict
	}{
		{[]float64{0.9, 0.91, 0.92}, []float64{0.01, 0.012, 0.008}, Holds, Holds},
		{[]float64{0.3, 0.31, 0.32}, []float64{0.3, 0.31, 0.32}, Fails, Fails},
		{[]float64{0.7, 0.85, 0.95}, []float64{0, 0.04, 0.1}, NotDecidable, NotDecidable},
		{[]float64{0.9}, []float64{0.01}, NotDecidable, NotDecidable},
		{nil, nil, NotMeasured, NotMeasured},
	} {
		r := reportOf([]float64{5}, []float64{5}, c.decrypted, c.hidden)
		if v, _ := r.verdict(t, "The reconstruction is of high fidelity"); v != c.fidelity {
			t.Errorf("SSIM %v of the reconstruction: %s", c.decrypted, v)
		}
		if v, _ := r.verdict(t, "The cipher image hides the image"); v != c.hides {
			t.Errorf("SSIM %v of the cipher image: %s", c.hidden, v)
		}
	}
	r := reportOf([]float64{5}, []float64{5}, nil, nil)
	if v, _ := r.verdict(t, "Resists attacks"); v != NotMeasured {
		t.Errorf("no attack was made: %s", v)
	}
	made := attack.Result{Number: 2, Kind: attack.Distinguishes, Use: attack.Published, System: attack.System{Scheme: experiment.SchemeChaosGAN, Generator: "B"}}
	won := made
	won.Succeeded = true
	r.evaluations = []evaluation{{seed: 1, Attacks: []attack.Result{made}}}
	if v, _ := r.verdict(t, "Resists attacks"); v != Holds {
		t.Errorf("no attack succeeds: %s", v)
	}
	measured, misused := won, won
	measured.Kind, misused.Use = attack.Measures, attack.KeptKey
	r.evaluations = append(r.evaluations, evaluation{seed: 2, Attacks: []attack.Result{made, measured, misused}})
	if v, _ := r.verdict(t, "Resists attacks"); v != Holds {
		t.Errorf("no attack succeeds on the published use: %s", v)
	}
	won.Kind, won.Name = attack.Forges, "forgery"
	r.evaluations = append(r.evaluations, evaluation{seed: 3, Attacks: []attack.Result{made, won}})
	if v, evidence := r.verdict(t, "Resists attacks"); v != Fails || evidence != "Forge: 2 (forgery) with 1 of 3 seeds." {
		t.Errorf("one attack succeeds on one seed: %s: %s", v, evidence)
	}
}

// course is a measure with a value for each step and seed.
func course(measure, images string, values ...[]float64) Course {
	c := Course{Row: "W", Measure: measure, Images: images}
	for i, v := range values {
		c.Steps, c.Over = append(c.Steps, 100*(i+1)), append(c.Over, Summarize(v))
	}
	return c
}

func TestClaimsOverSteps(t *testing.T) {
	s := System{Row: "W"}
	better := [][]float64{{6, 6.1, 6.2}, {6.5, 6.6, 6.7}, {6.9, 7, 7.1}, {7.3, 7.4, 7.5}}
	worse := [][]float64{better[3], better[2], better[1], better[0]}
	apart := [][]float64{{6, 7, 6.5}, {6, 7, 6.5}, {6, 7, 6.5}, {7, 6, 6.6}}
	for _, c := range []struct {
		values [][]float64
		want   Verdict
	}{{better, Holds}, {worse, Fails}, {apart, NotDecidable}} {
		r := &Report{Courses: []Course{course("Entropy", heldOut, c.values...)}}
		if got, measured := r.longerIsBetter(s); !measured || got.Verdict != c.want {
			t.Errorf("%v: %s, want %s: %v", c.values, got.Verdict, c.want, got.Evidence)
		}
	}
}

// Over seeds, a value is a training's mean; over images, an image's mean over the trainings.
func TestCellsKeepSeedsAndImagesApart(t *testing.T) {
	row := func(values ...float64) experiment.Row {
		mean := (values[0] + values[1]) / 2
		return experiment.Row{Source: "s", Scheme: "xor", Generator: "G", Metric: experiment.IDNPCR, Measured: &mean, Values: values}
	}
	all := []evaluation{{Rows: []experiment.Row{row(1, 3)}}, {Rows: []experiment.Row{row(5, 9)}}}
	found := cells([]System{{Row: "G", Scheme: "xor"}}, []string{"s"}, all)
	if len(found) != 1 {
		t.Fatalf("%d cells", len(found))
	}
	seeds, images := found[0].OverSeeds, found[0].OverImages
	near(t, "mean over seeds", *seeds.Mean, 4.5)
	near(t, "SD over seeds", *seeds.SD, 2.5*math.Sqrt2) // of 2 and 7
	near(t, "mean over images", *images.Mean, 4.5)
	near(t, "SD over images", *images.SD, 1.5*math.Sqrt2) // of 3 and 6
}

func TestAttacksBySeed(t *testing.T) {
	r := reportOf(nil, nil, nil, nil)
	of := attack.System{Scheme: "xor", Generator: "G"}
	r.evaluations = []evaluation{
		{seed: 1, Attacks: []attack.Result{{Number: 2, Name: "histogram", System: of, Succeeded: true}, {Number: 5, Name: "other", System: of, Shows: "it is no noise"},
			{Number: 2, Name: "histogram", System: attack.System{Scheme: "one-time key"}}, {Number: 2, Name: "histogram", System: attack.System{Scheme: "logistic"}},
			{Number: 4, Name: "zero", Use: attack.Published, System: attack.System{Scheme: "aes-256-gcm"}},
			{Number: 4, Name: "zero", Use: attack.KeptKey, System: attack.System{Scheme: "aes-256-gcm, kept key and nonce"}, Succeeded: true}}},
		{seed: 2, Attacks: []attack.Result{{Number: 2, Name: "histogram", System: of}, {Number: 5, Name: "other", System: of, NotRun: "why"}}},
	}
	text := r.markdown()
	for _, line := range []string{"| attack | aim | key | G + xor | W + paper | B + chaos-gan | one-time key (control) | aes-256-gcm (control) |", "| 2 histogram |  |  | 1 of 2 | – | – | 0 of 1 | – |", "| 5 other |  |  | 0 of 1; shows something with 1 | – | – | – | – |",
		"| 4 zero |  | published | – | – | – | – | 0 of 1 |", "| 4 zero |  | kept key | – | – | – | – | 1 of 1 |"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
}

// A claim that takes six tests is not refuted more often by chance than one that takes a single test: where the truth lies on the limit,
// in at most one of forty cases. It holds by chance hardly ever.
func TestManyTestsOfOneClaim(t *testing.T) {
	const trials, tests = 4000, 6
	rng := rand.New(rand.NewPCG(13, 14))
	count := map[Verdict]int{}
	for range trials {
		var all []Verdict
		for range tests {
			var gains []float64
			for range 4 {
				gains = append(gains, rng.NormFloat64())
			}
			all = append(all, within(Summarize(gains), 0, math.Inf(1), tests))
		}
		count[join(all...)]++
	}
	if count[Fails] > 140 || count[Fails] < 60 || count[Holds] > 5 { // 100 ± 10
		t.Errorf("of %d claims: %v", trials, count)
	}
	if v := within(Summarize([]float64{-1, -1.1, -0.9}), 0, math.Inf(1), tests); v != Fails {
		t.Errorf("what is clearly outside: %s", v)
	}
}
