package web

import (
	"bytes"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"
)

// png is an image of 16×16 grey pixels of 8 bits.
func png(t testing.TB, at func(i int) byte) []byte {
	t.Helper()
	m := raster.NewImage(16, 16, 1, 8)
	for i := range m.Pix {
		m.Pix[i] = at(i)
	}
	var b bytes.Buffer
	if err := imagefile.EncodePNG(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Known pairs: one pixel of 256 is 40 apart, so MSE = 1600/256, NPCR = 1/2.56 % and UACI = 40/(256·255).
func TestCompare(t *testing.T) {
	c := open(t, Options{})
	base := png(t, func(i int) byte { return byte(i) })
	other := png(t, func(i int) byte {
		if i == 100 {
			return 140
		}
		return byte(i)
	})
	var out struct {
		Most       int
		Pair, Each []row
		Difference struct{ PNG []byte }
	}
	ask := func(a, b []byte) (int, string) {
		return c.json("compare", map[string]string{"a": c.upload("a.png", a), "b": c.upload("b.png", b)}, &out)
	}
	if status, failed := ask(base, other); status != 200 {
		t.Fatal(status, failed)
	}
	values := map[string]string{}
	for _, r := range append(out.Pair, out.Each...) {
		values[r.Name] = r.Values[0]
	}
	for name, want := range map[string]string{
		"Identical": "no", "MSE": "6.2500", "PSNR, dB": "40.17", "NPCR, % of samples": "0.3906", "UACI, %": "0.0613", "Entropy, bits per byte": "8.0000",
		"χ², 255 degrees of freedom": "0.0",
	} {
		if values[name] != want {
			t.Errorf("%s: %s, want %s", name, values[name], want)
		}
	}
	if r := out.Pair[len(out.Pair)-2:]; r[0].Values[1] != "99.6094" || r[1].Values[1] != "33.4635" { // 100·(1 − 2⁻⁸) and 100·(2⁸ + 1)/(3·2⁸)
		t.Errorf("two random images have %v", r)
	}
	d, err := imagefile.Decode(out.Difference.PNG)
	if err != nil || out.Most != 40 || d.Pix[100] != 255 || bytes.Count(d.Pix, []byte{0}) != 255 {
		t.Errorf("largest distance %d, picture %v, error %v", out.Most, d, err)
	}
	if status, failed := ask(base, base); status != 200 || out.Pair[0].Values[0] != "yes" || out.Most != 0 {
		t.Errorf("itself: %d %s %v", status, failed, out.Pair)
	}
	if status, _ := ask(base, picture(t)); status != 422 {
		t.Errorf("another shape: %d", status)
	}
	if status, _ := ask(base, []byte("no image")); status != 422 {
		t.Errorf("no image: %d", status)
	}
	if n := len(c.s.shelf.items); n != 0 {
		t.Errorf("%d uploads are left", n)
	}
}
