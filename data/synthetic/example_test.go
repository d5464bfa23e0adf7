package synthetic_test

import (
	"fmt"
	"keygan/data/synthetic"
	"log"
)

func Example() {
	films, err := synthetic.New("xray", 200, 256, 7)
	if err != nil {
		log.Fatal(err)
	}
	m, err := films.Image(12)
	fmt.Println(films.Len(), films.Name(12), m, err)
	// Output: 200 xray-00012 256×256 grey, 8 bits <nil>
}
