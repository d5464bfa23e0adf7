package cipher

import (
	"bytes"
	"fmt"
	"testing"
)

// Every length and alignment, into memory of its own or of one of the two; nothing beside it is written to.
func TestXORLengths(t *testing.T) {
	const longest, around = 300, 64
	for n := range longest {
		for at := range 33 {
			a, b, want := make([]byte, n), make([]byte, n), make([]byte, n)
			for i := range n {
				a[i], b[i] = byte(i*i>>2^i), byte(i*7+n)
				want[i] = a[i] ^ b[i]
			}
			for _, into := range []string{"its own", "a", "b"} {
				room := bytes.Repeat([]byte{0xa5}, around+longest+around)
				dst := room[at : at+n]
				x, y := a, b
				switch into {
				case "a":
					x = dst[:copy(dst, a)]
				case "b":
					y = dst[:copy(dst, b)]
				}
				XOR(dst, x, y)
				what := fmt.Sprintf("%d bytes at %d into %s", n, at, into)
				if !bytes.Equal(dst, want) {
					t.Fatalf("%s: %x, want %x", what, dst, want)
				}
				if len(bytes.Trim(room[:at], "\xa5")) > 0 || len(bytes.Trim(room[at+n:], "\xa5")) > 0 {
					t.Fatalf("%s: it wrote beside it", what)
				}
			}
		}
	}
}

func TestXORPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("different lengths were taken")
		}
	}()
	XOR(make([]byte, 128), make([]byte, 128), make([]byte, 127))
}
