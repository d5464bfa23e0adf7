package sealed

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"keygan/cipher/agekeys"
)

// A key file of version 3 tells nothing by its length, whatever is called how.
func TestHiddenKeysHaveOneLength(t *testing.T) {
	long := strings.TrimSuffix(strings.Repeat(strings.Repeat(`"`, 255)+"/", 4), "/")
	p := newParty(t)
	length := 0
	for _, o := range []Options{
		{}, {Name: "a"}, {Name: strings.Repeat("ä", 127), Folder: "Müller, Eva/CT 1"}, {Name: strings.Repeat(`"`, 255), Folder: long},
		{Name: "x", Mode: 0o644, Modified: someTime, NetworkKey: []byte{1}, Generator: someHash, NetworkInput: "1048576x1048576"},
	} {
		o.Hidden = true
		for _, image := range []bool{false, true} {
			k, err := NewFileKey(maxFileLength>>10, o)
			if image {
				_, k, err = SealImage(noise(5, 6, 1, 1), o)
			}
			if err != nil {
				t.Fatal(err)
			}
			line := k.Marshal()
			again, err := ParseKey(line)
			if err != nil || again.Header != k.Header || again.Header.Folder != o.Folder || again.Header.Name != o.Name {
				t.Errorf("%q in %q: error %v, or another header", o.Name, o.Folder, err)
			}
			file := wrap(t, k, p.Recipient)
			if length == 0 {
				length = len(file)
			}
			if len(line) != 4096 || len(file) != length {
				t.Errorf("%q in %q, image: %v: a line of %d bytes, a key file of %d; the first had %d", o.Name, o.Folder, image, len(line), len(file), length)
			}
		}
	}
}

func TestParseKeyVersion3(t *testing.T) {
	k, err := NewFileKey(30, Options{Name: "n", Hidden: true, Folder: "a/b"})
	if err != nil {
		t.Fatal(err)
	}
	const folder, name = `"folder":"a/b"`, `"name":"n"`
	refuseTexts(t, string(k.Marshal()), []replacement{
		{`"version":3`, `"version":2`, "does not open"},
		{`"version":3`, `"version":4`, "format version is 4"},
		{folder + ",", "", "does not open"},
		{folder + "," + name, name + "," + folder, "does not open"},
		{`"folder"`, `"Folder"`, "does not open"},
		{`,"padding":"0`, `,"padding":"1`, "does not open"},
		{`,"padding":"0`, `,"padding":"`, "does not open"},
		{`,"padding":"0`, `,"padding":"00`, "does not open"},
		{`,"padding":"0`, `,"passing":"0`, "does not open"},
		{`,"padding":"`, `,"tag":"` + strings.Repeat("0", 32) + `","padding":"`, "does not open"},
	})
	// Each line has the right length, so that only the folder is wrong.
	for _, folder := range []string{
		"..", "../b", "a/..", "a/../b", ".", "./b", "/", "/a", "a/", "a//b", `a\b`, `..\b`, "a\nb", "a\x00", "\u202eb", "a/\u2028", "\xff",
		strings.Repeat("n", 256), strings.Repeat("n/", 512) + "n",
	} {
		bad := *k
		bad.Header.Folder = folder
		if _, err := ParseKey(bad.Marshal()); err != ErrRefused || len(bad.Marshal()) != 4096 {
			t.Errorf("the folder %q: error %v, %d bytes", folder, err, len(bad.Marshal()))
		}
		if _, err := NewFileKey(30, Options{Hidden: true, Folder: folder}); err == nil {
			t.Errorf("a key with the folder %q", folder)
		}
	}
	if _, err := NewFileKey(30, Options{Folder: "a"}); err == nil {
		t.Error("a key of version 2 with a folder")
	}
}

// testdata/sealed-v3.* were written by the first version of format 3 and must open for ever: noise(31, 23, 1, 13) and a file,
// noise(660, 100, 1, 14), with key files for sealed-v1.identity.
func TestFilesOfVersion3(t *testing.T) {
	identity, err := os.ReadFile("testdata/sealed-v1.identity")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := agekeys.ParseIdentities("sealed-v1.identity", identity, nil)
	if err != nil {
		t.Fatal(err)
	}
	cipher, k := readSealedPair(t, "testdata/sealed-v3.image", ids)
	m, err := OpenImage(cipher, k)
	if err != nil || !same(m, noise(31, 23, 1, 13)) {
		t.Errorf("error %v, or another image", err)
	}
	if h := k.Header; h.Version != 3 || h.Name != "scan 01.png" || h.Folder != "" {
		t.Errorf("header %+v", h)
	}
	cipher, k = readSealedPair(t, "testdata/sealed-v3.file", ids)
	content, err := decrypted(k, cipher.Pix)
	if err != nil || !bytes.Equal(content, noise(660, 100, 1, 14).Pix) {
		t.Errorf("error %v, or another file", err)
	}
	if h := k.Header; h.Version != 3 || h.Name != `"brain".nii.gz` || h.Folder != "Müller, Eva/MR" || h.Mode != 0o600 || !h.Modified.Equal(someTime) {
		t.Errorf("header %+v", h)
	}
}
