package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// openssl runs OpenSSL's command in a folder.
func openssl(t *testing.T, dir string, args ...string) error {
	t.Helper()
	c := exec.Command("openssl", args...)
	c.Dir = dir
	var text bytes.Buffer
	c.Stderr = &text
	err := c.Run()
	if err != nil {
		t.Logf("openssl %s: %v\n%s", strings.Join(args, " "), err, text.Bytes())
	}
	return err
}

// opensslFolder has the keys and certificates of all people: ann.key and ann.pem.
func opensslFolder(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl")
	}
	dir := t.TempDir()
	p := people()
	for name, who := range map[string]*person{"ca": p.ca, "ann": p.ann, "bob": p.bob, "eve": p.eve} {
		key, err := x509.MarshalPKCS8PrivateKey(who.key)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
		write(t, filepath.Join(dir, name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: who.certificate.Raw}))
	}
	return dir
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// OpenSSL decrypts what we seal, for each recipient, and finds the signature or the digest right. What it decrypts needs the header of a
// ContentInfo before its command takes it: in the envelope stands only the type (RFC 5652, section 6.1).
func TestOpenSSLOpensOurs(t *testing.T) {
	dir := opensslFolder(t)
	p := people()
	content := noise(200_000)
	both := []*x509.Certificate{p.ann.certificate, p.eve.certificate}
	for name, o := range map[string]Options{
		"digested": {}, "digested OAEP": {OAEP: true}, "signed": {Signer: p.bob.signer()}, "signed OAEP": {Signer: p.bob.signer(), OAEP: true},
	} {
		o.Recipients = both
		write(t, filepath.Join(dir, "sealed"), seal(t, content, o))
		for _, who := range []string{"ann", "eve"} {
			if openssl(t, dir, "cms", "-decrypt", "-inform", "DER", "-in", "sealed", "-inkey", who+".key", "-recip", who+".pem", "-out", "inner") != nil {
				t.Errorf("%s: not opened by %s", name, who)
				continue
			}
			id, check := oidDigested, []string{"cms", "-digest_verify"}
			if o.Signer != nil {
				id, check = oidSigned, []string{"cms", "-verify", "-CAfile", "ca.pem", "-purpose", "any"}
			}
			write(t, filepath.Join(dir, "info"), der(tagSequence, oid(id), der(0xa0, read(t, filepath.Join(dir, "inner")))))
			if openssl(t, dir, append(check, "-inform", "DER", "-in", "info", "-binary", "-out", "back")...) != nil {
				t.Errorf("%s: not right", name)
				continue
			}
			if !bytes.Equal(read(t, filepath.Join(dir, "back")), content) {
				t.Errorf("%s: another content", name)
			}
		}
		if openssl(t, dir, "cms", "-decrypt", "-inform", "DER", "-in", "sealed", "-inkey", "bob.key", "-recip", "bob.pem", "-out", "inner") == nil {
			t.Errorf("%s: Bob is no recipient, and opens it", name)
		}
	}
}

// We open what OpenSSL seals: signed or digested, with indefinite lengths or not, with all the profile's algorithms.
func TestOpensOpenSSLs(t *testing.T) {
	dir := opensslFolder(t)
	p := people()
	content := noise(150_001)
	write(t, filepath.Join(dir, "plain"), content)
	sign := []string{"cms", "-sign", "-nodetach", "-signer", "bob.pem", "-inkey", "bob.key"}
	digest := []string{"cms", "-digest_create"}
	with := func(base []string, more ...string) []string { return append(base[:len(base):len(base)], more...) }
	inners := []struct {
		name string
		args []string
	}{
		{"signed", sign},
		{"signed SHA-512", with(sign, "-md", "sha512")},
		{"signed SHA-1", with(sign, "-md", "sha1")},
		{"no attributes", with(sign, "-noattr")},
		{"key identifier", with(sign, "-keyid")},
		{"by two", with(sign, "-signer", "eve.pem", "-inkey", "eve.key")},
		{"digested", with(digest, "-md", "sha256")},
		{"digested SHA-384", with(digest, "-md", "sha384")},
		{"digested SHA-1", with(digest, "-md", "sha1")},
	}
	ciphers := []string{"-aes-128-cbc", "-aes-192-cbc", "-aes-256-cbc", "-des3"}
	paddings := [][]string{
		nil, {"-keyopt", "rsa_padding_mode:oaep"},
		{"-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256", "-keyopt", "rsa_mgf1_md:sha256"},
		{"-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha512", "-keyopt", "rsa_mgf1_md:sha512"},
		{"-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha384", "-keyopt", "rsa_mgf1_md:sha1"},
	}
	for i, inner := range inners {
		name := inner.name
		for j, stream := range [][]string{nil, {"-stream"}} {
			cipher, rsa := ciphers[(i+j)%len(ciphers)], paddings[(i+2*j)%len(paddings)]
			args := with(inner.args, "-binary", "-outform", "DER", "-in", "plain", "-out", "inner")
			if inner.args[1] == "-sign" { // -digest_create does not stream
				args = with(args, stream...)
			}
			seal := append([]string{"cms", "-encrypt", "-binary", cipher, "-outform", "DER", "-in", "inner", "-out", "sealed", "-recip", "eve.pem"}, stream...)
			seal = append(append(seal, "-recip", "ann.pem"), rsa...)
			if openssl(t, dir, args...) != nil || openssl(t, dir, seal...) != nil {
				t.Fatalf("%s: OpenSSL does not make it", name)
			}
			sealed := read(t, filepath.Join(dir, "sealed"))
			for _, who := range []*person{p.ann, p.eve} {
				got, report, err := open(t, sealed, who, nil)
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s %s %v %v: %d bytes, error %v", name, cipher, stream, rsa, len(got), err)
					continue
				}
				if wantSHA1 := name == "signed SHA-1"; report.SHA1 != wantSHA1 {
					t.Errorf("%s: SHA-1 %v", name, report.SHA1)
				}
				if name == "digested SHA-384" && report.Digest != crypto.SHA384 || name == "by two" && len(report.Signers) != 2 {
					t.Errorf("%s: %+v", name, report)
				}
			}
			if _, _, err := open(t, sealed, p.bob, nil); err != ErrRefused {
				t.Errorf("%s: for Bob, error %v", name, err)
			}
			_, _, err := open(t, sealed, p.ann, trusting(p.ca))
			if trusted := strings.HasPrefix(name, "digested") || name == "signed SHA-1"; (err != nil) != trusted {
				t.Errorf("%s: with trust in the CA: error %v", name, err)
			}
		}
	}
}

// What OpenSSL encrypts without signing or digesting it is no Secure DICOM File of the profile, nor is another cipher.
func TestRefusesOpenSSLs(t *testing.T) {
	dir := opensslFolder(t)
	write(t, filepath.Join(dir, "plain"), noise(1000))
	for args, want := range map[string]string{
		"-aes-256-cbc ann.pem":      ErrRefused.Error(),
		"-camellia-256-cbc ann.pem": "annex D.1",
		"-aes-256-cbc -secretkey " + "0123456789abcdef0123456789abcdef -secretkeyid 01": "RSA key",
	} {
		all := append([]string{"cms", "-encrypt", "-binary", "-outform", "DER", "-in", "plain", "-out", "sealed"}, strings.Fields(args)...)
		if openssl(t, dir, all...) != nil {
			t.Fatal(args)
		}
		if _, _, err := open(t, read(t, filepath.Join(dir, "sealed")), people().ann, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", args, err)
		}
	}
}

// Recipients of other kinds, with secret and elliptic-curve keys, do not hinder those with RSA keys.
func TestOtherRecipients(t *testing.T) {
	dir := opensslFolder(t)
	content := noise(1000)
	write(t, filepath.Join(dir, "plain"), content)
	for _, args := range []string{
		"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ec.key -out ec.pem -subj /CN=ec",
		"cms -digest_create -md sha256 -binary -outform DER -in plain -out inner",
		"cms -encrypt -binary -aes-256-cbc -outform DER -in inner -out sealed -secretkey 0123456789abcdef0123456789abcdef -secretkeyid 01 -pwri_password x ec.pem ann.pem",
	} {
		if openssl(t, dir, strings.Fields(args)...) != nil {
			t.Fatal(args)
		}
	}
	if got, _, err := open(t, read(t, filepath.Join(dir, "sealed")), people().ann, nil); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
}

// Private keys as OpenSSL writes them are read, encrypted or not, and only with the right passphrase.
func TestKeysOfOpenSSL(t *testing.T) {
	dir := opensslFolder(t)
	ann := people().ann.key
	ask := func(text string) func() ([]byte, error) { return func() ([]byte, error) { return []byte(text), nil } }
	for name, args := range map[string]string{
		"PKCS #8":               "pkcs8 -topk8 -nocrypt -in ann.key",
		"PKCS #8 DER":           "pkcs8 -topk8 -nocrypt -in ann.key -outform DER",
		"PKCS #1":               "rsa -traditional -in ann.key",
		"PKCS #1 DER":           "rsa -traditional -in ann.key -outform DER",
		"encrypted":             "pkcs8 -topk8 -in ann.key -passout pass:horse",
		"encrypted AES-128":     "pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA512 -in ann.key -passout pass:horse",
		"encrypted SHA-1":       "pkcs8 -topk8 -v2 aes-192-cbc -v2prf hmacWithSHA1 -in ann.key -passout pass:horse",
		"encrypted DER":         "pkcs8 -topk8 -in ann.key -passout pass:horse -outform DER -iter 100000",
		"encrypted Triple-DES!": "pkcs8 -topk8 -v2 des3 -in ann.key -passout pass:horse",
		"encrypted scrypt!":     "pkcs8 -topk8 -scrypt -in ann.key -passout pass:horse",
		"encrypted long ago!":   "rsa -traditional -aes128 -in ann.key -passout pass:horse",
	} {
		if openssl(t, dir, append(strings.Fields(args), "-out", "out")...) != nil {
			t.Fatal(name)
		}
		b := read(t, filepath.Join(dir, "out"))
		key, err := ParseKey(b, ask("horse"))
		if refused := strings.HasSuffix(name, "!"); refused {
			if err == nil {
				t.Errorf("%s: read", name)
			}
			continue
		}
		if err != nil || !key.Equal(ann) {
			t.Errorf("%s: error %v", name, err)
		}
		if strings.HasPrefix(name, "encrypted") {
			if _, err := ParseKey(b, ask("hors")); err == nil {
				t.Errorf("%s: another passphrase opens it", name)
			}
		}
	}
	for name, b := range map[string][]byte{"a certificate": read(t, filepath.Join(dir, "ann.pem")), "nothing": nil, "text": []byte("hello")} {
		if _, err := ParseKey(b, nil); err == nil {
			t.Errorf("%s is a key", name)
		}
	}
	if certificates, err := ParseCertificates(append(read(t, filepath.Join(dir, "ann.pem")), read(t, filepath.Join(dir, "ca.pem"))...)); err != nil || len(certificates) != 2 {
		t.Errorf("%d certificates, error %v", len(certificates), err)
	}
	if certificates, err := ParseCertificates(people().ann.certificate.Raw); err != nil || len(certificates) != 1 {
		t.Errorf("DER: %d certificates, error %v", len(certificates), err)
	}
	if _, err := ParseCertificates(read(t, filepath.Join(dir, "ann.key"))); err == nil {
		t.Error("a key is a certificate")
	}
}
