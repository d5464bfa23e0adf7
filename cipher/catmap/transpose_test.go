package catmap

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// Every kernel transposes every number of rows and columns, and writes nothing but the blocks it reaches into.
func TestTransposeKernels(t *testing.T) {
	for name, k := range map[string]struct {
		turn  func(*Tiles, int, int)
		sizes []int
	}{
		"turn": {(*Tiles).turn, []int{1, 2, 3, 4, 6, 8}}, "turn1": {(*Tiles).turn1, []int{1}},
		"turn2": {(*Tiles).turn2, []int{2}}, "turn3": {(*Tiles).turn3, []int{3}}, "turn4": {(*Tiles).turn4, []int{4}},
	} {
		for _, size := range k.sizes {
			const longest = 24
			w := NewTiles(size, longest)
			for i := range w.in {
				w.in[i] = byte(i*i>>3 ^ i)
			}
			pixel := func(tile []byte, x, y int) []byte { return tile[x*w.stride+y*size:][:size] }
			for nx := 1; nx <= longest; nx++ {
				for ny := 1; ny <= longest; ny++ {
					what := fmt.Sprintf("%s, %d bytes, %d×%d", name, size, nx, ny)
					in := slices.Clone(w.in)
					for i := range w.out {
						w.out[i] = 0xa5
					}
					k.turn(w, nx, ny)
					if !bytes.Equal(in, w.in) {
						t.Fatalf("%s: the source was changed", what)
					}
					for x := range longest {
						for y := range longest {
							got := pixel(w.out, y, x)
							switch {
							case x < nx && y < ny && !bytes.Equal(got, pixel(in, x, y)):
								t.Fatalf("%s: pixel %d, %d is %x, want %x", what, x, y, got, pixel(in, x, y))
							case (x >= (nx+7)&^7 || y >= (ny+7)&^7) && !bytes.Equal(got, bytes.Repeat([]byte{0xa5}, size)):
								t.Fatalf("%s: pixel %d, %d was written to", what, x, y)
							}
						}
					}
				}
			}
		}
	}
}
