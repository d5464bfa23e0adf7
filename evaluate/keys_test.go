package evaluate

import (
	"strings"
	"testing"

	"keygan/evaluate/experiment"
)

// What the measures of keys must give for each scheme follows from what the scheme is.
func TestKeyMeasures(t *testing.T) {
	r, err := Run(t.Context(), tinyConfig(t), t.TempDir(), Options{Command: "keygan evaluate", Progress: nil})
	if err != nil {
		t.Fatal(err)
	}
	const bytes = 32 * 32 * 3
	one := 100. / bytes // percent
	xor, logistic, sealed, aes, chaos := experiment.System{Scheme: "xor", Generator: "net"}, experiment.System{Scheme: "logistic"}, experiment.System{Scheme: "sealed", Generator: "net"}, experiment.System{Scheme: "aes-256-gcm"}, experiment.System{Scheme: experiment.SchemeChaosGAN, Generator: "chaos"}
	for _, c := range []struct {
		of        experiment.System
		metric    string
		low, high float64
	}{
		{xor, "key_sensitivity_cipher", one, one},
		{xor, "key_sensitivity_decrypted", one, one},
		{xor, experiment.IDNPCRSameKey, one, one},
		{xor, "key_space", 8 * bytes, 8 * bytes},
		{xor, "key_space_public", 0, 0},
		{xor, experiment.IDKeyBytes, bytes, 2 * bytes},
		{logistic, experiment.IDNPCR, one, one},
		{logistic, experiment.IDNPCRSameKey, one, one},
		{logistic, "key_space", 102, 103},
		{logistic, experiment.IDSSIMWrongKey, -.1, .1},
		{sealed, experiment.IDNPCRSameKey, one, one},
		{sealed, "key_sensitivity_cipher", 98, 100},
		{sealed, "key_space_public", 256, 256},
		{aes, experiment.IDNPCRSameKey, one, one},
		{aes, "key_sensitivity_cipher", 98, 100},
		{aes, experiment.IDKeyBytes, 32 + 12 + 16, 32 + 12 + 16},
		{chaos, "key_space_public", 0, 0},
		{chaos, experiment.IDExact, 0, 0},
		{chaos, experiment.IDMSEDecrypted, 1, 255 * 255},
		{xor, "psnr_salt_pepper", 10, 30},
		{xor, "psnr_crop_16th", 10, 40},
		{xor, "psnr_crop_4th", 5, 30},
	} {
		row := r.Row("mri", c.of, c.metric)
		if row == nil || row.Measured == nil || *row.Measured < c.low-1e-9 || *row.Measured > c.high+1e-9 {
			t.Errorf("%s, %s: %+v, want %v to %v", c.of, c.metric, row, c.low, c.high)
		}
	}
	for _, of := range []experiment.System{sealed, aes} {
		for _, id := range []string{"key_sensitivity_decrypted", experiment.IDSSIMWrongKey, "npcr_wrong_key", "psnr_salt_pepper", "psnr_crop_16th", "psnr_crop_4th"} {
			if row := r.Row("mri", of, id); row.N != 0 || row.Verdict != experiment.None || !strings.HasPrefix(row.Note, "refused: ") {
				t.Errorf("%s, %s: %+v", of, id, row)
			}
		}
	}
	for _, row := range r.Rows {
		if want := strings.HasSuffix(row.Metric, "_time") || row.Metric == "speed"; row.Timed != want {
			t.Errorf("%s, %s: a time: %v", row.System(), row.Metric, row.Timed)
		}
	}
	if p := r.Provenance; p.Command != "keygan evaluate" || !p.Quick || p.Seed != 9 || p.Keygan == "" || p.CPU == "" || len(p.ConfigHash) != 64 || p.Took <= 0 || p.Began == "" {
		t.Errorf("%+v", p)
	}
	for _, s := range r.Sources {
		if len(s.Digest) != 64 {
			t.Errorf("%s has the digest %q", s.Name, s.Digest)
		}
	}
}

// The keys of two generators are compared image by image, as those of two trainings of one are.
func TestGeneratorsAreCompared(t *testing.T) {
	cfg := tinyConfig(t)
	cfg.Schemes, cfg.Changes, cfg.Sources = []string{"xor"}, 1, cfg.Sources[:1]
	cfg.Generators = []experiment.Generator{{Name: "one", Weights: cfg.Generators[0].Weights}, {Name: "same", Weights: cfg.Generators[0].Weights}, {Name: "other", Weights: experiment.BuiltIn}}
	r, err := Run(t.Context(), cfg, t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if row := r.Row("mri", experiment.System{Scheme: experiment.RawKey, Generator: "one"}, experiment.IDNPCRGenerators); row != nil {
		t.Errorf("the first is compared with itself: %+v", row)
	}
	if row := r.Row("mri", experiment.System{Scheme: experiment.RawKey, Generator: "same"}, experiment.IDNPCRGenerators); row.N != 2 || *row.Measured != 0 || row.Verdict != experiment.Fail {
		t.Errorf("the same weights: %+v", row)
	}
	if row := r.Row("mri", experiment.System{Scheme: experiment.RawKey, Generator: "other"}, experiment.IDNPCRGenerators); row.N != 2 || *row.Measured < 50 {
		t.Errorf("other weights: %+v", row)
	}
}
