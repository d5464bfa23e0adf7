package experiment

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/evaluate/attack"
)

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
	for i, want := range map[int]int{1: 64 * 48 / 16, 2: 64 * 48 / 4} {
		cut := m.Clone()
		attack.Damages[i].Do(cut, nil)
		if got := pixels(cut, 0); got != want || pixels(cut, 100) != 64*48-want {
			t.Errorf("%s: %d black pixels, want %d", attack.Damages[i].Name, got, want)
		}
	}
	noisy := m.Clone()
	attack.Damages[0].Do(noisy, rand.New(rand.NewPCG(1, 1)))
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
	reference, err := cipher.ByName("aes-256-gcm")
	if err != nil {
		t.Fatal(err)
	}
	key, err := reference.NewSecret(cipher.Input{Plain: plain, Random: random})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.Encrypt(plain)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := key.Decrypt(secret); err != nil || string(back.Pix) != string(plain.Pix) {
		t.Fatalf("it does not open: %v", err)
	}
	for i := 0; i < len(secret.Pix); i += 37 {
		changed := secret.Clone()
		changed.Pix[i] ^= 1
		if m, err := key.Decrypt(changed); m != nil || !strings.HasPrefix(err.Error(), cipher.ErrRefused.Error()) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
}
