package sealed

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"keygan/cipher/agekeys"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/google/go-cmp/cmp"
)

// keyFileSeeds are encrypted key files to start fuzzing from, by what becomes of them: "opens", "refused" or "version". The identities
// are the committed one and a passphrase.
func keyFileSeeds(t testing.TB) (seeds map[string]map[string][]byte, identities []age.Identity) {
	t.Helper()
	read := func(name string) []byte {
		b, err := os.ReadFile("testdata/sealed-" + name)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	identities, err := agekeys.ParseIdentities("sealed-v1.identity", read("v1.identity"), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := passphraseParty(t, "correct horse")
	p.Identity.(interface{ SetMaxWorkFactor(int) }).SetMaxWorkFactor(10) // so that guesses at the number do not take minutes
	to := identities[0].(*age.X25519Identity).Recipient()
	identities = append(identities, p.Identity)

	image := read("v1.image.key.age")
	k, err := ReadKey(bytes.NewReader(image), identities...)
	if err != nil {
		t.Fatal(err)
	}
	armored := func(file []byte) []byte {
		var b bytes.Buffer
		w := armor.NewWriter(&b)
		if _, err := w.Write(file); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	encrypted := func(plain string) []byte {
		var b bytes.Buffer
		if err := agekeys.Encrypt(&b, []byte(plain), to); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	plain := string(k.Marshal())
	locked := wrap(t, k, p.Recipient)
	flipped := bytes.Clone(image)
	flipped[len(flipped)-1] ^= 1
	return map[string]map[string][]byte{
		"opens": {
			"image": image, "file": read("v1.file.key.age"), "image 2": read("v2.image.key.age"), "file 2": read("v2.file.key.age"), "image 3": read("v3.image.key.age"), "file 3": read("v3.file.key.age"), "armored": armored(image), "passphrase": locked,
			"others first": wrap(t, k, newParty(t).Recipient, newParty(t).Recipient, to),
		},
		"version": {
			"format": encrypted(strings.Replace(plain, `"version":1`, `"version":4`, 1)), "derivation": encrypted(strings.Replace(plain, `"derivation":1`, `"derivation":2`, 1)),
		},
		"refused": {
			"nothing": nil, "plain": []byte(plain), "flipped": flipped, "cut": image[:len(image)-1], "longer": append(bytes.Clone(image), 0),
			"for others": wrap(t, k, newParty(t).Recipient), "empty": encrypted(""), "no key": encrypted("{}\n"), "too long": encrypted(strings.Repeat("a", 3000)),
			"too much work": bytes.Replace(locked, []byte(" 10\n"), []byte(" 11\n"), 1), "half armored": armored(image)[:200], "armored twice": armored(armored(image)),
			"passphrase twice": []byte("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\n\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\n\n--- AAAA\n"),
		},
	}, identities
}

// outcome is what becomes of a key file; anything but the three that there can be is an error.
func outcome(t testing.TB, file []byte, identities []age.Identity) string {
	t.Helper()
	k, err := ReadKey(bytes.NewReader(file), identities...)
	version := (*VersionError)(nil)
	switch {
	case err == nil:
		again, err := ParseKey(k.Marshal())
		if err != nil {
			t.Fatalf("what was read is refused when it is written: %v", err)
		}
		if d := cmp.Diff(k.Marshal(), again.Marshal()); d != "" {
			t.Fatal(d)
		}
		return "opens"
	case k != nil:
		t.Fatal("an error and a key")
	case errors.As(err, &version):
		return "version"
	case err != ErrRefused:
		t.Fatalf("error %v", err)
	}
	return "refused"
}

func TestKeyFileSeeds(t *testing.T) {
	seeds, identities := keyFileSeeds(t)
	for want, files := range seeds {
		for name, file := range files {
			if got := outcome(t, file, identities); got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	}
}

// FuzzReadKey: whatever is given for an encrypted key file, it opens, is refused or is of another version.
func FuzzReadKey(f *testing.F) {
	seeds, identities := keyFileSeeds(f)
	for _, files := range seeds {
		for _, file := range files {
			f.Add(file)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) { outcome(t, file, identities) })
}
