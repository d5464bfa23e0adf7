package statedict_test

import (
	"errors"
	"fmt"
	"io"
	"log"

	"keygan/infer"
	"keygan/infer/statedict"
)

// The file is a checkpoint with several state dicts; the usual key of the generator's is found.
func Example() {
	d, err := statedict.ReadFile("testdata/dcgan-checkpoint.pth", "")
	if err != nil {
		log.Fatal(err)
	}
	arch, params, err := statedict.Generator(d, statedict.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("a %s generator of %d×%d, %d arrays\n", arch.Network, arch.ImageSize, arch.ImageSize, len(params))
	fmt.Println("written:", infer.Write(io.Discard, arch, params) == nil)

	// A file that asks for more than tensors is refused before anything of it runs.
	_, err = statedict.ReadFile("testdata/network.pth", "")
	var refused *statedict.RefusedError
	fmt.Println("refused:", errors.As(err, &refused))
	// Output:
	// a dcgan generator of 32×32, 16 arrays
	// written: true
	// refused: true
}
