package experiment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/infer"
)

func init() { cipher.Register(chaosGAN{}) }

// SchemeChaosGAN is the name of the cryptosystem, and of a generator that is one where its weights cannot be read.
const SchemeChaosGAN = "chaos-gan"

// chaosGAN is the cryptosystem in which a network encrypts and another decrypts. Decryption is lossy.
type chaosGAN struct{}

func (chaosGAN) Info() cipher.Info {
	return cipher.Info{
		Name: SchemeChaosGAN, Takes: cipher.EncryptingNetwork,
		Claims: cipher.Claims{
			Described: cipher.Claim{Verdict: cipher.Holds, Evidence: "The networks are written down with their weights, and give the " +
				"same bytes on every machine."},
			Precise: cipher.Claim{Verdict: cipher.NotShown, Evidence: "Decryption gives back an image that only resembles the " +
				"plain one, whatever the precision."},
			KeysCounted: cipher.Claim{Verdict: cipher.Fails, Evidence: "The weights are the key, and they are published, or the same " +
				"for all images."},
			NoWeakKeys: cipher.Claim{Verdict: cipher.NotShown, Evidence: "Nothing is known of how many weights encrypt badly."},
		},
	}
}

func (chaosGAN) Check(*raster.Image, cipher.Params) error { return nil }

func (chaosGAN) KeySpace(_ *raster.Image, n *cipher.Network) cipher.KeySpace {
	return cipher.KeySpace{
		Nominal:      32 * float64(n.Encryptor.(*chaosSecret).models[1].Arch().Parameters()),
		NominalHow:   "32 bits for each number of the reconstruction network",
		EffectiveHow: "none: the weights are the key, and they are published, or the same for all images",
	}
}

func (chaosGAN) NewSecret(in cipher.Input) (cipher.Secret, error) {
	return in.Network.Encryptor.(*chaosSecret), nil
}

// chaosSecret is the weights of the two networks. Wherever two images are compared, the network adds the same noise.
type chaosSecret struct {
	models        [2]*infer.Model // encryptor and reconstruction network
	encryptor     keyGenerator
	reconstructor keyGenerator
	noise         infer.Seed
}

func (s *chaosSecret) Encrypt(plain *raster.Image) (*raster.Image, error) {
	return s.encryptor.KeyFrom(plain, s.noise)
}

func (s *chaosSecret) Decrypt(cipherImage *raster.Image) (*raster.Image, error) {
	return s.reconstructor.KeyFrom(cipherImage, infer.Seed{})
}

// fractionBits are the bits of the fraction of a float32.
const fractionBits = 23

func (s *chaosSecret) Bits() int { return fractionBits * s.models[1].Arch().Parameters() }

// Flip changes a bit of the fraction of one weight in either network.
func (s *chaosSecret) Flip(choose func(n int) int) (cipher.Secret, error) {
	return s.changed(func(a infer.Arch, params map[string]infer.Array) {
		at := choose(a.Parameters())
		for _, p := range a.Params() {
			if at -= p.Size(); at < 0 {
				numbers := params[p.Name].Data
				numbers[-at-1] = math.Float32frombits(math.Float32bits(numbers[-at-1]) ^ 1<<choose(fractionBits))
				return
			}
		}
	})
}

func (s *chaosSecret) Stranger(in cipher.Input) (cipher.Secret, string, error) {
	rng := rand.New(cipher.Source(in.Random))
	out, err := s.changed(func(a infer.Arch, params map[string]infer.Array) {
		for _, p := range a.Params() {
			numbers := params[p.Name].Data
			rng.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
		}
	})
	return out, "networks with the numbers of each layer shuffled", err
}

// changed has copies of the networks with other numbers.
func (s *chaosSecret) changed(change func(infer.Arch, map[string]infer.Array)) (cipher.Secret, error) {
	out := &chaosSecret{noise: s.noise}
	for i, m := range s.models {
		params := maps.Clone(m.Params())
		for name, a := range params {
			a.Data = append([]float32(nil), a.Data...)
			params[name] = a
		}
		change(m.Arch(), params)
		var b bytes.Buffer
		if err := infer.Write(&b, m.Arch(), params); err != nil {
			return nil, err
		}
		copied, err := infer.Read("a network with other numbers", b.Bytes())
		if err != nil {
			return nil, fmt.Errorf("one bit of the weights: %w", err)
		}
		out.models[i] = copied
	}
	out.encryptor, out.reconstructor = out.models[0], out.models[1]
	return out, nil
}

// Sent is the numbers of the reconstruction network, which serve for all images.
func (s *chaosSecret) Sent() ([]byte, error) {
	var b []byte
	a := s.models[1].Arch()
	for _, p := range a.Params() {
		for _, v := range s.models[1].Params()[p.Name].Data {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	return b, nil
}
