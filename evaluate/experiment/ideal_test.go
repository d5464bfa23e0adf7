package experiment_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"keygan/evaluate/experiment"
	"keygan/evaluate/metrics"
	"keygan/evaluate/report"
)

// TestIdealKeysPass: with keys that are all one could wish for, both schemes pass every threshold there is.
func TestIdealKeysPass(t *testing.T) {
	r := reportOn(t, experiment.MeasureWith(t, experiment.IdealKeys{}, 20, "xor", "paper", "sealed", "aes-256-gcm"))
	judged := 0
	for _, row := range r.Rows {
		want := experiment.Pass
		if row.Scheme == experiment.PlainImage {
			want = experiment.Fail
		}
		switch row.Metric {
		case "key_sensitivity_cipher", "key_sensitivity_decrypted", experiment.IDNPCRSameKey, experiment.IDUACISameKey:
			if row.Scheme == "xor" || row.Scheme == "paper" || row.Metric == experiment.IDNPCRSameKey || row.Metric == experiment.IDUACISameKey {
				want = experiment.Fail // no key can make up for what the scheme does not do
			}
		}
		if row.Verdict == experiment.None {
			continue
		}
		judged++
		if row.Verdict != want {
			t.Errorf("%s, %s: %s, want %s: %+v", row.System(), row.Metric, row.Verdict, want, row)
		}
	}
	if judged < 70 {
		t.Errorf("only %d rows have a verdict", judged)
	}
	mse := r.Row("xray", experiment.System{Scheme: "paper", Generator: "keys"}, "mse_plain_cipher")
	experiment.Near(t, "MSE against a uniform cipher", *mse.Measured, *mse.Expected, .005)
	uaci := r.Row("xray", experiment.System{Scheme: "xor", Generator: "keys"}, "uaci_plain_cipher")
	experiment.Near(t, "UACI against a uniform cipher", *uaci.Measured, *uaci.Expected, .005)
	minEntropy := r.Row("xray", experiment.System{Scheme: experiment.RawKey, Generator: "keys"}, experiment.IDMinEntropy)
	experiment.Near(t, "min-entropy of random keys", *minEntropy.Measured, *minEntropy.Expected, .05)
	keys := experiment.System{Scheme: experiment.RawKey, Generator: "keys"}
	if row := r.Row("xray", keys, "effective_keys"); *row.Measured < 7.99 || *row.Expected != 8 {
		t.Errorf("8 random keys count as %v, expected %v", *row.Measured, *row.Expected)
	}
	if row := r.Row("xray", keys, "npcr_all_keys"); row.N != 28 || math.Abs(*row.Measured-*row.Expected) > 0.01 {
		t.Errorf("NPCR of %d pairs of keys: %v, expected %v", row.N, *row.Measured, *row.Expected)
	}
	if row := r.Row("xray", keys, "frechet_dct"); *row.Measured < 20**row.Expected {
		t.Errorf("noise is %v from the targets, as many targets are %v", *row.Measured, *row.Expected)
	}
	// Of a uniform key, what is lost becomes uniform: MSE is the share that was lost of that against a uniform cipher.
	for id, share := range map[string]float64{"psnr_salt_pepper_1": .01, "psnr_salt_pepper": .05, "psnr_salt_pepper_10": .1, "psnr_crop_half": .5} {
		row := r.Row("xray", experiment.System{Scheme: "paper", Generator: "keys"}, id)
		experiment.Near(t, id, *row.Measured, metrics.PSNROf(share**mse.Expected, 255), .01)
	}
	text := fmt.Sprint(r.Findings)
	for _, want := range []string{"NPCR passes under “xor”, “paper”, “sealed”, “aes-256-gcm”", "passes everywhere", "Histograms pass for uniform", "no more than chance gives", "bit for bit"} {
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

// TestFixedKeyIsSeen: with a fixed random key every statistic of the ciphertext passes, the papers' NPCR too, and only the
// field's NPCR tells: one byte of 196,608 changes.
func TestFixedKeyIsSeen(t *testing.T) {
	r := reportOn(t, experiment.MeasureWith(t, experiment.FixedKey{}, 8, "xor", "paper", "logistic"))
	for _, scheme := range []string{"xor", "paper"} {
		for id, want := range map[string]experiment.Verdict{experiment.IDNPCR: experiment.Fail, experiment.IDUACI: experiment.Fail, experiment.IDNPCRPlainCipher: experiment.Pass, experiment.IDEntropy: experiment.Pass} {
			if row := r.Row("xray", experiment.System{Scheme: scheme, Generator: "keys"}, id); row.Verdict != want {
				t.Errorf("%s, %s: %s, want %s: %+v", scheme, id, row.Verdict, want, row)
			}
		}
		experiment.Near(t, "NPCR of one byte", *r.Row("xray", experiment.System{Scheme: scheme, Generator: "keys"}, experiment.IDNPCR).Measured, 100./(256*256*3), 1e-12)
	}
	if v := *r.Row("xray", experiment.System{Scheme: experiment.RawKey, Generator: "keys"}, experiment.IDNPCRKeyKey).Measured; v != 0 {
		t.Errorf("NPCR between equal keys %v", v)
	}
	keys := experiment.System{Scheme: experiment.RawKey, Generator: "keys"}
	for id, want := range map[string]float64{"effective_keys": 1, "npcr_all_keys": 0} {
		if v := *r.Row("xray", keys, id).Measured; math.Abs(v-want) > 1e-9 {
			t.Errorf("%s of 8 equal keys: %v", id, v)
		}
	}
	text := fmt.Sprint(r.Findings)
	for _, want := range []string{
		"do not spread under “xor”, “paper”, “logistic”", "0.00051 %", "Under “xor”, “paper” neither the permutation", "the bit changes 0.00 % of the key's bytes",
		"Under “logistic” the keystream does not depend on the image", "passes everywhere", "opens nearly all that the right one opens under “xor”, “paper”",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the findings lack %q:\n%s", want, text)
		}
	}
}

// reportOn is the report on some results.
func reportOn(t *testing.T, results *experiment.Results) *report.Report {
	t.Helper()
	r, err := report.New(results, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}
