package synthetic

import (
	"keygan/data/raster"
	"math"
	"math/rand/v2"
)

// drawSpectrogram draws ten minutes of an EEG as four spectrograms, one above the other, as the HMS-HBAC set has them: left
// and right, at the temples and beside the midline, each with 100 frequencies from 0.59 to 19.92 Hz, the lowest at the top.
// The brightness is the logarithm of the power, shown in a colour map.
func drawSpectrogram(r *rand.Rand, size int) *raster.Image {
	e := newEEG(r, size)
	colours := &viridis
	if r.IntN(5) < 3 {
		colours = &jet
	}
	power := make([]float64, size*size)
	for row := range size {
		place := 4 * (float64(row) + 0.5) / float64(size) // 4 regions × 0 to 1 of the frequencies
		region := min(int(place), 3)
		hertz := 0.59 + (19.92-0.59)*(place-float64(region))
		for column := range size {
			minutes := 10 * (float64(column) + 0.5) / float64(size)
			power[row*size+column] = e.power(region, hertz, minutes)
		}
	}
	e.speckle(r, power)
	m := raster.NewImage(size, size, 3, 8)
	w := raster.WindowOf(len(power), func(i int) float64 { return power[i] })
	for i, v := range power {
		copy(m.Pix[3*i:3*i+3], colours[w.Level(v)][:])
	}
	return m
}

// An eeg is one recording. Power is in nepers: natural logarithms.
type eeg struct {
	size    int
	slope   float64    // of the background, 1/f to this power
	regions [4]float64 // overall differences
	alpha   struct{ hertz, wide, strength float64 }
	bursts  []burst
	seizure struct{ start, end, from, to, strength float64 }
	every   float64 // minutes between periodic discharges; 0 for none
	slow    *noise
}

// A burst is a stretch of time with more power in a band.
type burst struct{ at, long, hertz, wide, strength, left float64 }

func newEEG(r *rand.Rand, size int) *eeg {
	e := &eeg{size: size, slope: between(r, 0.5, 1.1), slow: newNoise(r)}
	for i := range e.regions {
		e.regions[i] = between(r, -0.35, 0.35)
	}
	e.alpha.hertz, e.alpha.wide, e.alpha.strength = between(r, 7.5, 11), between(r, 0.6, 1.3), between(r, 0.3, 1.6)
	for range 6 + r.IntN(14) {
		e.bursts = append(e.bursts, burst{between(r, 0, 10), math.Exp(between(r, -3.5, -0.3)), math.Exp(between(r, 0, 2.8)),
			between(r, 0.5, 4), between(r, 0.5, 2), between(r, 0, 1)})
	}
	if r.IntN(2) == 0 {
		s := &e.seizure
		s.start = between(r, 0, 7)
		s.end = s.start + between(r, 0.8, 3.5)
		s.from, s.to, s.strength = between(r, 4, 8), between(r, 1.2, 3), between(r, 1.2, 2.2)
	}
	if r.IntN(3) == 0 {
		e.every = between(r, 0.12, 0.35)
	}
	return e
}

// power is the expected logarithm of the power.
func (e *eeg) power(region int, hertz, minutes float64) float64 {
	v := e.regions[region] - e.slope*math.Log(hertz+0.4)
	v += 1.1 * e.slow.rough(minutes*0.9, hertz*0.2+float64(region)*9, 3)
	v += 0.35 * e.slow.at(minutes*6, float64(region/2)*13+hertz*0.05) // whole columns come and go
	a := &e.alpha
	waxing := 0.6 + 0.8*e.slow.at(minutes*1.7, 40)
	back := 0.7 + 0.3*float64(region/2)
	v += a.strength * waxing * back * bell(hertz-a.hertz-0.5*e.slow.at(minutes*0.8, 50), a.wide)
	for i := range e.bursts {
		b := &e.bursts[i]
		side := b.left
		if region%2 == 1 {
			side = 1 - b.left
		}
		v += b.strength * (0.3 + 0.7*side) * bell(minutes-b.at, b.long) * bell(hertz-b.hertz, b.wide)
	}
	if s := &e.seizure; minutes > s.start && minutes < s.end {
		t := (minutes - s.start) / (s.end - s.start)
		f := s.from + (s.to-s.from)*math.Sqrt(t)
		envelope := smooth(0, 0.2, t) * smooth(1, 0.85, t) * s.strength
		for k := 1.0; k <= 4; k++ {
			v += envelope / math.Sqrt(k) * bell(hertz-k*f, 0.3+0.12*k)
		}
		v += 0.3 * envelope
	}
	if e.every > 0 {
		phase := minutes/e.every + 0.6*e.slow.at(minutes, 60)
		v += 0.9 * bell(phase-math.Round(phase), 0.13) * smooth(20, 2, hertz)
	}
	return v
}

// speckle makes an estimate of the expected power: each value is a mean of a few squared amplitudes, so its logarithm is
// scattered, and it overlaps with its neighbours in time and frequency.
func (e *eeg) speckle(r *rand.Rand, power []float64) {
	scatter := make([]float64, len(power))
	for i := range scatter {
		scatter[i] = math.Log((r.ExpFloat64() + r.ExpFloat64() + 0.02) / 2)
	}
	blurPixels(scatter, e.size, 0.55)
	for column := range e.size { // a movement or a bad contact in a column
		jump := 0.12 * r.NormFloat64()
		for row := range e.size {
			i := row*e.size + column
			power[i] += 0.75*scatter[i] + jump
		}
	}
}

// A colourMap gives a colour for each of 256 levels.
type colourMap [256][3]byte

var (
	// jet runs from dark blue over cyan, yellow and red to dark red: three trapezia, a quarter of the range apart.
	jet = newColourMap(func(t float64) [3]float64 {
		ramp := func(centre float64) float64 { return 1.5 - math.Abs(4*t-centre) }
		return [3]float64{ramp(3), ramp(2), ramp(1)}
	})

	// viridis, by van der Walt and Smith, through nine of its colours.
	viridis = newColourMap(func(t float64) [3]float64 {
		stops := [9][3]float64{
			{68, 1, 84}, {71, 44, 122}, {59, 81, 139}, {44, 113, 142}, {33, 144, 141},
			{39, 173, 129}, {92, 200, 99}, {170, 220, 50}, {253, 231, 37},
		}
		i := min(int(8*t), 7)
		part := 8*t - float64(i)
		var c [3]float64
		for k := range c {
			c[k] = (stops[i][k] + part*(stops[i+1][k]-stops[i][k])) / 255
		}
		return c
	})
)

func newColourMap(colour func(t float64) [3]float64) (m colourMap) {
	for i := range m {
		for k, v := range colour(float64(i) / 255) {
			m[i][k] = grey(v)
		}
	}
	return m
}

// grey rounds a brightness in [0, 1] to a level.
func grey(v float64) byte { return byte(min(max(v, 0), 1)*255 + 0.5) }
