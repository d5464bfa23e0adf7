package agekeys_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keygan/cipher/agekeys"

	"filippo.io/age"
)

// sshKeygen makes a key pair with the program ssh-keygen: the line of the public key file, and the private key file.
func sshKeygen(t *testing.T, kind, passphrase string, more ...string) (public string, private []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "id")
	run(t, "ssh-keygen", append([]string{"-q", "-t", kind, "-N", passphrase, "-C", "me@here", "-f", path}, more...)...)
	line, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if private, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return string(line), private
}

// asks gives a passphrase and counts how often it was asked for. What it gives must be zeroed in the end.
type asks struct {
	passphrase string
	n          int
	given      [][]byte
}

func (a *asks) ask() ([]byte, error) {
	a.n++
	if a.passphrase == "" {
		return nil, errors.New("nobody is there")
	}
	p := []byte(a.passphrase)
	a.given = append(a.given, p)
	return p, nil
}

func (a *asks) checkZeroed(t *testing.T) {
	t.Helper()
	for _, p := range a.given {
		if !bytes.Equal(p, make([]byte, len(p))) {
			t.Errorf("the passphrase %q is still there", p)
		}
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s(age and age-keygen must be installed: apt-get install age; make test does)", name, args, err, &stderr)
	}
	return stdout.String()
}

func TestKeysOfSSHKeygen(t *testing.T) {
	for _, c := range []struct{ kind, passphrase string }{
		{"ed25519", ""}, {"rsa", ""}, {"ed25519", "open sesame"}, {"rsa", "open sesame"},
	} {
		public, private := sshKeygen(t, c.kind, c.passphrase)
		a := &asks{passphrase: c.passphrase}
		p := parseParty(t, public, private, a.ask)
		clear(private) // as a careful caller does
		if a.n != 0 {
			t.Errorf("%s: asked before there was a key file", c.kind)
		}
		file := wrap(t, newParty(t).Recipient, p.Recipient)
		for range 3 {
			if got, err := read(file, p.Identity); err != nil || got != content {
				t.Errorf("%s: error %v, or another key", c.kind, err)
			}
		}
		if want := min(1, len(c.passphrase)); a.n != want {
			t.Errorf("%s: asked %d times, want %d", c.kind, a.n, want)
		}
		a.checkZeroed(t)
	}
}

// A key's passphrase is asked for when a key file is for it, and not before; after a wrong one not again.
func TestLockedSSHKeys(t *testing.T) {
	public, private := sshKeygen(t, "ed25519", "open sesame")
	me := newParty(t)
	for passphrase, want := range map[string]string{
		"close sesame": "me: the passphrase does not open the SSH private key",
		"":             "me: nobody is there",
	} {
		a := &asks{passphrase: passphrase}
		p := parseParty(t, public, private, a.ask)
		if _, err := read(wrap(t, me.Recipient), p.Identity); err != agekeys.ErrNoMatch || a.n != 0 {
			t.Errorf("a key file for somebody else: error %v, asked %d times", err, a.n)
		}
		file := wrap(t, p.Recipient)
		for range 2 {
			got, err := read(file, p.Identity)
			locked := (*agekeys.LockedError)(nil)
			if got != "" || !errors.As(err, &locked) || errors.Is(err, agekeys.ErrNoMatch) || err.Error() != want {
				t.Errorf("error %v, want %q", err, want)
			}
		}
		if _, err := read(wrap(t, me.Recipient), p.Identity); err != agekeys.ErrNoMatch || a.n != 1 {
			t.Errorf("then a key file for somebody else: error %v, asked %d times", err, a.n)
		}
		both := wrap(t, p.Recipient, me.Recipient)
		if got, err := read(both, p.Identity, me.Identity); err != nil || got != content {
			t.Errorf("another identity opens it: error %v", err)
		}
		a.checkZeroed(t)
	}
}

// encryptedIdentity is an identity file under a passphrase, with a low work factor.
func encryptedIdentity(t *testing.T, file []byte, passphrase string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := agekeys.Encrypt(&b, file, passphraseParty(t, passphrase).Recipient); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestIdentityFilesUnderPassphrases(t *testing.T) {
	file, public, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	locked := encryptedIdentity(t, file, "open sesame")
	a := &asks{passphrase: "open sesame"}
	p := parseParty(t, public, locked, a.ask)
	if got, err := read(wrap(t, p.Recipient), p.Identity); err != nil || got != content || a.n != 1 {
		t.Errorf("error %v, asked %d times", err, a.n)
	}
	a.checkZeroed(t)

	var toSomebody bytes.Buffer
	if err := agekeys.Encrypt(&toSomebody, file, newParty(t).Recipient); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		file       []byte
		passphrase string
		asked      int
		want       string
	}{
		"wrong passphrase":   {locked, "close sesame", 1, "me: the passphrase does not open the identity file"},
		"nobody to ask":      {locked, "", 1, "me: nobody is there"},
		"changed":            {append(bytes.Clone(locked), 0), "open sesame", 1, "me: the passphrase does not open the identity file"},
		"to somebody":        {toSomebody.Bytes(), "open sesame", 0, "me: the identity file is encrypted, but not under a passphrase"},
		"no file of age":     {locked[:30], "open sesame", 0, "me: the identity file is encrypted, but not under a passphrase"},
		"nothing in it":      {encryptedIdentity(t, nil, "open sesame"), "open sesame", 1, "me: not an age identity file"},
		"encrypted twice":    {encryptedIdentity(t, locked, "open sesame"), "open sesame", 1, "me: not an age identity file"},
		"too large":          {encryptedIdentity(t, make([]byte, 1<<18+1), "open sesame"), "open sesame", 1, "me: the passphrase does not open"},
		"too much work":      {bytes.Replace(locked, []byte(" 10\n"), []byte(" 21\n"), 1), "open sesame", 1, "me: the passphrase does not open"},
		"a passphrase twice": {[]byte("age-encryption.org/v1\n-> scrypt a 1\n\n-> scrypt b 1\n\n--- \n"), "open sesame", 0, "me: the identity file is encrypted, but not under"},
	} {
		a := &asks{passphrase: c.passphrase}
		ids, err := agekeys.ParseIdentities("me", c.file, a.ask)
		if ids != nil || err == nil || !strings.HasPrefix(err.Error(), c.want) || a.n != c.asked {
			t.Errorf("%s: error %v, asked %d times, want %q", what, err, a.n, c.want)
		}
		a.checkZeroed(t)
	}
}

// Identity files may hold several identities, comments, empty lines and the line ends of Windows.
func TestSeveralIdentities(t *testing.T) {
	one, _, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	two, public, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	r, err := agekeys.ParseRecipient(public)
	if err != nil {
		t.Fatal(err)
	}
	unix := "# work\n\n" + string(one) + "\n# home\n" + string(two)
	for what, file := range map[string]string{"Unix": unix, "Windows": strings.ReplaceAll(unix, "\n", "\r\n"), "no end": strings.TrimSpace(unix)} {
		ids, err := agekeys.ParseIdentities("me", []byte(file), nil)
		if err != nil || len(ids) != 2 {
			t.Errorf("%s: error %v, %d identities", what, err, len(ids))
			continue
		}
		if got, err := read(wrap(t, r), ids...); err != nil || got != content {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

func TestParseIdentitiesRefuses(t *testing.T) {
	file, _, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	public, locked := sshKey(t, "ed25519", "open sesame")
	ecdsaPublic, ecdsa := sshKeygen(t, "ecdsa", "")
	_, lockedECDSA := sshKeygen(t, "ecdsa", "open sesame")
	_, oldFormat := sshKeygen(t, "rsa", "open sesame", "-m", "PEM")
	ask := func() ([]byte, error) { t.Error("asked"); return nil, errors.New("asked") }
	for what, c := range map[string]struct {
		file []byte
		ask  func() ([]byte, error)
		want string
	}{
		"empty":              {nil, ask, "not an age identity file or an SSH private key"},
		"public key":         {[]byte(public), ask, "not an age identity file"},
		"cut short":          {file[:len(file)-2], ask, "not an age identity file"},
		"one bad line":       {append(bytes.Clone(file), "secret words\n"...), ask, "not an age identity file"},
		"no SSH key":         {[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), ask, "not an SSH private key"},
		"ecdsa":              {ecdsa, ask, "of a kind that age can use: ed25519 or RSA"},
		"locked ecdsa":       {lockedECDSA, ask, "of a kind that age can use: ed25519 or RSA"},
		"old format":         {oldFormat, ask, "encrypted in an old format; ssh-keygen -p -f FILE rewrites it"},
		"nobody to ask, SSH": {locked, nil, "is encrypted under a passphrase"},
		"nobody to ask, age": {encryptedIdentity(t, file, "open sesame"), nil, "is encrypted under a passphrase"},
	} {
		ids, err := agekeys.ParseIdentities("me", c.file, c.ask)
		if err == nil || ids != nil || !strings.HasPrefix(err.Error(), "me: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", what, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret words") || strings.Contains(err.Error(), "AGE-SECRET")) {
			t.Errorf("%s: the error repeats the file: %v", what, err)
		}
	}
	if r, err := agekeys.ParseRecipient(ecdsaPublic); err == nil || r != nil || !strings.Contains(err.Error(), "ed25519 and RSA") {
		t.Errorf("an ECDSA recipient: error %v", err)
	}
}

func TestEmptyPassphrase(t *testing.T) {
	if _, err := agekeys.PassphraseRecipient(nil); err == nil {
		t.Error("an empty passphrase encrypts")
	}
	r, err := agekeys.PassphraseRecipient([]byte("y"))
	if _, ok := r.(age.RecipientWithLabels); !ok || err != nil {
		t.Errorf("error %v, or a passphrase can stand beside other recipients", err)
	}
	if _, err := agekeys.PassphraseIdentity(nil); err == nil {
		t.Error("an empty passphrase opens")
	}
	a := func() ([]byte, error) { return nil, nil }
	if _, err := agekeys.ParseIdentities("me", encryptedIdentity(t, []byte("x"), "y"), a); err == nil || err.Error() != "me: the passphrase is empty" {
		t.Errorf("an empty passphrase opens an identity file: error %v", err)
	}
}
