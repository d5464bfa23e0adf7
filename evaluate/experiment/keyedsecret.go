package experiment

import (
	"fmt"
	"math"
	"math/rand/v2"

	"keygan/cipher"
	"keygan/cipher/catmap"
	"keygan/data/raster"
)

// keyedSecret is that of a published scheme: a raw key image, or the two numbers of the logistic map.
type keyedSecret struct {
	scheme cipher.Scheme
	params cipher.Params
	raw    *raster.Image // nil where the scheme takes no key image
	file   *cipher.KeyFile
}

// keyedSecrets makes the secrets of a scheme. The logistic map's is the same for all images: so these schemes are used, and it is
// what their authors' tables measure.
func keyedSecrets(scheme cipher.Scheme, p cipher.Params) func(secretInput) (secret, error) {
	return func(in secretInput) (secret, error) {
		s := &keyedSecret{scheme: scheme, params: p}
		if scheme.TakesKey() {
			s.raw = in.raw
		}
		return s, nil
	}
}

func (s *keyedSecret) encrypt(plain *raster.Image) (*raster.Image, error) {
	out, file, err := s.scheme.Encrypt(plain, s.raw, s.params)
	s.file = file
	return out, err
}

// decrypt leaves out the comparison of the SHA-256, which is there against mistakes: whoever changes the cipher image can
// change it, too.
func (s *keyedSecret) decrypt(secret *raster.Image) (*raster.Image, error) {
	file := *s.file
	file.Key, file.SHA256 = s.raw, cipher.Digest(secret)
	if s.raw == nil {
		file.Params.X0, file.Params.R = s.params.X0, s.params.R
	}
	return s.scheme.Decrypt(secret, &file)
}

// oneBit changes a bit of the raw key, or of the 52 stored bits of x0, which keep it between 1/4 and 1/2.
func (s *keyedSecret) oneBit(rng *rand.Rand) (secret, error) {
	out := *s
	if s.raw == nil {
		out.params.X0 = math.Float64frombits(math.Float64bits(s.params.X0) ^ 1<<rng.IntN(52))
		return &out, nil
	}
	out.raw = s.raw.Clone()
	out.raw.Pix[rng.IntN(len(out.raw.Pix))] ^= 1 << rng.IntN(8)
	return &out, nil
}

func (s *keyedSecret) stranger(other *raster.Image, random *rand.ChaCha8) (secret, string, error) {
	out := *s
	if s.raw == nil {
		out.params.X0 = 0.25 + 0.5*float64(random.Uint64()>>11)*0x1p-53
		return &out, fmt.Sprintf("x0 = %.4f in the place of %.4f", out.params.X0, s.params.X0), nil
	}
	out.raw = other
	return &out, "the key of another image", nil
}

func (s *keyedSecret) bytes() (int, error) {
	var size byteCount
	err := s.file.Write(&size)
	return int(size), err
}

func (s *keyedSecret) show(plain *raster.Image) (key, scrambled *raster.Image) {
	if p := s.file.Params; p.Iterations > 0 {
		scrambled = catmap.Apply(plain, p.A, p.B, p.Iterations)
	}
	if s.raw != nil {
		return s.raw, scrambled
	}
	keystream, err := (&keyedSecret{scheme: s.scheme, params: s.params}).encrypt(raster.NewImage(plain.Width, plain.Height, plain.Channels, 8))
	if err != nil {
		return nil, scrambled
	}
	return keystream, scrambled
}

// byteCount is a writer that only counts.
type byteCount int

func (c *byteCount) Write(p []byte) (int, error) {
	*c += byteCount(len(p))
	return len(p), nil
}
