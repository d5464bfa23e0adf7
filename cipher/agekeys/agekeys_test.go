package agekeys_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"keygan/cipher/agekeys"

	"filippo.io/age"
)

// content stands for a key file's plaintext.
const content = "the key of an image"

func wrap(t testing.TB, recipients ...age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := agekeys.Encrypt(&b, []byte(content), recipients...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(file []byte, identities ...age.Identity) (string, error) {
	b, err := agekeys.Decrypt(bytes.NewReader(file), 100, identities...)
	return string(b), err
}

func TestRecipients(t *testing.T) {
	ed, edFile := sshKey(t, "ed25519", "")
	rsa, rsaFile := sshKey(t, "rsa", "")
	locked, lockedFile := sshKey(t, "ed25519", "open sesame")
	parties := map[string]party{
		"age":                newParty(t),
		"another age":        newParty(t),
		"ssh-ed25519":        parseParty(t, ed, edFile, nil),
		"ssh-rsa":            parseParty(t, rsa, rsaFile, nil),
		"encrypted SSH key":  parseParty(t, locked, lockedFile, func() ([]byte, error) { return []byte("open sesame"), nil }),
		"passphrase":         passphraseParty(t, "correct horse"),
		"another passphrase": passphraseParty(t, "battery staple"),
	}
	for to, p := range parties {
		file := wrap(t, p.Recipient)
		for from, q := range parties {
			got, err := read(file, q.Identity)
			switch {
			case from == to && (err != nil || got != content):
				t.Errorf("%s: error %v, or another key", to, err)
			case from != to && (err != agekeys.ErrNoMatch || got != ""):
				t.Errorf("to %s, opened by %s: error %v", to, from, err)
			}
		}
	}
	several := wrap(t, parties["age"].Recipient, parties["ssh-rsa"].Recipient, parties["ssh-ed25519"].Recipient)
	for _, name := range []string{"age", "ssh-rsa", "ssh-ed25519"} {
		if got, err := read(several, parties["another age"].Identity, parties[name].Identity); err != nil || got != content {
			t.Errorf("several recipients, opened by %s: error %v", name, err)
		}
	}
	if err := agekeys.Encrypt(io.Discard, nil, parties["passphrase"].Recipient, parties["age"].Recipient); err == nil {
		t.Error("a passphrase beside a recipient was accepted: anybody with the passphrase could write such files")
	}
	if err := agekeys.Encrypt(io.Discard, nil); err == nil {
		t.Error("no recipient was accepted")
	}
	if _, err := read(several); err == nil {
		t.Error("no identity was accepted")
	}
}

// A key file cannot ask for more work than the cap. (To ask is enough: the file's other parts are never looked at.)
func TestWorkFactorIsCapped(t *testing.T) {
	i, err := agekeys.PassphraseIdentity([]byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	salt := "AAAAAAAAAAAAAAAAAAAAAA"
	for _, factor := range []string{"21", "30", "63"} {
		_, err = i.Unwrap([]*age.Stanza{{Type: "scrypt", Args: []string{salt, factor}, Body: make([]byte, 32)}})
		if err == nil || !strings.Contains(err.Error(), "work factor too large") {
			t.Errorf("2^%s: error %v", factor, err)
		}
	}
}

func TestParseRecipientRefuses(t *testing.T) {
	file, public, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")
	secret := lines[len(lines)-1]
	for s, want := range map[string]string{
		"":                       "not an age public key",
		"scan.png":               "not an age public key",
		public[:len(public)-1]:   "not an age public key: it begins like one",
		public + "\n" + public:   "not an age public key",
		secret:                   "an identity, which is secret",
		strings.ToLower(secret):  "an identity, which is secret",
		"ssh-ed25519 AAAA":       "not an SSH public key that age can use",
		"ecdsa-sha2-nistp256 AA": "ed25519 and RSA",
		"ssh-dss AAAAB3NzaC1kc3": "not an SSH public key that age can use",
	} {
		r, err := agekeys.ParseRecipient(s)
		if err == nil || r != nil || !strings.Contains(err.Error(), want) || (len(s) > 3 && strings.Contains(strings.ToUpper(err.Error()), strings.ToUpper(s))) {
			t.Errorf("%q: error %v, want %q", s, err, want)
		}
	}
}
