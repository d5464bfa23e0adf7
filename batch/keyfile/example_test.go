package keyfile_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"keygan/batch/keyfile"
	"keygan/cipher/agekeys"
	"keygan/cipher/sealed"
	"time"
)

// A key file is encrypted to a recipient, and read with the identity.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	identity, recipient, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		log.Fatal(err)
	}
	me := filepath.Join(dir, "me.key")
	if err := os.WriteFile(me, identity, 0o600); err != nil {
		log.Fatal(err)
	}
	key, err := sealed.NewFileKey(11, sealed.Options{Name: "note.txt"})
	if err != nil {
		log.Fatal(err)
	}
	recipients, err := keyfile.ParseRecipients([]string{recipient})
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dir, "note.txt.key.age")
	f, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	if err := key.Encrypt(f, recipients...); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}

	var passphrases keyfile.Passphrases
	identities, err := passphrases.Identities(context.Background(), []string{me})
	if err != nil {
		log.Fatal(err)
	}
	opened, err := keyfile.Read(path, identities)
	if err != nil {
		log.Fatal(err)
	}
	defer opened.Wipe()
	fmt.Println(opened.Header.Name)
	// Output: note.txt
}
