package builtin_test

import (
	"fmt"
	"log"

	"keygan/data/imagefile"
	"keygan/infer/builtin"
)

// The built-in generator makes an RGB key from the image only.
func Example() {
	image, err := imagefile.ReadImage("testdata/xray.png")
	if err != nil {
		log.Fatal(err)
	}
	m := builtin.Generator()
	key, err := m.Key(image)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Arch().Network, "with", m.Arch().Parameters(), "weights")
	fmt.Printf("a key of %d×%d for an image of %d×%d\n", key.Width, key.Height, image.Width, image.Height)
	// Output:
	// resnet with 493152 weights
	// a key of 96×96 for an image of 96×96
}
