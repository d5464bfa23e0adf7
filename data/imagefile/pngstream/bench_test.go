package pngstream

import (
	"bytes"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"testing"
)

// memory is a place for a file, of which every byte was touched.
type memory struct{ b []byte }

func (m *memory) Write(p []byte) (int, error) {
	m.b = append(m.b, p...)
	return len(p), nil
}

// BenchmarkStoredPNG writes and reads 64 MB of noise in pieces of 1 MB, memory to memory; beside compress/zlib without compression on the
// same bytes, and beside a copy.
//
//	go test -run '^$' -bench StoredPNG -cpu 1 -benchtime 10x ./data/imagefile/pngstream
func BenchmarkStoredPNG(b *testing.B) {
	const width, height, piece = 1 << 12, 1 << 14, 1 << 20
	pix := make([]byte, width*height)
	rand.NewChaCha8([32]byte{1}).Read(pix)
	room := make([]byte, Size(width, height, 1, 8)+1<<20)
	for i := range room {
		room[i] = 1
	}
	inPieces := func(w io.Writer) {
		for i := 0; i < len(pix); i += piece {
			if _, err := w.Write(pix[i : i+piece]); err != nil {
				b.Fatal(err)
			}
		}
	}
	into := make([]byte, piece)
	readAll := func(r io.Reader) {
		n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, into)
		if err != nil || n != int64(len(pix)) {
			b.Fatalf("%d bytes, %v", n, err)
		}
	}
	var file, packed memory
	write := func() {
		file.b = room[:0]
		p, err := NewWriter(&file, width, height, 1, 8)
		if err != nil {
			b.Fatal(err)
		}
		inPieces(p)
		if err := p.Close(); err != nil {
			b.Fatal(err)
		}
	}
	write()
	file.b = bytes.Clone(file.b)
	stored := file.b
	z, _ := zlib.NewWriterLevel(&packed, zlib.NoCompression)
	inPieces(z)
	z.Close()
	for _, test := range []struct {
		name string
		do   func()
	}{
		{"write", write},
		{"write-zlib", func() {
			z.Reset(&memory{room[:0]})
			inPieces(z)
			z.Close()
		}},
		{"write-copy", func() { inPieces(&memory{room[:0]}) }},
		{"read", func() {
			p, err := NewReader(bytes.NewReader(stored))
			if err != nil {
				b.Fatal(err)
			}
			readAll(p)
		}},
		{"read-zlib", func() {
			z, err := zlib.NewReader(bytes.NewReader(packed.b))
			if err != nil {
				b.Fatal(err)
			}
			readAll(z)
		}},
		{"read-copy", func() { readAll(bytes.NewReader(pix)) }},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.SetBytes(int64(len(pix)))
			for b.Loop() {
				test.do()
			}
		})
	}
}
