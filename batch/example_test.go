package batch_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"keygan/batch"
	"keygan/batch/keyfile"
)

// A folder of files is encrypted to an identity and decrypted again.
func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	in := filepath.Join(dir, "in")
	if err := os.MkdirAll(in, 0o755); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(in, "note.txt"), []byte("all is well"), 0o644); err != nil {
		log.Fatal(err)
	}

	ctx, host := context.Background(), batch.Host{}
	me := filepath.Join(dir, "me.key")
	recipient, err := keyfile.Keypair(ctx, host, keyfile.KeypairOptions{Output: me})
	if err != nil {
		log.Fatal(err)
	}
	out, back := filepath.Join(dir, "out"), filepath.Join(dir, "back")
	encrypted, err := batch.Encrypt(ctx, host, batch.EncryptOptions{Output: out, Recipients: []string{recipient}}, []string{in})
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range encrypted.Done[0].Outputs {
		fmt.Println(filepath.Base(path))
	}
	decrypted, err := batch.Decrypt(ctx, host, batch.DecryptOptions{Output: back, Identities: []string{me}}, []string{out})
	if err != nil {
		log.Fatal(err)
	}
	content, err := os.ReadFile(decrypted.Done[0].Outputs[0])
	fmt.Printf("%s %v\n", content, err)
	// Output:
	// note.txt.cipher.png
	// note.txt.key.age
	// all is well <nil>
}
