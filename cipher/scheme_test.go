package cipher

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"keygan/data/raster"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// vectors were made by testdata/make_vectors.py.
type vectors struct {
	Schemes []struct {
		Scheme                              string
		Height, Width, Channels, Iterations int
		Seed                                uint32
		KeySeed                             uint32 `json:"key_seed"`
		CipherSHA256                        string `json:"cipher_sha256"`
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Schemes) == 0 {
		t.Fatal("no vectors")
	}
	return v
}

func mustScheme(t testing.TB, name string) *Research {
	t.Helper()
	r, err := researchByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// researchNames are the systems whose key files are in the clear.
func researchNames() []string { return namesOf(func(i Info) bool { return i.KeyFile == ClearKeyFile }) }

// encrypt makes a cipher image and its key file.
func encrypt(r *Research, plain, key *raster.Image, p Params) (*raster.Image, *KeyFile, error) {
	return r.Seal(Input{Plain: plain, Key: key, Params: p})
}

func TestSchemesAgainstNumPy(t *testing.T) {
	for _, v := range readVectors(t).Schemes {
		t.Run(fmt.Sprintf("%s %dx%dx%d", v.Scheme, v.Width, v.Height, v.Channels), func(t *testing.T) {
			plain, key := noise(v.Width, v.Height, v.Channels, v.Seed), noise(v.Width, v.Height, 3, v.KeySeed)
			got, k, err := encrypt(mustScheme(t, v.Scheme), plain, key, Params{Iterations: v.Iterations})
			if err != nil {
				t.Fatal(err)
			}
			if sum := hex.EncodeToString(k.SHA256[:]); sum != v.CipherSHA256 {
				t.Errorf("digest %s, want %s", sum, v.CipherSHA256)
			}
			back, err := Decrypt(got, k)
			if err != nil {
				t.Fatal(err)
			}
			if !same(plain, back) {
				t.Error("decryption gave another image")
			}
		})
	}
}

func TestDecryptIsTheInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.SampledFrom([]int{1, 3}).Draw(t, "channels")
		keyChannels := rapid.IntRange(channels, 3).Draw(t, "key channels")
		seed := rapid.Uint32Range(1, 1<<31).Draw(t, "seed")
		w, h := rapid.IntRange(1, 70).Draw(t, "width"), rapid.IntRange(1, 70).Draw(t, "height")
		p := Params{}
		name := rapid.SampledFrom(researchNames()).Draw(t, "scheme")
		switch name {
		case "logistic":
			p.X0, p.R = rapid.Float64Range(0.1, 0.2).Draw(t, "x0"), 3.99
		case "paper":
			w, h, p.Iterations = PaperSide, PaperSide, rapid.IntRange(1, 191).Draw(t, "iterations")
		}
		s, err := researchByName(name)
		if err != nil {
			t.Fatal(err)
		}
		plain, key := noise(w, h, channels, seed), noise(w, h, keyChannels, seed+1)
		wantPlain, wantKey := plain.Clone(), key.Clone()
		secret, k, err := encrypt(s, plain, key, p)
		if err != nil {
			t.Fatal(err)
		}
		if len(plain.Pix) > 100 && same(secret, plain) {
			t.Fatal("the cipher image is the plain image")
		}
		back, err := s.Open(secret, k)
		if err != nil {
			t.Fatal(err)
		}
		if !same(back, wantPlain) {
			t.Fatal("decryption gave another image")
		}
		if !same(plain, wantPlain) || !same(key, wantKey) || s.About.Takes == KeyImage && !same(k.Key, wantKey) {
			t.Fatal("an argument was changed")
		}
	})
}

func TestCheck(t *testing.T) {
	square := raster.NewImage(256, 256, 3, 8)
	for _, c := range []struct {
		scheme string
		plain  *raster.Image
		p      Params
		want   string // part of the error; "" for none
	}{
		{"paper", square, Params{Iterations: 30}, ""},
		{"paper", square, Params{Iterations: 193}, ""},
		{"paper", square, Params{Iterations: 31, A: 3, B: 255}, ""},
		{"paper", square, Params{}, "0 iterations of the cat map; there must be 1 to 65536"},
		{"paper", square, Params{Iterations: -1}, "-1 iterations"},
		{"paper", square, Params{Iterations: MaxIterations + 1}, "there must be 1 to 65536"},
		{"paper", square, Params{Iterations: 192}, "its period at 256×256 is 192"},
		{"paper", square, Params{Iterations: 1920}, "its period at 256×256 is 192"},
		{"paper", square, Params{Iterations: 1, A: 256}, "they must be in [1, 255]"},
		{"paper", square, Params{Iterations: 1, B: -1}, "they must be in [1, 255]"},
		{"paper", raster.NewImage(255, 256, 1, 8), Params{Iterations: 30}, `"paper" takes only 256×256 pixels, this image is 255×256 grey, 8 bits`},
		{"paper", raster.NewImage(256, 256, 4, 8), Params{Iterations: 30}, "RGBA, 8 bits: the key has no channel for alpha"},
		{"paper", raster.NewImage(256, 256, 1, 16), Params{Iterations: 30}, "its 16-bit samples need twice"},
		{"xor", raster.NewImage(5, 9, 1, 8), Params{}, ""},
		{"xor", raster.NewImage(5, 9, 3, 16), Params{}, "its 16-bit samples need twice"},
		{"logistic", raster.NewImage(5, 9, 1, 8), Params{X0: 0.3, R: 3.99}, ""},
		{"logistic", raster.NewImage(5, 9, 3, 16), Params{X0: 0.3, R: 3.99}, "its 16-bit samples need twice"},
		{"logistic", raster.NewImage(5, 9, 1, 8), Params{}, ""}, // they are drawn
		{"logistic", raster.NewImage(5, 9, 1, 8), Params{R: 3.99}, "x0 is 0"},
		{"xor", raster.NewImage(5, 9, 2, 8), Params{}, "grey+alpha, 8 bits: the key has no channel for alpha"},
	} {
		s := mustScheme(t, c.scheme)
		key := raster.NewImage(c.plain.Width, c.plain.Height, 3, 8)
		_, _, encryptErr := encrypt(s, c.plain, key, c.p)
		for what, err := range map[string]error{"Check": s.Check(c.plain, c.p), "Encrypt": encryptErr} {
			switch {
			case c.want == "" && err != nil:
				t.Errorf("%s of %s by %s, %v: %v", what, c.plain, c.scheme, c.p, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%s of %s by %s, %v: error %v, want %q", what, c.plain, c.scheme, c.p, err, c.want)
			}
		}
	}
}

func TestEncryptRefusesKeysThatDoNotFit(t *testing.T) {
	plain := raster.NewImage(256, 256, 3, 8)
	for _, name := range researchNames() {
		if mustScheme(t, name).About.Takes != KeyImage {
			continue
		}
		for want, key := range map[string]*raster.Image{
			"the key image is 255×256, the image 256×256": raster.NewImage(255, 256, 3, 8),
			"has 16 bits a sample, not 8":                 raster.NewImage(256, 256, 3, 16),
			"too few channels":                            raster.NewImage(256, 256, 1, 8),
		} {
			if _, _, err := encrypt(mustScheme(t, name), plain, key, Params{Iterations: 30}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q", name, err, want)
			}
		}
	}
}

func TestDecryptRefusesWhatDoesNotMatch(t *testing.T) {
	for _, name := range researchNames() {
		s := mustScheme(t, name)
		plain := noise(256, 256, 3, 1)
		secret, k, err := encrypt(s, plain, noise(256, 256, 3, 2), Params{Iterations: 30, X0: 0.3, R: 3.99})
		if err != nil {
			t.Fatal(err)
		}
		_, foreign, err := encrypt(s, noise(256, 256, 3, 3), noise(256, 256, 3, 4), Params{Iterations: 30, X0: 0.4, R: 3.99})
		if err != nil {
			t.Fatal(err)
		}
		flipped, reshaped, otherScheme := secret.Clone(), secret.Clone(), *k
		flipped.Pix[100_000] ^= 1
		reshaped.Width, reshaped.Height = 128, 512
		otherScheme.Scheme = map[string]string{"paper": "xor", "xor": "logistic", "logistic": "paper"}[name]
		for what, c := range map[string]struct {
			secret *raster.Image
			k      *KeyFile
		}{
			"one bit changed":   {flipped, k},
			"another shape":     {reshaped, k},
			"a foreign key":     {secret, foreign},
			"the plain image":   {plain, k},
			"the other scheme":  {secret, &otherScheme},
			"one channel fewer": {secret.Convert(1), k},
		} {
			if got, err := s.Open(c.secret, c.k); !errors.Is(err, ErrMismatch) || got != nil {
				t.Errorf("%s, %s: error %v", name, what, err)
			}
		}
	}
}

func TestWritableByName(t *testing.T) {
	_, err := WritableByName("aes-256-gcm")
	if err == nil || !strings.Contains(err.Error(), `unknown scheme "aes-256-gcm": it must be one of sealed, paper, xor, logistic`) {
		t.Errorf("error %v", err)
	}
	for _, name := range researchNames() {
		if i := mustScheme(t, name).Info(); i.Name != name || !strings.Contains(i.Warning, name) {
			t.Errorf("%q calls itself %q and warns %q", name, i.Name, i.Warning)
		}
	}
	if !slices.Contains(researchNames(), "xor") {
		t.Error("no scheme xor")
	}
}

func TestXOR(t *testing.T) {
	a, b := []byte{0, 1, 0xf0}, []byte{0xff, 1, 0x0f}
	XOR(a, a, b)
	if d := cmp.Diff([]byte{0xff, 0, 0xff}, a); d != "" {
		t.Error(d)
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic on different lengths")
		}
	}()
	XOR(a, a, b[:2])
}
