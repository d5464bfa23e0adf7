package infer_test

import (
	"bytes"
	"fmt"
	"log"

	"keygan/data/raster"
	"keygan/infer"
)

// A generator is written with its weights, read again, and makes the key image of an image of any size.
func Example() {
	arch := infer.ResNet(4, 1, 3, 64) // width 4, one residual block, RGB, trained at 64×64
	weights := map[string]infer.Array{}
	for _, p := range arch.Params() {
		array := infer.Array{Shape: p.Shape, Data: make([]float32, p.Size())}
		for i := range array.Data {
			array.Data[i] = float32(i%7-3) / 10 // training would have found better ones
		}
		weights[p.Name] = array
	}
	var file bytes.Buffer
	if err := infer.Write(&file, arch, weights); err != nil {
		log.Fatal(err)
	}

	m, err := infer.Read("generator.npz", file.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	key, err := m.Key(raster.NewImage(90, 50, 1, 16))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Arch().Parameters(), "weights, noise:", m.TakesNoise())
	fmt.Printf("%d×%d, %d channels of %d bits\n", key.Width, key.Height, key.Channels, key.Depth)
	// Output:
	// 8664 weights, noise: false
	// 90×50, 3 channels of 8 bits
}
