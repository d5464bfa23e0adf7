package imagefile_test

import (
	"fmt"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"log"
	"os"
	"path/filepath"
)

func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "scan.png")
	if err := imagefile.WritePNG(path, raster.NewImage(640, 480, 1, 16), false); err != nil {
		log.Fatal(err)
	}
	m, err := imagefile.ReadImage(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m)

	slice, err := imagefile.ReadImage("testdata/stack.npy") // the middle image
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(slice)
	_, err = imagefile.LeftBehind("testdata/beside/pages.tif")
	fmt.Println(err)
	// Output:
	// 640×480 grey, 16 bits
	// 5×4 RGB, 8 bits
	// testdata/beside/pages.tif: holds 3 pages
}
