package experiment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/infer"
)

// noiseKeys makes keys of noise alone.
type noiseKeys struct{}

func (noiseKeys) KeyFrom(img *raster.Image, seed infer.Seed) (*raster.Image, error) {
	key := raster.NewImage(img.Width, img.Height, img.Channels, 8)
	rand.NewChaCha8(seed).Read(key.Pix)
	return key, nil
}

// Under XOR with a key that does not depend on the image, one changed bit k changes one sample by 2ᵏ: NPCR and UACI are known exactly,
// for each of the bits. With the noise of use any two keys differ as random ones do. Grey copies change in the same places.
func TestOneBit(t *testing.T) {
	const side, changes = 32, 24
	cfg := Config{
		Sources: []Source{{Name: "mri", Spec: dataset.Spec{Synthetic: "mri", Count: 2}}}, Size: side, Images: 2, Changes: changes,
		Seed: 1, Schemes: []string{"xor"}, Randomness: Randomness{1, 1000},
	}.Resolved()
	noisy := &generator{info: GeneratorInfo{Name: "noisy", Network: infer.NetworkDCGAN, Channels: 3, TakesNoise: true}, keys: noiseKeys{}}
	fixed := &generator{info: GeneratorInfo{Name: "fixed", Network: infer.NetworkResNet, Channels: 1}, keys: FixedKey{}}
	e, sources, err := newExperiment(t.Context(), cfg, []*generator{noisy, fixed})
	if err != nil {
		t.Fatal(err)
	}
	one := e.newTrial(cfg.Sources[0], sources[0])
	if err := one.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, samples := range map[string]float64{"noisy": 3 * side * side, "fixed": side * side} {
		values := func(id string) []float64 { return one.results.at(System{Scheme: "xor", Generator: name}, id).values }
		near := func(id string, n int, want, tolerance float64) {
			t.Helper()
			got := values(id)
			if len(got) != n {
				t.Errorf("%s: %d values of %s, want %d", name, len(got), id, n)
			}
			for _, v := range got {
				if math.Abs(v-want) > tolerance {
					t.Errorf("%s, %s: %v, want %v", name, id, v, want)
				}
			}
		}
		near(IDNPCR, changes, 100/samples, 1e-9)
		near(IDNPCRSameKey, changes, 100/samples, 1e-9)
		for bit := range 8 {
			near(fmt.Sprintf("npcr_bit_%d", bit), changes/8, 100/samples, 1e-9)
			near(fmt.Sprintf("uaci_bit_%d", bit), changes/8, 100*math.Exp2(float64(bit))/255/samples, 1e-9)
		}
		if name == "noisy" {
			near(IDNPCRAsUsed, changes, 99.61, 0.8) // standard deviation 0.11
			near(IDUACIAsUsed, changes, 33.46, 3)   // 0.43
		} else {
			near(IDNPCRAsUsed, changes, 100/samples, 1e-9)
		}
	}
}

// The receiver decrypts with what was sent: another byte in the key file is another sample in the image, whatever the sender keeps.
func TestDecryptionByTheKeyThatWasSent(t *testing.T) {
	plain, key := raster.NewImage(16, 16, 1, 8), raster.NewImage(16, 16, 1, 8)
	rand.NewChaCha8([32]byte{1}).Read(plain.Pix)
	rand.NewChaCha8([32]byte{2}).Read(key.Pix)
	xor, err := cipher.ByName("xor")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := xor.NewSecret(cipher.Input{Plain: plain, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	c, err := secret.Encrypt(plain)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := secret.Sent()
	if err != nil {
		t.Fatal(err)
	}
	clear(key.Pix) // the sender's
	decrypt, err := received(xor.Info(), secret, sent)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := decrypt(c); err != nil || string(m.Pix) != string(plain.Pix) {
		t.Errorf("what was sent does not open the cipher image: %v", err)
	}
	if _, err := received(xor.Info(), secret, []byte("no key file")); err == nil || !strings.Contains(err.Error(), "sent") {
		t.Errorf("%v", err)
	}
}
