package cipher

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every bit and every length of the plaintext counts: it is refused when read, or does not open the image.
func TestSealedKeyEveryBitAndLength(t *testing.T) {
	cipher, k := mustSeal(t, noise(5, 6, 3, 1), SealOptions{Name: `a "name".png`, NetworkKey: []byte("key"), Generator: someHash})
	b := k.Marshal()
	check := func(what string, b []byte) {
		t.Helper()
		changed, err := ParseSealedKey(b)
		if err == nil {
			_, err = OpenImage(cipher, changed)
		} else if changed != nil {
			t.Errorf("%s: an error and a key", what)
		}
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%s: error %v", what, err)
		}
	}
	for i := range 8 * len(b) {
		b[i/8] ^= 1 << (i % 8)
		check(fmt.Sprintf("bit %d (byte %d, %q)", i, i/8, b[i/8]), b)
		b[i/8] ^= 1 << (i % 8)
	}
	for n := range b {
		check(fmt.Sprintf("%d bytes", n), b[:n])
	}
	check("a byte more", append(bytes.Clone(b), '\n'))
	check("twice", append(bytes.Clone(b), b...))
}

func TestParseSealedKey(t *testing.T) {
	_, k := mustSeal(t, noise(5, 6, 1, 1), SealOptions{Name: "n"})
	text := string(k.Marshal())
	for _, c := range []struct{ from, to, want string }{
		{`"version":1`, `"version":2`, "format version is 2"},
		{`"version":1,"derivation":1`, `"version":2147483647,"new":{}`, "format version is 2147483647"},
		{`"derivation":1`, `"derivation":2`, "derivation version is 2"},
		{`"derivation":1`, `"derivation":0`, "does not open"},
		{`"version":1`, `"version":0`, "does not open"},
		{`"version":1`, `"version":01`, "does not open"},
		{`"version":1`, `"version":-1`, "does not open"},
		{`"version":1`, `"version":1.0`, "does not open"},
		{`"version":1`, `"version":99999999999`, "does not open"},
		{`"width":5`, `"width":5000000`, "does not open"},
		{`"width":5`, `"width":0`, "does not open"},
		{`"width":5`, `"width": 5`, "does not open"},
		{`"width":5`, `"Width":5`, "does not open"},
		{`"width":5,`, ``, "does not open"},
		{`"width":5,`, `"width":5,"width":5,`, "does not open"},
		{`"width":5,"height":6`, `"height":6,"width":5`, "does not open"},
		{`"height":6`, `"height":4294967302`, "does not open"},
		{`"kind":"image"`, `"kind":"file"`, "does not open"},
		{`"kind":"image"`, `"kind":"volume"`, "does not open"},
		{`"length":0`, `"length":30`, "does not open"},
		{`"generator":"none"`, `"generator":""`, "does not open"},
		{`"generator":"none"`, `"generator":"` + strings.ToUpper(someHash) + `"`, "does not open"},
		{`"name":"n"`, `"name":".."`, "does not open"},
		{`"name":"n"`, `"name":"a/b"`, "does not open"},
		{`"name":"n"`, `"name":"\u006e"`, "does not open"},
		{`"name":"n"`, `"name":"\\"`, "does not open"},
		{`"name":"n"`, `"name":"` + strings.Repeat("n", 256) + `"`, "does not open"},
		{`"sealed"`, `"paper"`, "does not open"},
		{`,"tag"`, `, "tag"`, "does not open"},
		{"\n", "", "does not open"},
		{"\n", "\r\n", "does not open"},
		{`{"header"`, "\ufeff" + `{"header"`, "does not open"},
	} {
		changed := strings.Replace(text, c.from, c.to, 1)
		if changed == text {
			t.Fatalf("no %s in %s", c.from, text)
		}
		if k, err := ParseSealedKey([]byte(changed)); k != nil || !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.to, err, c.want)
		}
	}
}

func TestCheckName(t *testing.T) {
	for name, want := range map[string]string{
		"":                                 "",
		"a b.png":                          "",
		"..scan":                           "",
		`"quoted"`:                         "",
		"größer 🧠.nii.gz":                  "",
		strings.Repeat("x", 255):           "",
		strings.Repeat("é", 128):           "the name has 256 bytes, there can be 255",
		".":                                "that of a folder",
		"..":                               "that of a folder",
		"/etc/passwd":                      "separator",
		`C:\scan`:                          "separator",
		"a\nb":                             "control characters",
		"a\x00b":                           "control characters",
		"a\u0085b":                         "control characters",
		"a\u2028b":                         "control characters",
		"gnp.\u202escan.exe":               "control characters",
		"bad\xff":                          "UTF-8",
		"\xed\xa0\x80":                     "UTF-8",
		"nul\x7f" + strings.Repeat("x", 9): "control characters",
	} {
		err := CheckName(name)
		if (want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: error %v, want %q", name, err, want)
		}
		if err != nil {
			continue
		}
		_, k := mustSeal(t, noise(2, 2, 1, 1), SealOptions{Name: name})
		if back, err := ParseSealedKey(k.Marshal()); err != nil || back.Header.Name != name {
			t.Errorf("%q came back as %v, error %v", name, back, err)
		}
	}
}

// FuzzSealedKey: nothing makes the parser panic, and what it accepts it would write with the same bytes.
func FuzzSealedKey(f *testing.F) {
	vectors := readSealedVectors(f)
	for _, v := range vectors {
		f.Add([]byte(v.KeyFile))
	}
	f.Add([]byte(strings.Replace(vectors[0].KeyFile, `"version":1`, `"version":2`, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ParseSealedKey(b)
		if err != nil {
			if k != nil || !errors.Is(err, ErrRefused) {
				t.Fatalf("error %v and %v", err, k)
			}
			return
		}
		if d := cmp.Diff(string(b), string(k.Marshal())); d != "" {
			t.Fatal(d)
		}
		if n := shapeBytes(k.Header.Width, k.Header.Height, k.Header.Channels, k.Header.Depth); n < 1 || k.Header.Length > n {
			t.Fatalf("accepted %+v", k.Header)
		}
	})
}
