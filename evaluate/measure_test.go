package evaluate

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/data/raster"
)

// What the measures of keys must give for each scheme follows from what the scheme is.
func TestKeyMeasures(t *testing.T) {
	r, err := Run(t.Context(), tinyConfig(t), t.TempDir(), Options{Command: "keygan evaluate", Progress: nil})
	if err != nil {
		t.Fatal(err)
	}
	const bytes = 32 * 32 * 3
	one := 100. / bytes // percent
	xor, logistic, sealed, aes, chaos := System{"xor", "net"}, System{"logistic", ""}, System{SchemeSealed, "net"}, System{SchemeAES, ""}, System{SchemeChaosGAN, "chaos"}
	for _, c := range []struct {
		of        System
		metric    string
		low, high float64
	}{
		{xor, idKeySensitivityCipher, one, one},
		{xor, idKeySensitivityDecrypted, one, one},
		{xor, idNPCRSameKey, one, one},
		{xor, idKeySpace, 8 * bytes, 8 * bytes},
		{xor, idKeySpacePublic, 0, 0},
		{xor, idKeyBytes, bytes, 2 * bytes},
		{logistic, idNPCR, one, one},
		{logistic, idNPCRSameKey, one, one},
		{logistic, idKeySpace, 102, 103},
		{logistic, idSSIMWrongKey, -.1, .1},
		{sealed, idNPCRSameKey, one, one},
		{sealed, idKeySensitivityCipher, 98, 100},
		{sealed, idKeySpacePublic, 256, 256},
		{aes, idNPCRSameKey, one, one},
		{aes, idKeySensitivityCipher, 98, 100},
		{aes, idKeyBytes, 32 + 12 + 16, 32 + 12 + 16},
		{chaos, idKeySpacePublic, 0, 0},
		{chaos, idExact, 0, 0},
		{chaos, idMSEDecrypted, 1, 255 * 255},
		{xor, idPSNRSaltPepper, 10, 30},
		{xor, idPSNRCrop16, 10, 40},
		{xor, idPSNRCrop4, 5, 30},
	} {
		row := r.Row("mri", c.of, c.metric)
		if row == nil || row.Measured == nil || *row.Measured < c.low-1e-9 || *row.Measured > c.high+1e-9 {
			t.Errorf("%s, %s: %+v, want %v to %v", c.of, c.metric, row, c.low, c.high)
		}
	}
	for _, of := range []System{sealed, aes} {
		for _, id := range []string{idKeySensitivityDecrypted, idSSIMWrongKey, idNPCRWrongKey, idPSNRSaltPepper, idPSNRCrop16, idPSNRCrop4} {
			if row := r.Row("mri", of, id); row.N != 0 || row.Verdict != None || row.Note != refusal {
				t.Errorf("%s, %s: %+v", of, id, row)
			}
		}
	}
	for _, row := range r.Rows {
		if want := strings.HasSuffix(row.Metric, "_time") || row.Metric == idSpeed; row.Timed != want {
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
	cfg.Generators = []Generator{{Name: "one", Weights: cfg.Generators[0].Weights}, {Name: "same", Weights: cfg.Generators[0].Weights}, {Name: "other", Weights: BuiltIn}}
	r, err := Run(t.Context(), cfg, t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if row := r.Row("mri", System{RawKey, "one"}, idNPCRGenerators); row != nil {
		t.Errorf("the first is compared with itself: %+v", row)
	}
	if row := r.Row("mri", System{RawKey, "same"}, idNPCRGenerators); row.N != 2 || *row.Measured != 0 || row.Verdict != Fail {
		t.Errorf("the same weights: %+v", row)
	}
	if row := r.Row("mri", System{RawKey, "other"}, idNPCRGenerators); row.N != 2 || *row.Measured < 50 {
		t.Errorf("other weights: %+v", row)
	}
}

func TestDamage(t *testing.T) {
	m := raster.NewImage(64, 48, 3, 8)
	for i := range m.Pix {
		m.Pix[i] = 100
	}
	pixels := func(m *raster.Image, level byte) int {
		n := 0
		for i := 0; i < len(m.Pix); i += 3 {
			if m.Pix[i] == level && m.Pix[i+1] == level && m.Pix[i+2] == level {
				n++
			}
		}
		return n
	}
	for part, want := range map[int]int{4: 64 * 48 / 16, 2: 64 * 48 / 4} {
		cut := m.Clone()
		blacken(cut, part)
		if got := pixels(cut, 0); got != want || pixels(cut, 100) != 64*48-want {
			t.Errorf("1/%d of each side: %d black pixels, want %d", part, got, want)
		}
	}
	noisy := m.Clone()
	addSaltAndPepper(noisy, rand.New(rand.NewPCG(1, 1)))
	salt, pepper := pixels(noisy, 255), pixels(noisy, 0)
	if n := float64(salt + pepper); math.Abs(n-.05*64*48) > 4*math.Sqrt(.05*.95*64*48) || salt == 0 || pepper == 0 || pixels(noisy, 100) != 64*48-salt-pepper {
		t.Errorf("%d white and %d black pixels of %d", salt, pepper, 64*48)
	}
	if got := mirrored(mirrored(noisy)); string(got.Pix) != string(noisy.Pix) || string(mirrored(noisy).Pix) == string(noisy.Pix) {
		t.Error("an image mirrored twice is another")
	}
}

// The reference is AES-256-GCM: whatever is changed, nothing comes out.
func TestReferenceRefuses(t *testing.T) {
	random := rand.NewChaCha8([32]byte{3})
	plain := raster.NewImage(16, 16, 3, 8)
	random.Read(plain.Pix)
	key, err := newAESSecret(secretInput{plain: plain, random: random})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.encrypt(plain)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := key.decrypt(secret); err != nil || string(back.Pix) != string(plain.Pix) {
		t.Fatalf("it does not open: %v", err)
	}
	for i := 0; i < len(secret.Pix); i += 37 {
		changed := secret.Clone()
		changed.Pix[i] ^= 1
		if m, err := key.decrypt(changed); m != nil || !strings.HasPrefix(err.Error(), cipher.ErrRefused.Error()) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}
