package main

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keygan/batch/job"
	"keygan/cipher/agekeys"
	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	"keygan/data/raster"

	"filippo.io/age"
)

var tamperCount = flag.Int("tamper.count", 250, "changes that TestTampered makes to each kind of pair")

// A file that cannot be the cipher image of its key file is refused before its pixels are decoded: it costs the reading of its header.
func TestDecryptRefusesBombs(t *testing.T) {
	const most = 8 << 20 // bytes allocated, for 64 MB of pixels
	dir := t.TempDir()
	identity, recipient := recipientIn(t, dir)
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(path(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("note.dcm", []byte("note"))
	inProcess(t, os.Stderr, "encrypt", path("note.dcm"), "-o", path("out"), "-r", recipient)
	genuine, err := os.ReadFile(path("out/note.dcm.key.age"))
	if err != nil {
		t.Fatal(err)
	}
	const side = 8000
	var bomb, volume bytes.Buffer
	if err := imagefile.EncodePNG(&bomb, raster.NewImage(side, side, 1, 8)); err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(&volume)
	header := make([]byte, 352)
	copy(header, "\x5c\x01")
	copy(header[344:], "n+1\x00")
	if _, err := z.Write(append(header, make([]byte, side*side)...)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	// A sender makes key files to the recipient that say what he likes.
	r, err := agekeys.ParseRecipient(recipient)
	if err != nil {
		t.Fatal(err)
	}
	forged := func(h string) []byte {
		var b bytes.Buffer
		text := fmt.Sprintf(`{"header":{"scheme":"sealed",%s,"generator":"none",%s"commitment":"%064x","name":"x"},"prk":"%0128x"%s}`+"\n",
			h, map[bool]string{true: `"network-input":"none",`}[strings.Contains(h, `"version":2`)], 1, 2,
			map[bool]string{true: fmt.Sprintf(`,"tag":"%032x"`, 3)}[!strings.Contains(h, `"version":2,"kind":"file"`)])
		if err := agekeys.Encrypt(&b, []byte(text), r); err != nil {
			t.Fatal(err)
		}
		if k, err := sealed.ParseKey([]byte(text)); err != nil || k.Header.Width != side {
			t.Fatalf("%s: not the key file that was meant: %v", text, err)
		}
		return b.Bytes()
	}
	shape := fmt.Sprintf(`"width":%d,"height":%d,"channels":1,"depth":8`, side, side)
	for what, c := range map[string]struct{ image, key []byte }{
		"a PNG of another shape":             {bomb.Bytes(), genuine},
		"a volume":                           {volume.Bytes(), genuine},
		"a PNG, by a key file of version 1":  {bomb.Bytes(), forged(`"version":1,"derivation":1,"kind":"image",` + shape + `,"length":0`)},
		"a file, by a key file of version 1": {bomb.Bytes(), forged(`"version":1,"derivation":1,"kind":"file",` + shape + `,"length":63999999`)},
		"a PNG, by a key file of version 2":  {bomb.Bytes(), forged(`"version":2,"kind":"image",` + shape + `,"length":0,"mode":"none","modified":"none"`)},
		"a volume, by such a one":            {volume.Bytes(), forged(`"version":2,"kind":"image",` + shape + `,"length":0,"mode":"none","modified":"none"`)},
		"an empty file, by such a one":       {nil, forged(`"version":2,"kind":"image",` + shape + `,"length":0,"mode":"none","modified":"none"`)},
	} {
		write("x.cipher.png", c.image)
		write("x.key.age", c.key)
		allocates(t, what, most, func() {
			if printed, code := runHere(t, "decrypt", path("x.cipher.png"), "-i", identity, "-o", path("back")); code != 1 || job.Exists(path("back")) {
				t.Errorf("%s: exit code %d, printed %q", what, code, printed)
			}
		})
	}
}

// victim is a pair in memory, of some version and kind, with all that an attacker or an accident can change in it.
type victim struct {
	name       string
	image, key []byte // the files
	plain      []byte // of the key file
	recipient  age.Recipient
	identity   string // its path
	want       string // the name of what comes out
	content    []byte // and what it holds
}

// Whatever is changed in a pair of any version, at random, in the files or inside of them: what comes out is what was encrypted, or nothing
// does.
func TestTampered(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("repeat with -kill.seed=%d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	for _, v := range victims(t) {
		t.Run(v.name, func(t *testing.T) {
			dir := t.TempDir()
			same := 0
			for range *tamperCount {
				image, key, what := v.change(t, random)
				if v.opens(t, dir, image, key, what) {
					same++
				}
			}
			t.Logf("%d changes, of which %d do not matter", *tamperCount, same)
			if same > *tamperCount/4 {
				t.Error("most of them must matter")
			}
			if !v.opens(t, dir, v.image, v.key, "nothing") {
				t.Error("the pair itself does not open")
			}
		})
	}
}

// opens decrypts a pair. It fails the test if anything comes out but what was encrypted.
func (v *victim) opens(t *testing.T, dir string, image, key []byte, what string) bool {
	t.Helper()
	for name, b := range map[string][]byte{"x.cipher.png": image, "x.key.age": key} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	back := filepath.Join(dir, "back")
	printed, code := runHere(t, "decrypt", filepath.Join(dir, "x.cipher.png"), "-i", v.identity, "-o", back)
	if code != 0 {
		if code != 1 || job.Exists(back) {
			t.Errorf("%s: exit code %d, printed %q, something written: %v", what, code, printed, job.Exists(back))
			os.RemoveAll(back)
		}
		return false
	}
	b, err := os.ReadFile(filepath.Join(back, v.want))
	if err != nil || !bytes.Equal(b, v.content) {
		t.Errorf("%s: something else comes out, error %v, printed %q", what, err, printed)
	}
	if err := os.RemoveAll(back); err != nil {
		t.Fatal(err)
	}
	return true
}

// change changes one of the two files, the samples of the one or the plaintext of the other.
func (v *victim) change(t *testing.T, random *rand.Rand) (image, key []byte, what string) {
	switch random.IntN(4) {
	case 0:
		b, how := mangle(random, v.image)
		return b, v.key, "the cipher image's file: " + how
	case 1:
		b, how := mangle(random, v.key)
		return v.image, b, "the key file: " + how
	case 2:
		b, how := mangle(random, v.plain)
		var file bytes.Buffer
		if err := agekeys.Encrypt(&file, b, v.recipient); err != nil {
			t.Fatal(err)
		}
		return v.image, file.Bytes(), "inside the key file: " + how
	}
	m, err := imagefile.Decode(v.image)
	if err != nil {
		t.Fatal(err)
	}
	pix, how := mangle(random, m.Pix)
	copy(m.Pix, pix)
	var file bytes.Buffer
	if err := encodeStored(&file, m); err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), v.key, "the samples: " + how
}

// mangle makes one change to some bytes, as disks, networks and people do.
func mangle(random *rand.Rand, from []byte) (b []byte, how string) {
	b = bytes.Clone(from)
	n := len(b)
	at, to := random.IntN(n), random.IntN(n)
	length := 1 + random.IntN(min(n, 4000))
	part := func(i int) []byte { return b[i:min(n, i+length)] }
	switch random.IntN(8) {
	case 0:
		bit := random.IntN(8)
		b[at] ^= 1 << bit
		return b, fmt.Sprintf("bit %d of byte %d", bit, at)
	case 1:
		for i := range part(at) {
			part(at)[i] = byte(random.Uint32())
		}
		return b, fmt.Sprintf("%d random bytes from %d on", length, at)
	case 2:
		clear(part(at))
		return b, fmt.Sprintf("%d zeros from %d on", length, at)
	case 3:
		copy(part(to), bytes.Clone(part(at)))
		return b, fmt.Sprintf("%d bytes from %d to %d", length, at, to)
	case 4:
		return b[:at], fmt.Sprintf("the first %d bytes", at)
	case 5:
		return append(b[:at], b[min(n, at+length):]...), fmt.Sprintf("%d bytes left out from %d on", length, at)
	case 6:
		return append(b, part(at)...), fmt.Sprintf("%d bytes at the end", length)
	}
	return append(b[:at:at], append(bytes.Clone(part(to)), b[at:]...)...), fmt.Sprintf("%d bytes put in at %d", length, at)
}

// victims are pairs of both kinds in both versions. Those of version 1 were made by an older program.
func victims(t *testing.T) (all []*victim) {
	t.Helper()
	read := func(path string) []byte {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	testdata := filepath.Join("..", "..", "cipher", "sealed", "testdata")
	old := filepath.Join(testdata, "sealed-v1.identity")
	for _, kind := range []string{"file", "image"} {
		base := filepath.Join(testdata, "sealed-v1."+kind)
		all = append(all, newVictim(t, "version 1, "+kind, read(base+".cipher.png"), read(base+".key.age"), old))
	}
	dir := t.TempDir()
	identity, recipient := recipientIn(t, dir)
	scan := filepath.Join(dir, "scan.png")
	m := raster.NewImage(150, 100, 1, 16)
	for i := range m.Pix {
		m.Pix[i] = byte(i * i >> 3)
	}
	if err := imagefile.WritePNG(scan, m, false); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, "long.dcm") // of three chunks
	if err := os.WriteFile(long, bytes.Repeat([]byte("three chunks "), 12000), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	inProcess(t, os.Stderr, "encrypt", "-q", long, "-o", out, "-r", recipient)
	inProcess(t, os.Stderr, "encrypt", "-q", scan, "-o", out, "-r", recipient, "--pixels")
	all = append(all,
		newVictim(t, "version 2, file", read(filepath.Join(out, "long.dcm.cipher.png")), read(filepath.Join(out, "long.dcm.key.age")), identity),
		newVictim(t, "version 2, image", read(filepath.Join(out, "scan.cipher.png")), read(filepath.Join(out, "scan.key.age")), identity))
	return all
}

func newVictim(t *testing.T, name string, image, key []byte, identity string) *victim {
	t.Helper()
	v := &victim{name: name, image: image, key: key, identity: identity}
	file, err := os.ReadFile(identity)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	v.recipient = ids[0].(*age.X25519Identity).Recipient()
	k, err := sealed.ReadKey(bytes.NewReader(key), ids...)
	if err != nil {
		t.Fatal(err)
	}
	v.plain = k.Marshal()
	dir := t.TempDir()
	for name, b := range map[string][]byte{"x.cipher.png": image, "x.key.age": key} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inProcess(t, os.Stderr, "decrypt", "-q", filepath.Join(dir, "x.cipher.png"), "-i", identity, "-o", filepath.Join(dir, "back"))
	entries, err := os.ReadDir(filepath.Join(dir, "back"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d files came out, error %v", len(entries), err)
	}
	v.want = entries[0].Name()
	if v.content, err = os.ReadFile(filepath.Join(dir, "back", v.want)); err != nil {
		t.Fatal(err)
	}
	return v
}
