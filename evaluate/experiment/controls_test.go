package experiment_test

import (
	"slices"
	"testing"

	"keygan/cipher"
	"keygan/evaluate/experiment"
	"keygan/evaluate/metrics"
)

// The controls give the verdicts that are known beforehand: a one-time key and AES-256-GCM pass all that random data passes, a constant
// key fails all of it, and the cat map alone leaves the histogram as it is.
func TestControls(t *testing.T) {
	r := experiment.MeasureWith(t, experiment.IdealKeys{}, 8, cipher.Controls()...)
	random := append([]string{experiment.IDEntropy, experiment.IDChiSquare, experiment.IDNPCRPlainCipher}, experiment.IDCorrelation[:]...)
	diffusion := []string{experiment.IDNPCR, experiment.IDUACI}
	exact := []string{experiment.IDExact, experiment.IDMSEDecrypted, experiment.IDSSIMDecrypted}
	for _, c := range []struct {
		scheme string
		passes [][]string
		fails  [][]string
		bytes  float64 // of the key
	}{
		{"one-time key", [][]string{random, diffusion, exact}, [][]string{{experiment.IDNPCRSameKey, "key_sensitivity_decrypted"}}, 256 * 256 * 3},
		{"aes-256-gcm", [][]string{random, diffusion, exact}, [][]string{{experiment.IDNPCRSameKey}}, 32 + 12 + 16},
		{"constant key", [][]string{exact}, [][]string{random, diffusion, {"key_sensitivity_cipher"}}, 1},
		{"cat map alone", [][]string{exact}, [][]string{{experiment.IDEntropy, experiment.IDChiSquare}, diffusion}, 0},
	} {
		check := func(all [][]string, want experiment.Verdict) {
			for _, id := range slices.Concat(all...) {
				if row := r.Row("xray", experiment.System{Scheme: c.scheme}, id); row == nil || row.Verdict != want {
					t.Errorf("%s, %s: want %s: %+v", c.scheme, id, want, row)
				}
			}
		}
		check(c.passes, experiment.Pass)
		check(c.fails, experiment.Fail)
		if v := *r.Row("xray", experiment.System{Scheme: c.scheme}, experiment.IDKeyBytes).Measured; c.bytes > 0 && v != c.bytes {
			t.Errorf("%s: a key of %v bytes, want %v", c.scheme, v, c.bytes)
		}
	}
	// A constant key differs from the plain image in every byte: too many, as the other side of the test finds.
	if v := *r.Row("xray", experiment.System{Scheme: "constant key"}, experiment.IDNPCRPlainCipher).Measured; v != 100 {
		t.Errorf("NPCR plain–cipher under a constant key: %v %%", v)
	}
	// The cat map moves one changed sample and does nothing else.
	experiment.Near(t, "one bit under the cat map", *r.Row("xray", experiment.System{Scheme: "cat map alone"}, experiment.IDNPCR).Measured, 100./(256*256*3), 1e-12)
	if v := *r.Row("xray", experiment.System{Scheme: "cat map alone"}, experiment.IDSSIMWrongKey).Measured; v > 0.5 {
		t.Errorf("another iteration count decrypts to an SSIM of %v", v)
	}
	for _, row := range r.Randomness {
		failed := slices.ContainsFunc(row.Tests, func(test experiment.RandomnessTest) bool { return test.Verdict == experiment.Fail })
		if want := row.Scheme == "constant key" || row.Scheme == "cat map alone"; row.Scheme != experiment.RawKey && failed != want {
			t.Errorf("SP 800-22 on %s of %s: a test fails: %v", row.Subject, row.Scheme, failed)
		}
	}
	plain := r.Row("xray", experiment.System{Scheme: experiment.PlainImage}, experiment.IDChiSquare)
	if moved := r.Row("xray", experiment.System{Scheme: "cat map alone"}, experiment.IDChiSquare); *plain.Measured != *moved.Measured {
		t.Errorf("χ² of plain images %v, after the cat map %v", *plain.Measured, *moved.Measured)
	}
	if i := int(metrics.Horizontal); *r.Row("xray", experiment.System{Scheme: "constant key"}, experiment.IDCorrelation[i]).Measured < 0.5 {
		t.Error("a constant key hides the neighbours' correlation")
	}
}

// controls: true adds them to the schemes, once, and nobody else is offered them.
func TestControlsAreAdded(t *testing.T) {
	c := experiment.Config{Schemes: []string{"aes-256-gcm", "xor"}, Controls: true}.Resolved().Resolved()
	if want := []string{"aes-256-gcm", "xor", "cat map alone", "one-time key", "constant key"}; !slices.Equal(c.Schemes, want) {
		t.Errorf("%q, want %q", c.Schemes, want)
	}
	for _, name := range []string{"cat map alone", "one-time key", "constant key"} {
		if slices.Contains(cipher.Names(), name) || slices.Contains(cipher.Writable(), name) {
			t.Errorf("%s is offered to users", name)
		}
	}
}
