package experiment

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"

	"keygan/data/raster"
	"keygan/infer"
)

// chaosSecret is that of a chaos GAN: the weights of the two networks, the same for all images. Decryption is lossy. A network that
// adds noise to the image gets the same noise wherever two of its images are compared.
type chaosSecret struct {
	models        [2]*infer.Model // encryptor and reconstruction network
	encryptor     keyGenerator
	reconstructor keyGenerator
	noise         infer.Seed
}

func (g *generator) chaosSecret(in secretInput) (secret, error) {
	return &chaosSecret{models: g.models, encryptor: g.keys, reconstructor: g.reconstructor, noise: in.noise}, nil
}

func (s *chaosSecret) encrypt(plain *raster.Image) (*raster.Image, error) {
	return s.encryptor.KeyFrom(plain, s.noise)
}

func (s *chaosSecret) decrypt(secret *raster.Image) (*raster.Image, error) {
	return s.reconstructor.KeyFrom(secret, infer.Seed{})
}

// oneBit changes a bit of the 23 of the fraction of one weight in either network.
func (s *chaosSecret) oneBit(rng *rand.Rand) (secret, error) {
	return s.changed(func(a infer.Arch, params map[string]infer.Array) {
		at := rng.IntN(a.Parameters())
		for _, p := range a.Params() {
			if at -= p.Size(); at < 0 {
				numbers := params[p.Name].Data
				numbers[-at-1] = math.Float32frombits(math.Float32bits(numbers[-at-1]) ^ 1<<rng.IntN(23))
				return
			}
		}
	})
}

func (s *chaosSecret) stranger(_ *raster.Image, random *rand.ChaCha8) (secret, string, error) {
	out, err := s.changed(func(a infer.Arch, params map[string]infer.Array) {
		rng := rand.New(random)
		for _, p := range a.Params() {
			numbers := params[p.Name].Data
			rng.Shuffle(len(numbers), func(i, j int) { numbers[i], numbers[j] = numbers[j], numbers[i] })
		}
	})
	return out, "networks with the numbers of each layer shuffled", err
}

// changed has copies of the networks with other numbers.
func (s *chaosSecret) changed(change func(infer.Arch, map[string]infer.Array)) (secret, error) {
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

// bytes are those of the reconstruction network's numbers, which serve for all images.
func (s *chaosSecret) bytes() (int, error) { return 4 * s.models[1].Arch().Parameters(), nil }

func (s *chaosSecret) show(*raster.Image) (key, scrambled *raster.Image) { return nil, nil }
