package fidelity_test

import (
	"fmt"

	"keygan/data/raster"
	"keygan/train/fidelity"
)

// Two keys of four pixels: one is the negative of its image, the other is black.
func ExampleOf() {
	image := func(levels ...byte) *raster.Image {
		return &raster.Image{Width: 2, Height: 2, Channels: 1, Depth: 8, Pix: levels}
	}
	plain := []*raster.Image{image(0, 100, 200, 255), image(1, 2, 3, 4)}
	found, err := fidelity.Of(plain, []*raster.Image{image(255, 155, 55, 0), image(0, 0, 0, 0)})
	fmt.Println(*found[0].Plain, *found[0].Entropy, *found[0].Zeros, err)
	fmt.Println(found[1].Plain == nil, *found[1].MSE, *found[1].Zeros)
	for _, m := range fidelity.Measures {
		if m.Name == "zeros" {
			fmt.Println(m.Mean(found))
		}
	}
	// Output:
	// -1 2 0.25 <nil>
	// true 7.5 1
	// 0.625 0.5303300858899106 2
}
