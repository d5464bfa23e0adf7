package sealed

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// The example of docs/format.md is a pair that opens, and what encrypting makes of its secret.
func TestExampleOfFormatDocument(t *testing.T) {
	b, err := os.ReadFile("../../docs/format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "## Example\n")
	line := ""
	for l := range strings.Lines(text) {
		if l = strings.TrimLeft(l, " "); strings.HasPrefix(l, `{"header"`) {
			line = l
		}
	}
	_, rows, _ := strings.Cut(text, "5×4 grey samples:")
	rows, _, _ = strings.Cut(rows, "The key file")
	samples, err := hex.DecodeString(strings.Join(strings.Fields(rows), ""))
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decrypted(k, samples); err != nil || string(got) != "scan" {
		t.Errorf("got %q, error %v", got, err)
	}
	secret := make([]byte, secretSize)
	for i := range secret {
		secret[i] = byte(i)
	}
	made, k2 := encrypted(t, []byte("scan"), Options{Name: "a.txt", Mode: 0o644, Random: bytes.NewReader(secret)})
	if !bytes.Equal(made, samples) || string(k2.Marshal()) != line {
		t.Errorf("encrypting gives %x and %s", made, k2.Marshal())
	}
}
