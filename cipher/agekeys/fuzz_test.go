package agekeys_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"keygan/cipher/agekeys"
)

// FuzzParseIdentities: whatever is given for an identity file, it is read or refused, and not repeated in the error.
func FuzzParseIdentities(f *testing.F) {
	for _, seed := range identitySeeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		ids, err := agekeys.ParseIdentities("me", file, nil)
		if (len(ids) > 0) == (err != nil) || (err != nil && (!strings.HasPrefix(err.Error(), "me: ") || len(err.Error()) > 200)) {
			t.Fatalf("%d identities, error %v", len(ids), err)
		}
	})
}

func identitySeeds(t testing.TB) map[string][]byte {
	t.Helper()
	own, err := os.ReadFile("../sealed/testdata/sealed-v1.identity")
	if err != nil {
		t.Fatal(err)
	}
	public, ssh := sshKey(t, "ed25519", "")
	_, locked := sshKey(t, "ed25519", "open sesame")
	return map[string][]byte{
		"age": own, "age, Windows": bytes.ReplaceAll(own, []byte("\n"), []byte("\r\n")), "ssh": ssh,
		"locked": locked, "public": []byte(public), "encrypted": []byte("age-encryption.org/v1\n"),
	}
}

func TestIdentitySeeds(t *testing.T) {
	readable := map[string]bool{"age": true, "age, Windows": true, "ssh": true}
	for name, seed := range identitySeeds(t) {
		if _, err := agekeys.ParseIdentities(name, seed, nil); (err == nil) != readable[name] {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
