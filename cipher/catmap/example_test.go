package catmap_test

import (
	"fmt"

	"keygan/cipher/catmap"
	"keygan/data/raster"
)

func Example() {
	m := raster.NewImage(3, 3, 1, 8) // grey, 3×3 pixels
	copy(m.Pix, "abcdefghi")
	moved := catmap.Apply(m, 1, 1, 1)
	fmt.Printf("%s\n", moved.Pix)
	fmt.Printf("%s\n", catmap.Invert(moved, 1, 1, 1).Pix)
	fmt.Println("period:", catmap.Period(3, 1, 1))
	// Output:
	// ahfidbecg
	// abcdefghi
	// period: 4
}
