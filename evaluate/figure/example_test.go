package figure_test

import (
	"bytes"
	"fmt"
	"image/png"

	"keygan/data/raster"
	"keygan/evaluate/figure"
)

// A strip shows images side by side, each below its label.
func Example() {
	black := raster.NewImage(128, 128, 1, 8)
	file, err := figure.Strip([]figure.Row{{Title: "black and nothing", Tiles: []figure.Tile{{Label: "black", Image: black}, {Label: "none", Empty: "no image"}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	size, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d×%d pixels\n", size.Width, size.Height)
	// Output: 292×196 pixels
}
