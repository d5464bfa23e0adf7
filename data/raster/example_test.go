package raster_test

import (
	"fmt"
	"keygan/data/raster"
)

func ExampleImage_Resize() {
	m := raster.NewImage(4, 2, 1, 8)
	copy(m.Pix, []byte{0, 0, 200, 200, 0, 0, 200, 200})
	small := m.Resize(2, 1)
	fmt.Println(small, small.Pix)
	fmt.Println(small.Convert(3).Floats(3)[:2])
	// Output:
	// 2×1 grey, 8 bits [29 171]
	// [-0.77254903 0.3411765]
}
