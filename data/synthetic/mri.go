package synthetic

import (
	"keygan/data/raster"
	"math"
	"math/rand/v2"
)

// drawMRI draws an axial slice of a head, between the top of the ventricles and the basal ganglia.
func drawMRI(r *rand.Rand, size int) *raster.Image {
	h := newHead(r, size)
	sigma := between(r, 0.012, 0.028)
	signal := make([]float64, size*size)
	for row := range size {
		for column := range size {
			x, y := h.frame.place(column, row)
			signal[row*size+column] = h.signal(x, y)
		}
	}
	blurPixels(signal, size, float64(size)/900)
	m := raster.NewImage(size, size, 1, 8)
	for i, v := range signal {
		// A magnitude image: noise in both of the receiver's channels, so that its mean is not zero in air (Rician).
		m.Pix[i] = grey(math.Hypot(v+sigma*r.NormFloat64(), sigma*r.NormFloat64()))
	}
	return m
}

// tissues are the grey values of a pulse sequence, 0 to 1.
type tissues struct{ fat, muscle, marrow, bone, fluid, grey, white, deep, vessel float64 }

var sequences = []tissues{
	{fat: 0.92, muscle: 0.38, marrow: 0.42, bone: 0.06, fluid: 0.10, grey: 0.42, white: 0.66, deep: 0.52, vessel: 0.85}, // T1, contrast given
	{fat: 0.70, muscle: 0.25, marrow: 0.35, bone: 0.04, fluid: 0.95, grey: 0.55, white: 0.36, deep: 0.44, vessel: 0.08}, // T2
	{fat: 0.60, muscle: 0.30, marrow: 0.30, bone: 0.05, fluid: 0.08, grey: 0.58, white: 0.46, deep: 0.52, vessel: 0.15}, // FLAIR
}

// A head is one patient and one slice. Lengths are shares of half the image's side; the nose is up.
type head struct {
	frame        frame
	tissues      tissues
	wide, long   float64 // half axes of the scalp
	narrow       float64 // how much the forehead is narrower than the back
	scalp, skull float64
	wobble       [4]float64 // of the outline: strengths and phases
	bias         [3]float64 // of the receiving coil: direction and depth
	fold, warp   *noise
	folds        float64 // sulci round the brain
	deepest      float64 // how far they reach in
	atrophy      float64 // width of the fluid between folds
	level        float64 // 0: through the basal ganglia, 1: above the ventricles' middle
	horn         float64 // width of the ventricles
	tumour       *tumour
}

type tumour struct{ x, y, size, rim, core, swelling float64 }

func newHead(r *rand.Rand, size int) *head {
	h := &head{
		frame:   newFrame(r, size, 0.07, 0.06, 0.03),
		wide:    between(r, 0.68, 0.76),
		long:    between(r, 0.84, 0.91),
		narrow:  between(r, 0.03, 0.12),
		scalp:   between(r, 0.026, 0.045),
		skull:   between(r, 0.036, 0.052),
		wobble:  [4]float64{between(r, 0, 0.012), between(r, 0, 6.3), between(r, 0, 0.006), between(r, 0, 6.3)},
		bias:    [3]float64{between(r, -0.12, 0.12), between(r, -0.12, 0.12), between(r, 0.02, 0.12)},
		fold:    newNoise(r),
		warp:    newNoise(r),
		folds:   between(r, 24, 31),
		deepest: between(r, 0.20, 0.27),
		atrophy: between(r, 0.002, 0.010),
		level:   r.Float64(),
		horn:    between(r, 0.8, 1.35),
	}
	h.tissues = sequences[[]int{0, 0, 0, 1, 2}[r.IntN(5)]]
	if r.IntN(2) == 0 {
		angle := between(r, 0, 2*math.Pi)
		sin, cos := math.Sincos(angle)
		far := between(r, 0.22, 0.40)
		h.tumour = &tumour{far * cos, 1.2 * far * sin, between(r, 0.08, 0.2), between(r, 0.15, 0.4), between(r, 0.3, 0.8), between(r, 0.3, 1.2)}
	}
	return h
}

// inside is about the distance from the scalp inwards; negative in the air.
func (h *head) inside(x, y float64) (depth, angle float64) {
	wide := h.wide * (1 + h.narrow*y)
	u, v := x/wide, y/h.long
	angle = math.Atan2(v, u)
	f := math.Sqrt(u*u+v*v) + 1e-9
	f *= 1 + h.wobble[0]*math.Cos(2*angle+h.wobble[1]) + h.wobble[2]*math.Cos(3*angle+h.wobble[3])
	slope := math.Sqrt(u*u/(wide*wide)+v*v/(h.long*h.long)) / f
	return (1 - f) / slope, angle
}

// signal is the noiseless brightness at (x, y).
func (h *head) signal(x, y float64) float64 {
	depth, angle := h.inside(x, y)
	if depth < -0.02 {
		return 0
	}
	brain := depth - h.scalp - h.skull - 0.008
	brain += 0.006 * h.warp.at(x*6, y*6)
	bright := 0.0
	if brain < 0.015 {
		bright = h.shell(depth, angle, x, y)
	}
	if brain > 0 {
		b := h.brain(brain, x, y)
		bright += smooth(0, 0.010, brain) * (b - bright)
	}
	bright *= 1 + 0.05*h.warp.rough(x*3, y*3+7, 3)
	return bright * (1 + h.bias[0]*x + h.bias[1]*y + h.bias[2]*(x*x+y*y-0.3))
}

// shell is skin, fat, muscle at the temples, and the skull with its marrow.
func (h *head) shell(depth, angle, x, y float64) float64 {
	t := &h.tissues
	scalp := h.scalp * (1 + 0.25*h.warp.at(2*math.Cos(angle)+5, 2*math.Sin(angle)))
	v := t.fat * smooth(-0.005, 0.008, depth) * (0.75 + 0.25*smooth(0, 0.5*scalp, depth))
	temple := bell(math.Abs(math.Cos(angle))-0.95, 0.10) * smooth(0.15, -0.15, y)
	v += (t.muscle - v) * temple * smooth(0.25, 0.55, depth/scalp)
	in := (depth - scalp) / h.skull
	v += (t.bone - v) * smooth(-0.12, 0.08, in)
	v += (t.marrow - v) * bell(in-0.48, 0.15) * (0.55 + 0.6*h.warp.at(4*math.Cos(angle), 4*math.Sin(angle)+3))
	return v + (0.6*t.fluid+0.4*t.bone-v)*smooth(0.95, 1.15, in)
}

// brain is the brightness at a depth below the brain's surface.
func (h *head) brain(depth, x, y float64) float64 {
	t := &h.tissues
	// Distance to the nearest fluid: the surface, a fold, or the cleft between the halves.
	wx, wy := x+0.035*h.warp.rough(x*3+20, y*3, 2), y+0.035*h.warp.rough(x*3, y*3+20, 2)
	fold := h.foldDistance(depth, wx, wy)
	ax := math.Abs(x + 0.012*h.warp.at(1, y*4))
	cleft := ax + 0.5*smooth(0.36, 0.22, math.Abs(y+0.02)) // not through the bridge between the halves
	d := min(depth, fold, cleft)
	cortex := 0.036 + 0.008*h.warp.at(x*8, y*8+11)
	v := t.white + (t.grey-t.white)*smooth(cortex+0.012, cortex-0.008, d)
	v += (t.fluid - v) * smooth(h.atrophy+0.010, h.atrophy-0.006, d)
	v = h.nuclei(v, ax, y)
	v += (t.fluid - v) * h.ventricles(ax, y)
	if h.tumour != nil {
		v = h.grow(v, x, y)
	}
	// The great vein at the back and its sheath.
	return v + (t.vessel-v)*smooth(0.026, 0.016, math.Hypot(x, (depth-0.012)*1.0))*smooth(0.3, 0.4, y)
}

// foldDistance is about the distance to the bottom of the nearest sulcus. Sulci are where a noise crosses zero; the noise
// is drawn out from the middle, so that they run inwards, and fades with depth, so that they end.
func (h *head) foldDistance(depth, x, y float64) float64 {
	around := math.Atan2(x, -y*0.85) / (2 * math.Pi) * h.folds // jumps at the back, in the cleft
	at := func(around, depth float64) float64 {
		return h.fold.at(around+3, depth*5.5) + 0.35*h.fold.at(2*around, depth*11+31)
	}
	n := at(around, depth)
	const e = 0.02
	step := math.Hypot(x, y*0.85)*2*math.Pi/h.folds*e + 1e-6 // the length of e around
	ga, gd := (at(around+e, depth)-n)/step, (at(around, depth+0.004)-n)/0.004
	d := math.Abs(n) / (math.Sqrt(ga*ga+gd*gd) + 0.8)
	return d + 0.4*max(0, depth-h.deepest*(0.75+0.5*h.warp.at(around*0.4, 9)))
}

// nuclei adds the grey matter inside: thalamus, the head of the caudate and the lentiform nucleus, and the insula.
func (h *head) nuclei(v, ax, y float64) float64 {
	t := &h.tissues
	low := smooth(0.75, 0.35, h.level)
	at := func(cx, cy, w, l, tilt float64) float64 {
		sin, cos := math.Sincos(tilt)
		dx, dy := ax-cx, y-cy
		return smooth(1.12, 0.85, math.Hypot((cos*dx+sin*dy)/w, (cos*dy-sin*dx)/l))
	}
	deep := max(at(0.085, 0.10, 0.065, 0.12, 0.25), at(0.115, -0.17, 0.045, 0.075, 0.2), at(0.225, -0.02, 0.055, 0.15, -0.28))
	return v + (t.deep-v)*deep*low
}

// ventricles is 1 in the fluid inside the brain: a pair of horns that curve outwards to front and back, and the slit below.
func (h *head) ventricles(ax, y float64) float64 {
	high := smooth(0.3, 0.8, h.level)
	w := h.horn
	bend := 0.05 + 0.16*math.Pow(math.Abs(y+0.02), 1.6)/math.Pow(0.36, 1.6)
	end := (y + 0.01) / (0.33 + 0.03*w)
	thick := (0.022 + 0.022*high + 0.034*smooth(0.08, 0.24, math.Abs(y+0.02))) * w * math.Sqrt(max(0, 1-end*end*end*end))
	middle := max(high, smooth(0.10, 0.17, math.Abs(y+0.02)))
	horns := smooth(thick+0.010, thick-0.010, math.Abs(ax-bend)) * middle * smooth(0, 0.02, thick)
	slit := smooth(0.012*w+0.008, 0.012*w-0.004, ax) * smooth(0.13, 0.09, math.Abs(y-0.08)) * (1 - high)
	return max(horns, slit)
}

// grow puts the tumour into tissue of brightness v: a core that may be dead, a rim that takes up contrast, swelling around.
func (h *head) grow(v, x, y float64) float64 {
	t, g := &h.tissues, h.tumour
	d := math.Hypot(x-g.x, y-g.y) / g.size
	if d > 4 {
		return v
	}
	d += 0.35 * h.warp.rough(x*5+40, y*5, 3)
	edema := t.grey + 0.25*(t.fluid-t.grey)
	if t.fluid < 0.3 && t.grey > t.white { // FLAIR shows swelling bright, though not free fluid
		edema = 0.8
	}
	v += (edema - v) * smooth(1+g.swelling, 0.9, d) * 0.75
	v += (0.80 - v) * smooth(1.06, 0.94, d)
	core := t.fluid + (t.grey-t.fluid)*g.core
	return v + (core+0.06*h.warp.rough(x*12, y*12, 2)-v)*smooth(1.02-g.rim, 0.88-g.rim, d)
}

// blurPixels is the scanner's resolution: a small symmetric blur along both axes, sigma in pixels.
func blurPixels(v []float64, size int, sigma float64) {
	side := math.Exp(-1 / (2 * sigma * sigma))
	centre := 1 / (1 + 2*side)
	side *= centre
	line := make([]float64, size)
	for _, step := range [2][2]int{{1, size}, {size, 1}} {
		for k := range size {
			for i := range line {
				line[i] = v[k*step[1]+i*step[0]]
			}
			for i := 1; i < size-1; i++ {
				v[k*step[1]+i*step[0]] = centre*line[i] + side*(line[i-1]+line[i+1])
			}
		}
	}
}
