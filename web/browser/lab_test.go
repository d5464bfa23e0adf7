package browser

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// pixels returns the samples of a picture of the page: red, green, blue and opacity of each pixel.
func (p *page) pixels(selector string) []byte {
	p.Helper()
	var text string
	p.js(`await (async (i) => {
		await i.decode();
		const x = new OffscreenCanvas(i.naturalWidth, i.naturalHeight).getContext("2d");
		x.drawImage(i, 0, 0);
		return btoa(Array.from(x.getImageData(0, 0, i.naturalWidth, i.naturalHeight).data, (c) => String.fromCharCode(c)).join(""));
	})(document.querySelector(`+quoted(selector)+`))`, &text)
	b, err := base64.StdEncoding.DecodeString(text)
	p.must(err)
	return b
}

// pixelsOf reads a PNG file as Go's own decoder sees it.
func pixelsOf(t *testing.T, path string) (b []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			b = append(b, c.R, c.G, c.B, c.A)
		}
	}
	return b
}

const (
	plainCard, keyCard, scrambledCard, cipherCard, decryptedCard = "1", "2", "3", "4", "5"

	labIdle = `document.querySelectorAll("#lab [data-strip] .frame img").length === 5 && document.querySelector("#lab [data-said]").textContent === ""`
)

func card(number string) string {
	return "#lab [data-strip] > .step:nth-child(" + number + ") .frame img"
}

// The lab's pictures are those that the commands make, pixel for pixel, and what it says about flipped bits is what is so.
func TestLab(t *testing.T) {
	p := visit(t, t.TempDir())
	own := samples(t, p.dir, "-n", "1", "--kind", "xray", "--seed", "5")[0]
	p.command("keygen", own, "-o", "keys")
	for _, scheme := range []string{"xor", "paper"} {
		p.command("encrypt", own, "-o", scheme, "--scheme", scheme)
	}
	p.click(`nav a[href="#lab"]`)
	p.until(labIdle)
	p.choose(func() { p.click(`#lab label:has([data-lab-file])`) }, own)
	p.sees(plainCard, own)
	name := strings.TrimSuffix(filepath.Base(own), ".png")
	p.sees(keyCard, filepath.Join(p.dir, "keys", name+".key.png"))
	p.sees(cipherCard, filepath.Join(p.dir, "paper", name+".cipher.png"))
	p.sees(decryptedCard, own)
	p.state("lab-paper")

	p.tabTo("#scheme")
	p.press("x") // the one scheme that begins with it
	p.until(`document.querySelector("#scheme").value === "xor"`)
	p.sees(cipherCard, filepath.Join(p.dir, "xor", name+".cipher.png"))
	p.tabTo(`[data-flip="image"]`)
	p.press(kb.Enter)
	p.until(`document.querySelectorAll("[data-flips] svg").length > 0`)
	if said := p.text("[data-flips] .outcome"); !strings.Contains(said, "✗") {
		t.Errorf("xor diffuses: %q", said)
	}
	p.state("lab-flip")

	p.click("#scheme")
	p.press("s")
	p.press(kb.Enter)
	p.until(`document.querySelector("#scheme").value === "sealed" && document.querySelector("#lab [data-said]").textContent === ""`)
	p.until(`!document.querySelector("[data-flips] p")`)
	p.click(`[data-flip="key"]`)
	p.until(`document.querySelector("[data-flips] p")`)
	if said := p.text("[data-flips]"); !strings.Contains(said, "Refused") {
		t.Errorf("sealed with a bit of the key flipped: %q", said)
	}

	// After a whole period the cat map has brought every pixel home.
	p.click("#scheme")
	p.press("p")
	p.press(kb.Enter)
	p.until(`document.querySelector("#scheme").value === "paper" && document.querySelector("#iterations").checkVisibility()`)
	p.tabTo("#iterations")
	p.press(kb.End)
	p.until(`document.querySelector("#lab [data-count]").textContent === "192 of 192"`)
	p.sees(scrambledCard, own)
	p.state("lab-period")
}

// The key that a file of weights makes, or a run, is the one that keygan keygen makes with it.
func TestLabWeights(t *testing.T) {
	dir := t.TempDir()
	aRun(t, filepath.Join(dir, "runs", "trained"), 0.2)
	weights, err := os.ReadFile("../../infer/testdata/resnet-w4-b1-c3.npz")
	if err != nil {
		t.Fatal(err)
	}
	p := visit(t, dir, "--runs", "runs")
	file := p.write("own.npz", weights)
	p.write("runs/trained/generator.npz", weights)
	own := samples(t, p.dir, "-n", "1", "--kind", "xray", "--seed", "5")[0]
	p.command("keygen", own, "-o", "keys")
	p.command("keygen", own, "-o", "other", "-w", file)
	key := strings.TrimSuffix(filepath.Base(own), ".png") + ".key.png"
	p.click(`nav a[href="#lab"]`)
	p.until(labIdle)
	p.choose(func() { p.click(`#lab label:has([data-lab-file]:not([accept]))`) }, own)
	p.sees(keyCard, filepath.Join(p.dir, "keys", key))
	p.tabTo(`#lab [data-lab-file][accept=".npz"]`)
	p.choose(func() { p.press(kb.Enter) }, file)
	p.sees(keyCard, filepath.Join(p.dir, "other", key))
	for _, v := range []struct{ option, folder string }{{"", "keys"}, {"run trained", "other"}} {
		p.tabTo("#network")
		p.press(map[string]string{"": "t", "run trained": "r"}[v.option]) // the first letter: "the one built in"
		p.until(`document.querySelector("#network").value === ` + quoted(v.option))
		p.sees(keyCard, filepath.Join(p.dir, v.folder, key))
	}
	p.until(labIdle)
	p.state("lab-weights")
}

// With the keyboard, the window of an image of 16 bits is moved: the grey levels are those of the window, and its own brings the first picture back.
func TestLabWindow(t *testing.T) {
	p := visit(t, t.TempDir())
	var b bytes.Buffer
	p.must(png.Encode(&b, picture(256, 256, func(x, y int) color.Gray16 { return color.Gray16{Y: uint16(256*y + x)} })))
	ramp := p.write("ramp.png", b.Bytes())
	p.click(`nav a[href="#lab"]`)
	p.until(labIdle)
	p.tabTo(`#lab [data-lab-file]:not([accept])`)
	p.choose(func() { p.press(kb.Enter) }, ramp)
	p.until(`document.querySelector("#lab [data-window]").checkVisibility() && ` + labIdle)
	first := p.pixels(card(plainCard))
	p.tabTo("#lab-level")
	p.press(kb.PageDown)
	p.until(`Number(document.querySelector("#lab-level").value) < 32000 && ` + labIdle)
	p.tabTo("#lab-width")
	for range 5 {
		p.press(kb.PageDown)
	}
	var at struct{ Level, Width float64 }
	p.until(labIdle)
	p.js(`({ level: Number(document.querySelector("#lab-level").value), width: Number(document.querySelector("#lab-width").value) })`, &at)
	if at.Width > 40000 || at.Width < 100 {
		t.Fatalf("the window is %+v", at)
	}
	p.patiently(func() string { return outside(p.pixels(card(plainCard)), at.Level, at.Width) })
	p.state("lab-window")
	p.tabTo("#lab [data-window] button")
	p.press(kb.Enter)
	p.patiently(func() string {
		if !bytes.Equal(p.pixels(card(plainCard)), first) {
			return "the file's own window does not come back"
		}
		return ""
	})
	scan, err := filepath.Abs("../../data/imagefile/dicom/testdata/s12.dcm")
	p.must(err)
	p.choose(func() { p.click(`#lab label:has([data-lab-file]:not([accept]))`) }, scan)
	p.patiently(func() string {
		if bytes.Equal(p.pixels(card(plainCard)), first) {
			return "the DICOM file is not shown"
		}
		return ""
	})
	p.until(`document.querySelector("#lab [data-window]").checkVisibility() && Number(document.querySelector("#lab-level").max) < 5000`)
}

// outside says which value of a ramp of 16 bits has not the grey level that a window gives it; "": none.
func outside(pixels []byte, level, width float64) string {
	if len(pixels) != 4<<16 {
		return fmt.Sprintf("there are %d samples", len(pixels))
	}
	for i := range 1 << 16 {
		want := min(max((float64(i)-level+width/2)*255/width, 0), 255)
		if got := float64(pixels[4*i]); math.Abs(got-want) > 1.01 {
			return fmt.Sprintf("with level %g and width %g, the value %d is shown as %g, not %.1f", level, width, i, got, want)
		}
	}
	return ""
}

// sees waits until a card shows the picture in a file.
func (p *page) sees(number, path string) {
	p.Helper()
	want := pixelsOf(p.T, path)
	p.patiently(func() string {
		var there bool
		if p.js(`document.querySelector(`+quoted(card(number))+`) !== null`, &there); !there {
			return "no picture"
		}
		if !bytes.Equal(p.pixels(card(number)), want) {
			return "the lab's card " + number + " does not show " + path
		}
		return ""
	})
}

// picture draws an image of 16 bits.
func picture(w, h int, at func(x, y int) color.Gray16) *image.Gray16 {
	m := image.NewGray16(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetGray16(x, y, at(x, y))
		}
	}
	return m
}
