package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"keygan/internal/failure"
)

// Known verdicts: zeros fail by their frequency; alternating bits have the right frequency and the wrong number of runs.
func TestRandomness(t *testing.T) {
	c := open(t, Options{})
	var out tested
	ask := func(name string, content []byte, bits int) (int, string) {
		out = tested{}
		return c.json("randomness", map[string]any{"file": c.upload(name, content), "bits": bits}, &out)
	}
	verdicts := func() map[string]string {
		all := map[string]string{}
		for _, r := range out.Rows {
			all[r.Name] = r.Values[3]
		}
		return all
	}
	if status, failed := ask("zeros.bin", make([]byte, 1000), 0); status != 200 || verdicts()["Frequency"] != "fail" || out.Bits != 8000 {
		t.Errorf("zeros: %d %s %v", status, failed, out.Rows)
	}
	if status, _ := ask("alternating.bin", bytes.Repeat([]byte{0x55}, 1000), 0); status != 200 || verdicts()["Frequency"] != "pass" || verdicts()["Runs"] != "fail" {
		t.Errorf("alternating: %d %v", status, out.Rows)
	}
	if out.Short == "" || !strings.HasPrefix(verdicts()["OverlappingTemplate"], "skipped: ") {
		t.Errorf("a short sequence: %q %v", out.Short, out.Rows)
	}
	for _, bad := range []struct {
		name    string
		content []byte
		bits    int
	}{{"empty.bin", nil, 0}, {"few.bin", make([]byte, 10), 81}, {"few.bin", make([]byte, 10), -1}, {"false.png", make([]byte, 1000), 0}, {"long.bin", make([]byte, mostTested/8+1), 0}} {
		if status, failed := ask(bad.name, bad.content, bad.bits); status == 200 || failed == "" {
			t.Errorf("%s, %d bits: %d %s", bad.name, bad.bits, status, failed)
		}
	}
	if n := len(c.s.shelf.items); n != 0 {
		t.Errorf("%d uploads are left", n)
	}
}

// A tab that goes ends the tests between two of them, and leaves nothing.
func TestRandomnessEnds(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := (&tested{Bits: 8000}).run(ctx, make([]byte, 1000), true); !errors.Is(err, failure.ErrInterrupted) {
		t.Errorf("error %v", err)
	}
	c := open(t, Options{})
	body, _ := json.Marshal(map[string]any{"file": c.upload("long.bin", make([]byte, mostTested/32)), "bits": 0})
	ctx, stop = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if _, err := http.DefaultTransport.RoundTrip(c.request("POST", "/api/randomness", bytes.NewReader(body)).WithContext(ctx)); err == nil {
		t.Fatal("the tests were faster than the test expects")
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		c.s.shelf.mu.Lock()
		n := len(c.s.shelf.items)
		c.s.shelf.mu.Unlock()
		if n == 0 && len(c.s.compares) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d uploads are left", n)
		}
	}
}
