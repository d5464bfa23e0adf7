package seeds

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keygan/evaluate/experiment"
)

// tested writes the assessment of a network that restores two images with some SSIMs, where the mean image has 0.3 and another cipher image
// gives some.
func tested(t *testing.T, config string, restored, another string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"config.yaml": config,
		"test/test.json": `{"rows": ["plain", "encrypted", "restored", "mean image"], "restored": ["restored"], "images": [
			{"rows": {"plain": {}, "encrypted": {"ssim": 0}, "restored": {"ssim": ` + restored + `, "psnr": 20, "another_ssim": ` + another + `}, "mean image": {"ssim": 0.2, "psnr": 12}}},
			{"rows": {"plain": {}, "encrypted": {"ssim": 0}, "restored": {"ssim": ` + restored + `, "psnr": 22, "another_ssim": ` + another + `}, "mean image": {"ssim": 0.4, "psnr": 14}}}]}`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What is restored counts only beyond the better of two guesses, over trainings: an SSIM of 0.32 is nothing where the mean image has 0.3
// and another cipher image gives as much, and 0.25 is none although the cipher image has 0.
func TestGuesses(t *testing.T) {
	const config = "objective: {name: restore}\nencrypt: {scheme: xor}\n"
	for _, c := range []struct {
		name              string
		restored, another []string
		better, hidden    Verdict
	}{
		{"learnt", []string{"0.6", "0.62", "0.61"}, []string{"0.3", "0.31", "0.3"}, Holds, Fails},
		{"guesses better than the mean image", []string{"0.4", "0.41", "0.4"}, []string{"0.4", "0.412", "0.401"}, NotDecidable, Holds},
		{"less than the mean image", []string{"0.25", "0.26", "0.25"}, []string{"0.1", "0.1", "0.1"}, Fails, Fails}, // of no use, but something gets through
		{"nothing at all", []string{"0.1", "0.104", "0.1"}, []string{"0.1", "0.1", "0.102"}, Fails, Holds},
		{"one of three", []string{"0.3", "0.3", "0.7"}, []string{"0.3", "0.3", "0.3"}, NotDecidable, NotDecidable},
	} {
		var trainings []Training
		for i := range c.restored {
			trainings = append(trainings, Training{Row: "spy", Seed: uint64(i), Folder: tested(t, config, c.restored[i], c.another[i])})
		}
		systems, err := describe([]System{{Row: "W", Scheme: "paper"}, {Row: "spy", Victim: "W"}}, trainings)
		if err != nil {
			t.Fatal(err)
		}
		r := &Report{Systems: systems}
		if r.HeldOut, err = heldOutImages(systems, trainings); err != nil || len(r.HeldOut) != 2 {
			t.Fatalf("%+v, %v", r.HeldOut, err)
		}
		h := r.HeldOut[1]
		if r.HeldOut[0].Guess != nil || h.Guess.Better != c.better {
			t.Errorf("%s: better than guessing: %s, %+v", c.name, h.Guess.Better, h.Guess.Gain)
		}
		near(t, "SSIM of the mean image", *h.Guess.MeanSSIM.Mean, 0.3)
		near(t, "PSNR of the mean image", *h.Guess.MeanPSNR.Mean, 13)
		claim, measured := r.resistsLearning(r.system("spy"))
		if !measured || claim.Verdict != c.hidden || claim.Of != "W + xor" || !strings.Contains(claim.Claim, "other seeds") {
			t.Errorf("%s: %+v", c.name, claim)
		}
		r.Systems[1].Pairs = true // as it claims, but it has learnt from other weights
		if claim, _ := r.resistsLearning(r.system("spy")); claim.Verdict != NotMeasured {
			t.Errorf("%s: pairs of another network: %+v", c.name, claim)
		}
		r.Systems[1].Pairs = false
		h.Guess.Learnt[1] = true
		if claim, _ := r.resistsLearning(r.system("spy")); claim.Verdict != NotMeasured {
			t.Errorf("%s: it has seen the attacked network: %+v", c.name, claim)
		}
		if text := r.markdown(); !strings.Contains(text, "| W + xor | spy | networks of the other seeds | 2 | ") || strings.Contains(text, "| spy | restored |") {
			t.Errorf("%s: %s", c.name, text)
		}
	}
}

// A reconstruction that is no better than the mean image is of no fidelity, whatever its SSIM.
func TestFidelityBeatsGuessing(t *testing.T) {
	for _, c := range []struct {
		guess float64
		want  Verdict
	}{{0.3, Holds}, {0.99, Fails}} {
		r := reportOf(nil, nil, nil, nil)
		same := func(v float64) Summary { return Summarize([]float64{v, v + 0.001, v - 0.001}) }
		gain := same(0.9 - c.guess)
		r.HeldOut = []HeldOut{{Row: "B", Made: "reconstructed", Images: 9, SSIM: same(0.9),
			Guess: &Guess{MeanSSIM: same(c.guess), Gain: gain, Better: within(gain, math.SmallestNonzeroFloat64, math.Inf(1), 1)}}}
		if v, evidence := r.verdict(t, "The reconstruction is of high fidelity"); v != c.want {
			t.Errorf("mean image %v: %s: %s", c.guess, v, evidence)
		}
	}
}

// Each GAN has a claim of its own, which says what else than the objective differs; five seeds against five can decide it.
func TestBetterThanWhichGAN(t *testing.T) {
	low, high := []float64{5, 5.1, 5.2, 5.3, 5.4}, []float64{7, 7.1, 7.2, 7.3, 7.4}
	r := reportOf(low, high, nil, nil)
	r.Systems = append(r.Systems, System{Row: "F", Objective: "gan", Generator: "resnet"})
	r.Cells = append(r.Cells, Cell{Row: "F", Scheme: experiment.RawKey, Source: "s", Metric: experiment.IDEntropy, OverSeeds: Summarize([]float64{7.5, 7.6, 7.7, 7.8, 7.9})})
	for i, rate := range []string{"0.0002", "0.0005", "", "0.0005"} { // G, W, B, F
		r.Systems[i].settings = flatten(map[string]any{"name": r.Systems[i].Row, "seed": 7 + i, "objective": map[string]any{"name": r.Systems[i].Objective},
			"optimizer": map[string]any{"learning_rate": rate}, "source": []any{map[string]any{"seed": 1}}})
	}
	got := map[string]Claim{}
	for _, c := range r.betterThanGAN() {
		got[c.Of] = c
	}
	if c := got["W against G"]; c.Verdict != Holds || !strings.HasPrefix(c.Evidence[0], "Not only the objective differs: optimizer.learning_rate 0.0005 (0.0002).") {
		t.Errorf("%+v", c)
	}
	if c := got["W against F"]; c.Verdict != Fails || c.Evidence[0] != "Only the objective differs." {
		t.Errorf("%+v", c)
	}
	if len(got) != 2 {
		t.Errorf("%d claims", len(got))
	}
}
