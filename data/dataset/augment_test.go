package dataset

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"keygan/data/raster"
)

// gradients is a source of n images of 12×12 pixels in colour, no two pixels of which are alike.
type gradients struct{ n int }

func (g gradients) Len() int          { return g.n }
func (g gradients) Name(i int) string { return fmt.Sprint(i) }
func (g gradients) Image(i int) (*raster.Image, error) {
	m := raster.NewImage(12, 12, 3, 8)
	for k := range m.Pix {
		m.Pix[k] = byte(k/3 + 50*(k%3) + 7*i)
	}
	return m, nil
}

// places are the first images, n in all, that a loader of batches gives, in one row.
func places(t rapid.TB, src Source, o LoaderOptions, n int) []float32 {
	o.Size, o.Channels = 12, 3
	l, err := NewLoader(src, o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var all []float32
	for range n/o.Batch - o.Start {
		b, err := l.Next()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b.Pixels...)
	}
	return all
}

var everyKind = Augment{Flip: 0.5, FlipVertical: 0.3, Rotate: 20, Crop: 0.3, Brightness: 0.4}

// What happens to an image depends on the seed and on its place: not on workers, on where a loader begins, on the size of batches, or on
// how processes divide them.
func TestAugmentationIsThatOfThePlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src, seed := gradients{12}, rapid.Uint64().Draw(t, "seed")
		a := Augment{
			Flip: rapid.Float64Range(0, 1).Draw(t, "flip"), FlipVertical: rapid.Float64Range(0, 1).Draw(t, "flip_vertical"),
			Rotate: rapid.Float64Range(0, 45).Draw(t, "rotate"), Crop: rapid.Float64Range(0, 0.5).Draw(t, "crop"),
			Brightness: rapid.Float64Range(0, 0.5).Draw(t, "brightness"),
		}
		const images, size = 24, 12 * 12 * 3 // two epochs
		whole := places(t, src, LoaderOptions{Batch: 12, Workers: 1, Seed: seed, Augment: a}, images)
		batch := rapid.SampledFrom([]int{1, 2, 3, 4, 6}).Draw(t, "batch")
		start := rapid.IntRange(0, images/batch-1).Draw(t, "start")
		workers := rapid.IntRange(1, 5).Draw(t, "workers")
		parts := places(t, src, LoaderOptions{Batch: batch, Workers: workers, Seed: seed, Augment: a, Start: start}, images)
		if !slices.Equal(whole[start*batch*size:], parts) {
			t.Error("other images")
		}
		from := rapid.IntRange(0, batch-1).Draw(t, "from")
		share := places(t, src, LoaderOptions{Batch: batch, From: from, To: batch, Seed: seed, Augment: a, Start: start}, images)
		for i := 0; len(share) > 0; i++ {
			if !slices.Equal(share[:(batch-from)*size], parts[(i*batch+from)*size:(i+1)*batch*size]) {
				t.Fatalf("a process with the images from %d on of batches of %d gets others", from, batch)
			}
			share = share[(batch-from)*size:]
		}
	})
}

// Each field by itself leaves alone what another one draws, and no two places or seeds get the same.
func TestDrawsAreIndependent(t *testing.T) {
	all, flips := everyKind.draw(1, 2), Augment{Flip: everyKind.Flip}
	for place := range uint64(100) {
		c := everyKind.draw(1, place)
		if only := flips.draw(1, place); only.flipX != c.flipX || only.flipY || only.cos != one || only.sin != 0 || only.brightness != one || only.right != 0 {
			t.Fatalf("flips only: %+v, of %+v", only, c)
		}
		if c == everyKind.draw(2, place) || place != 2 && c == all {
			t.Fatalf("place %d has the draws of another", place)
		}
	}
}

// Over many places each field fills its range, evenly, and does not leave it.
func TestDrawsFillTheirRanges(t *testing.T) {
	const n = 4000
	var mirrored, upsideDown, angles, least, most float64
	for place := range uint64(n) {
		c := everyKind.draw(9, place)
		if c.flipX {
			mirrored++
		}
		if c.flipY {
			upsideDown++
		}
		angle := math.Atan2(float64(c.sin), float64(c.cos)) * 180 / math.Pi
		kept, factor := math.Hypot(float64(c.sin), float64(c.cos))/one, float64(c.brightness)/one
		angles += math.Abs(angle) / n
		least, most = min(least, angle), max(most, angle)
		beyond := math.Abs(float64(c.right))/one > 1-kept+1e-4 || math.Abs(float64(c.down))/one > 1-kept+1e-4 // outside the image
		if math.Abs(angle) > 20.01 || kept < 0.6999 || kept > 1.0001 || math.Abs(factor-1) > 0.4001 || beyond {
			t.Fatalf("place %d: turned by %v°, %v of the width kept, brightness %v, %+v", place, angle, kept, factor, c)
		}
	}
	if mirrored < 0.47*n || mirrored > 0.53*n || upsideDown < 0.27*n || upsideDown > 0.33*n {
		t.Errorf("of %d images, %v are mirrored and %v upside down", n, mirrored, upsideDown)
	}
	if angles < 9.6 || angles > 10.4 || least > -19.8 || most < 19.8 {
		t.Errorf("angles from %v to %v, %v on average", least, most, angles)
	}
}

// What each change makes of an image, where that is known exactly.
func TestChanges(t *testing.T) {
	m, _ := gradients{1}.Image(0)
	still := change{cos: one, brightness: one}
	pixel := func(of *raster.Image, x, y int) [3]byte { return [3]byte(of.Pix[3*(y*12+x):]) }
	for name, test := range map[string]struct {
		change func(c *change)
		at     func(x, y int) (fromX, fromY int)
	}{
		"none":        {func(*change) {}, func(x, y int) (int, int) { return x, y }},
		"flip":        {func(c *change) { c.flipX = true }, func(x, y int) (int, int) { return 11 - x, y }},
		"upside down": {func(c *change) { c.flipY = true }, func(x, y int) (int, int) { return x, 11 - y }},
		"quarter":     {func(c *change) { c.cos, c.sin = 0, one }, func(x, y int) (int, int) { return 11 - y, x }},
		"shift":       {func(c *change) { c.right = 2 * one / 6 }, func(x, y int) (int, int) { return min(x+2, 21-x), y }}, // mirrored at the edge
	} {
		c := still
		test.change(&c)
		got := c.apply(m)
		for y := range 12 {
			for x := range 12 {
				fromX, fromY := test.at(x, y)
				if pixel(got, x, y) != pixel(m, fromX, fromY) {
					t.Fatalf("%s: pixel (%d, %d) is %v, want %v of (%d, %d)", name, x, y, pixel(got, x, y), pixel(m, fromX, fromY), fromX, fromY)
				}
			}
		}
	}
	half, twice := still, still
	half.brightness, twice.brightness = one/2, 2*one
	for k, v := range half.apply(m).Pix {
		if want := (int(m.Pix[k]) + 1) / 2; int(v) != want {
			t.Fatalf("half of %d is %d", m.Pix[k], v)
		}
	}
	for k, v := range twice.apply(m).Pix {
		if want := min(2*int(m.Pix[k]), 255); int(v) != want {
			t.Fatalf("twice %d is %d", m.Pix[k], v)
		}
	}
	half = still
	half.cos = one / 2 // the middle 6×6 pixels, enlarged: their mean stays
	sum := func(of *raster.Image, from, to int) (s int) {
		for y := from; y < to; y++ {
			for x := from; x < to; x++ {
				s += int(pixel(of, x, y)[0])
			}
		}
		return s
	}
	if got, want := float64(sum(half.apply(m), 0, 12))/144, float64(sum(m, 3, 9))/36; math.Abs(got-want) > 0.6 {
		t.Errorf("the middle has a mean of %v, enlarged of %v", want, got)
	}
}

// Augmented images are part of what makes a resumed run the same run, on any machine: these bytes must not change.
func TestAugmentationGolden(t *testing.T) {
	m, _ := gradients{1}.Image(0)
	h := sha256.New()
	for place := range uint64(20) {
		h.Write(everyKind.draw(7, place).apply(m).Pix)
	}
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != "8ffdf9618e31e95efe63e55e5a011762c0cf5462778248e002035d81f8a79059" {
		t.Errorf("other bytes: %s", got)
	}
}

// Last comes after the augmentation, so that pairs stay pairs; and no images are augmented where nothing says so.
func TestLastComesLast(t *testing.T) {
	negative := func(m *raster.Image, _ uint64) (*raster.Image, error) {
		m = m.Clone()
		for k := range m.Pix {
			m.Pix[k] = 255 - m.Pix[k]
		}
		return m, nil
	}
	o := LoaderOptions{Batch: 3, Seed: 4, Augment: everyKind}
	with := o
	with.Last = negative
	plain, last := places(t, gradients{9}, o, 18), places(t, gradients{9}, with, 18)
	for i, v := range plain {
		if d := float64(v + last[i]); math.Abs(d) > 1e-6 {
			t.Fatalf("value %d: %v and %v", i, v, last[i])
		}
	}
	o.Batch = 1
	if twice := places(t, gradients{1}, o, 2); slices.Equal(twice[:len(twice)/2], twice[len(twice)/2:]) {
		t.Error("an image is the same in the second epoch")
	}
	o.Batch, o.Augment = 3, Augment{}
	if slices.Equal(plain, places(t, gradients{9}, o, 18)) {
		t.Error("the augmentation changes nothing")
	}
}

func TestAugmentRefusesNonsense(t *testing.T) {
	for _, a := range []Augment{{Flip: 1.1}, {FlipVertical: -0.1}, {Rotate: 46}, {Crop: 0.6}, {Brightness: math.NaN()}} {
		if _, err := NewLoader(gradients{1}, LoaderOptions{Batch: 1, Size: 12, Channels: 3, Augment: a}); err == nil {
			t.Errorf("no error for %+v", a)
		}
	}
}

func BenchmarkAugment(b *testing.B) {
	m := raster.NewImage(256, 256, 3, 8)
	for b.Loop() {
		everyKind.draw(1, 2).apply(m)
	}
}
