package attack

import (
	"math/rand/v2"
	"testing"

	"keygan/cipher"
	"keygan/data/raster"
)

// TestBit: exactly one bit changes, at its place, and the same pixel in grey and in colour.
func TestBit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for i := range 64 {
		bit := RandomBit(random, 9, 7, i%8)
		for _, channels := range []int{1, 3} {
			m := raster.NewImage(9, 7, channels, 8)
			changed, differ := bit.Change(m), 0
			for k, v := range changed.Pix {
				if v == 0 {
					continue
				}
				differ++
				if v != 1<<bit.Bit || k/channels != bit.Row*9+bit.Column || k%channels != bit.Channel%channels {
					t.Errorf("%s: sample %d of %d channels is %d", bit, k, channels, v)
				}
			}
			if differ != 1 {
				t.Errorf("%s: %d samples", bit, differ)
			}
		}
	}
}

// spreadGenerator is a toy whose keys change in a known window: each key sample is the sum of the 3×3 samples around its pixel.
var spreadGenerator = &cipher.Network{Name: "spread", Key: func(plain *raster.Image) (*raster.Image, error) {
	key := raster.NewImage(plain.Width, plain.Height, 3, 8)
	for i := range plain.Pix {
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if y, x := i/plain.Width+dy, i%plain.Width+dx; y >= 0 && y < plain.Height && x >= 0 && x < plain.Width {
					for c := range 3 {
						key.Pix[3*(y*plain.Width+x)+c] += plain.Pix[i]
					}
				}
			}
		}
	}
	return key, nil
}}

// TestMap: with a key that answers a changed bit in a 3×3 window, eight samples of the cipher image change at every inner position: the
// ninth, the changed one, changes in plain image and key alike. With a kept key it is one sample. The corner of a finer grid sees less.
func TestMap(t *testing.T) {
	b, targets, err := newBench(t.Context(), Options{Plain: plainImages(t, 64), Networks: []*cipher.Network{spreadGenerator}, Schemes: []string{"xor"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range targets {
		if s.info.Name != "xor" {
			continue
		}
		for use, want := range map[Use]int{Published: 8, KeptKey: 1} {
			s.use = use
			for _, row := range bitMap(b.victim(s), s.plain[0], 4) {
				for _, count := range row {
					if count != want {
						t.Errorf("%s: %d samples change, want %d", use, count, want)
					}
				}
			}
		}
		s.use = Published
		if corner := bitMap(b.victim(s), s.plain[0], 64)[0][0]; corner != 3 {
			t.Errorf("in the corner %d samples change, want 3", corner)
		}
	}
	p := mapPicture([][]int{{0, 12288}, {1, 100}}, 12288)
	if p.Pix[0] != 0 || p.Pix[31] != 255 || !(p.Pix[32*16] < p.Pix[32*16+31]) {
		t.Error("the picture's scale")
	}
}
