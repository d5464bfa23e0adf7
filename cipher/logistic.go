package cipher

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"keygan/data/raster"
)

const (
	// The range in which the logistic map is chaotic, but for windows in which it settles down to a cycle.
	logisticMinR = 3.57 // excluded
	logisticMaxR = 4.0

	// The parameters where nothing is to be kept secret: in evaluation, and for the images that the chaos GAN learns from.
	LogisticX0 = 0.3
	LogisticR  = 3.99

	// LogisticBurnIn is how many values are thrown away: by then orbits of neighbouring x0 have parted, and the orbits that
	// settle down have done so. A cycle after them of up to logisticLongestCycle values is found and refused.
	LogisticBurnIn       = 1000
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
	orbit, err := newLogisticOrbit(Params{X0: x0, R: r})
	if err != nil {
		return nil, err
	}
	out := make([]byte, n)
	orbit.Read(out)
	return out, nil
}

// logisticOrbit reads the keystream from a value x of the map on.
type logisticOrbit struct{ x, r float64 }

func newLogisticOrbit(p Params) (io.Reader, error) {
	x, err := logisticStart(p.X0, p.R)
	return &logisticOrbit{x, p.R}, err
}

func (o *logisticOrbit) Read(p []byte) (int, error) {
	x, r := o.x, o.r
	for i := range p {
		x = LogisticNext(x, r)
		p[i] = byte(uint64(float64(x * 1e14)))
	}
	o.x = x
	return len(p), nil
}

// LogisticNext is one step of the map in float64. The conversions forbid fusing.
func LogisticNext(x, r float64) float64 {
	return float64(float64(r*x) * float64(1-x))
}

// logisticStart checks the parameters and returns the value after the burn-in.
func logisticStart(x0, r float64) (float64, error) {
	if !(x0 > 0 && x0 < 1) {
		return 0, fmt.Errorf("the logistic map's x0 is %v; it must be above 0 and below 1", x0)
	}
	if !(r > logisticMinR && r <= logisticMaxR) {
		return 0, fmt.Errorf("the logistic map's r is %v; it must be above %v and at most %v", r, logisticMinR, logisticMaxR)
	}
	x := x0
	for range LogisticBurnIn {
		x = LogisticNext(x, r)
	}
	for n, y := 1, x; n <= logisticLongestCycle; n++ {
		if y = LogisticNext(y, r); y == x {
			return 0, fmt.Errorf("the logistic map from x0 = %v with r = %v ends in a cycle of %d: no keystream", x0, r, n)
		}
	}
	return x, nil
}

// drawLogistic draws x0 from (0, 1) and r from (3.9, 4), in steps of 2⁻⁵³, unless p has them.
// That is not a key of 106 bits: the map forgets much of it.
func drawLogistic(p Params, _ int, rng *rand.Rand) Params {
	for p.X0 == 0 && p.R == 0 {
		drawn := Params{X0: rng.Float64(), R: 3.9 + float64(0.1*rng.Float64())}
		if _, err := logisticStart(drawn.X0, drawn.R); err == nil {
			return drawn
		}
	}
	return p
}

// logistic is the chaos baseline: the image XORed with the keystream of a logistic map. Its secret is x0 and r, and one pair serves all
// images: so such schemes are used, and so their authors measure them.
var logistic = &Research{
	About: Info{
		Name: "logistic", Warning: researchWarning("logistic", "does not protect an image"),
		Weakness: "It looks random, but one key serves all images: whoever knows one image and its cipher image can decrypt the others.",
		KeyFile:  ClearKeyFile, Keystream: OwnKeystream, FloatBits: 64,
		Claims: Claims{
			Described: Claim{Holds, formulasWritten, 0},
			Precise: Claim{Fails, "Every orbit in float64 ends in a cycle. Those of up to 4096 values are refused. At r = 3.99 all of " +
				"150 keys ended in one cycle of 6,623,920 values, and 26 of them repeat within one full-size X-ray.", 0},
			KeysCounted: Claim{NotShown, "x0 and r have 53 bits each, 106 by name; the map forgets much of them in its first steps, " +
				"and nothing says how much.", 0},
			NoWeakKeys: Claim{NotShown, "Fixed points and short cycles are refused; windows of r with cycles longer than 4096 are " +
				"not known.", 15},
		},
	},
	Draw: drawLogistic,
	Complete: func(p Params, _ int) (Params, error) {
		_, err := logisticStart(p.X0, p.R)
		return Params{X0: p.X0, R: p.R}, err
	},
	Encrypt: xorStream(newLogisticOrbit), Decrypt: xorStream(newLogisticOrbit), Stream: newLogisticOrbit,
	Space: func(*raster.Image, *Network) KeySpace {
		bits := 53 + math.Log2(0.1*0x1p53)
		return KeySpace{bits, "53 bits of x0 and those of r between 3.9 and 4", bits, "at most the same: in float64 many keys lead " +
			"to the same few cycles"}
	},
}

// xorStream is both directions: the sample i of raster.Image.Pix with the byte i of the keystream.
func xorStream(stream func(Params) (io.Reader, error)) func(m, _ *raster.Image, p Params) (*raster.Image, error) {
	return func(m, _ *raster.Image, p Params) (*raster.Image, error) {
		r, err := stream(p)
		if err != nil {
			return nil, err
		}
		out := raster.NewImage(m.Width, m.Height, m.Channels, m.Depth)
		if _, err := io.ReadFull(r, out.Pix); err != nil {
			return nil, err
		}
		XOR(out.Pix, out.Pix, m.Pix)
		return out, nil
	}
}

// logistic32 is how most published programs use the map: in float32, with the leading byte of each value.
var logistic32 = &Research{
	About: Info{Name: "logistic, float32", Keystream: OwnKeystream, FloatBits: 32, VariantOf: "logistic", OnlyAttacks: []int{15}},
	Draw: func(_ Params, _ int, rng *rand.Rand) Params {
		x0, r := rng.Float32(), 3.9+0.1*rng.Float32()
		return Params{X0: float64(x0), R: float64(r)}
	},
	Complete: func(p Params, _ int) (Params, error) { return p, nil },
	Encrypt:  xorStream(newLogisticOrbit32), Decrypt: xorStream(newLogisticOrbit32), Stream: newLogisticOrbit32,
	Space: func(*raster.Image, *Network) KeySpace {
		bits := 24 + math.Log2(0.1*0x1p22) // r has 22 bits behind the point
		return KeySpace{bits, "24 bits of x0 and those of r between 3.9 and 4", bits, "at most the same: nearly all keys lead to a " +
			"handful of cycles"}
	},
}

// logisticOrbit32 reads the keystream of logistic32.
type logisticOrbit32 struct{ x, r float32 }

func newLogisticOrbit32(p Params) (io.Reader, error) {
	o := &logisticOrbit32{float32(p.X0), float32(p.R)}
	for range LogisticBurnIn {
		o.x = LogisticNext32(o.x, o.r)
	}
	return o, nil
}

func (o *logisticOrbit32) Read(p []byte) (int, error) {
	for i := range p {
		o.x = LogisticNext32(o.x, o.r)
		p[i] = LeadingByte(o.x)
	}
	return len(p), nil
}

// LogisticNext32 is one step of the map in float32, r·(x·(1 − x)), rounded after each operation. The conversions forbid fusing. Another
// order of the operations has other cycles.
func LogisticNext32(x, r float32) float32 { return float32(r * float32(x*float32(1-x))) }

// LeadingByte is ⌊256·x⌋, at most 255.
func LeadingByte(x float32) byte { return byte(min(255, 256*x)) }
