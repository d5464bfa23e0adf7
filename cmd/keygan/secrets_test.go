package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"keygan/cipher/sealed"
)

// secrets are what must never be printed, by what they are.
type secrets map[string]string

// shown names a secret of which a part is in what was printed, or "".
func (s secrets) shown(printed string) string {
	const part = 12 // of a secret, in bytes; no honest line has that much in common with one
	lower := strings.ToLower(printed)
	for what, secret := range s {
		for i := 0; i+part <= len(secret); i++ {
			if strings.Contains(printed, secret[i:i+part]) || strings.Contains(lower, strings.ToLower(secret[i:i+part])) {
				return what
			}
		}
	}
	return ""
}

func newSecrets(key *sealed.Key, identity []byte, passphrase string) secrets {
	s := secrets{"passphrase": passphrase}
	for name, b := range map[string][]byte{"PRK": key.PRK[:], "tag": key.Tag[:]} {
		s[name+" in hexadecimal"] = hex.EncodeToString(b)
		s[name+" as it is"] = string(b)
		s[name+" as numbers"] = strings.Trim(fmt.Sprint(b), "[]")
		for shift := range 3 { // base64 depends on where it starts
			s[fmt.Sprintf("%s in base64, from byte %d", name, shift)] = base64.RawStdEncoding.EncodeToString(b[shift:])
			s[fmt.Sprintf("%s in base64 for URLs, from byte %d", name, shift)] = base64.RawURLEncoding.EncodeToString(b[shift:])
		}
	}
	for line := range strings.Lines(string(identity)) {
		if strings.HasPrefix(line, "AGE-SECRET-KEY-") {
			s["identity"] = strings.TrimPrefix(strings.TrimSpace(line), "AGE-SECRET-KEY-")
		}
	}
	return s
}

// Whatever fails, and whatever file is given in the place of another, no key, identity or passphrase is printed.
func TestSecretsAreNotPrinted(t *testing.T) {
	p := newSealedPair(t)
	const passphrase = "correct horse battery staple"
	identity, err := os.ReadFile(p.identity)
	if err != nil {
		t.Fatal(err)
	}
	hidden := newSecrets(p.key, identity, passphrase)
	plain := p.key.Marshal()
	encrypted := p.encrypt(plain)
	image, keyFile := p.path("scan.cipher.png"), p.write("scan.key.age", encrypted)
	clear, wrong := p.write("clear.json", plain), p.write("wrong.txt", []byte(passphrase+"?\n"))
	public := fmt.Sprint(p.recipient)
	other := newSealedPair(t)
	out := p.path("back")

	// Files that hold secrets and are wrong in some way.
	files := map[string][]byte{
		"cut.json": plain[:len(plain)-2], "twice.json": append(bytes.Clone(plain), plain...), "future.json": bytes.Replace(plain, []byte(`"version":2`), []byte(`"version":9`), 1),
		"name.json":  bytes.Replace(plain, []byte("scan.png"), []byte("../x.png"), 1),
		"cut.me":     identity[:len(identity)-2],
		"word.me":    append(bytes.Clone(identity), passphrase...),
		"pem.me":     []byte("-----BEGIN OPENSSH PRIVATE KEY-----\n" + passphrase + "\n-----END OPENSSH PRIVATE KEY-----\n"),
		"json.age":   p.encrypt(append(plain, ' ')),
		"age.me":     p.encrypt(identity),
		"lines.txt":  []byte(passphrase + "\n" + passphrase + "\n"),
		"binary.png": p.key.PRK[:],
	}
	commands := [][]string{
		{"inspect", keyFile}, {"inspect", keyFile, "-i", p.identity}, {"inspect", keyFile, "-i", p.identity, "--json"},
		{"inspect", clear}, {"inspect", clear, "--json"}, {"inspect", image, "-i", p.identity}, {"inspect", p.identity},
		{"inspect", keyFile, "--show-secret"}, {"inspect", keyFile, "-i", other.identity, "--show-secret"}, {"inspect", image, "-i", p.identity, "--show-secret"},
		{"inspect", keyFile, "--passphrase-file", wrong, "--show-secret"},
		{"decrypt", image, "--key", keyFile, "-i", other.identity, "-o", out}, {"decrypt", image, "--key", keyFile, "--passphrase-file", wrong, "-o", out},
		{"decrypt", image, "--key", clear, "-i", p.identity, "-o", out}, {"decrypt", image, "--key", p.identity, "-i", p.identity, "-o", out},
		{"decrypt", p.identity, clear, wrong, "--key", keyFile, "-i", p.identity, "-o", out}, {"decrypt", clear, "--key", keyFile, "-i", p.identity, "-o", out},
		{"rekey", keyFile, clear, p.identity, wrong, "-i", other.identity, "-r", public}, {"rekey", keyFile, "-i", p.identity, "-r", strings.TrimSpace(string(identity))},
		{"rekey", keyFile, "-i", p.identity, "-r", string(identity[bytes.Index(identity, []byte("AGE-")):])},
		{"encrypt", p.identity, "--no-gan", "-o", out, "-r", string(plain)}, {"keypair", "-o", p.identity}, {"encrypt", image, "--no-gan", "-o", out, "-r", " " + string(identity[bytes.Index(identity, []byte("AGE-")):])},
		{"metrics", clear, p.identity}, {"randomness", clear, p.identity}, {"keygen", clear, p.identity, "-o", out},
	}
	for name, b := range files {
		path := p.write(name, b)
		commands = append(commands,
			[]string{"inspect", path}, []string{"inspect", path, "-i", p.identity}, []string{"inspect", keyFile, "-i", path},
			[]string{"decrypt", image, "--key", path, "-i", p.identity, "-o", out}, []string{"decrypt", image, "--key", path, "-o", out},
			[]string{"decrypt", image, "--key", keyFile, "-i", path, "-o", out}, []string{"decrypt", path, "--key", keyFile, "-i", p.identity, "-o", out},
			[]string{"rekey", path, "-i", p.identity, "-r", public}, []string{"rekey", path, "-r", public}, []string{"rekey", keyFile, "-i", p.identity, "-r", path},
			[]string{"encrypt", image, "--no-gan", "-o", out, "-r", path}, []string{"import", path, "-o", p.path("x.npz")}, []string{"inspect", path, "--show-secret"})
	}
	for _, args := range commands {
		printed, code := runHere(t, args...)
		if what := hidden.shown(printed); what != "" {
			t.Errorf("%v printed the %s: %s", args, what, printed)
		}
		if args[0] != "inspect" && args[0] != "randomness" && code == 0 {
			t.Errorf("%v was done, where it was to fail: %s", args, printed)
		}
	}
	if now, err := os.ReadFile(keyFile); err != nil || !bytes.Equal(now, encrypted) {
		t.Errorf("the key file was changed, error %v", err)
	}
}

// With --show-secret, inspect shows the key, and the search of the test above finds it.
func TestInspectShowsASecret(t *testing.T) {
	p := newSealedPair(t)
	plain := p.key.Marshal()
	keyFile, clear := p.write("scan.key.age", p.encrypt(plain)), p.write("scan.key.json", plain)
	hidden := newSecrets(p.key, nil, "correct horse battery staple")
	for _, args := range [][]string{{keyFile, "-i", p.identity}, {clear}} {
		for _, more := range [][]string{nil, {"--json"}} {
			printed, code := runHere(t, append(append([]string{"inspect", "--show-secret"}, args...), more...)...)
			if code != 0 || !strings.Contains(printed, hex.EncodeToString(p.key.PRK[:])) || hidden.shown(printed) == "" {
				t.Errorf("%v %v: exit code %d, printed %s", args, more, code, printed)
			}
		}
	}
	if printed, code := runHere(t, "inspect", p.path("scan.cipher.png"), "--show-secret"); code != 2 || !strings.Contains(printed, "--show-secret does not apply") {
		t.Errorf("exit code %d, printed %s", code, printed)
	}
	if printed, code := runHere(t, "inspect", keyFile, "--show-secret"); code != 1 || !strings.Contains(printed, "no identity or passphrase is given") {
		t.Errorf("exit code %d, printed %s", code, printed)
	}
}
