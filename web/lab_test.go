package web

import (
	"bytes"
	"math"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/infer"
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
		{"xor", "image", one, 20}, {"paper", "image", one, 20}, {"logistic", "image", one, one}, {"sealed", "image", 99.4, 99.8},
	} {
		in := map[string]any{"id": b.ID, "scheme": f.scheme, "iterations": 30, "what": f.what}
		var got labAnswer
		status, failed := c.json("flip", in, &got)
		for try := 0; try < 5 && strings.Contains(failed, "no keystream"); try++ { // a key that was drawn or changed ends in a cycle of the logistic map
			status, failed = c.json("flip", in, &got)
		}
		if status != 200 {
			t.Fatalf("%s, a bit of the %s: %d %s", f.scheme, f.what, status, failed)
		}
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
	most := 0
	for range 3 { // Each test fails by chance once in a hundred times, and entropy and χ² mostly fail together.
		most = max(most, passed(c.lab("attempt", map[string]any{"id": b.ID, "scheme": "sealed", "iterations": 30}).Cipher))
	}
	if n := passed(b.Plain); n != 0 {
		t.Errorf("the X-ray passes %d tests of randomness", n)
	}
	if most < 2 {
		t.Errorf("no ciphertext of sealed passes more than %d tests of randomness", most)
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

// The lab makes keys with a file of weights, or with a run's, as package infer does with the same file; with neither, by the network that
// is built in.
func TestLabTakesWeights(t *testing.T) {
	weights := mustRead(t, "../infer/testdata/resnet-w4-b1-c3.npz")
	model, err := infer.Read("x", weights)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	newRun(t, filepath.Join(dir, "x"))
	write(t, filepath.Join(dir, "x", "generator.npz"), weights)
	c := open(t, Options{Runs: dir})
	load := func(in map[string]any) (id string) {
		var out struct {
			ID       string
			Channels int
		}
		if status, failed := c.json("generator", in, &out); status != 200 || out.Channels != model.Arch().Channels {
			t.Fatalf("%v: %d %s", in, status, failed)
		}
		return out.ID
	}
	first := c.lab("lab", map[string]any{"sample": "mri"})
	builtin, _ := first.Key.samples(t)
	for what, in := range map[string]map[string]any{"upload": {"file": c.upload("w.npz", weights)}, "run": {"run": "x"}} {
		id := load(in)
		b := c.lab("lab", map[string]any{"bench": first.ID, "generator": id}) // the same image
		plain, channels := b.Plain.samples(t)
		m := raster.NewImage(labSide, labSide, channels, 8)
		copy(m.Pix, plain)
		want, err := model.KeyOn(1, m, infer.Seed{})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := b.Key.samples(t); !bytes.Equal(got, want.Pix) || bytes.Equal(got, builtin) {
			t.Errorf("%s: another key than the file's", what)
		}
		flipped := c.lab("flip", map[string]any{"id": b.ID, "scheme": "xor", "iterations": 1, "what": "image"})
		if flipped.NPCR == 0 {
			t.Errorf("%s: a bit of the image changes nothing", what)
		}
		c.json("discard", map[string]any{"ids": []string{id, b.ID}}, &struct{}{})
	}
	again, _ := c.lab("lab", map[string]any{"bench": first.ID}).Key.samples(t)
	if !bytes.Equal(again, builtin) {
		t.Error("the network that is built in makes another key of the same image")
	}
	for range mostGenerators { // those that an image still needs count, though they are discarded
		id := load(map[string]any{"run": "x"})
		c.lab("lab", map[string]any{"bench": first.ID, "generator": id})
		c.json("discard", map[string]any{"ids": []string{id}}, &struct{}{})
	}
	if status, failed := c.json("generator", map[string]any{"run": "x"}, nil); status == 200 || !strings.Contains(failed, "networks") {
		t.Errorf("one more: %d %s", status, failed)
	}
	for _, in := range []map[string]any{{"run": "../x"}, {"run": "y"}, {"file": c.upload("w.npz", []byte("no weights"))}, {"file": "none"}, {"file": c.upload("w.npz", weights[:len(weights)/2])}, {}} {
		if status, failed := c.json("generator", in, nil); status == 200 || status >= 500 {
			t.Errorf("%v: %d %s", in, status, failed)
		}
	}
	for _, in := range []map[string]any{{"sample": "mri", "generator": "none"}, {"sample": "mri", "generator": first.ID}, {"bench": "none"}, {"bench": c.upload("a", nil)}} {
		if status, _ := c.json("lab", in, nil); status == 200 || status >= 500 {
			t.Errorf("%v: %d", in, status)
		}
	}
}
