package synthetic

import (
	"math"
	"math/rand/v2"
)

// noise is Perlin's gradient noise: smooth, about one bump a unit, mean 0, within about ±0.7. It repeats after 64 units.
type noise struct{ gradients [64][64][2]float32 }

func newNoise(r *rand.Rand) *noise {
	n := new(noise)
	for i := range n.gradients {
		for j := range n.gradients[i] {
			sin, cos := math.Sincos(2 * math.Pi * r.Float64())
			n.gradients[i][j] = [2]float32{float32(cos), float32(sin)}
		}
	}
	return n
}

func (n *noise) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	i, j := int(fx)&63, int(fy)&63
	u, v := float32(x-fx), float32(y-fy)
	i1, j1 := (i+1)&63, (j+1)&63
	corner := func(g [2]float32, dx, dy float32) float32 { return g[0]*dx + g[1]*dy }
	a, b := corner(n.gradients[j][i], u, v), corner(n.gradients[j][i1], u-1, v)
	c, d := corner(n.gradients[j1][i], u, v-1), corner(n.gradients[j1][i1], u-1, v-1)
	s, t := u*u*u*(u*(u*6-15)+10), v*v*v*(v*(v*6-15)+10)
	top, bottom := a+s*(b-a), c+s*(d-c)
	return float64(top + t*(bottom-top))
}

// rough adds octaves of noise, each twice as fine and half as strong.
func (n *noise) rough(x, y float64, octaves int) float64 {
	sum, weight := 0.0, 1.0
	for range octaves {
		sum += weight * n.at(x, y)
		x, y, weight = 2*x+17.3, 2*y+5.9, weight/2
	}
	return sum
}

// smooth rises from 0 at a to 1 at b (or falls, when a > b) without a corner.
func smooth(a, b, x float64) float64 {
	t := min(max((x-a)/(b-a), 0), 1)
	return t * t * (3 - 2*t)
}

// bell is a Gaussian of height 1 and standard deviation width.
func bell(x, width float64) float64 {
	t := x / width
	if t > 5 || t < -5 {
		return 0
	}
	return math.Exp(-t * t / 2)
}

// between draws uniformly from [low, high).
func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

// A frame places a drawing in the image: drawings have (0, 0) in the middle and reach about ±1, x to the right and y down.
type frame struct {
	size           int
	sin, cos       float64 // of the tilt
	zoom           float64
	shiftX, shiftY float64
}

// newFrame tilts, zooms and shifts at random by up to the given amounts: radians, a share, a share of half the image.
func newFrame(r *rand.Rand, size int, tilt, zoom, shift float64) frame {
	f := frame{size: size, zoom: 1 + between(r, -zoom, zoom), shiftX: between(r, -shift, shift), shiftY: between(r, -shift, shift)}
	f.sin, f.cos = math.Sincos(between(r, -tilt, tilt))
	return f
}

// place returns the drawing's coordinates of a pixel's centre.
func (f frame) place(column, row int) (x, y float64) {
	u := ((2*float64(column)+1)/float64(f.size) - 1 - f.shiftX) / f.zoom
	v := ((2*float64(row)+1)/float64(f.size) - 1 - f.shiftY) / f.zoom
	return f.cos*u + f.sin*v, f.cos*v - f.sin*u
}

// pixel is the inverse of place, for a point that may lie between pixels.
func (f frame) pixel(x, y float64) (column, row float64) {
	u := (f.cos*x-f.sin*y)*f.zoom + f.shiftX
	v := (f.sin*x+f.cos*y)*f.zoom + f.shiftY
	return ((u+1)*float64(f.size) - 1) / 2, ((v+1)*float64(f.size) - 1) / 2
}

// unit is the length in pixels of 1 in the drawing.
func (f frame) unit() float64 { return f.zoom * float64(f.size) / 2 }

// stroke adds to field, size×size, a straight line from a to b in the drawing's coordinates, with a bell-shaped profile.
func (f frame) stroke(field []float32, a, b [2]float64, width, strength float64) {
	ax, ay := f.pixel(a[0], a[1])
	bx, by := f.pixel(b[0], b[1])
	w := max(width*f.unit(), 0.5)
	reach := 3 * w
	dx, dy := bx-ax, by-ay
	length2 := max(dx*dx+dy*dy, 1e-9)
	x0, x1 := max(0, int(min(ax, bx)-reach)), min(f.size-1, int(max(ax, bx)+reach))
	y0, y1 := max(0, int(min(ay, by)-reach)), min(f.size-1, int(max(ay, by)+reach))
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			px, py := float64(x)-ax, float64(y)-ay
			t := min(max((px*dx+py*dy)/length2, 0), 1)
			if d := math.Hypot(px-t*dx, py-t*dy); d < reach {
				// The stronger of crossing strokes wins: the joints of a polyline must not show as beads.
				at := &field[y*f.size+x]
				*at = max(*at, float32(strength*bell(d, w)))
			}
		}
	}
}
