package pngstream_test

import (
	"bytes"
	"fmt"
	"io"
	"keygan/data/imagefile/pngstream"
	"log"
)

func Example() {
	var file bytes.Buffer
	w, err := pngstream.NewWriter(&file, 3, 2, 1, 8, pngstream.Text{Keyword: "Comment", Value: "made for an example"})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := w.Write([]byte{1, 2, 3, 4, 5, 6}); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	r, err := pngstream.NewReader(&file)
	if err != nil {
		log.Fatal(err)
	}
	samples, err := io.ReadAll(r)
	fmt.Println(r.Width, r.Height, r.Text[0].Value, samples, err)
	// Output: 3 2 made for an example [1 2 3 4 5 6] <nil>
}
