package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every bit and every length of the plaintext counts: it is refused when read, or does not open the image.
func TestKeyEveryBitAndLength(t *testing.T) {
	cipher, k := mustSeal(t, noise(5, 6, 3, 1), Options{Name: `a "name".png`, NetworkKey: []byte("key"), Generator: someHash, NetworkInput: "256x256"})
	b := k.Marshal()
	check := func(what string, b []byte) {
		t.Helper()
		changed, err := ParseKey(b)
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

func TestParseKey(t *testing.T) {
	plain := noise(5, 6, 1, 1)
	_, k, err := seal(plain, Header{Version: 1, Kind: kindImage}, Options{Name: "n"})
	if err != nil {
		t.Fatal(err)
	}
	refuseTexts(t, string(k.Marshal()), []replacement{
		{`"version":1`, `"version":2`, "does not open"},
		{`"version":1,"derivation":1`, `"version":2`, "does not open"},
		{`"version":1`, `"version":4`, "format version is 4"},
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
	})
}

func TestParseKeyVersion2(t *testing.T) {
	for mode, text := range map[fs.FileMode]string{0: "none", 1: "0001", 0o644: "0644", 0o777: "0777", fs.ModeSetuid | 0o755: "0755"} {
		parsesTo(t, Options{Mode: mode}, `"mode":"`+text+`"`)
	}
	for text, at := range map[string]time.Time{
		"none": {}, "0.000000000": time.Unix(0, 0), "1763745700.123456789": someTime, "-1.999999999": time.Unix(0, -1),
		"-9999999999999.000000000": time.Unix(-maxNumber, 0), "9999999999999.999999999": time.Unix(maxNumber, 999_999_999),
		"1763745700.000000001": time.Unix(1_763_745_700, 1).In(time.FixedZone("", 3600)),
	} {
		parsesTo(t, Options{Modified: at}, `"modified":"`+text+`"`)
	}
	for _, size := range []string{"1x1", "256x128", "1048576x1048576"} {
		parsesTo(t, Options{NetworkKey: []byte{1}, Generator: someHash, NetworkInput: size}, `"network-input":"`+size+`"`)
	}

	k, err := NewFileKey(30, Options{Name: "n", Mode: 0o644, Modified: someTime, NetworkKey: []byte{1}, Generator: someHash, NetworkInput: "256x256"})
	if err != nil {
		t.Fatal(err)
	}
	const mode, modified, input = `"mode":"0644"`, `"modified":"1763745700.123456789"`, `"network-input":"256x256"`
	refuseTexts(t, string(k.Marshal()), []replacement{
		{`"version":2`, `"version":1`, "does not open"},
		{`"version":2`, `"version":1,"derivation":1`, "does not open"},
		{`"version":2`, `"version":2,"derivation":1`, "does not open"},
		{`"version":2`, `"version":4`, "format version is 4"},
		{`"kind":"file"`, `"kind":"image"`, "does not open"},
		{`"width":7`, `"width":8`, "does not open"},
		{`"height":7`, `"height":8`, "does not open"},
		{`"width":7,"height":7`, `"width":49,"height":1`, "does not open"},
		{`"channels":1`, `"channels":2`, "does not open"},
		{`"depth":8`, `"depth":16`, "does not open"},
		{`"length":30`, `"length":34`, "does not open"}, // 50 bytes do not fit 7×7
		{`"length":30`, `"length":030`, "does not open"},
		{`"length":30`, `"length":-30`, "does not open"},
		{`"length":30`, `"length":1099511627776`, "does not open"},
		{`"length":30`, `"length":99999999999999`, "does not open"},
		{mode, `"mode":"644"`, "does not open"},
		{mode, `"mode":"0000"`, "does not open"},
		{mode, `"mode":"0648"`, "does not open"},
		{mode, `"mode":"1644"`, "does not open"},
		{mode, `"mode":"00644"`, "does not open"},
		{mode, `"mode":"+644"`, "does not open"},
		{mode, `"mode":""`, "does not open"},
		{mode, `"mode":0644`, "does not open"},
		{mode + ",", "", "does not open"},
		{mode + "," + modified, modified + "," + mode, "does not open"},
		{modified, `"modified":"1763745700"`, "does not open"},
		{modified, `"modified":"1763745700.12345678"`, "does not open"},
		{modified, `"modified":"1763745700.1234567890"`, "does not open"},
		{modified, `"modified":"01763745700.123456789"`, "does not open"},
		{modified, `"modified":"+1763745700.123456789"`, "does not open"},
		{modified, `"modified":"-0.000000000"`, "does not open"},
		{modified, `"modified":"0.-00000001"`, "does not open"},
		{modified, `"modified":"10000000000000.000000000"`, "does not open"},
		{modified, `"modified":"-10000000000000.000000000"`, "does not open"},
		{modified, `"modified":"-62135596800.000000000"`, "does not open"}, // Go's zero time
		{modified, `"modified":""`, "does not open"},
		{input, `"network-input":"none"`, "does not open"},
		{`"generator":"` + someHash + `"`, `"generator":"none"`, "does not open"},
		{input, `"network-input":""`, "does not open"},
		{input, `"network-input":"256"`, "does not open"},
		{input, `"network-input":"256x"`, "does not open"},
		{input, `"network-input":"256x0256"`, "does not open"},
		{input, `"network-input":"256x-256"`, "does not open"},
		{input, `"network-input":"0x256"`, "does not open"},
		{input, `"network-input":"256X256"`, "does not open"},
		{input, `"network-input":"1048577x1"`, "does not open"},
		{input, `"network-input":"256x256x3"`, "does not open"},
		{"\"}\n", `","tag":"` + strings.Repeat("0", 32) + "\"}\n", "does not open"},
		{"\n", "", "does not open"},
	})
}

// parsesTo checks that the options are in the key file as text, and the same after it is read.
func parsesTo(t *testing.T, o Options, text string) {
	t.Helper()
	k, err := NewFileKey(30, o)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseKey(k.Marshal())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if !strings.Contains(string(k.Marshal()), text) || back.Header != k.Header || back.PRK != k.PRK || !back.Header.Modified.Equal(o.Modified) {
		t.Errorf("%s: got %s", text, back.Marshal())
	}
}

type replacement struct{ from, to, want string }

// refuseTexts checks that a key file is refused when one part of it is replaced.
func refuseTexts(t *testing.T, text string, cases []replacement) {
	t.Helper()
	for _, c := range cases {
		changed := strings.Replace(text, c.from, c.to, 1)
		if changed == text {
			t.Fatalf("no %s in %s", c.from, text)
		}
		if k, err := ParseKey([]byte(changed)); k != nil || !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.want) {
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
		strings.Repeat("é", 128):           "the name has 256 bytes; at most 255",
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
		_, k := mustSeal(t, noise(2, 2, 1, 1), Options{Name: name})
		if back, err := ParseKey(k.Marshal()); err != nil || back.Header.Name != name {
			t.Errorf("%q came back as %v, error %v", name, back, err)
		}
	}
}

// FuzzKey: nothing makes the parser panic, and what it accepts it would write with the same bytes.
func FuzzKey(f *testing.F) {
	vectors := readSealedVectors(f)
	for _, v := range vectors {
		f.Add([]byte(v.KeyFile))
	}
	for _, v := range readSealedVectors2(f) {
		f.Add([]byte(v.KeyFile))
	}
	f.Add([]byte(strings.Replace(vectors[0].KeyFile, `"version":1`, `"version":3`, 1)))
	for _, o := range []Options{
		{}, {Name: `a "name"`, Mode: 0o644, Modified: someTime, NetworkKey: []byte{1}, Generator: someHash, NetworkInput: "256x256"}, {Modified: time.Unix(-1, 5)},
	} {
		_, image := mustSeal(f, noise(3, 4, 1, 1), o)
		file, err := NewFileKey(70_000, o)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(image.Marshal())
		f.Add(file.Marshal())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ParseKey(b)
		if err != nil {
			if k != nil || !errors.Is(err, ErrRefused) {
				t.Fatalf("error %v and %v", err, k)
			}
			return
		}
		if d := cmp.Diff(string(b), string(k.Marshal())); d != "" {
			t.Fatal(d)
		}
		h := k.Header
		n := int64(h.Width) * int64(h.Height) * int64(h.Channels*h.Depth/8)
		if n < 1 || n > 1<<40 || h.Length > n || h.hasTag() && n > maxSealed {
			t.Fatalf("accepted %+v", k.Header)
		}
	})
}
