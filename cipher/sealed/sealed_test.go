package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"time"

	"keygan/cipher/catmap"
	"keygan/data/raster"

	"pgregory.net/rapid"
)

var someTime = time.Unix(1_763_745_700, 123_456_789)

const someHash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func mustSeal(t testing.TB, m *raster.Image, o Options) (*raster.Image, *Key) {
	t.Helper()
	cipher, k, err := SealImage(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return cipher, k
}

// refuse checks that a pair does not open, with the one error and without output.
func refuse(t testing.TB, what string, cipher *raster.Image, k *Key) {
	t.Helper()
	m, err := OpenImage(cipher, k)
	if m != nil || err != ErrRefused {
		t.Errorf("%s: error %v, output: %v", what, err, m != nil)
	}
}

// drawSealed draws an image, some samples of it all zeros, and options.
func drawSealed(t *rapid.T) (*raster.Image, Options) {
	side := rapid.OneOf(rapid.IntRange(1, 12), rapid.IntRange(1, 90))
	w := side.Draw(t, "width")
	h := w
	if rapid.Bool().Draw(t, "rectangle") {
		h = side.Draw(t, "height")
	}
	m := raster.NewImage(w, h, rapid.IntRange(1, 4).Draw(t, "channels"), rapid.SampledFrom([]int{8, 16}).Draw(t, "depth"))
	if rapid.Bool().Draw(t, "noise") {
		copy(m.Pix, noise(len(m.Pix), 1, 1, rapid.Uint32Range(1, 1<<31).Draw(t, "seed")).Pix)
	}
	o := Options{Name: rapid.SampledFrom([]string{"", "scan.png", `"ü".dcm`, strings.Repeat("n", 255)}).Draw(t, "name")}
	if o.NetworkKey = rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "network's key"); len(o.NetworkKey) > 0 {
		o.Generator, o.NetworkInput = someHash, "256x256"
	}
	return m, o
}

// Whatever is sealed opens again, from the key file's bytes, and sealing it twice gives two unrelated pairs.
func TestImagesOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, o := drawSealed(t)
		before := m.Clone()
		cipher, k, err := SealImage(m, o)
		if err != nil {
			t.Fatal(err)
		}
		if !same(m, before) {
			t.Fatal("the image was changed")
		}
		if cipher.String() != m.String() || len(cipher.Pix) != len(m.Pix) {
			t.Fatalf("an image of %s gave a cipher image of %s", m, cipher)
		}
		parsed, err := ParseKey(k.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		kept := cipher.Clone()
		back, err := OpenImage(cipher, parsed)
		if err != nil || !same(back, m) {
			t.Fatalf("%s: error %v, or another image", m, err)
		}
		if !same(cipher, kept) {
			t.Fatal("the cipher image was changed")
		}

		again, k2, err := SealImage(m, o)
		if err != nil {
			t.Fatal(err)
		}
		if k.PRK == k2.PRK || k.Tag == k2.Tag || k.Header.Commitment == k2.Header.Commitment {
			t.Fatal("two encryptions share a key, a tag or a commitment")
		}
		if len(m.Pix) >= 16 && bytes.Equal(cipher.Pix, again.Pix) {
			t.Fatal("two encryptions of one image are the same")
		}
		if _, err := OpenImage(again, k); err != ErrRefused {
			t.Fatalf("the key of one encryption on the other: error %v", err)
		}
	})
}

func TestFilesOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "content")
		cipher, k, err := sealFile(content, Options{Name: "brain.nii.gz"})
		if err != nil {
			t.Fatal(err)
		}
		if cipher.Channels != 1 || cipher.Depth != 8 || cipher.Width != cipher.Height || (cipher.Width-1)*(cipher.Width-1) > max(0, len(content)-1) {
			t.Fatalf("%d bytes in %s", len(content), cipher)
		}
		back, err := openFile(cipher, k)
		if err != nil || !bytes.Equal(back, content) {
			t.Fatalf("%d bytes: error %v, or others", len(content), err)
		}
		cipher.Pix[len(cipher.Pix)-1] ^= 1 // a byte of the filling counts as well
		if back, err := openFile(cipher, k); err != ErrRefused || back != nil {
			t.Fatalf("error %v, %d bytes", err, len(back))
		}
	})
}

// A key for a file opens no image and the other way round; saying the other kind in the header is a forgery like any other.
func TestKinds(t *testing.T) {
	image, imageKey := mustSeal(t, noise(8, 8, 1, 1), Options{})
	file, fileKey, err := sealFile(make([]byte, 60), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if m, err := OpenImage(file, fileKey); err == nil || m != nil {
		t.Error("a file opened as an image")
	}
	if b, err := openFile(image, imageKey); err == nil || b != nil {
		t.Error("an image opened as a file")
	}
	fileKey.Header.Kind, fileKey.Header.Length = kindImage, 0
	refuse(t, "a file called an image", file, fileKey)
	for length := range int64(65) {
		imageKey.Header.Kind, imageKey.Header.Length = kindFile, length
		if b, err := decrypted(imageKey, image.Pix); err != ErrRefused || len(b) > 0 {
			t.Errorf("an image called a file of %d bytes: error %v", length, err)
		}
	}
}

// Every bit of the samples, the tag, the key and the commitment counts, and every field of the header.
func TestRefusesEveryChange(t *testing.T) {
	m := noise(9, 7, 2, 5)
	cipher, k := mustSeal(t, m, Options{
		Name: "scan.png", NetworkKey: []byte("key"), Generator: someHash, NetworkInput: "256x256", Mode: 0o640, Modified: someTime,
	})
	flip := func(what string, b []byte, cipher *raster.Image, k *Key) {
		for i := range 8 * len(b) {
			b[i/8] ^= 1 << (i % 8)
			refuse(t, fmt.Sprintf("bit %d of the %s", i, what), cipher, k)
			b[i/8] ^= 1 << (i % 8)
		}
	}
	flip("samples", cipher.Pix, cipher, k)
	flip("tag", k.Tag[:], cipher, k)
	flip("PRK", k.PRK[:], cipher, k)
	flip("commitment", k.Header.Commitment[:], cipher, k)
	name := []byte(k.Header.Name)
	for i := range 8 * len(name) {
		name[i/8] ^= 1 << (i % 8)
		changed := *k
		changed.Header.Name = string(name)
		refuse(t, fmt.Sprintf("bit %d of the name", i), cipher, &changed)
		name[i/8] ^= 1 << (i % 8)
	}
	for what, change := range map[string]func(*Header){
		"width":           func(h *Header) { h.Width++ },
		"height":          func(h *Header) { h.Height-- },
		"channels":        func(h *Header) { h.Channels = 1 },
		"depth":           func(h *Header) { h.Depth = 16 },
		"no such depth":   func(h *Header) { h.Depth = 9 },
		"length":          func(h *Header) { h.Length = 1 },
		"no network":      func(h *Header) { h.Generator, h.NetworkInput = "", "" },
		"no hash, size":   func(h *Header) { h.Generator = "" },
		"other size":      func(h *Header) { h.NetworkInput = "256x257" },
		"no size":         func(h *Header) { h.NetworkInput = "256x0" },
		"mode":            func(h *Header) { h.Mode = 0o600 },
		"a folder's mode": func(h *Header) { h.Mode |= fs.ModeDir },
		"no mode":         func(h *Header) { h.Mode = 0 },
		"time":            func(h *Header) { h.Modified = h.Modified.Add(1) },
		"no time":         func(h *Header) { h.Modified = time.Time{} },
		"version 1":       func(h *Header) { h.Version = 1 },
		"version 1, without what it lacks": func(h *Header) {
			h.Version, h.Mode, h.Modified, h.NetworkInput = 1, 0, time.Time{}, ""
		},
		"version 3":     func(h *Header) { h.Version = 3 },
		"other network": func(h *Header) { h.Generator = strings.Repeat("0", 64) },
		"no hash":       func(h *Header) { h.Generator = "none" },
		"no name":       func(h *Header) { h.Name = "" },
		"folder":        func(h *Header) { h.Name = "../scan.png" },
	} {
		changed := *k
		change(&changed.Header)
		refuse(t, what, cipher, &changed)
	}
	for what, shape := range map[string][4]int{"turned": {7, 9, 2, 8}, "one row": {63, 1, 2, 8}, "grey": {9, 14, 1, 8}, "16 bits": {9, 7, 1, 16}, "nothing": {0, 0, 0, 0}} {
		other := &raster.Image{Width: shape[0], Height: shape[1], Channels: shape[2], Depth: shape[3], Pix: cipher.Pix}
		refuse(t, what, other, k)
		changed := *k
		changed.Header.Width, changed.Header.Height, changed.Header.Channels, changed.Header.Depth = shape[0], shape[1], shape[2], shape[3]
		refuse(t, what+", header and image", other, &changed)
	}
	for n := range len(cipher.Pix) {
		cut := *cipher
		cut.Pix = cipher.Pix[:n]
		refuse(t, fmt.Sprintf("%d bytes", n), &cut, k)
	}
	longer := *cipher
	longer.Pix = append(bytes.Clone(cipher.Pix), 0)
	refuse(t, "a byte more", &longer, k)
	if back, err := OpenImage(cipher, k); err != nil || !same(back, m) {
		t.Errorf("after all that the pair itself: error %v", err)
	}
}

// A header that was made with another commitment, by somebody who has the key, does not open either, though its tag is right.
func TestCommitmentIsChecked(t *testing.T) {
	cipher, k := mustSeal(t, noise(9, 7, 1, 5), Options{})
	s, err := k.schedule()
	if err != nil {
		t.Fatal(err)
	}
	reseal := func(h Header) (*raster.Image, *Key) {
		moved, err := s.aead.Open(nil, s.nonce[:], append(bytes.Clone(cipher.Pix), k.Tag[:]...), k.Header.marshal())
		if err != nil {
			t.Fatal(err)
		}
		sealed := s.aead.Seal(nil, s.nonce[:], moved, h.marshal())
		m := *cipher
		m.Pix = sealed[:len(moved)]
		return &m, &Key{Header: h, PRK: k.PRK, Tag: [tagSize]byte(sealed[len(moved):])}
	}
	h := k.Header
	h.Name = "scan.png" // which the key's owner may choose: the tag made here is a right one
	if _, err := OpenImage(reseal(h)); err != nil {
		t.Fatal(err)
	}
	for i := range 8 * len(h.Commitment) {
		h.Commitment[i/8] ^= 1 << (i % 8)
		m, forged := reseal(h)
		refuse(t, fmt.Sprintf("bit %d of the commitment, and a right tag", i), m, forged)
		h.Commitment[i/8] ^= 1 << (i % 8)
	}
}

// Parts of two ciphertexts of one shape do not go together.
func TestPartsSwapped(t *testing.T) {
	c1, k1 := mustSeal(t, noise(20, 20, 1, 1), Options{Name: "1"})
	c2, k2 := mustSeal(t, noise(20, 20, 1, 2), Options{Name: "2"})
	refuse(t, "key files", c1, k2)
	refuse(t, "cipher images", c2, k1)
	for what, k := range map[string]Key{
		"header":     {Header: k2.Header, PRK: k1.PRK, Tag: k1.Tag},
		"PRK":        {Header: k1.Header, PRK: k2.PRK, Tag: k1.Tag},
		"tag":        {Header: k1.Header, PRK: k1.PRK, Tag: k2.Tag},
		"header+tag": {Header: k2.Header, PRK: k1.PRK, Tag: k2.Tag},
		"PRK+tag":    {Header: k1.Header, PRK: k2.PRK, Tag: k2.Tag},
	} {
		refuse(t, what, c1, &k)
		refuse(t, what, c2, &k)
	}
	mixed := c1.Clone()
	copy(mixed.Pix[200:], c2.Pix[200:])
	refuse(t, "half of the samples", mixed, k1)
	swapped := c1.Clone()
	copy(swapped.Pix[:20], c1.Pix[20:40])
	copy(swapped.Pix[20:40], c1.Pix[:20])
	refuse(t, "two rows", swapped, k1)
	twice := c1.Clone()
	copy(twice.Pix[20:40], c1.Pix[:20])
	refuse(t, "a row twice", twice, k1)
}

// The parameters are in their ranges and the map moves something wherever it can; on squares each row goes to all rows.
func TestCatMapSpreads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.IntRange(1, 40).Draw(t, "width")
		h := w
		if rapid.Bool().Draw(t, "rectangle") {
			h = rapid.IntRange(1, 40).Draw(t, "height")
		}
		k := &Key{Header: Header{Version: 2}}
		copy(k.PRK[:], rapid.SliceOfN(rapid.Byte(), prkSize, prkSize).Draw(t, "PRK"))
		p := k.catMap(h, w)
		if w == 1 || h == 1 {
			if p != (catMapParams{}) {
				t.Fatalf("%d×%d: %+v", w, h, p)
			}
			return
		}
		if p.a < 1 || p.a >= max(2, h) || p.b < 1 || p.b >= max(2, w) || p.iterations < 1 || p.iterations > maxIterations {
			t.Fatalf("%d×%d: %+v", w, h, p)
		}
		m := raster.NewImage(w, h, 1, 16)
		number(m)
		moved := catmap.Apply(m, p.a, p.b, p.iterations)
		if same(moved, m) {
			t.Fatalf("%d×%d: %+v moves nothing", w, h, p)
		}
		for x := 0; w == h && x < h; x++ {
			seen := map[int]bool{}
			for y := range w {
				seen[moved.Sample(x*w+y)/w] = true
			}
			if len(seen) != h {
				t.Fatalf("%d×%d: %+v: row %d comes from %d rows", w, h, p, x, len(seen))
			}
		}
	})
}

func TestSealRefuses(t *testing.T) {
	plain := noise(4, 4, 1, 1)
	for want, f := range map[string]func() error{
		"must be given together": func() error { _, _, err := SealImage(plain, Options{NetworkKey: []byte{1}}); return err },
		"given together":         func() error { _, _, err := SealImage(plain, Options{Generator: someHash}); return err },
		"is 64 hexadecimal digits": func() error {
			_, _, err := SealImage(plain, Options{NetworkKey: []byte{1}, Generator: "none", NetworkInput: "256x256"})
			return err
		},
		"a folder separator": func() error { _, _, err := SealImage(plain, Options{Name: "a/b"}); return err },
		"and 15 bytes cannot be sealed": func() error {
			m := *plain
			m.Pix = m.Pix[:15]
			_, _, err := SealImage(&m, Options{})
			return err
		},
		"0×0 pixels": func() error { _, _, err := SealImage(&raster.Image{}, Options{}); return err },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, s := range []struct{ w, h, channels, depth, want int }{
		{12_000, 12_000, 4, 16, 12_000 * 12_000 * 8}, {1, 1, 1, 8, 1}, {maxSide, 1, 1, 8, maxSide},
		{maxSide + 1, 1, 1, 8, 0}, {maxSide, maxSide, 4, 16, 0}, {0, 1, 1, 8, 0}, {1, -1, 1, 8, 0}, {1, 1, 5, 8, 0}, {1, 1, 1, 12, 0},
	} {
		if got := shapeBytes(s.w, s.h, s.channels, s.depth); got != s.want {
			t.Errorf("%+v: %d bytes", s, got)
		}
	}
	for n, side := range map[int64]int{0: 1, 1: 1, 2: 2, 4: 2, 5: 3, 9: 3, 10: 4, 1 << 30: 1 << 15, 1<<30 + 1: 1<<15 + 1} {
		if got := fileSide(n); got != side {
			t.Errorf("a file of %d bytes has the side %d, want %d", n, got, side)
		}
	}
}

// Sealing and opening each take memory for two more images, and little else.
func TestMemory(t *testing.T) {
	m := noise(3000, 3000, 1, 1)
	cipher, k := mustSeal(t, m, Options{})
	for what, f := range map[string]func() error{
		"sealing": func() error { _, _, err := SealImage(m, Options{}); return err },
		"opening": func() error { _, err := OpenImage(cipher, k); return err },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := f(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if took := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(m.Pix)); took > 2.2 {
			t.Errorf("%s took memory for %.2f images", what, took)
		}
	}
}

// Nothing prints a key: not a key, nor an error about it.
func TestKeysAreNotPrinted(t *testing.T) {
	cipher, k := mustSeal(t, noise(4, 4, 1, 1), Options{})
	for i := range k.PRK {
		k.PRK[i] = 0xab
	}
	_, err := OpenImage(cipher, k)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%d"} {
		for _, s := range []string{fmt.Sprintf(format, k), fmt.Sprintf(format, *k), fmt.Sprintf(format, err), fmt.Sprintf(format, []any{k, *k})} {
			if strings.Contains(strings.ToLower(s), "abababab") || strings.Contains(s, "171 171") {
				t.Errorf("%s: %s", format, s)
			}
		}
	}
	k.Wipe()
	if k.PRK != [prkSize]byte{} || k.Tag != [tagSize]byte{} {
		t.Error("Wipe leaves a key")
	}
}

func TestVersionErrorIsARefusal(t *testing.T) {
	err := error(&VersionError{"format", 4})
	if !errors.Is(err, ErrRefused) || errors.Is(err, ErrLength) || err.Error() != "the key file's format version is 4, this program knows 1 to 3" {
		t.Error(err)
	}
}

// An evaluation that names its own source of randomness gets the same pair again; without one no two are the same. A source
// that runs dry is an error.
func TestRandom(t *testing.T) {
	m := noise(8, 8, 3, 1)
	secret := bytes.Repeat([]byte{7}, secretSize)
	first, k1 := mustSeal(t, m, Options{Random: bytes.NewReader(secret)})
	again, k2 := mustSeal(t, m, Options{Random: bytes.NewReader(secret)})
	if !bytes.Equal(first.Pix, again.Pix) || k1.PRK != k2.PRK {
		t.Error("the same secret gave two cipher images")
	}
	fresh, _ := mustSeal(t, m, Options{})
	if other, _ := mustSeal(t, m, Options{}); bytes.Equal(fresh.Pix, other.Pix) {
		t.Error("two fresh secrets gave one cipher image")
	}
	if _, _, err := SealImage(m, Options{Random: bytes.NewReader(secret[1:])}); err == nil {
		t.Error("a secret of 31 bytes was accepted")
	}
}
