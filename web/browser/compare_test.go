package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/color"
	"image/png"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// The figures of the page are those of keygan metrics and keygan randomness.
func TestCompare(t *testing.T) {
	p := visit(t, t.TempDir())
	plain := samples(t, p.dir, "-n", "1", "--kind", "xray")[0]
	p.command("encrypt", plain, "-o", "out", "--scheme", "paper")
	cipher, _ := filepath.Glob(filepath.Join(p.dir, "out", "*.cipher.png"))
	p.click(`nav a[href="#compare"]`)
	p.state("compare-empty")
	p.choose(func() { p.click("#compare-a") }, plain)
	p.tabTo("#compare-b")
	p.choose(func() { p.press(" ") }, cipher[0])
	p.click("#compare form:first-of-type .primary")
	p.until(`!document.querySelector("#compare [data-result]").hidden`)
	var metrics struct{ NPCR, UACI, PSNR, SSIM float64 }
	p.must(json.Unmarshal(p.command("metrics", "--json", plain, cipher[0]), &metrics))
	shown := p.text("#compare [data-pair]")
	want := fmt.Sprintf("PSNR, dB\t%.2f\t\nSSIM, Gaussian 11×11\t%.4f\t\n", metrics.PSNR, metrics.SSIM)
	if !strings.Contains(shown, want) || !strings.HasSuffix(shown, fmt.Sprintf("NPCR, %% of samples\t%.4f\t99.6094\nUACI, %%\t%.4f\t33.4635", metrics.NPCR, metrics.UACI)) {
		t.Errorf("keygan metrics says %+v, the page\n%s", metrics, shown)
	}

	noise := make([]byte, 20_000)
	rand.NewChaCha8([32]byte{1}).Read(noise)
	file := p.write("noise.bin", noise)
	p.choose(func() { p.click("#random-file") }, file)
	p.click("#compare [data-tests] .primary")
	p.until(`!document.querySelector("#compare [data-tested]").hidden`)
	var tests struct{ Tests []struct{ Name string } }
	p.must(json.Unmarshal(p.command("randomness", "--json", file), &tests))
	shown = p.text("#compare [data-tests-table]")
	for _, test := range tests.Tests {
		if !strings.Contains(strings.ToLower(shown), strings.ToLower(test.Name)) {
			t.Errorf("%s is not in %s", test.Name, shown)
		}
	}
	if rows := strings.Count(shown, "\n"); rows < 15 {
		t.Errorf("%d rows: %s", rows, shown)
	}
	p.state("compare-done")

	p.tabTo("#random-entropy")
	p.press(" ")
	p.tabTo("#compare [data-tests] .primary")
	p.press(kb.Enter)
	p.until(`document.querySelector("[data-verdict]").textContent.includes("min-entropy") && !document.querySelector("#compare [data-tested]").hidden`)
	var entropy struct {
		MinEntropy struct {
			MinEntropy float64 `json:"min_entropy"`
		} `json:"min_entropy"`
	}
	p.must(json.Unmarshal(p.command("randomness", "--json", "--min-entropy", file), &entropy))
	want = fmt.Sprintf("%.6f bits of min-entropy in each 8 bits", entropy.MinEntropy.MinEntropy)
	if said := p.text("[data-verdict]"); !strings.Contains(said, want) {
		t.Errorf("%q does not say %q", said, want)
	}

	noise = make([]byte, 1<<20) // takes ten seconds
	rand.NewChaCha8([32]byte{2}).Read(noise)
	long := p.write("long.bin", noise)
	p.choose(func() { p.click("#random-file") }, long)
	p.tabTo("#compare [data-tests] .primary")
	p.press(kb.Enter)
	p.until(`!document.querySelector("#compare [data-stop]").hidden`)
	p.tabTo("#compare [data-stop]")
	p.press(kb.Enter)
	p.until(`document.querySelector("#compare [data-doing]").textContent === "cancelled" && document.querySelector("#compare [data-stop]").hidden`)

	// Images of 16 bits are looked at in a window; the figures stay those of what is stored. By keyboard.
	var b bytes.Buffer
	p.must(png.Encode(&b, picture(256, 256, func(x, y int) color.Gray16 { return color.Gray16{Y: uint16(256*y + x)} })))
	ramp := p.write("ramp.png", b.Bytes())
	for _, place := range []string{"#compare-a", "#compare-b"} {
		p.tabTo(place)
		p.choose(func() { p.press(kb.Enter) }, ramp)
	}
	p.tabTo("#compare form:first-of-type .primary")
	p.press(kb.Enter)
	p.until(`document.querySelector("#compare [data-window]").checkVisibility() && document.querySelector("#compare [data-pair]").innerText.includes("Identical\tyes")`)
	p.tabTo("#compare-width")
	for range 8 {
		p.press(kb.PageDown)
	}
	var at struct{ Level, Width float64 }
	p.js(`({ level: Number(document.querySelector("#compare-level").value), width: Number(document.querySelector("#compare-width").value) })`, &at)
	if at.Width > 20000 || at.Width < 100 {
		t.Fatalf("the window is %+v", at)
	}
	p.patiently(func() string {
		return outside(p.pixels("#compare [data-strip] .step:nth-child(2) .frame img"), at.Level, at.Width)
	})
	p.state("compare-window")
}
