package synthetic

import (
	"keygan/data/raster"
	"math"
	"math/rand/v2"
)

// drawXray draws a frontal chest film. A film's brightness goes with the logarithm of the exposure, that is with the sum
// of what the rays pass through: so every organ simply adds its attenuation, and air-filled lungs take some away.
func drawXray(r *rand.Rand, size int) *raster.Image {
	c := newChest(r, size)
	vessels := c.drawVessels(r)
	exposure := between(r, -0.03, 0.03)
	contrast := between(r, 4.6, 5.8)
	grain := between(r, 0.006, 0.014)
	m := raster.NewImage(size, size, 1, 8)
	for row := range size {
		for column := range size {
			x, y := c.frame.place(column, row)
			lung, attenuation := c.attenuation(x, y)
			attenuation += float64(vessels[row*size+column]) * (0.25 + 0.75*lung)
			// The film's characteristic curve, then the grain: fewer quanta where less comes through.
			v := 1 / (1 + math.Exp(-contrast*(attenuation+exposure-0.52)))
			v = (v - 0.045) * 1.06
			v += grain * (0.5 + v) * r.NormFloat64()
			m.Pix[row*size+column] = grey(v)
		}
	}
	c.drawMarker(m, r)
	return m
}

// A chest is one patient. Lengths are shares of half the film's width; [0] is the left of the film, the patient's right.
type chest struct {
	frame    frame
	wide     float64 // half the rib cage
	apex     float64 // top of the lungs
	dome     [2]float64
	domeRise float64
	heart    struct{ x, y, long, short, sin, cos float64 }
	knob     float64 // bulge of the aortic arch
	ribs     [10]rib
	clavicle [2]float64 // height of the medial ends
	breast   float64
	fat      float64
	neck     float64
	bubble   [3]float64 // gas in the stomach: x, y, size
	lesions  []lesion
	texture  *noise
}

// A rib is a ring seen a little from above: an upper, posterior arc and a lower, anterior one.
type rib struct{ y, wide, back, front, thick float64 }

type lesion struct{ x, y, size, strength, ragged float64 }

func newChest(r *rand.Rand, size int) *chest {
	c := &chest{
		frame:    newFrame(r, size, 0.05, 0.07, 0.04),
		wide:     between(r, 0.74, 0.83),
		apex:     between(r, -0.83, -0.75),
		domeRise: between(r, 0.16, 0.24),
		knob:     between(r, 0.04, 0.085),
		breast:   max(0, between(r, -0.05, 0.06)),
		fat:      between(r, -0.04, 0.05),
		neck:     between(r, 0.20, 0.26),
		texture:  newNoise(r),
	}
	base := between(r, 0.66, 0.80)
	c.dome = [2]float64{base - 0.02, base + between(r, 0, 0.05)}
	c.heart.x, c.heart.y = between(r, 0.10, 0.16), base-between(r, 0.40, 0.34)
	c.heart.long, c.heart.short = between(r, 0.36, 0.44), between(r, 0.23, 0.29)
	c.heart.sin, c.heart.cos = math.Sincos(between(r, 0.50, 0.75))
	high := between(r, -0.62, -0.54)
	c.clavicle = [2]float64{high + between(r, -0.02, 0.02), high + between(r, -0.02, 0.02)}
	c.bubble = [3]float64{between(r, 0.30, 0.45), c.dome[1] + between(r, -0.04, 0.04), between(r, 0.05, 0.10)}
	step := between(r, 0.145, 0.165)
	for k := range c.ribs {
		y := c.apex + 0.14 + step*float64(k) + between(r, -0.008, 0.008)
		back := 0.10 + 0.011*float64(k)
		c.ribs[k] = rib{y, c.lateral(y+0.05) + 0.02, back, 0.24 + 0.02*float64(k), between(r, 0.021, 0.026)}
	}
	for range r.IntN(3) { // none, a nodule or two patches
		side := float64(1 - 2*r.IntN(2))
		l := lesion{side * between(r, 0.3, 0.6), between(r, -0.5, 0.35), between(r, 0.03, 0.06), between(r, 0.10, 0.16), 0.2}
		if r.IntN(2) == 0 {
			l.size, l.strength, l.ragged = between(r, 0.10, 0.2), between(r, 0.07, 0.15), 1
		}
		c.lesions = append(c.lesions, l)
	}
	return c
}

// lateral is the distance from the middle to the lung's outer edge at height y.
func (c *chest) lateral(y float64) float64 {
	const widest = 0.42
	t := min(math.Abs(widest-y)/(widest-c.apex), 1)
	if y > widest {
		t = (y - widest) / 3
	}
	const top = 0.19 // the apex is round, beside the midline
	return top + (c.wide-top)*math.Sqrt(1-math.Pow(t, 2.1))
}

// lungDepth is the distance inwards from the nearest edge of a lung; negative outside.
func (c *chest) lungDepth(side int, x, y float64) float64 {
	medial := 0.125 + 0.02*smooth(-0.5, -0.8, y)
	if side == 1 {
		medial += c.knob*bell(y+0.34, 0.075) + 0.035*bell(y+0.12, 0.08)
	} else {
		medial += 0.015 * bell(y+0.35, 0.15)
	}
	t := (x - 0.40*c.wide/0.78) / (0.56 * c.wide)
	floor := c.dome[side] - c.domeRise*(1-t*t)
	medial += 0.08 * smooth(0.25, 0, floor-y)
	return min(c.lateral(y)-x, x-medial, (floor-y)*0.9, y-c.apex)
}

// attenuation is how much a ray through (x, y) loses, about 0 (air) to 1 (bone and belly), and how much it passes of lung.
func (c *chest) attenuation(x, y float64) (lung, sum float64) {
	side, ax := 1, math.Abs(x)
	if x < 0 {
		side = 0
	}
	body := c.body(ax, y)
	if body == 0 {
		return 0, 0
	}
	heart, thick := c.heartShadow(x, y)
	depth := c.lungDepth(side, ax, y)
	lung = smooth(-0.012, 0.022, depth) * (1 - 0.8*heart)
	sum = body * (0.62 + c.fat)
	sum -= lung * (0.30 + 0.13*smooth(0, 0.28, depth) - 0.06*smooth(0.1, 0.6, y))
	below := c.belly(side, ax, y)
	sum += 0.19 * thick * (1 - 0.75*below)
	sum += c.midline(x, y)
	sum += c.bones(side, ax, y) * (1 - 0.45*below)
	if below > 0 {
		sum += below * (0.15 + 0.05*c.texture.rough(x*4, y*4, 3))
		gas := math.Hypot((x-c.bubble[0])*0.7, y-c.bubble[1]-c.bubble[2]) + 0.05*c.texture.rough(x*6, y*6, 2)
		sum -= 0.13 * smooth(c.bubble[2]*1.1, c.bubble[2]*0.5, gas) * below * float64(side)
	}
	sum += c.breast * smooth(0.36, 0.30, math.Hypot(ax-0.46, (y-0.30)*1.1)) * smooth(-0.1, 0.45, y)
	sum += 0.05 * bell(ax-0.21, 0.07) * bell(y+0.06, 0.12) // the roots of the lungs
	sum += lung * 0.035 * c.texture.rough(x*14, y*14, 3)
	sum += 0.03 * c.texture.rough(x*2.5+9, y*2.5, 2)
	for _, l := range c.lesions {
		d := math.Hypot(x-l.x, (y-l.y)*1.1) / l.size
		if d < 3 {
			d += l.ragged * 0.9 * c.texture.rough(x*9+3, y*9, 4)
			sum += l.strength * smooth(1.25, 0.3, d) * lung
		}
	}
	return lung, sum
}

// body is the thickness of soft tissue, 0 outside the patient to 1.
func (c *chest) body(ax, y float64) float64 {
	shoulder := -0.71 + 0.07*ax - 0.52*math.Exp(-max(ax-c.neck, -0.1)/0.12)
	side := c.wide + 0.15 + 0.5*smooth(-0.15, -0.5, y) + 0.05*smooth(0.3, 1, y)
	inside := min(y-shoulder, side-ax)
	if inside <= 0 {
		return 0
	}
	return (0.35*smooth(0, 0.03, inside) + 0.65*smooth(-0.03, 0.26, inside)) * (1 - 0.10*smooth(0.3, 1, ax))
}

func (c *chest) heartShadow(x, y float64) (mask, thick float64) {
	dx, dy := x-c.heart.x, y-c.heart.y
	u := (c.heart.cos*dx + c.heart.sin*dy) / c.heart.long
	v := (c.heart.cos*dy - c.heart.sin*dx) / c.heart.short
	d := u*u + v*v
	if d > 2.2 {
		return 0, 0
	}
	d += 0.05 * c.texture.rough(x*4, y*4, 2)
	return smooth(1.10, 0.92, d), 0.15*smooth(2.2, 1, d) + 0.45*smooth(1.10, 0.85, d) + 0.4*smooth(1, 0, d)
}

// midline is what lies between the lungs: vessels and gullet, the spine with its discs, and the air in the windpipe.
func (c *chest) midline(x, y float64) float64 {
	sum := 0.11 * bell(x, 0.14)
	phase := (y + 0.03*c.texture.at(3, y*2)) / (0.105 + 0.02*y)
	disc := math.Abs(phase - math.Round(phase)) // 0.5 at the discs
	spine := smooth(0.105+0.01*y, 0.075+0.01*y, math.Abs(x)+0.012*(1-2*disc))
	sum += spine * (0.085 - 0.035*smooth(0.33, 0.46, disc))
	sum += 0.045 * bell(math.Abs(x)-0.05, 0.014) * bell(disc-0.12, 0.13) // pedicles
	sum += 0.04 * bell(x, 0.012) * bell(disc-0.3, 0.12)                  // spinous processes
	windpipe := bell(x-0.012-0.01*y, 0.03) * smooth(-0.24, -0.32, y)
	branch := bell(y+0.27-0.75*math.Abs(x-0.015), 0.024) * smooth(0.17, 0.06, math.Abs(x)) * smooth(-0.31, -0.27, y)
	return sum - 0.115*windpipe - 0.07*branch
}

// belly is 1 below the diaphragm.
func (c *chest) belly(side int, ax, y float64) float64 {
	t := (ax - 0.40*c.wide/0.78) / (0.56 * c.wide)
	floor := c.dome[side] - c.domeRise*max(0, 1-t*t)
	return smooth(-0.01, 0.12, y-floor) * smooth(c.wide+0.16, c.wide-0.1, ax)
}

// bones adds ribs, collar bone, shoulder blade and the head of the arm bone.
func (c *chest) bones(side int, ax, y float64) float64 {
	sum := 0.0
	for i := range c.ribs {
		k := &c.ribs[i]
		dy := y - k.y
		if dy < -k.back-0.06 || dy > k.front+0.06 || ax > k.wide+0.06 {
			continue
		}
		tall, strength := k.back, 0.085*smooth(0.06, 0.12, ax)
		if dy > 0 {
			tall, strength = k.front, 0.055*smooth(0.40, 0.62, ax/k.wide)
		}
		u, v := ax/k.wide, dy/tall
		f := math.Sqrt(u*u+v*v) + 1e-9
		slope := math.Sqrt(u*u/(k.wide*k.wide)+v*v/(tall*tall)) / f
		sum += strength * tube((f-1)/slope/k.thick)
	}
	t := (ax - 0.09) / 0.80
	if t > 0 && t < 1 {
		curve := c.clavicle[side] - 0.11*t - 0.035*math.Sin(2*math.Pi*(t-0.05))
		sum += 0.12 * tube((y-curve)/(0.024+0.012*t*t)) * smooth(0, 0.03, t) * smooth(1, 0.9, t)
	}
	// The blade's inner edge runs down and inwards over the upper ribs.
	edge := 0.70 - 0.06*(y+0.5) + 0.05*math.Sin(4*y)
	sum += 0.05 * smooth(edge-0.01, edge+0.015, ax) * smooth(-0.78, -0.6, y) * smooth(0.12, -0.10, y+0.5*(ax-edge))
	head := math.Hypot(ax-1.02, y+0.50)
	return sum + 0.07*smooth(0.17, 0.13, head) + 0.03*bell(head-0.15, 0.012)
}

// tube is the attenuation across a bone: dense walls around a lighter core. d is the distance from its middle, 1 its edge.
func tube(d float64) float64 {
	d = math.Abs(d)
	if d > 1.15 {
		return 0
	}
	return smooth(1.15, 0.85, d) * (0.72 + 0.45*bell(d-0.82, 0.14))
}

// drawVessels returns the arteries and veins that branch from the roots of the lungs, thinner and fainter outwards.
func (c *chest) drawVessels(r *rand.Rand) []float32 {
	field := make([]float32, c.frame.size*c.frame.size)
	var grow func(at [2]float64, angle, width, strength float64, left int)
	grow = func(at [2]float64, angle, width, strength float64, left int) {
		for range 3 + r.IntN(3) {
			angle += between(r, -0.16, 0.16)
			sin, cos := math.Sincos(angle)
			to := [2]float64{at[0] + 0.036*cos, at[1] + 0.036*sin}
			c.frame.stroke(field, at, to, width, strength)
			at = to
			width, strength = width*0.955, strength*0.965
		}
		if left == 0 {
			return
		}
		fork := between(r, 0.22, 0.5)
		grow(at, angle+fork, width*0.78, strength*0.82, left-1)
		grow(at, angle-fork*between(r, 0.5, 1), width*0.85, strength*0.86, left-1)
	}
	for _, side := range [2]float64{-1, 1} {
		for range 7 {
			out := between(r, -1.25, 1.25) // from up and outwards to down and outwards
			angle := out
			if side < 0 {
				angle = math.Pi - out
			}
			grow([2]float64{side * between(r, 0.16, 0.20), between(r, -0.14, 0.06)}, angle, between(r, 0.010, 0.015), between(r, 0.07, 0.11), 4)
		}
	}
	return field
}

// drawMarker puts the technician's lead letter L beside the patient's left shoulder, on most films.
func (c *chest) drawMarker(m *raster.Image, r *rand.Rand) {
	if r.IntN(4) == 0 {
		return
	}
	unit := float64(m.Width) / 100
	x0, y0 := between(r, 88, 91)*unit, between(r, 4, 8)*unit
	for y := range int(6 * unit) {
		for x := range int(4 * unit) {
			if float64(x) < 1.1*unit || float64(y) >= 4.9*unit {
				m.Pix[(int(y0)+y)*m.Width+int(x0)+x] = 240
			}
		}
	}
}
