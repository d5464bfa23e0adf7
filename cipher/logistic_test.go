package cipher

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"keygan/data/raster"

	"github.com/google/go-cmp/cmp"
)

func TestLogisticKeystreamAgainstNumPy(t *testing.T) {
	b, err := os.ReadFile("testdata/logistic.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		X0, R         float64
		First, SHA256 string
	}
	if err := json.Unmarshal(b, &vectors); err != nil || len(vectors) != 6 {
		t.Fatalf("%d vectors, error %v", len(vectors), err)
	}
	for _, v := range vectors {
		got, err := LogisticKeystream(200_000, v.X0, v.R)
		if err != nil {
			t.Errorf("x0 = %v, r = %v: %v", v.X0, v.R, err)
			continue
		}
		if first := hex.EncodeToString(got[:32]); first != v.First {
			t.Errorf("x0 = %v, r = %v: begins with %s, want %s", v.X0, v.R, first, v.First)
		}
		if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) != v.SHA256 {
			t.Errorf("x0 = %v, r = %v: another SHA-256", v.X0, v.R)
		}
	}
}

func TestLogisticRefusesDegenerateParameters(t *testing.T) {
	nan := func() float64 { var zero float64; return zero / zero }()
	for _, c := range []struct {
		x0, r float64
		want  string
	}{
		{0, 3.99, "x0 is 0; it must be above 0 and below 1"},
		{1, 3.99, "x0 is 1; it must"},
		{-0.1, 3.99, "x0 is -0.1"},
		{nan, 3.99, "x0 is NaN"},
		{0.3, 3.57, "r is 3.57; it must be above 3.57 and at most 4"},
		{0.3, 4.0001, "r is 4.0001"},
		{0.3, 0, "r is 0"},
		{0.3, nan, "r is NaN"},
		{0.5, 4, "ends in a cycle of 1"},        // 1, then 0
		{0.75, 4, "ends in a cycle of 1"},       // the fixed point 1 − 1/r
		{0.25, 4, "ends in a cycle of 1"},       // leads to it
		{0.3, 3.83, "ends in a cycle of 3"},     // the largest window of order
		{0.3, 3.7389, "ends in a cycle of 5"},   // another
		{0.3, 3.8458, "ends in a cycle of 6"},   // the first of its doublings
		{0.6, 3.83187, "ends in a cycle of 3:"}, // whatever x0
	} {
		if _, err := LogisticKeystream(10, c.x0, c.r); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("x0 = %v, r = %v: error %v, want %q", c.x0, c.r, err, c.want)
		}
		plain := noise(4, 4, 1, 1)
		p := Params{X0: c.x0, R: c.r}
		if err := logistic.Check(plain, p); err == nil {
			t.Errorf("x0 = %v, r = %v: Check takes it", c.x0, c.r)
		}
		if _, _, err := encrypt(logistic, plain, nil, p); err == nil {
			t.Errorf("x0 = %v, r = %v: Encrypt takes it", c.x0, c.r)
		}
	}
}

// The bytes look uniform and neighbours unrelated: 65,536 of them, where the chi-square of 255 degrees of freedom is below 345
// with probability 0.9999.
func TestLogisticKeystreamLooksUniform(t *testing.T) {
	k, err := LogisticKeystream(1<<16, 0.3, 3.99)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]func(i int) byte{
		"bytes":                    func(i int) byte { return k[i] },
		"differences to the next":  func(i int) byte { return k[i] - k[(i+1)%len(k)] },
		"differences to the third": func(i int) byte { return k[i] - k[(i+2)%len(k)] },
	} {
		var counts [256]float64
		for i := range k {
			counts[value(i)]++
		}
		chi := 0.0
		for _, n := range counts {
			chi += (n - 256) * (n - 256) / 256
		}
		if chi > 345 {
			t.Errorf("%s: chi-square %.0f", name, chi)
		}
	}
}

func TestLogisticNeedsNoKeyImage(t *testing.T) {
	p := drawLogistic(Params{}, 0, rand.New(Source(nil)))
	if other := drawLogistic(Params{}, 0, rand.New(Source(nil))); p == other {
		t.Errorf("drawn twice: %v", p)
	}
	for _, plain := range []*raster.Image{noise(7, 5, 1, 1), noise(31, 9, 3, 2)} {
		secret, k, err := encrypt(mustScheme(t, "logistic"), plain, nil, p)
		if err != nil {
			t.Fatal(err)
		}
		keystream, err := LogisticKeystream(len(plain.Pix), p.X0, p.R)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range secret.Pix {
			if v != plain.Pix[i]^keystream[i] {
				t.Fatalf("sample %d is %d", i, v)
			}
		}
		read, err := ParseKeyFile("a.key.npz", marshal(t, k))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(k, read); d != "" {
			t.Error(d)
		}
		if !bytes.Equal(marshal(t, read), marshal(t, k)) {
			t.Error("written again, the file has other bytes")
		}
		back, err := Decrypt(secret, read)
		if err != nil || !same(back, plain) {
			t.Errorf("decryption gave another image, error %v", err)
		}
	}
}

// A key file whose parameters give no keystream is refused when it is read.
func TestLogisticKeyFileOfDegenerateParameters(t *testing.T) {
	_, k, err := encrypt(mustScheme(t, "logistic"), noise(7, 5, 1, 1), nil, Params{X0: 0.25, R: 3.75})
	if err != nil {
		t.Fatal(err)
	}
	k.Params.R = 4
	if _, err := ParseKeyFile("a.key.npz", marshal(t, k)); err == nil || !strings.Contains(err.Error(), "a.key.npz") ||
		!strings.Contains(err.Error(), "cycle of 1") {
		t.Errorf("error %v", err)
	}
}
