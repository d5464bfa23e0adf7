package keyfile

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// What was read from a file is kept for the next question and zeroed at the end; each answer is the asker's own to clear.
func TestPassphrasesAreWiped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(path, []byte("correct horse\r\nmore"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := Passphrases{File: path}
	first, err := p.get(context.Background(), "a question", true)
	if err != nil || string(first) != "correct horse" {
		t.Fatalf("%q, error %v", first, err)
	}
	clear(first)
	second, err := p.get(context.Background(), "another", false)
	if err != nil || string(second) != "correct horse" {
		t.Fatalf("then %q, error %v", second, err)
	}
	kept := p.line
	p.Wipe()
	if !bytes.Equal(kept, make([]byte, len("correct horse"))) {
		t.Errorf("%q is still there", kept)
	}
}
