package agekeys_test

import (
	"bytes"
	"fmt"
	"log"
	"time"

	"keygan/cipher/agekeys"
)

func Example() {
	file, public, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		log.Fatal(err)
	}
	recipient, err := agekeys.ParseRecipient(public)
	if err != nil {
		log.Fatal(err)
	}
	var encrypted bytes.Buffer
	if err := agekeys.Encrypt(&encrypted, []byte("the key of an image"), recipient); err != nil {
		log.Fatal(err)
	}

	identities, err := agekeys.ParseIdentities("me", file, nil)
	if err != nil {
		log.Fatal(err)
	}
	secret, err := agekeys.Decrypt(&encrypted, 100, identities...)
	fmt.Println(string(secret), err)
	// Output: the key of an image <nil>
}
