package cipher

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keygan/internal/npz"

	"github.com/google/go-cmp/cmp"
	npyio "github.com/sbinet/npyio/npz"
)

// sample is a small key file and the cipher image it opens.
func sample(t testing.TB) (*KeyFile, []byte) {
	t.Helper()
	_, k, err := encrypt(mustScheme(t, "xor"), noise(5, 4, 1, 1), noise(5, 4, 3, 2), Params{})
	if err != nil {
		t.Fatal(err)
	}
	k.Name = "scan 01.png"
	return k, marshal(t, k)
}

func marshal(t testing.TB, k *KeyFile) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := k.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestKeyFileRoundTrip(t *testing.T) {
	k, b := sample(t)
	path := filepath.Join(t.TempDir(), "a.key.npz")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(k, got); d != "" {
		t.Error(d)
	}
	if !bytes.Equal(marshal(t, got), b) {
		t.Error("written again, the file has other bytes")
	}
}

// A reader that is not ours, npyio, finds the arrays as the documentation says.
func TestKeyFileIsANumPyArchive(t *testing.T) {
	k, b := sample(t)
	r, err := npyio.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"key.npy", "meta.npy"}, r.Keys()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int{4, 5, 3}, r.Header("key.npy").Descr.Shape); d != "" {
		t.Error(d)
	}
	var key, meta []byte
	if err := errors.Join(r.Read("key.npy", &key), r.Read("meta.npy", &meta)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(key, k.Key.Pix) {
		t.Error("another key")
	}
	if !strings.HasPrefix(string(meta), `{"format_version":1,"scheme":"xor","iterations":0,`) {
		t.Errorf("meta is %s", meta)
	}
}

// testdata/numpy.key.npz was written by NumPy, for the image that the vectors have, too.
func TestKeyFileOfNumPy(t *testing.T) {
	k, err := ReadKeyFile("testdata/numpy.key.npz")
	if err != nil {
		t.Fatal(err)
	}
	plain, key := noise(20, 10, 1, 1234), noise(20, 10, 3, 5678)
	secret, _, err := encrypt(mustScheme(t, "xor"), plain, key, Params{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decrypt(secret, k)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(plain, got); d != "" {
		t.Error(d)
	}
}

// editMeta is a key file with text replaced in its JSON.
func editMeta(t testing.TB, b []byte, from, to string) []byte {
	t.Helper()
	a, err := npz.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	var entries []npz.Entry
	for _, name := range a.Names() {
		body, shape, err := a.Bytes(name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "meta" {
			text := strings.Replace(string(body), from, to, 1)
			if text == string(body) {
				t.Fatalf("no %q in %s", from, body)
			}
			body, shape = []byte(text), []int{len(text)}
		}
		entries = append(entries, npz.Bytes(name, body, shape...))
	}
	return archive(t, entries...)
}

func archive(t testing.TB, entries ...npz.Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := npz.Write(&b, entries...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadKeyFileRefuses(t *testing.T) {
	k, b := sample(t)
	a, err := npz.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	text, _, err := a.Bytes("meta")
	if err != nil {
		t.Fatal(err)
	}
	key, meta := npz.Bytes("key", k.Key.Pix, 4, 5, 3), npz.Bytes("meta", text)

	for want, file := range map[string][]byte{
		"not a whole .npz archive":                      {},
		"not a whole .npz archive (zip":                 b[:len(b)-1],
		"array meta: missing":                           archive(t, key),
		"array key: missing":                            archive(t, meta),
		"it holds 3 arrays, not 2":                      archive(t, key, meta, npz.Bytes("more", text)),
		"twice":                                         archive(t, key, key, meta),
		"newer than 3":                                  editMeta(t, b, `"format_version":1,`, `"format_version":4,"recipients":[],`),
		"version is 2, which does not fit":              editMeta(t, b, `"format_version":1,`, `"format_version":2,`),
		"its format version is 0, which does not exist": editMeta(t, b, `"format_version":1,`, ``),
		`unknown field "salt"`:                          editMeta(t, b, `"format_version":1,`, `"format_version":1,"salt":1,`),
		"array meta is not JSON":                        editMeta(t, b, `{`, `[`),
		"array meta is not JSON: invalid character '}' after top":   editMeta(t, b, `"}`, `"}}`),
		`unknown scheme "caesar"`:                                   editMeta(t, b, `"xor"`, `"caesar"`),
		"its sha256 is not 64 hexadecimal digits":                   editMeta(t, b, `"sha256":"`, `"sha256":"00`),
		"it gives an image of 0×4":                                  editMeta(t, b, `"width":5`, `"width":0`),
		"it gives an image of 5×99999999":                           editMeta(t, b, `"height":4`, `"height":99999999`),
		"it gives an image of 5 channels of 8 bits":                 editMeta(t, b, `"channels":1`, `"channels":5`),
		"it gives an image of 1 channels of 9 bits":                 editMeta(t, b, `"depth":8`, `"depth":9`),
		"65537 iterations of the cat map; at most 65536":            editMeta(t, b, `"iterations":0`, `"iterations":65537`),
		"its file name has a folder":                                editMeta(t, b, `scan 01.png`, `../scan.png`),
		"its file name has a folder or characters":                  editMeta(t, b, `scan 01.png`, `\u001b[2J`),
		"has the shape [4 5 3], which does not fit an image of 6×4": editMeta(t, b, `"width":5`, `"width":6`),
		"does not fit an image of 5×4 with 4 channels":              editMeta(t, b, `"channels":1`, `"channels":4`),
		"has the shape [60]":                                        archive(t, npz.Bytes("key", k.Key.Pix), meta),
		"its type is <f4, must be |u1":                              archive(t, npz.Floats("key", []int{4, 5, 3}, make([]float32, 60)), meta),
		"array key: cut short or damaged":                           bytes.Replace(b, []byte("(4, 5, 3)"), []byte("(5, 4, 3)"), 1),
	} {
		k, err := ParseKeyFile("x.key.npz", file)
		if err == nil || k != nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "x.key.npz: ") {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// Every way to cut a key file short is refused.
func TestReadKeyFileCutShort(t *testing.T) {
	_, b := sample(t)
	for n := range len(b) {
		if _, err := ParseKeyFile("x", b[:n]); err == nil {
			t.Errorf("%d of %d bytes were enough", n, len(b))
		}
	}
}

func TestReadKeyFilePaths(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "none: no such file or directory",
		dir:                        "is a folder",
	} {
		if _, err := ReadKeyFile(path); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

func TestNamesAreCleaned(t *testing.T) {
	for name, want := range map[string]string{
		"":                       "",
		"a b.png":                "a b.png",
		"/home/x/ü.png":          "ü.png",
		"..":                     "_",
		"x/":                     "x",
		"/":                      "_",
		"a\nb\x1b[0m\u202e.png":  "a_b_[0m_.png",
		"bad\xff.png":            "bad_.png",
		`C:\scan.png`:            "C:_scan.png",
		strings.Repeat("é", 200): strings.Repeat("é", 127),
	} {
		got := cleanName(name)
		if got != want || cleanName(got) != got {
			t.Errorf("%q became %q, then %q; want %q", name, got, cleanName(got), want)
		}
	}
	k, _ := sample(t)
	k.Name = "dir/\x00bad\xff"
	got, err := ParseKeyFile("x", marshal(t, k))
	if err != nil || got.Name != "_bad_" {
		t.Errorf("name %q, error %v", got.Name, err)
	}
}

// FuzzKeyFile: nothing makes the reader panic, and what it accepts it writes so that it reads the same again.
func FuzzKeyFile(f *testing.F) {
	_, b := sample(f)
	numpy, err := os.ReadFile("testdata/numpy.key.npz")
	if err != nil {
		f.Fatal(err)
	}
	seeds := [][]byte{b, numpy, b[:len(b)/2], editMeta(f, b, `"format_version":1`, `"format_version":2`)}
	for _, scheme := range []string{"xor", "logistic"} {
		_, samples, k := sealedVolume(f, scheme)
		_, _, series := sealedVolume(f, scheme, three...)
		seeds = append(seeds, marshal(f, k), marshal(f, series), samples)
	}
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ParseKeyFile("fuzz", b)
		if err != nil {
			return
		}
		again, err := ParseKeyFile("again", marshal(t, k))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(k, again, cmp.AllowUnexported(Volume{})); d != "" {
			t.Fatal(d)
		}
		if k.Volume != nil && k.Width*k.Height <= 1<<16 { // whoever opens it compares the shape with the length of the cipher image first
			openedVolume(k, make([]byte, k.Width*k.Height))
		}
	})
}
