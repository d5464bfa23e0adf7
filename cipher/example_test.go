package cipher_test

import (
	"bytes"
	"fmt"
	"log"

	"keygan/cipher"
	"keygan/data/raster"
)

// A research scheme encrypts an image with a key image, and the key file opens it again.
func Example() {
	plain, key := raster.NewImage(256, 256, 1, 8), raster.NewImage(256, 256, 3, 8)
	copy(plain.Pix, "the samples of an image")
	for i := range key.Pix {
		key.Pix[i] = byte(i * i) // a network makes it in practice
	}
	scheme, err := cipher.SchemeByName("paper")
	if err != nil {
		log.Fatal(err)
	}
	cipherImage, keyFile, err := scheme.Encrypt(plain, key, cipher.Params{Iterations: cipher.DefaultIterations})
	if err != nil {
		log.Fatal(err)
	}
	opened, err := cipher.Decrypt(cipherImage, keyFile)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Equal(opened.Pix, plain.Pix), scheme.Warning() != "")
	// Output: true true
}
