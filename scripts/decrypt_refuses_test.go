package scripts

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/hex"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// unencrypted makes one pair with a key file in the clear.
func (k *pairs) unencrypted(t *testing.T, name string, content []byte, flags ...string) (cipherImage rawPNG, key string) {
	t.Helper()
	dir := t.TempDir()
	writeBytes(t, filepath.Join(dir, name), content)
	out := k.encrypt(t, dir, append(flags, "--unencrypted-key", "--no-gan")...)
	stem := filepath.Join(out, strings.TrimSuffix(name, ".png"))
	return readRawPNG(t, stem+".cipher.png"), stem + ".key.json"
}

// refusesRows writes a cipher image and expects that it does not open.
func refusesRows(t *testing.T, p rawPNG, rows []byte, key string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "changed.cipher.png")
	p.write(t, path, rows)
	expect(t, refuses(t, path, "--key", key), "does not open")
}

func (k *pairs) changedFiles(t *testing.T) {
	const chunk = 65552
	p, key := k.unencrypted(t, "file", randomBytes(140000))
	path := filepath.Join(t.TempDir(), "same.cipher.png")
	p.write(t, path, p.filtered(true))
	opens(t, path, "--key", key) // all filters, and a sign that the changes below are what is refused
	for name, change := range map[string]func(p *rawPNG){
		"first byte":         func(p *rawPNG) { p.samples[0] ^= 1 },
		"tag of chunk 0":     func(p *rawPNG) { p.samples[chunk-1] ^= 1 },
		"last byte":          func(p *rawPNG) { p.samples[len(p.samples)-1] ^= 1 },
		"chunks swapped":     func(p *rawPNG) { copy(p.samples, slices.Concat(p.samples[chunk:2*chunk], p.samples[:chunk])) },
		"last chunk dropped": func(p *rawPNG) { p.samples = p.samples[:2*chunk/p.width*p.width] },
		"a shorter shape":    func(p *rawPNG) { p.height = 2 * chunk / p.width; p.samples = p.samples[:p.height*p.width] },
		"a row more":         func(p *rawPNG) { p.samples = append(p.samples, make([]byte, p.width)...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := p
			p.samples = slices.Clone(p.samples)
			change(&p)
			refusesRows(t, p, p.filtered(false), key)
		})
	}
	for name, cut := range map[string]func(b []byte) []byte{
		"checksum": func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"no end":   func(b []byte) []byte { return b[:len(b)-12] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := filepath.Join(t.TempDir(), "changed.cipher.png")
			writeBytes(t, changed, cut(readBytes(t, path)))
			expect(t, refuses(t, changed, "--key", key), "does not open")
		})
	}
	t.Run("authentic", k.changedAuthentic)
}

// changedAuthentic seals the one chunk of a short file again, as somebody can who has the key.
func (k *pairs) changedAuthentic(t *testing.T) {
	p, key := k.unencrypted(t, "file", []byte("scans")) // 5×5 samples: 9 bytes of plaintext, 4 of them padding
	line := string(readBytes(t, key))
	prk, err := hex.DecodeString(regexp.MustCompile(`"prk":"([0-9a-f]{128})"`).FindStringSubmatch(line)[1])
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := strings.Cut(strings.TrimPrefix(line, `{"header":`), `,"prk"`)
	aesKey, err := hkdf.Expand(sha512.New, prk, "keygan/sealed/2/aes-256-gcm-key", 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(aesKey)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(plaintext string, last byte, header string) rawPNG {
		nonce := make([]byte, 12)
		nonce[11] = last
		sealed := p
		sealed.samples = gcm.Seal(nil, nonce, []byte(plaintext), []byte(header))
		return sealed
	}
	if same := seal("scans\x00\x00\x00\x00", 1, header); !bytes.Equal(same.samples, p.samples) {
		t.Fatal("the same content gives other samples")
	}
	other := regexp.MustCompile(`"commitment":"[0-9a-f]{8}`).ReplaceAllString(header, `"commitment":"00000000`)
	otherKey := filepath.Join(t.TempDir(), "other.key.json")
	writeBytes(t, otherKey, []byte(strings.Replace(line, header, other, 1)))
	for name, changed := range map[string]struct {
		image rawPNG
		key   string
	}{
		"padding":            {seal("scans\x00\x00\x00\x80", 1, header), key},
		"not the last chunk": {seal("scans\x00\x00\x00\x00", 0, header), key},
		"commitment":         {seal("scans\x00\x00\x00\x00", 1, other), otherKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refusesRows(t, changed.image, changed.image.filtered(false), changed.key)
		})
	}
}

func (k *pairs) changedImages(t *testing.T) {
	plain := rawPNG{24, 24, 3, 8, randomBytes(24 * 24 * 3)}
	path := filepath.Join(t.TempDir(), "scan.png")
	plain.write(t, path, plain.filtered(false))
	p, key := k.unencrypted(t, "scan.png", readBytes(t, path), "--pixels")
	p.samples[100] ^= 1
	refusesRows(t, p, p.filtered(false), key)
	p.samples[100] ^= 1
	grey := rawPNG{72, 24, 1, 8, p.samples} // the same rows in another shape
	refusesRows(t, grey, grey.filtered(false), key)
	line := readBytes(t, key)
	tag := bytes.Index(line, []byte(`"tag":"`)) + len(`"tag":"`)
	line[tag] = "10"[min(1, line[tag]-'0')] // another digit
	writeBytes(t, key, line)
	refusesRows(t, p, p.filtered(false), key)
}

// changedKeys changes the key file of a file of 5 bytes, of 5×5 samples. It has no reader but the grammar: the associated data, which would
// give nearly every change away, is not asked.
func (k *pairs) changedKeys(t *testing.T) {
	p, key := k.unencrypted(t, "file", []byte("scans"))
	line := string(readBytes(t, key))
	modified := regexp.MustCompile(`"modified":"[^"]*"`).FindString(line)
	lines := []string{line}
	accepted := 0
	change := func(from, to string) {
		changed := strings.Replace(line, from, to, 1)
		if changed == line {
			t.Fatalf("no %q in %q", from, line)
		}
		lines = append(lines, changed)
	}
	for _, to := range []string{"none", "0.000000001", "-1.999999999", "9999999999999.000000000"} {
		change(modified, `"modified":"`+to+`"`)
	}
	change(`"name":"file"`, `"name":"`+strings.Repeat(`\"`, 255)+`"`)
	change(`"name":"file"`, `"name":"},é'􏿿"`)
	change(`"name":"file"`, `"name":""`)
	change(`"generator":"none","network-input":"none"`, `"generator":"`+strings.Repeat("f", 64)+`","network-input":"1048576x1"`)
	// hidden is the line in version 3, 4096 bytes long.
	hidden := func(folder string, more int) string {
		l := strings.Replace(strings.Replace(line, `"version":2`, `"version":3`, 1), `"name"`, `"folder":"`+folder+`","name"`, 1)
		l = strings.TrimSuffix(l, "}\n") + `,"padding":"`
		return l + strings.Repeat("0", 4096+more-len(l)-len("\"}\n")) + "\"}\n"
	}
	for _, folder := range []string{"", "a", "a/b c/…", `\"`, strings.Repeat("12345678901234/", 68) + "1234"} {
		lines = append(lines, hidden(folder, 0))
	}
	accepted = len(lines)
	for _, folder := range []string{"..", "a/../b", "./a", "/a", "a/", "a//b", `a\\b`, "a\n", strings.Repeat("a", 256), strings.Repeat("12345678901234/", 68) + "12345", "a\u202e/b"} {
		lines = append(lines, hidden(folder, 0))
	}
	lines = append(lines, hidden("a", 1), hidden("a", -1), strings.Replace(hidden("a", 0), `"padding":"0`, `"padding":"1`, 1),
		strings.Replace(hidden("a", 0), `"version":3`, `"version":2`, 1))
	for _, name := range []string{"..", ".", "a/b", `a\\b`, `a\u0041`, "a\tb", "a\nb", "\x7f", "\u0085", "\u2028", "\u2029", "\u202e", "\u061c", "\xff", "\xed\xa0\x80", `a"b`, strings.Repeat("a", 256)} {
		change(`"name":"file"`, `"name":"`+name+`"`)
	}
	for _, to := range []string{"", "-0.500000000", "-62135596800.000000000", "01.000000000", "+1.000000000", "1.5", "10000000000000.000000000", "1.0000000000"} {
		change(modified, `"modified":"`+to+`"`)
	}
	for _, c := range [][2]string{
		{`{"header"`, "\ufeff" + `{"header"`}, {`"kind":`, `"kind": `}, {"}\n", "}"}, {"}\n", "}\n\n"}, {"}\n", "}\r\n"}, {`,"prk"`, `,"x":1,"prk"`},
		{`"sealed"`, `"xor"`}, {`"version":2`, `"version":0`}, {`"version":2`, `"version":02`}, {`"version":2`, `"version":1`}, {`"kind":"file"`, `"kind":"image"`},
		{`"height":5`, `"height":6`}, {`"width":5`, `"width":05`}, {`"channels":1`, `"channels":3`}, {`"depth":8`, `"depth":16`}, {`"length":5`, `"length":30`},
		{`"mode":"`, `"mode":"0`}, {`"mode":"0644"`, `"mode":"0000"`}, {`"mode":"0644"`, `"mode":"0648"`}, {`"generator":"none"`, `"generator":"` + strings.Repeat("f", 64) + `"`},
		{`"network-input":"none"`, `"network-input":"1x1"`}, {`"prk":"`, `"prk":"0`}, {`"commitment":"`, `"commitment":"A`},
		{"\"}\n", `","tag":"` + strings.Repeat("0", 32) + "\"}\n"},
	} {
		change(c[0], c[1])
	}
	const program = "import sys, decrypt\nfor line in sys.stdin:\n try: decrypt.Key(bytes.fromhex(line)); print('accepted')\n except decrypt.Refused: print('refused')"
	cmd := exec.Command("/usr/bin/python3", "-B", "-c", program)
	var hexLines []string
	for _, line := range lines {
		hexLines = append(hexLines, hex.EncodeToString([]byte(line)))
	}
	cmd.Stdin = strings.NewReader(strings.Join(hexLines, "\n"))
	got := strings.Fields(mustRun(t, cmd))
	if len(got) != len(lines) {
		t.Fatalf("%d answers to %d lines", len(got), len(lines))
	}
	for i, line := range lines {
		if (got[i] == "accepted") != (i < accepted) {
			t.Errorf("%s: %q", got[i], line)
		}
	}
	path, unknown := filepath.Join(t.TempDir(), "file.cipher.png"), filepath.Join(t.TempDir(), "unknown.key.json")
	p.write(t, path, p.filtered(false))
	writeBytes(t, unknown, []byte(strings.Replace(line, `"version":2`, `"version":4`, 1)))
	expect(t, refuses(t, path, "--key", unknown), "version 4")
}

func (k *pairs) wrongUse(t *testing.T) {
	identity, pair := filepath.Join(testdata, "sealed-v1.identity"), filepath.Join(testdata, "sealed-v2.image.cipher.png")
	expect(t, refuses(t, pair, "-i", k.identity), "age does not open")
	expect(t, refuses(t, pair), "age does not open")
	expect(t, refuses(t, pair, "-i", identity, "--key", filepath.Join(testdata, "sealed-v1.image.key.age")), "does not open")
	expect(t, refuses(t, filepath.Join(testdata, "none.cipher.png"), "-i", identity), "none.key.age")
	p, key := k.unencrypted(t, "file", []byte("scans"))
	path := filepath.Join(t.TempDir(), "file.cipher.png")
	p.write(t, path, p.filtered(false))
	expect(t, refuses(t, path, "-i", identity, "--key", key), "age does not open") // an identity asks for an encrypted key file
	there := filepath.Join(t.TempDir(), "there")
	writeBytes(t, there, []byte("mine"))
	if out, code := decryptPython(path, "--key", key, "-o", there); code != 1 || string(readBytes(t, there)) != "mine" {
		t.Errorf("a file that exists: exit code %d, %s", code, out)
	}
}
