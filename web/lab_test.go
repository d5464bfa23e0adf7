package web

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"keygan/data/imagefile"
)

type labPicture struct {
	PNG       []byte
	Histogram [256]int
	Figures   []figure
}

// samples returns the samples of a picture of labSide×labSide.
func (p *labPicture) samples(t testing.TB) (pix []byte, channels int) {
	t.Helper()
	m, err := imagefile.Decode(p.PNG)
	if err != nil || m.Width != labSide || m.Height != labSide {
		t.Fatalf("%v, error %v", m, err)
	}
	return m.Pix, m.Channels
}

type labAnswer struct {
	ID                                                              string
	Period                                                          int
	Plain, Key, Stream, Scrambled, Cipher, Decrypted, After, Differ *labPicture
	Same                                                            bool
	NPCR, RandomNPCR                                                float64
	Refused                                                         string
}

func (c *client) lab(action string, in map[string]any) (out labAnswer) {
	c.t.Helper()
	if status, failed := c.json(action, in, &out); status != 200 {
		c.t.Fatalf("%s %v: %d %s", action, in, status, failed)
	}
	return out
}

// The pictures of the published scheme are what its formulas give: the cat map pixel by pixel, then XOR with the network's key.
func TestLabShowsThePublishedScheme(t *testing.T) {
	c := open(t, Options{})
	b := c.lab("lab", map[string]any{"file": "", "sample": "xray"})
	plain, _ := b.Plain.samples(t)
	key, keyChannels := b.Key.samples(t)
	run := c.lab("attempt", map[string]any{"id": b.ID, "scheme": "paper", "iterations": 1})
	scrambled, channels := run.Scrambled.samples(t)
	cipherPix, _ := run.Cipher.samples(t)
	if channels != 1 {
		t.Fatalf("%d channels", channels)
	}
	for x := range labSide {
		for y := range labSide {
			newX := (x + y) % labSide
			newY := (y + newX) % labSide
			at := newX*labSide + newY
			if scrambled[at] != plain[x*labSide+y] {
				t.Fatalf("row %d, column %d: scrambled %d, want %d", newX, newY, scrambled[at], plain[x*labSide+y])
			}
			if want := scrambled[at] ^ key[at*keyChannels]; cipherPix[at] != want {
				t.Fatalf("row %d, column %d: cipher %d, want %d", newX, newY, cipherPix[at], want)
			}
		}
	}
	if back, _ := run.Decrypted.samples(t); !run.Same || string(back) != string(plain) {
		t.Error("decrypting does not give the image back")
	}
	counts := [256]int{}
	for _, v := range plain {
		counts[v]++
	}
	if b.Plain.Histogram != counts {
		t.Error("another histogram")
	}
	if b.Period != 192 {
		t.Errorf("period %d", b.Period)
	}
	for k, same := range map[int]bool{192: true, 96: false, 1: false, 0: true} {
		got, _ := c.lab("scramble", map[string]any{"id": b.ID, "scheme": "paper", "iterations": k}).Scrambled.samples(t)
		if (string(got) == string(plain)) != same {
			t.Errorf("after %d iterations: the image again: %v", k, !same)
		}
	}
}

// One bit changes what the schemes are known to change. Verdicts tell random pictures from others.
func TestLabFlipsABit(t *testing.T) {
	c := open(t, Options{})
	b := c.lab("lab", map[string]any{"file": c.upload("scan.png", picture(t)), "sample": ""})
	one := 100.0 / (labSide * labSide)
	for _, f := range []struct {
		scheme, what string
		low, high    float64 // NPCR, %
	}{
		{"xor", "key", one, one}, {"paper", "key", one, one}, {"logistic", "key", 99, 100},
		{"xor", "image", one, 20}, {"paper", "image", one, 20}, {"sealed", "image", 99.4, 99.8},
	} {
		got := c.lab("flip", map[string]any{"id": b.ID, "scheme": f.scheme, "iterations": 30, "what": f.what})
		if got.NPCR < f.low-1e-9 || got.NPCR > f.high+1e-9 || math.Abs(got.RandomNPCR-99.6094) > 1e-3 {
			t.Errorf("%s, a bit of the %s: NPCR %v, random %v", f.scheme, f.what, got.NPCR, got.RandomNPCR)
		}
	}
	if got := c.lab("flip", map[string]any{"id": b.ID, "scheme": "sealed", "iterations": 30, "what": "key"}); got.Refused == "" || got.After != nil {
		t.Errorf("sealed opens with a wrong key: %+v", got.Refused)
	}
	passed := func(p *labPicture) (n int) {
		for _, f := range p.Figures {
			if f.Passed {
				n++
			}
		}
		return n
	}
	run := c.lab("attempt", map[string]any{"id": b.ID, "scheme": "sealed", "iterations": 30})
	if n := passed(b.Plain); n != 0 {
		t.Errorf("the X-ray passes %d tests of randomness", n)
	}
	if n := passed(run.Cipher); n < 2 { // each of three fails by chance once in a hundred times
		t.Errorf("the ciphertext of sealed passes %d tests of randomness", n)
	}
}

func TestLabRefuses(t *testing.T) {
	c := open(t, Options{})
	id := c.lab("lab", map[string]any{"file": "", "sample": "mri"}).ID
	for _, q := range []struct {
		action string
		in     map[string]any
	}{
		{"lab", map[string]any{"sample": "../x"}}, {"lab", map[string]any{"file": "none"}}, {"lab", map[string]any{"file": c.upload("a.png", []byte("no image"))}},
		{"scramble", map[string]any{"id": id, "scheme": "paper", "iterations": 193}}, {"scramble", map[string]any{"id": id, "scheme": "paper", "iterations": -1}},
		{"attempt", map[string]any{"id": id, "scheme": "nonsense"}}, {"attempt", map[string]any{"id": id, "scheme": "paper", "iterations": 192}},
		{"attempt", map[string]any{"id": c.upload("a", nil), "scheme": "paper", "iterations": 1}}, {"flip", map[string]any{"id": id, "scheme": "xor", "what": "nothing"}},
	} {
		if status, failed := c.json(q.action, q.in, nil); status == http.StatusOK || status >= 500 || strings.Contains(failed, "runtime") {
			t.Errorf("%s %v: %d %s", q.action, q.in, status, failed)
		}
	}
}
