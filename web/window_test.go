package web

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"
)

// A file comes in its own window, and its own window, chosen, gives the same picture. Of a ramp of 16 bits, a window of 1000 around 20000
// makes what is below 19500 black and what is above 20500 white.
func TestLabWindow(t *testing.T) {
	c := open(t, Options{})
	ramp := raster.NewImage(256, 256, 1, 16)
	for i := range 1 << 16 {
		binary.BigEndian.PutUint16(ramp.Pix[2*i:], uint16(i))
	}
	var b bytes.Buffer
	if err := imagefile.EncodePNG(&b, ramp); err != nil {
		t.Fatal(err)
	}
	scan, err := os.ReadFile("../data/imagefile/dicom/testdata/s12.dcm")
	if err != nil {
		t.Fatal(err)
	}
	type out struct {
		Plain  struct{ PNG []byte }
		Window *imagefile.Window
	}
	lab := func(name string, content []byte, center, width float64) (o out, m *raster.Image) {
		if status, failed := c.json("lab", map[string]any{"file": c.upload(name, content), "center": center, "width": width}, &o); status != 200 {
			t.Fatalf("%s: %d %s", name, status, failed)
		}
		if m, err = imagefile.Decode(o.Plain.PNG); err != nil {
			t.Fatal(err)
		}
		return o, m
	}
	for name, content := range map[string][]byte{"ramp.png": b.Bytes(), "scan.dcm": scan} {
		own, first := lab(name, content, 0, 0)
		if own.Window == nil {
			t.Fatalf("%s has no window", name)
		}
		w := own.Window
		if _, again := lab(name, content, w.Center, w.Width); !bytes.Equal(first.Pix, again.Pix) {
			t.Errorf("%s looks different in its own window %v", name, *w)
		}
		if _, other := lab(name, content, w.Center+w.Width, w.Width); bytes.Equal(first.Pix, other.Pix) {
			t.Errorf("%s looks the same in another window", name)
		}
		if w.Low > w.Center || w.Center > w.High {
			t.Errorf("%s: %v", name, *w)
		}
	}
	_, m := lab("ramp.png", b.Bytes(), 20000, 1000)
	for i, level := range m.Pix {
		if want := min(max((float64(i)-19500)*255/1000, 0), 255); float64(level) < want-0.51 || float64(level) > want+0.51 {
			t.Fatalf("the value %d has level %d, want %.1f", i, level, want)
		}
	}
	if o, _ := lab("grey.png", picture(t), 0, 0); o.Window != nil {
		t.Errorf("8 bits have a window: %v", *o.Window)
	}

	// Two images are compared as they are stored, and looked at in a window; only DICOM images are compared in their own, which is said.
	var compared struct {
		Window *imagefile.Window
		Shape  string
	}
	if status, failed := c.json("compare", map[string]any{"a": c.upload("a.png", b.Bytes()), "b": c.upload("b.png", b.Bytes())}, &compared); status != 200 || compared.Window == nil || compared.Window.High != 65535 || strings.Contains(compared.Shape, "window") {
		t.Errorf("%d %s %+v", status, failed, compared)
	}
	if status, failed := c.json("compare", map[string]any{"a": c.upload("a.dcm", scan), "b": c.upload("b.dcm", scan)}, &compared); status != 200 || !strings.Contains(compared.Shape, "8 bits in the file's own window") {
		t.Errorf("%d %s %+v", status, failed, compared)
	}
	look := func(window string) (int, []byte) {
		status, body, _ := c.do(c.request("POST", "/api/thumbnail", bytes.NewReader(b.Bytes()), "X-Keygan-Name", "a.png", "X-Keygan-Side", "256", "X-Keygan-Window", window))
		return status, body
	}
	status, body := look("20000 1000")
	if seen, err := imagefile.Decode(body); status != 200 || err != nil || !bytes.Equal(seen.Pix, m.Pix) {
		t.Errorf("looked at in a window: %d, error %v", status, err)
	}
	for _, bad := range []string{"x", "1", "1 0", "1 -5", "NaN 5", "1 NaN", "1 Inf", "1e300 5"} {
		if status, _ := look(bad); status != 400 {
			t.Errorf("the window %q: %d", bad, status)
		}
	}
}
