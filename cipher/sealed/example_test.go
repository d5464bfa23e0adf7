package sealed_test

import (
	"bytes"
	"fmt"
	"log"
	"time"

	"keygan/cipher/agekeys"
	"keygan/cipher/sealed"
)

// A file is sealed to a recipient, who opens it with the identity.
func Example() {
	identityFile, public, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		log.Fatal(err)
	}
	recipient, err := agekeys.ParseRecipient(public)
	if err != nil {
		log.Fatal(err)
	}

	content := []byte("any file, of any length")
	key, err := sealed.NewFileKey(int64(len(content)), sealed.Options{Name: "scan.dcm"})
	if err != nil {
		log.Fatal(err)
	}
	var samples, keyFile bytes.Buffer
	if err := key.EncryptFile(&samples, bytes.NewReader(content)); err != nil {
		log.Fatal(err)
	}
	if err := key.Encrypt(&keyFile, recipient); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("a grey cipher image of %d×%d pixels\n", key.Header.Width, key.Header.Height)

	identities, err := agekeys.ParseIdentities("me", identityFile, nil)
	if err != nil {
		log.Fatal(err)
	}
	if key, err = sealed.ReadKey(&keyFile, identities...); err != nil {
		log.Fatal(err)
	}
	var opened bytes.Buffer
	err = key.DecryptFile(&opened, &samples)
	fmt.Printf("%s: %s, error %v\n", key.Header.Name, &opened, err)
	// Output:
	// a grey cipher image of 7×6 pixels
	// scan.dcm: any file, of any length, error <nil>
}
