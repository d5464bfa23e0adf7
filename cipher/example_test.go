package cipher_test

import (
	"bytes"
	"fmt"
	"log"

	"keygan/cipher"
	"keygan/data/raster"
)

// A cryptosystem for research encrypts an image with a key image, and the key file opens it again.
func Example() {
	plain, key := raster.NewImage(256, 256, 1, 8), raster.NewImage(256, 256, 3, 8)
	copy(plain.Pix, "the samples of an image")
	for i := range key.Pix {
		key.Pix[i] = byte(i * i) // a network makes it in practice
	}
	system, err := cipher.ByName("paper")
	if err != nil {
		log.Fatal(err)
	}
	secret, err := system.NewSecret(cipher.Input{Plain: plain, Key: key, Params: cipher.Params{Iterations: cipher.DefaultIterations}})
	if err != nil {
		log.Fatal(err)
	}
	cipherImage, err := secret.Encrypt(plain)
	if err != nil {
		log.Fatal(err)
	}
	opened, err := secret.Decrypt(cipherImage)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bytes.Equal(opened.Pix, plain.Pix), system.Info().Warning != "")
	// Output: true true
}
