package web

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"keygan/batch"
	"keygan/data/imagefile"
	"keygan/data/raster"
)

// The names and order of key files do not matter. A key of another image, another scheme or a changed cipher image opens nothing; nothing
// of a scheme for research is opened, or made, where the switch is off.
func TestResearchSchemes(t *testing.T) {
	folder := t.TempDir()
	c := open(t, Options{Folder: folder})
	grey := func(step int) []byte { return png(t, func(i int) byte { return byte(i * step) }) }
	type pair struct{ image, key []byte }
	encrypt := func(content []byte, scheme string) (p pair) {
		var out made
		if status, failed := c.json("encrypt", map[string]any{"file": c.upload("x.png", content), "to": "", "scheme": scheme}, &out); status != 200 {
			t.Fatalf("%s: %d %s", scheme, status, failed)
		}
		return pair{c.save("", out.Image.ID), c.save("", out.Key.ID)}
	}
	key := func(name string, content []byte, research bool) (id string, status int) {
		var out struct{ ID string }
		status, _ = c.json("key", map[string]any{"file": c.upload(name, content), "identities": "", "research": research}, &out)
		return out.ID, status
	}
	a, b := encrypt(grey(1), "xor"), encrypt(grey(3), "xor")
	keyA, _ := key("one.key.npz", a.key, true)
	keyB, _ := key("two.key.npz", b.key, true)
	decrypt := func(image []byte, scheme string, into bool, keys ...string) (d opened, status int, failed string) {
		status, failed = c.json("decrypt", map[string]any{"file": c.upload("y.cipher.png", image), "keys": keys, "scheme": scheme, "into": into}, &d)
		return d, status, failed
	}
	d, status, failed := decrypt(b.image, "xor", false, keyA, keyB)
	if status != 200 || !bytes.Equal(c.save("", d.File.ID), grey(3)) {
		t.Fatalf("decrypt: %d %s", status, failed)
	}
	if _, status, failed = decrypt(b.image, "xor", true, keyB, keyA); status != 200 {
		t.Fatalf("into the folder: %d %s", status, failed)
	}
	if on, err := os.ReadFile(filepath.Join(folder, "y.png")); err != nil || !bytes.Equal(on, grey(3)) {
		t.Errorf("in the folder: %v", err)
	}
	if _, status, _ = decrypt(b.image, "xor", true, keyB); status == 200 {
		t.Error("a file in the folder was replaced")
	}
	m, err := imagefile.Decode(b.image)
	if err != nil {
		t.Fatal(err)
	}
	m.Pix[7] ^= 1
	var changed bytes.Buffer
	if err := imagefile.EncodePNG(&changed, m); err != nil {
		t.Fatal(err)
	}
	for what, status := range map[string]int{
		"another image's key": second(decrypt(b.image, "xor", false, keyA)), "another scheme": second(decrypt(b.image, "logistic", false, keyB)),
		"no such scheme": second(decrypt(b.image, "none", false, keyB)), "sealed": second(decrypt(b.image, "sealed", false, keyB)),
		"without the switch": second(decrypt(b.image, "", false, keyB)), "a changed image": second(decrypt(changed.Bytes(), "xor", false, keyB)),
	} {
		if status == 200 {
			t.Errorf("%s opens it", what)
		}
	}
	if _, status := key("one.key.npz", a.key, false); status == 200 {
		t.Error("a key file that anybody could have made opens without the switch")
	}
	if _, status := key("one.key.npz", append([]byte("PK\x03\x04"), make([]byte, 99)...), true); status == 200 {
		t.Error("a damaged key file opens")
	}
	for what, in := range map[string]map[string]any{
		"16 bits":            {"file": c.upload("x.png", picture16(t)), "to": "", "scheme": "xor"},
		"not an image":       {"file": c.upload("x.txt", []byte("text")), "to": "", "scheme": "xor"},
		"hidden names":       {"file": c.upload("x.png", grey(1)), "to": "", "scheme": "xor", "hide": true},
		"too few iterations": {"file": c.upload("x.png", grey(1)), "to": "", "scheme": "paper", "iterations": -1},
		"sealed by name":     {"file": c.upload("x.png", grey(1)), "to": "", "scheme": "sealed"},
		"no scheme":          {"file": c.upload("x.png", grey(1)), "to": "", "scheme": ""},
	} {
		if status, _ := c.json("encrypt", in, &made{}); status == 200 {
			t.Errorf("%s: encrypted", what)
		}
	}
	var state struct{ Schemes []scheme }
	c.json("state", struct{}{}, &state)
	if len(state.Schemes) != len(batch.ResearchSchemes()) {
		t.Fatal(state.Schemes)
	}
	for _, s := range state.Schemes {
		if s.Warning == "" {
			t.Errorf("%s has no warning", s.Name)
		}
	}
}

func second[A, B, C any](_ A, b B, _ C) B { return b }

// picture16 is an image of 16 bits, which no scheme for research takes.
func picture16(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := imagefile.EncodePNG(&b, raster.NewImage(16, 16, 1, 16)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
