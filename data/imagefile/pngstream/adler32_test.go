package pngstream

import (
	"bytes"
	"fmt"
	stdadler "hash/adler32"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// Every length up to a few runs, of the bytes that make the largest sums and of noise, from the largest sums on.
func TestAdler32SmallLengths(t *testing.T) {
	noise := make([]byte, 1000)
	rand.NewChaCha8([32]byte{1}).Read(noise)
	for _, content := range [][]byte{noise, bytes.Repeat([]byte{255}, len(noise)), make([]byte, len(noise))} {
		for start := range 9 {
			for n := range len(content) - start {
				p := content[start : start+n]
				if got, want := adler32(1, p), stdadler.Checksum(p); got != want {
					t.Fatalf("%d bytes from %d: %#x, want %#x", n, start, got, want)
				}
			}
		}
	}
}

// No sum overflows between two reductions.
func TestAdler32LargestSums(t *testing.T) {
	p := bytes.Repeat([]byte{255}, 5*adlerMost+77)
	for n := len(p); n > 0; n -= 12345 {
		if got, want := adler32(1, p[:n]), stdadler.Checksum(p[:n]); got != want {
			t.Fatalf("%d bytes: %#x, want %#x", n, got, want)
		}
	}
}

func TestAdler32InPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := stdadler.New()
		sum := uint32(1)
		for range rapid.IntRange(0, 5).Draw(t, "pieces") {
			p := make([]byte, rapid.IntRange(0, 3*adlerMost/2).Draw(t, "bytes"))
			rand.NewChaCha8([32]byte{rapid.Byte().Draw(t, "seed")}).Read(p)
			h.Write(p)
			sum = adler32(sum, p)
		}
		if sum != h.Sum32() {
			t.Fatalf("%#x, want %#x", sum, h.Sum32())
		}
	})
}

func BenchmarkAdler32(b *testing.B) {
	for _, n := range []int{100, 4021, 65535} {
		p := make([]byte, n)
		rand.NewChaCha8([32]byte{1}).Read(p)
		b.Run(fmt.Sprintf("%d/lanes", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				adler32(1, p)
			}
		})
		b.Run(fmt.Sprintf("%d/standard", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				stdadler.Checksum(p)
			}
		})
	}
}
