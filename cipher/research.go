package cipher

import (
	"bytes"
	"cmp"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"keygan/data/raster"
)

// Research is a cryptosystem for research: a function of an image, a key image and Params. It takes 8-bit grey and RGB images and
// authenticates nothing. A system that takes no key image has its secret in Params. Key files are in the clear, see KeyFile.
type Research struct {
	About Info
	Side  int // the only width and height that it takes, in pixels; 0 for any

	// Encrypt and Decrypt return a new image. They may use the arguments as they are: both were checked.
	Encrypt, Decrypt func(m, key *raster.Image, p Params) (*raster.Image, error)

	Space func(shape *raster.Image, n *Network) KeySpace

	// The rest may be nil. Draw draws what is secret in p, for images of a width. Complete checks p and fills in defaults.
	Draw     func(p Params, width int, rng *rand.Rand) Params
	Complete func(p Params, width int) (Params, error)
	Scramble func(m *raster.Image, p Params) *raster.Image // the permutation of pixels
	Stream   func(p Params) (io.Reader, error)             // the keystream, without end

	// Other returns parameters with another secret, for systems that take no key image and whose secret is not x0.
	Other func(p Params, width int, choose func(n int) int) Params
}

// Info implements Cryptosystem.
func (r *Research) Info() Info { return r.About }

// KeySpace implements Cryptosystem.
func (r *Research) KeySpace(shape *raster.Image, n *Network) KeySpace { return r.Space(shape, n) }

// Check implements Cryptosystem.
func (r *Research) Check(shape *raster.Image, p Params) error {
	_, err := r.complete(r.draw(p, shape.Width, nil), shape)
	return err
}

func (r *Research) draw(p Params, width int, random io.Reader) Params {
	if r.Draw == nil {
		return p
	}
	return r.Draw(p, width, rand.New(Source(random)))
}

// complete fills in the defaults of p for images of a shape.
func (r *Research) complete(p Params, shape *raster.Image) (Params, error) {
	why := ""
	switch {
	case shape.Depth != 8:
		why = "its 16-bit samples need twice the key bytes there are"
	case shape.Channels != 1 && shape.Channels != 3:
		why = "the key has no channel for alpha"
	case r.Side != 0 && (shape.Width != r.Side || shape.Height != r.Side):
		return p, &SizeError{r.About.Name, shape.String(), r.Side}
	case r.Complete != nil:
		return r.Complete(p, shape.Width)
	default:
		return Params{}, nil
	}
	return p, &FormatError{r.About.Name, shape.String(), why}
}

// NewSecret implements Cryptosystem.
func (r *Research) NewSecret(in Input) (Secret, error) {
	p, err := r.complete(r.draw(in.Params, in.Plain.Width, in.Random), in.Plain)
	if err != nil {
		return nil, err
	}
	s := &researchSecret{system: r, params: p, shape: *in.Plain}
	s.shape.Pix = nil
	if r.About.Takes == Nothing {
		return s, nil
	}
	if s.key = in.Key; in.Key == nil {
		return nil, fmt.Errorf("the scheme %q needs a key image", r.About.Name)
	}
	return s, checkKey(in.Plain, in.Key)
}

// Seal makes a secret and encrypts in.Plain with it.
func (r *Research) Seal(in Input) (*raster.Image, *KeyFile, error) {
	s, err := r.NewSecret(in)
	if err != nil {
		return nil, nil, err
	}
	cipherImage, err := s.Encrypt(in.Plain)
	if err != nil {
		return nil, nil, err
	}
	return cipherImage, s.(*researchSecret).KeyFile(cipherImage), nil
}

// Open decrypts a cipher image with its key file. The error wraps ErrMismatch when the two do not belong together.
func (r *Research) Open(cipherImage *raster.Image, k *KeyFile) (*raster.Image, error) {
	if k.Scheme != r.About.Name {
		return nil, fmt.Errorf("the key file is of the scheme %q, not %q: %w", k.Scheme, r.About.Name, ErrMismatch)
	}
	if err := k.CheckShape(cipherImage); err != nil {
		return nil, err
	}
	if k.Volume != nil {
		return nil, errors.New("the key file opens a volume, not an image")
	}
	if k.SHA256 != Digest(cipherImage) {
		return nil, ErrMismatch
	}
	return (&researchSecret{system: r, params: k.Params, key: k.Key}).Decrypt(cipherImage)
}

// researchSecret is a key image, or the numbers in params.
type researchSecret struct {
	system *Research
	key    *raster.Image // nil where the system takes none
	params Params
	shape  raster.Image // of the images, without samples
}

func (s *researchSecret) Encrypt(plain *raster.Image) (*raster.Image, error) {
	return s.apply(s.system.Encrypt, plain)
}

// Decrypt does not compare the SHA-256 in a key file, which is there against mistakes: whoever changes the cipher image can make it anew.
func (s *researchSecret) Decrypt(cipherImage *raster.Image) (*raster.Image, error) {
	return s.apply(s.system.Decrypt, cipherImage)
}

func (s *researchSecret) apply(f func(m, key *raster.Image, p Params) (*raster.Image, error), m *raster.Image) (*raster.Image, error) {
	p, err := s.system.complete(s.params, m)
	if err != nil {
		return nil, err
	}
	if s.key != nil {
		if err := checkKey(m, s.key); err != nil {
			return nil, err
		}
	}
	return f(m, s.key, p)
}

// Keystream implements StreamingSecret.
func (s *researchSecret) Keystream() (io.Reader, error) {
	if s.system.Stream == nil {
		return nil, nil
	}
	return s.system.Stream(s.params)
}

// Bits are those of the key image, or of the fraction of x0, which leave its exponent as it is.
func (s *researchSecret) Bits() int {
	switch {
	case s.system.Other != nil:
		return int(math.Ceil(s.system.Space(&s.shape, nil).Nominal))
	case s.key == nil:
		return 52
	}
	return 8 * len(s.key.Pix)
}

func (s *researchSecret) Flip(choose func(n int) int) (Secret, error) {
	out := *s
	if s.system.Other != nil {
		out.params = s.system.Other(s.params, s.shape.Width, choose)
	} else if s.key != nil {
		out.key = s.key.Clone()
		flip(out.key.Pix, choose)
	} else if bit := choose(s.Bits()); bit == 0 {
		out.params.X0 += 0x1p-53 // the smallest step of what is drawn
	} else {
		out.params.X0 = math.Float64frombits(math.Float64bits(s.params.X0) ^ 1<<bit)
	}
	return &out, nil
}

// flip changes one bit of p.
func flip(p []byte, choose func(n int) int) { p[choose(len(p))] ^= 1 << choose(8) }

func (s *researchSecret) Stranger(in Input) (Secret, string, error) {
	out := *s
	if s.system.Other != nil {
		out.params = s.system.Other(s.params, s.shape.Width, rand.New(Source(in.Random)).IntN)
		return &out, fmt.Sprintf("%d iterations in the place of %d", out.params.Iterations, s.params.Iterations), nil
	}
	if s.key == nil {
		out.params.X0 = 0.25 + 0.5*float64(Source(in.Random).Uint64()>>11)*0x1p-53
		return &out, fmt.Sprintf("x0 = %.4f in the place of %.4f", out.params.X0, s.params.X0), nil
	}
	out.key = in.Key
	return &out, "the key of another image", nil
}

func (s *researchSecret) Sent() ([]byte, error) {
	var b bytes.Buffer
	err := s.KeyFile(&s.shape).Write(&b)
	return b.Bytes(), err
}

func (s *researchSecret) KeyFile(cipherImage *raster.Image) *KeyFile {
	k := &KeyFile{
		Scheme: s.system.About.Name, Params: s.params, SHA256: Digest(cipherImage),
		Width: cipherImage.Width, Height: cipherImage.Height, Channels: cipherImage.Channels, Depth: cipherImage.Depth,
	}
	if s.key != nil {
		k.Key = s.key.Clone()
	}
	return k
}

func (s *researchSecret) Layers(plain *raster.Image) (key, scrambled *raster.Image) {
	if s.system.Scramble != nil {
		scrambled = s.system.Scramble(plain, s.params)
	}
	if key = s.key; key == nil {
		key, _ = s.Encrypt(raster.NewImage(plain.Width, plain.Height, plain.Channels, 8)) // nil if there is an error
	}
	return key, scrambled
}

// checkKey refuses a key image that does not have a byte for every byte of m.
func checkKey(m, key *raster.Image) error {
	switch {
	case key.Depth != 8:
		return fmt.Errorf("the key image has %d bits a sample, not 8", key.Depth)
	case key.Width != m.Width || key.Height != m.Height:
		return fmt.Errorf("the key image is %d×%d, the image %d×%d", key.Width, key.Height, m.Width, m.Height)
	case key.Channels < m.Channels:
		return fmt.Errorf("the key image is %s, too few channels for an image that is %s", key, m)
	}
	return nil
}

// Source makes random numbers of a stream of bytes, or of crypto/rand where random is nil.
func Source(random io.Reader) rand.Source { return words{cmp.Or(random, crand.Reader)} }

type words struct{ io.Reader }

// Uint64 panics where the stream ends, which crypto/rand and seeded streams do not.
func (w words) Uint64() uint64 {
	var b [8]byte
	if _, err := io.ReadFull(w, b[:]); err != nil {
		panic(fmt.Sprintf("cipher: random numbers cannot be drawn: %v", err))
	}
	return binary.LittleEndian.Uint64(b[:])
}

// rawKeySpace is that of a system whose secret is the whole key image.
func rawKeySpace(shape *raster.Image, n *Network) KeySpace {
	bytes := shape.Width * shape.Height * shape.Channels
	k := KeySpace{
		Nominal: float64(8 * bytes), NominalHow: fmt.Sprintf("8 bits for each of the %d bytes of the raw key", bytes),
		EffectiveHow: "none: published weights and the image give the key; to guess it is to guess the image",
	}
	if n != nil && n.TakesNoise {
		k.Effective, k.EffectiveHow = 256, "the 256 bits of the seed that the generator's noise is drawn from"
	}
	return k
}

// rawKeyClaims are those of a system that XORs with the raw key.
var rawKeyClaims = Claims{
	Described: Claim{Holds, "The formulas are written down and other programs give the same bytes; the key's bytes need the " +
		"network's weights, with which they are the same on every machine.", 0},
	Precise:     Claim{Holds, "One changed bit of the image reaches all of the key through the network's rounding.", 8},
	KeysCounted: Claim{NotShown, "The key is a function of the image; how many images it might be made of, nobody can say.", 13},
	NoWeakKeys:  Claim{NotShown, "The raw keys were not told from random bytes; that some are weak is not excluded.", 9},
}

// researchWarning is the warning of a system that protects nothing.
func researchWarning(name, what string) string {
	return fmt.Sprintf("the scheme %q is research material: it %s (see the documentation)", name, what)
}
