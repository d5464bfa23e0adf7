package metrics_test

import (
	"fmt"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// Two images of one grey level each differ in every sample, and neither has any entropy.
func Example() {
	black, grey := raster.NewImage(64, 64, 1, 8), raster.NewImage(64, 64, 1, 8)
	for i := range grey.Pix {
		grey.Pix[i] = 51
	}
	c, err := metrics.Compare(black, grey)
	if err != nil {
		fmt.Println(err)
		return
	}
	expected, _ := metrics.UACIExpected(black.Samples(), black.Max())
	fmt.Printf("NPCR %.0f %%, UACI %.0f %% (random images: %.2f %%)\n", c.NPCR, c.UACI, expected)
	fmt.Printf("entropy %.0f bits per byte\n", c.A.Entropy)
	fmt.Println(c.A.Undefined["correlation.h"])
	// Output:
	// NPCR 100 %, UACI 20 % (random images: 33.46 %)
	// entropy 0 bits per byte
	// correlation is undefined: the samples of the horizontal pairs are constant
}
