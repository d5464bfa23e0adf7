package attack

import (
	"io"
	"math/rand/v2"
	"testing"

	"keygan/cipher"
	"keygan/data/raster"
)

// TestDecoder: what is linear in a window or in the bits of the pixel is learned from pairs and undone on another image; noise is not.
func TestDecoder(t *testing.T) {
	all := plainImages(t, 64)
	for _, m := range plainImages(t, 64) {
		all = append(all, blur(m, 1))
	}
	random := rand.New(rand.NewPCG(1, 1))
	for what, c := range map[string]struct {
		encrypt   func(*raster.Image) *raster.Image
		low, high float64
	}{
		"negative":              {each(func(v byte) byte { return 255 - v }), 0.999, 1},
		"a fixed byte":          {each(func(v byte) byte { return v ^ 0x5a }), 0.999, 1},
		"moved by two pixels":   {func(m *raster.Image) *raster.Image { return shifted(m, 2) }, 0.99, 1},
		"moved by twenty":       {func(m *raster.Image) *raster.Image { return shifted(m, 20) }, -0.2, 0.6},
		"half noise":            {each(func(v byte) byte { return v/2 + byte(random.IntN(128)) }), 0.9, 1},
		"nothing but the noise": {each(func(byte) byte { return byte(random.IntN(256)) }), -0.15, 0.15},
	} {
		var ciphers []*raster.Image
		for _, m := range all {
			ciphers = append(ciphers, c.encrypt(m))
		}
		last := len(all) - 1 // the pairs do not hold it
		d, err := trained(random, ciphers[:3], all[:3], 1000)
		if err != nil {
			t.Fatal(err)
		}
		if r := pearson(d.decode(ciphers[last]), all[last]); r < c.low || r > c.high {
			t.Errorf("%s: the decoded image correlates by %.3f, want %v to %v", what, r, c.low, c.high)
		}
	}
}

func each(f func(byte) byte) func(*raster.Image) *raster.Image {
	return func(m *raster.Image) *raster.Image {
		out := m.Clone()
		for i, v := range out.Pix {
			out.Pix[i] = f(v)
		}
		return out
	}
}

// shifted is an image moved to the right, around the edge.
func shifted(m *raster.Image, by int) *raster.Image {
	out := m.Clone()
	for y := range m.Height {
		for x := range m.Width {
			copy(out.Pix[(y*m.Width+(x+by)%m.Width)*m.Channels:][:m.Channels], m.Pix[(y*m.Width+x)*m.Channels:][:m.Channels])
		}
	}
	return out
}

// leaking is a toy of a network that encrypts: the negative of the image under fresh noise, and the same for all images. Its decryption
// loses the noise. A strong one of the kind keeps nothing of the image.
type leaking struct {
	cipher.Cryptosystem // of which nothing is asked
	strong              bool
}

func (l leaking) Info() cipher.Info {
	return cipher.Info{Name: map[bool]string{false: "leaking", true: "strong"}[l.strong], Takes: cipher.EncryptingNetwork}
}
func (leaking) Check(*raster.Image, cipher.Params) error { return nil }
func (l leaking) NewSecret(in cipher.Input) (cipher.Secret, error) {
	return leakingSecret{noise: in.Network.Encryptor.(*rand.Rand), strong: l.strong}, nil
}

type leakingSecret struct {
	cipher.Secret
	noise  *rand.Rand
	strong bool
}

func (s leakingSecret) Encrypt(plain *raster.Image) (*raster.Image, error) {
	return each(func(v byte) byte {
		if s.strong {
			return byte(s.noise.IntN(256))
		}
		return 255 - v/8*7 - byte(s.noise.IntN(32))
	})(plain), nil
}

func (s leakingSecret) Decrypt(c *raster.Image) (*raster.Image, error) {
	return each(func(v byte) byte { return 255 - v })(c), nil
}

func (s leakingSecret) Flip(func(int) int) (cipher.Secret, error) { return s, nil }
func (leakingSecret) Bits() int                                   { return 1 }

// TestNetworksThatEncrypt: where a network encrypts, the one with weights that are published, shared by all images and known by pairs, falls
// to all three attacks; where nothing of the image is left in the cipher image, none succeeds.
func TestNetworksThatEncrypt(t *testing.T) {
	encrypting := func() *cipher.Network {
		n := &cipher.Network{Name: "net", TakesNoise: true}
		n.WithNoise = func(random io.Reader) (*cipher.Network, error) {
			return &cipher.Network{Name: "net", TakesNoise: true, WithNoise: n.WithNoise, Encryptor: rand.New(cipher.Source(random))}, nil
		}
		n.Encryptor = rand.New(rand.NewPCG(1, 2))
		return n
	}()
	b, _, err := newBench(t.Context(), Options{Plain: plainImages(t, 128), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, strong := range []bool{false, true} {
		system := leaking{strong: strong}
		s := &target{system: system, info: system.Info(), network: encrypting, plain: b.o.Plain, random: b.source("a test")}
		s.kept = b.newSecret(s, s.plain[0], nil, s.random)
		for _, a := range attacks {
			if a.number != 7 && a.number != 13 && a.number < 17 {
				continue
			}
			for _, r := range a.on(b, s) {
				want := !strong
				if v, ok := r.Value("samples equal to what the receiver decrypts"); a.number == 13 && (!ok || v != 100) {
					t.Errorf("the attacker decrypts %v %% as the receiver does", v)
				}
				if r.NotRun != "" || r.Succeeded != want || r.Use != Published {
					t.Errorf("attack %d on %s: %v, want %v: %s%s", a.number, s.info.Name, r.Succeeded, want, r.NotRun, r.Conclusion)
				}
			}
		}
	}
}
