package cipher

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"keygan/data/raster"
)

// The range in which the logistic map is chaotic, but for windows in which it settles down to a cycle.
const (
	logisticMinR = 3.57 // excluded
	logisticMaxR = 4.0
)

// The parameters where nothing is to be kept secret: in evaluation, and for the images that the chaos GAN learns from.
const (
	LogisticX0 = 0.3
	LogisticR  = 3.99
)

const (
	// logisticBurnIn is how many values are thrown away: by then orbits of neighbouring x0 have parted, and the orbits that
	// settle down have done so.
	logisticBurnIn = 1000

	// logisticLongestCycle is up to what length a cycle after the burn-in is found and refused.
	logisticLongestCycle = 4096
)

// LogisticKeystream returns n bytes of the logistic map's keystream
//
//	x ← r·x·(1 − x)
//
// from x0, in (0, 1), with r in (3.57, 4]. The first 1000 values are thrown away; each one after them gives a byte,
// ⌊x·10¹⁴⌋ mod 256. The leading digits of x are far from uniform and each predicts the next; these, in the middle of the 53 bits,
// look uniform. The arithmetic is float64, (r·x)·(1 − x) rounded after each operation, so that the bytes are the same on every
// machine and those of NumPy.
//
// Parameters whose orbit ends in a cycle of up to 4096 values, such as the fixed points 0 and 1 − 1/r, are an error.
func LogisticKeystream(n int, x0, r float64) ([]byte, error) {
	x, err := logisticStart(x0, r)
	if err != nil {
		return nil, err
	}
	out := make([]byte, n)
	for i := range out {
		x = logisticNext(x, r)
		out[i] = byte(uint64(float64(x * 1e14)))
	}
	return out, nil
}

// logisticNext is one step of the map. The conversions forbid fusing.
func logisticNext(x, r float64) float64 {
	return float64(float64(r*x) * float64(1-x))
}

// logisticStart checks the parameters and returns the value after the burn-in.
func logisticStart(x0, r float64) (float64, error) {
	if !(x0 > 0 && x0 < 1) {
		return 0, fmt.Errorf("the logistic map's x0 is %v, it must be above 0 and below 1", x0)
	}
	if !(r > logisticMinR && r <= logisticMaxR) {
		return 0, fmt.Errorf("the logistic map's r is %v, it must be above %v and at most %v", r, logisticMinR, logisticMaxR)
	}
	x := x0
	for range logisticBurnIn {
		x = logisticNext(x, r)
	}
	for n, y := 1, x; n <= logisticLongestCycle; n++ {
		if y = logisticNext(y, r); y == x {
			return 0, fmt.Errorf("the logistic map from x0 = %v with r = %v ends in a cycle of %d: no keystream", x0, r, n)
		}
	}
	return x, nil
}

// LogisticParams draws parameters for the scheme logistic from crypto/rand: x0 from (0, 1) and r from (3.9, 4), in steps of 2⁻⁵³.
// That is not a key of 106 bits: the map forgets much of it.
func LogisticParams() Params {
	uniform := func() float64 {
		var b [8]byte
		rand.Read(b[:]) // it ends the program rather than fail
		return float64(binary.BigEndian.Uint64(b[:])>>11) * 0x1p-53
	}
	for {
		p := Params{X0: uniform(), R: 3.9 + float64(0.1*uniform())}
		if _, err := logisticStart(p.X0, p.R); err == nil {
			return p
		}
	}
}

// logistic is the chaos baseline: the image XORed with the keystream of a logistic map. Its secret is x0 and r.
type logistic struct{}

func (logistic) Name() string { return "logistic" }

func (logistic) Warning() string {
	return "the scheme \"logistic\" is research material: it does not protect an image (see the documentation)"
}

func (logistic) TakesKey() bool { return false }

func (logistic) Check(plain *raster.Image, p Params) error {
	if err := checkFormat("logistic", plain); err != nil {
		return err
	}
	_, err := logisticStart(p.X0, p.R)
	return err
}

func (s logistic) Encrypt(plain, _ *raster.Image, p Params) (*raster.Image, *KeyFile, error) {
	p = Params{X0: p.X0, R: p.R}
	out, err := s.xor(plain, p)
	if err != nil {
		return nil, nil, err
	}
	return out, newKeyFile("logistic", p, out, nil), nil
}

func (s logistic) Decrypt(cipher *raster.Image, k *KeyFile) (*raster.Image, error) {
	if err := k.belongs("logistic", cipher); err != nil {
		return nil, err
	}
	return s.xor(cipher, k.Params)
}

// xor is both directions: the sample i of raster.Image.Pix with the byte i of the keystream.
func (s logistic) xor(m *raster.Image, p Params) (*raster.Image, error) {
	if err := s.Check(m, p); err != nil {
		return nil, err
	}
	keystream, err := LogisticKeystream(len(m.Pix), p.X0, p.R)
	if err != nil {
		return nil, err
	}
	out := m.Clone()
	XOR(out.Pix, out.Pix, keystream)
	return out, nil
}
