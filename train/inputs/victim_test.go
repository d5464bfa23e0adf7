package inputs

import (
	"bytes"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/evaluate/experiment"
	"keygan/infer"
	"keygan/train/config"
	"keygan/train/internal/traintest"
)

func victim(t *testing.T, e config.Encrypt) (*Victim, *raster.Image) {
	t.Helper()
	c := traintest.SmallConfig(t)
	c.Target, c.Encrypt = nil, e
	v, err := OpenVictim(c)
	if err != nil {
		t.Fatal(err)
	}
	m := raster.NewImage(24, 24, 3, 8)
	for i := range m.Pix {
		m.Pix[i] = byte(i * i)
	}
	return v, m
}

// What a victim hides is the image under the scheme: XORed with the key that the network makes of the image itself, with another secret
// at each place where keys are fresh, with the same everywhere where one is kept.
func TestVictim(t *testing.T) {
	hidden := func(v *Victim, m *raster.Image, place uint64) []byte {
		t.Helper()
		out, err := v.encrypt(m, place)
		if err != nil {
			t.Fatal(err)
		}
		return out.Pix
	}
	v, m := victim(t, config.Encrypt{Scheme: "xor", Key: config.KeyFresh, Generators: []string{"built-in"}})
	network, err := experiment.OpenNetwork("built-in")
	if err != nil {
		t.Fatal(err)
	}
	key, err := network(infer.Seed{}).Key(m)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, len(m.Pix))
	cipher.XOR(want, m.Pix, key.Pix)
	if !bytes.Equal(hidden(v, m, 5), want) {
		t.Error("xor: not the image under its own key")
	}
	black := raster.NewImage(24, 24, 3, 8)
	for _, scheme := range []string{"xor", "logistic", "sealed", "aes-256-gcm"} {
		fresh, _ := victim(t, config.Encrypt{Scheme: scheme, Key: config.KeyFresh, Generators: []string{"built-in"}})
		kept, _ := victim(t, config.Encrypt{Scheme: scheme, Key: config.KeyKept, Generators: []string{"built-in"}})
		again, _ := victim(t, config.Encrypt{Scheme: scheme, Key: config.KeyFresh, Generators: []string{"built-in"}})
		if one := hidden(fresh, m, 1); !bytes.Equal(one, hidden(again, m, 1)) || (scheme != "xor") == bytes.Equal(one, hidden(fresh, m, 2)) {
			t.Errorf("%s: a fresh key is not one for each place", scheme)
		}
		if !bytes.Equal(hidden(kept, m, 1), hidden(kept, m, 2)) {
			t.Errorf("%s: a kept key changes", scheme)
		}
		if scheme == "sealed" {
			continue // its keystream is not XORed sample by sample: the pixels move
		}
		stream := hidden(kept, black, 3)
		cipher.XOR(want, m.Pix, stream)
		if !bytes.Equal(want, hidden(kept, m, 4)) {
			t.Errorf("%s: a kept key is not one keystream for all images", scheme)
		}
	}
}

func TestVictimRefuses(t *testing.T) {
	for want, e := range map[string]config.Encrypt{
		"takes only 256×256":              {Scheme: "paper", Generators: []string{"built-in"}},
		"takes a network":                 {Scheme: "xor"},
		"not a network that the scheme":   {Scheme: "chaos-gan", Generators: []string{"built-in"}},
		"encrypt.generators: no/such.npz": {Scheme: "xor", Generators: []string{"no/such.npz"}},
	} {
		c := traintest.SmallConfig(t)
		c.Target, c.Encrypt = nil, e
		if _, err := OpenVictim(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", e, err, want)
		}
	}
}
