package npz

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func archive(t testing.TB, entries ...Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, entries...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	x := make([]float32, 2*3*4)
	for i := range x {
		x[i] = rand.Float32()
	}
	b := archive(t, Bytes("text", []byte("hello")), Bytes("image", make([]byte, 6), 2, 3), Floats("x", []int{2, 3, 4}, x), Floats("none", []int{0, 5}, nil))
	if !bytes.Equal(b, archive(t, Bytes("text", []byte("hello")), Bytes("image", make([]byte, 6), 2, 3), Floats("x", []int{2, 3, 4}, x), Floats("none", []int{0, 5}, nil))) {
		t.Error("the same content gave other bytes")
	}
	a, err := Open(b)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Names(); !slices.Equal(got, []string{"text", "image", "x", "none"}) {
		t.Errorf("names %v", got)
	}
	if text, shape, err := a.Bytes("text"); string(text) != "hello" || !slices.Equal(shape, []int{5}) || err != nil {
		t.Errorf("%q %v %v", text, shape, err)
	}
	if _, shape, err := a.Bytes("image"); !slices.Equal(shape, []int{2, 3}) || err != nil {
		t.Errorf("%v %v", shape, err)
	}
	if got, err := a.Floats("x", []int{2, 3, 4}); !slices.Equal(got, x) || err != nil {
		t.Errorf("%v %v", got, err)
	}
}

// byNumPy is np.savez_compressed(f, a=np.arange(6, dtype=np.float32).reshape(2, 3), b=np.array([1, 2], np.uint8)) of NumPy 1.24.
const byNumPy = "UEsDBBQAAAAIAAAAIQBP6QAqVQAAAJgAAAAFABQAYS5ucHkBABAAmAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgYwaLAHEg5ABMQNQLzAAQBQSwMEFAAAAAgAAAAhAGICZV9GAAAAggAAAAUAFABiLm5weQEAEACCAAAAAAAAAEYAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgXlNqqK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjqaOgq1ChQALkYmAFBLAQIUAxQAAAAIAAAAIQBP6QAqVQAAAJgAAAAFAAAAAAAAAAAAAACAAQAAAABhLm5weVBLAQIUAxQAAAAIAAAAIQBiAmVfRgAAAIIAAAAFAAAAAAAAAAAAAACAAYwAAABiLm5weVBLBQYAAAAAAgACAGYAAAAJAQAAAAA="

func TestReadsNumPy(t *testing.T) {
	b, err := base64.StdEncoding.DecodeString(byNumPy)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(b)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Floats("a", []int{2, 3}); err != nil || !slices.Equal(got, []float32{0, 1, 2, 3, 4, 5}) {
		t.Errorf("%v %v", got, err)
	}
	for name, want := range map[string][]byte{"a": Header(typeFloat, []int{2, 3}), "b": Header(typeByte, []int{2})} {
		r, err := a.entries[name].Open()
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: NumPy's header is %q, ours %q", name, got, want)
		}
	}
	if got, _, err := a.Bytes("b"); err != nil || !slices.Equal(got, []byte{1, 2}) {
		t.Errorf("%v %v", got, err)
	}
}

// Check finds a flipped bit wherever it is in an array.
func TestCheck(t *testing.T) {
	good := archive(t, Floats("x", []int{2, 2}, []float32{1, 2, 3, 4}), Bytes("note", []byte("some text")))
	for _, part := range []string{"\x00\x00\x40\x40", "some text", "NUMPY"} {
		b := slices.Clone(good)
		a, err := Open(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Check(); err != nil {
			t.Errorf("whole: %v", err)
		}
		b[bytes.Index(b, []byte(part))+1] ^= 1
		if a, err = Open(b); err != nil {
			t.Fatal(err)
		}
		if err := a.Check(); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("a bit flipped in %q: %v", part, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	zipped := func(name, content string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		f, _ := z.Create(name)
		f.Write([]byte(content))
		z.Close()
		return b.Bytes()
	}
	good := archive(t, Floats("x", []int{2, 2}, make([]float32, 4)))
	huge := string(Header(typeFloat, []int{1 << 30, 1 << 30})) + "1234"
	damaged := slices.Clone(good)
	damaged[bytes.Index(damaged, []byte("\n"))+3] ^= 1
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "not a whole .npz archive"},
		{"cut short", good[:len(good)/2], "not a whole .npz archive"},
		{"not an array", zipped("readme.txt", ""), "not an array"},
		{"no header", zipped("x.npy", "abc"), "array x: too short for a NumPy array"},
		{"other magic", zipped("x.npy", strings.Repeat("x", 200)), "array x: not a NumPy array"},
		{"huge shape", zipped("x.npy", huge), "array x: a shape of"},
		{"negative shape", zipped("x.npy", string(Header(typeFloat, []int{-1}))), "array x: "},
		{"bomb", zipped("x.npy", strings.Repeat("\x00", 1<<26)), "unpacks to more than"},
		{"damaged", damaged, "array x: cut short or damaged"},
		{"twice", archive(t, Floats("x", []int{0}, nil), Floats("x", []int{0}, nil)), "appears twice"},
		{"missing", archive(t, Floats("y", []int{0}, nil)), "array x: missing"},
		{"type", archive(t, Bytes("x", nil)), "array x: its type is |u1, must be <f4"},
		{"shape", archive(t, Floats("x", []int{4}, make([]float32, 4))), "array x: its shape is [4], must be [2 2]"},
		{"too long", zipped("x.npy", string(Header(typeFloat, []int{2, 2}))+strings.Repeat("\x00", 17)), "longer than its shape"},
	} {
		a, err := Open(c.file)
		if err == nil {
			var want []int
			if c.name == "shape" {
				want = []int{2, 2}
			}
			_, err = a.Floats("x", want)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	numpy, _ := base64.StdEncoding.DecodeString(byNumPy)
	f.Add(numpy)
	f.Add(archive(f, Bytes("text", []byte("hello")), Floats("x", []int{2, 2}, make([]float32, 4))))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Open(b)
		if err != nil {
			return
		}
		for _, name := range a.Names() {
			if body, shape, err := a.Bytes(name); err == nil {
				n := 1
				for _, d := range shape {
					n *= d
				}
				if n != len(body) {
					t.Errorf("%d bytes for %v", len(body), shape)
				}
			}
			a.Floats(name, nil)
		}
	})
}
