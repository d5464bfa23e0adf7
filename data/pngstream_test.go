package data

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// storedPNG writes an image in pieces of any length.
func storedPNG(t *rapid.T, m *Image, text ...Text) []byte {
	var b bytes.Buffer
	p, err := NewStoredPNG(&b, m.Width, m.Height, m.Channels, m.Depth, text...)
	if err != nil {
		t.Fatal(err)
	}
	for rest := m.Pix; len(rest) > 0; {
		n := rapid.IntRange(0, len(rest)).Draw(t, "piece")
		if got, err := p.Write(rest[:n]); got != n || err != nil {
			t.Fatalf("%d of %d bytes written: %v", got, n, err)
		}
		rest = rest[n:]
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readPNGStream reads the file as a stream into an image.
func readPNGStream(b []byte) (*Image, error) {
	p, err := OpenPNG(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	pix, err := io.ReadAll(p)
	return &Image{p.Width, p.Height, p.Channels, p.Depth, pix}, err
}

// What is written as a stream, Go's decoder and ours read back, in pieces of any length, and with its texts.
func TestStoredPNGRoundTrip(t *testing.T) {
	texts := []Text{{"Author", "nobody"}, {"keygan key file", "SHA-256 00"}, {"caf\xe9", ""}}
	rapid.Check(t, func(t *rapid.T) {
		m := anyImage(t)
		text := rapid.SliceOfN(rapid.SampledFrom(texts), 0, maxTexts).Draw(t, "text")
		b := storedPNG(t, m, text...)
		if size := StoredPNGSize(m.Width, m.Height, m.Channels, m.Depth, text...); size != int64(len(b)) {
			t.Fatalf("%d bytes, want %d", len(b), size)
		}
		want, err := byGo(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, want); diff != "" {
			t.Fatalf("not as Go has it: %s", diff)
		}
		p, err := OpenPNG(iotest.HalfReader(bytes.NewReader(b)))
		if err != nil {
			t.Fatal(err)
		}
		if got := []int{p.Width, p.Height, p.Channels, p.Depth}; !cmp.Equal(got, []int{m.Width, m.Height, m.Channels, m.Depth}) {
			t.Fatalf("%v was read as %v", m, got)
		}
		if len(text) > 0 && !cmp.Equal(text, p.Text) {
			t.Fatal(cmp.Diff(text, p.Text))
		}
		if err := iotest.TestReader(p, m.Pix); err != nil {
			t.Fatal(err)
		}
	})
}

// A file that was cut or that has one wrong bit is an error, and never gives more samples than it should or wrong ones to the end.
func TestPNGStreamDamage(t *testing.T) {
	m := NewImage(3, 4, 2, 16)
	for i := range m.Pix {
		m.Pix[i] = byte(i * i)
	}
	var stored bytes.Buffer
	p, err := NewStoredPNG(&stored, m.Width, m.Height, m.Channels, m.Depth, Text{"Comment", "a"})
	if err != nil {
		t.Fatal(err)
	}
	p.Write(m.Pix) // Close tells
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for name, whole := range map[string][]byte{"stored": stored.Bytes(), "compressed": pngBytes(t, m)} {
		if got, err := readPNGStream(whole); err != nil || !cmp.Equal(m, got) {
			t.Fatalf("%s: %v, %v", name, got, err)
		}
		damaged := map[string][]byte{"a byte more": append(slices.Clone(whole), 0)}
		for n := range whole {
			damaged[fmt.Sprintf("cut to %d bytes", n)] = whole[:n]
			for bit := range 8 {
				b := slices.Clone(whole)
				b[n] ^= 1 << bit
				damaged[fmt.Sprintf("bit %d of byte %d", bit, n)] = b
			}
		}
		for what, b := range damaged {
			got, err := readPNGStream(b)
			if err == nil || !strings.HasPrefix(err.Error(), "not a readable PNG: ") {
				t.Errorf("%s, %s: %v", name, what, err)
			}
			if got != nil && len(got.Pix) >= got.Height*got.Width*got.Channels*got.Depth/8 {
				t.Errorf("%s, %s: all samples were given", name, what)
			}
		}
	}
}
