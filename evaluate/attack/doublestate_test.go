package attack

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"keygan/cipher"
)

// TestDoubleState: the state of a stream of the shipped scheme is found in the part of the search that holds it, whatever x0 and r, and
// goes on as the stream does; other bytes, another r and other parts give nothing.
func TestDoubleState(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	const around = 20_000 // quotients on either side
	for i := range 12 {
		x0, r := random.Float64(), 3.9+0.1*random.Float64()
		stream, err := cipher.LogisticKeystream(3000, x0, r)
		if err != nil {
			continue
		}
		x := x0
		for range cipher.LogisticBurnIn + 1 {
			x = cipher.LogisticNext(x, r)
		}
		k := int(x * 1e14 / 256)
		found, _, ok := doubleState(stream[:knownBytes], r, k-around, k+around)
		if !ok {
			t.Errorf("x0 = %v, r = %v: not found", x0, r)
			continue
		}
		for n, v := range stream {
			if doubleByte(found) != v {
				t.Errorf("x0 = %v, r = %v: byte %d is another one", x0, r, n)
				break
			}
			found = cipher.LogisticNext(found, r)
		}
		noise := append([]byte{}, stream[:knownBytes]...)
		noise[20+i] ^= 1
		for what, c := range map[string]struct {
			bytes []byte
			r     float64
			first int
		}{
			"a wrong byte": {noise, r, k - around}, "another r": {stream[:knownBytes], r + 1e-9, k - around},
			"another part": {stream[:knownBytes], r, k + 1},
		} {
			if _, tried, ok := doubleState(c.bytes, c.r, c.first, c.first+2*around); ok || tried != 2*around {
				t.Errorf("%s: found %v after %d tries", what, ok, tried)
			}
		}
	}
}

var searched = flag.Float64("search", 0, "search so large a share of the states of the logistic map, r being known")

// TestSearchStudy measures the search of attack 15: go test ./evaluate/attack -run SearchStudy -search 0.01 -v -timeout 0
func TestSearchStudy(t *testing.T) {
	if *searched == 0 {
		t.Skip("takes minutes; -search 0.01 searches one state in a hundred")
	}
	stream, err := cipher.LogisticKeystream(1000, cipher.LogisticX0, cipher.LogisticR)
	if err != nil {
		t.Fatal(err)
	}
	began, n := time.Now(), int(*searched*quotients)
	_, tried, ok := doubleState(stream[:knownBytes], cipher.LogisticR, 0, n)
	took := time.Since(began)
	t.Logf("%d quotients of %.4g, found: %v, %v: %.3g a second, %v for all", tried, quotients, ok, took.Round(time.Second),
		float64(tried)/took.Seconds(), (time.Duration(float64(took) / float64(tried) * quotients)).Round(time.Second))
}
