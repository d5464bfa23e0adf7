package cipher

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// party is a recipient and the identity that opens what is encrypted to it.
type party struct {
	recipient age.Recipient
	identity  age.Identity
}

func newParty(t testing.TB) party {
	t.Helper()
	file, public, err := NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return parseParty(t, public, file, nil)
}

func parseParty(t testing.TB, public string, file []byte, passphrase func() ([]byte, error)) party {
	t.Helper()
	r, err := ParseRecipient(public)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := ParseIdentities("me", file, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return party{r, ids[0]}
}

// sshKey is an SSH key pair as ssh-keygen writes it: the line of the public key file and the private key file, which is encrypted
// unless the passphrase is empty.
func sshKey(t testing.TB, kind, passphrase string) (public string, private []byte) {
	t.Helper()
	var key any
	var err error
	if kind == "rsa" {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(key, "comment")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "comment", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(signer.PublicKey())), pem.EncodeToMemory(block)
}

// passphraseParty has a low work factor, which opens as quickly as it is weak.
func passphraseParty(t testing.TB, passphrase string) party {
	t.Helper()
	r, err := PassphraseRecipient([]byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	r.(passphraseRecipient).SetWorkFactor(10)
	i, err := PassphraseIdentity([]byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	return party{r, i}
}

func wrap(t testing.TB, k *SealedKey, recipients ...age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := k.Encrypt(&b, recipients...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSealedKeyRecipients(t *testing.T) {
	_, k := mustSeal(t, noise(4, 4, 1, 1), SealOptions{Name: "scan.png"})
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
		file := wrap(t, k, p.recipient)
		for from, q := range parties {
			got, err := ReadSealedKey(bytes.NewReader(file), q.identity)
			switch {
			case from == to && (err != nil || *got != *k):
				t.Errorf("%s: error %v, or another key", to, err)
			case from != to && (err != ErrRefused || got != nil):
				t.Errorf("to %s, opened by %s: error %v", to, from, err)
			}
		}
	}
	several := wrap(t, k, parties["age"].recipient, parties["ssh-rsa"].recipient, parties["ssh-ed25519"].recipient)
	for _, name := range []string{"age", "ssh-rsa", "ssh-ed25519"} {
		if got, err := ReadSealedKey(bytes.NewReader(several), parties["another age"].identity, parties[name].identity); err != nil || *got != *k {
			t.Errorf("several recipients, opened by %s: error %v", name, err)
		}
	}
	if err := k.Encrypt(io.Discard, parties["passphrase"].recipient, parties["age"].recipient); err == nil {
		t.Error("a passphrase beside a recipient was accepted: anybody with the passphrase could write such files")
	}
	if err := k.Encrypt(io.Discard); err == nil {
		t.Error("no recipient was accepted")
	}
	if _, err := ReadSealedKey(bytes.NewReader(several)); err == nil {
		t.Error("no identity was accepted")
	}
}

func TestRekey(t *testing.T) {
	m := noise(4, 4, 1, 1)
	cipher, k := mustSeal(t, m, SealOptions{Name: "scan.png"})
	old, next := newParty(t), newParty(t)
	var b bytes.Buffer
	if err := Rekey(&b, bytes.NewReader(wrap(t, k, old.recipient)), []age.Identity{old.identity}, []age.Recipient{next.recipient}); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSealedKey(bytes.NewReader(b.Bytes()), old.identity); err != ErrRefused {
		t.Errorf("the old identity: error %v", err)
	}
	got, err := ReadSealedKey(bytes.NewReader(b.Bytes()), next.identity)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := OpenImage(cipher, got); err != nil || !same(back, m) {
		t.Errorf("error %v, or another image", err)
	}
	b.Reset()
	err = Rekey(&b, bytes.NewReader(wrap(t, k, old.recipient)), []age.Identity{next.identity}, []age.Recipient{next.recipient})
	if err != ErrRefused || b.Len() > 0 {
		t.Errorf("a wrong identity: error %v, %d bytes written", err, b.Len())
	}
}

// Every bit and every length of the encrypted file counts.
func TestSealedKeyFileEveryBitAndLength(t *testing.T) {
	_, k := mustSeal(t, noise(4, 4, 1, 1), SealOptions{})
	p := newParty(t)
	file := wrap(t, k, p.recipient)
	check := func(what string, b []byte) {
		if got, err := ReadSealedKey(bytes.NewReader(b), p.identity); err != ErrRefused || got != nil {
			t.Errorf("%s: error %v", what, err)
		}
	}
	for i := range 8 * len(file) {
		file[i/8] ^= 1 << (i % 8)
		check(fmt.Sprintf("bit %d", i), file)
		file[i/8] ^= 1 << (i % 8)
	}
	for n := range file {
		check(fmt.Sprintf("%d bytes", n), file[:n])
	}
	check("a byte more", append(bytes.Clone(file), 0))
	check("too long", append(bytes.Clone(file), make([]byte, maxSealedKeyFile)...))
}

// What age decrypts to is read as strictly as a key in the clear, and may be armored.
func TestSealedKeyFilesOfOthers(t *testing.T) {
	_, k := mustSeal(t, noise(4, 4, 1, 1), SealOptions{})
	p := newParty(t)
	encrypt := func(plain []byte) []byte {
		var b bytes.Buffer
		if err := encryptTo(&b, plain, []age.Recipient{p.recipient}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for what, plain := range map[string][]byte{
		"empty": nil, "spaces": append([]byte(" "), k.Marshal()...), "other": []byte("secret\n"),
		"long": append(k.Marshal(), make([]byte, 3000)...), "huge": make([]byte, 500_000),
	} {
		if got, err := ReadSealedKey(bytes.NewReader(encrypt(plain)), p.identity); err != ErrRefused || got != nil {
			t.Errorf("%s: error %v", what, err)
		}
	}
	future := bytes.Replace(k.Marshal(), []byte(`"version":2`), []byte(`"version":3`), 1)
	version := (*VersionError)(nil)
	if _, err := ReadSealedKey(bytes.NewReader(encrypt(future)), p.identity); !errors.As(err, &version) {
		t.Errorf("a version of the future: error %v", err)
	}

	var b bytes.Buffer
	w := armor.NewWriter(&b)
	if _, err := w.Write(encrypt(k.Marshal())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadSealedKey(&b, p.identity); err != nil || *got != *k {
		t.Errorf("armored: error %v", err)
	}
	disk := errors.New("disk on fire")
	if _, err := ReadSealedKey(iotest.ErrReader(disk), p.identity); !errors.Is(err, disk) {
		t.Errorf("a reader that fails: error %v", err)
	}
}

// A key file cannot ask for more work than the cap. (To ask is enough: the file's other parts are never looked at.)
func TestWorkFactorIsCapped(t *testing.T) {
	i, err := PassphraseIdentity([]byte("correct horse"))
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
	file, public, err := NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")
	secret := lines[len(lines)-1]
	for s, want := range map[string]string{
		"":                       "not an age public key",
		"scan.png":               "not an age public key",
		public[:len(public)-1]:   "not an age public key",
		public + "\n" + public:   "not an age public key",
		secret:                   "an identity, which is secret",
		strings.ToLower(secret):  "an identity, which is secret",
		"ssh-ed25519 AAAA":       "not an SSH public key that age can use",
		"ecdsa-sha2-nistp256 AA": "ed25519 and RSA alone",
		"ssh-dss AAAAB3NzaC1kc3": "not an SSH public key that age can use",
	} {
		r, err := ParseRecipient(s)
		if err == nil || r != nil || !strings.Contains(err.Error(), want) || (len(s) > 3 && strings.Contains(strings.ToUpper(err.Error()), strings.ToUpper(s))) {
			t.Errorf("%q: error %v, want %q", s, err, want)
		}
	}
}
