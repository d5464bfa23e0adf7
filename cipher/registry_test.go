package cipher

import (
	"errors"
	"math/rand/v2"
	"testing"

	"keygan/data/raster"
)

// TestEveryCryptosystem: whatever is registered here opens what it encrypts, tells one bit of the secret from another where it says that
// it authenticates, and says of itself what tables and attacks ask.
func TestEveryCryptosystem(t *testing.T) {
	plain, key := noise(PaperSide, PaperSide, 3, 1), noise(PaperSide, PaperSide, 3, 2)
	in := Input{
		Plain: plain, Key: key, Network: &Network{Name: "net", Hash: networkHash}, Params: Params{Iterations: DefaultIterations},
		Random: rand.NewChaCha8([32]byte{4}),
	}
	for _, c := range systems {
		i := c.Info()
		if _, ok := c.(*Research); ok != (i.KeyFile == ClearKeyFile) && i.OnlyAttacks == nil {
			t.Errorf("%s: its key file is not that of its type", i.Name)
		}
		if k := c.KeySpace(plain, in.Network); k.Nominal <= 0 || k.NominalHow == "" || k.EffectiveHow == "" {
			t.Errorf("%s: key space %+v", i.Name, k)
		}
		if err := c.Check(plain, in.Params); err != nil {
			t.Errorf("%s: %v", i.Name, err)
		}
		s, err := c.NewSecret(in)
		if err != nil {
			t.Fatal(err)
		}
		cipherImage, err := s.Encrypt(plain)
		if err != nil {
			t.Fatal(err)
		}
		back, err := s.Decrypt(cipherImage)
		if err != nil || !same(back, plain) || same(cipherImage, plain) {
			t.Errorf("%s: decryption gave another image, error %v", i.Name, err)
		}
		if i.OnlyAttacks != nil {
			continue
		}
		if b, err := s.Sent(); err != nil || 8*len(b) < min(s.Bits(), 64) {
			t.Errorf("%s: %d bytes are sent, error %v", i.Name, len(b), err)
		}
		flipped, err := s.Flip(rand.New(rand.NewPCG(1, 2)).IntN)
		if err != nil {
			t.Fatal(err)
		}
		stranger, what, err := s.Stranger(Input{Key: noise(PaperSide, PaperSide, 3, 3), Random: in.Random})
		if err != nil || what == "" {
			t.Fatalf("%s: a stranger's secret is %q, error %v", i.Name, what, err)
		}
		for _, wrong := range []Secret{flipped, stranger} {
			m, err := wrong.Decrypt(cipherImage)
			if refused := errors.Is(err, ErrRefused); refused != (i.Authenticates != "") || (m == nil) != refused {
				t.Errorf("%s: a wrong secret gives %v, error %v", i.Name, m, err)
			}
			if m != nil && same(m, plain) {
				t.Errorf("%s: a wrong secret opens it", i.Name)
			}
		}
	}
}

func TestRegisterRefusesANameThatIsTaken(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Register(&Research{About: Info{Name: "xor"}})
}

// A system's secrets for one key are made of what is asked for, and it says so when that is missing.
func TestResearchNeedsItsKey(t *testing.T) {
	if _, err := xor.NewSecret(Input{Plain: raster.NewImage(4, 4, 1, 8)}); err == nil {
		t.Error("xor without a key")
	}
}
