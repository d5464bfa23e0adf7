package jpeg_test

import (
	"fmt"
	"log"
	"os"

	"keygan/data/imagefile/jpeg"
)

func Example() {
	content, err := os.ReadFile("testdata/progressive.jpg")
	if err != nil {
		log.Fatal(err)
	}
	m, err := jpeg.Decode(content)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d×%d pixels of %d samples, the first one %v\n", m.Width, m.Height, m.Channels, m.Pix[:3])
	// Output: 37×29 pixels of 3 samples, the first one [133 94 19]
}
