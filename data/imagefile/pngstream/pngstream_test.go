package pngstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// storedPNG writes an image in pieces of any length.
func storedPNG(t *rapid.T, m *raster.Image, text ...Text) []byte {
	var b bytes.Buffer
	p, err := NewWriter(&b, m.Width, m.Height, m.Channels, m.Depth, text...)
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
func readPNGStream(b []byte) (*raster.Image, error) {
	p, err := NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	pix, err := io.ReadAll(p)
	return &raster.Image{Width: p.Width, Height: p.Height, Channels: p.Channels, Depth: p.Depth, Pix: pix}, err
}

// What is written as a stream, Go's decoder and ours read back, in pieces of any length, and with its texts.
func TestStoredPNGRoundTrip(t *testing.T) {
	texts := []Text{{"Author", "nobody"}, {"keygan key file", "SHA-256 00"}, {"caf\xe9", ""}}
	rapid.Check(t, func(t *rapid.T) {
		m := imagetest.AnyImage(t)
		text := rapid.SliceOfN(rapid.SampledFrom(texts), 0, maxTexts).Draw(t, "text")
		b := storedPNG(t, m, text...)
		if size := Size(m.Width, m.Height, m.Channels, m.Depth, text...); size != int64(len(b)) {
			t.Fatalf("%d bytes, want %d", len(b), size)
		}
		want, err := byGo(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, want); diff != "" {
			t.Fatalf("not as Go has it: %s", diff)
		}
		p, err := NewReader(iotest.HalfReader(bytes.NewReader(b)))
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
	m := raster.NewImage(3, 4, 2, 16)
	for i := range m.Pix {
		m.Pix[i] = byte(i * i)
	}
	var stored bytes.Buffer
	p, err := NewWriter(&stored, m.Width, m.Height, m.Channels, m.Depth, Text{"Comment", "a"})
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

// A shape or a text that cannot be is refused before anything is written.
func TestNewWriterRefuses(t *testing.T) {
	ok := Text{"Comment", "a"}
	for _, test := range []struct {
		width, height, channels, depth int
		text                           []Text
		want                           string
	}{
		{0, 1, 1, 8, nil, "0×1"}, {1, -1, 1, 8, nil, "1×-1"}, {1, 1, 0, 8, nil, "0 channels"}, {1, 1, 5, 8, nil, "5 channels"},
		{1, 1, 1, 12, nil, "12 bits"}, {1<<20 + 1, 1, 1, 8, nil, "1048577×1"}, {1, 1<<20 + 1, 1, 8, nil, "1×1048577"},
		{1, 1, 1, 8, []Text{{"", "a"}}, "keyword"}, {1, 1, 1, 8, []Text{{strings.Repeat("k", 80), "a"}}, "keyword"},
		{1, 1, 1, 8, []Text{{" a", ""}}, "keyword"}, {1, 1, 1, 8, []Text{{"a  b", ""}}, "keyword"}, {1, 1, 1, 8, []Text{{"a\x7f", ""}}, "keyword"},
		{1, 1, 1, 8, []Text{ok, {"a", "b\x00"}}, "zero byte"}, {1, 1, 1, 8, []Text{{"a", strings.Repeat("b", 4095)}}, "4096 bytes"},
		{1, 1, 1, 8, slices.Repeat([]Text{ok}, 17), "17 texts"},
	} {
		var b bytes.Buffer
		_, err := NewWriter(&b, test.width, test.height, test.channels, test.depth, test.text...)
		if err == nil || !strings.Contains(err.Error(), test.want) || b.Len() > 0 {
			t.Errorf("%v: %v, want %q; %d bytes written", test, err, test.want, b.Len())
		}
	}
}

// The largest file that there can be has a size, and its start can be written.
func TestStoredPNGLargest(t *testing.T) {
	if _, err := NewWriter(io.Discard, 1<<20, 1<<20, 4, 16, Text{strings.Repeat("k", 79), strings.Repeat("v", 4096-80)}); err != nil {
		t.Error(err)
	}
	if size := Size(1<<20, 1<<20, 4, 16); size <= 1<<43 || size > 1<<43+1<<43/3000 {
		t.Errorf("%d bytes", size)
	}
}

func TestStoredPNGMisuse(t *testing.T) {
	var b bytes.Buffer
	p, err := NewWriter(&b, 2, 2, 1, 8)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := p.Write(make([]byte, 5)); n != 0 || err == nil {
		t.Errorf("5 samples of 4: %d were taken, %v", n, err)
	}
	if n, err := p.Write([]byte{1, 2, 3, 4}); n != 4 || err != nil {
		t.Errorf("the samples after too many: %d were taken, %v", n, err)
	}
	if _, err := p.Write([]byte{1}); err == nil {
		t.Error("a sample too many was taken")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if m, err := readPNGStream(b.Bytes()); err != nil || string(m.Pix) != "\x01\x02\x03\x04" {
		t.Errorf("%v, %v", m, err)
	}
	if err := p.Close(); err == nil {
		t.Error("it was closed twice")
	}
	p, _ = NewWriter(io.Discard, 2, 2, 1, 8)
	p.Write([]byte{1, 2, 3})
	if err := p.Close(); err == nil || !strings.Contains(err.Error(), "incomplete") {
		t.Errorf("closed with a sample missing: %v", err)
	}
}

// An error of the writer comes back, from then on always.
func TestStoredPNGWriteError(t *testing.T) {
	full := errors.New("the disk is full")
	for room := range 4 { // the header, the chunks of 65535 bytes and of the rest, the end
		w := &failing{room: room, err: full}
		p, err := NewWriter(w, 300, 300, 1, 8)
		if err == nil {
			if _, err = p.Write(make([]byte, 300*300)); err == nil {
				err = p.Close()
			} else if again := p.Close(); again != err {
				t.Errorf("room for %d: Close gives %v", room, again)
			}
		}
		if err != full {
			t.Errorf("room for %d: %v", room, err)
		}
	}
}

// failing takes some writes and then no more.
type failing struct {
	room int
	err  error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.room--; f.room < 0 {
		return 0, f.err
	}
	return len(p), nil
}

// Texts are kept up to the limits; others do not matter. An error of the reader is no damage.
func TestPNGStreamText(t *testing.T) {
	long := Text{"long", strings.Repeat("v", maxTextBytes-5)}
	chunks := [][]byte{imagetest.Chunk("IHDR", header(raster.NewImage(1, 1, 1, 8))), imagetest.Chunk("tEXt", append(long.content(), 'v')), imagetest.Chunk("tEXt", []byte("no zero byte")),
		imagetest.Chunk("tEXt", []byte("\x00no keyword")), imagetest.Chunk("zTXt", []byte("a\x00\x00b")), imagetest.Chunk("tEXt", long.content())}
	want := []Text{long}
	for i := range maxTexts {
		text := Text{"k", fmt.Sprint(i)}
		chunks, want = append(chunks, imagetest.Chunk("tEXt", text.content())), append(want, text)
	}
	b := imagetest.PNG(append(chunks, imagetest.Chunk("IDAT", zlibOf([]byte{0, 9}, 2)), imagetest.Chunk("tEXt", []byte("a\x00after")), imagetest.Chunk("IEND", nil))...)
	p, err := NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[:maxTexts], p.Text); diff != "" {
		t.Error(diff)
	}
	if pix, err := io.ReadAll(p); err != nil || string(pix) != "\x09" {
		t.Errorf("%v, %v", pix, err)
	}
	broken := errors.New("the disk is broken")
	for n := range b {
		p, err := NewReader(io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(broken)))
		if err == nil {
			_, err = io.ReadAll(p)
		}
		if !errors.Is(err, broken) {
			t.Fatalf("broken after %d bytes: %v", n, err)
		}
	}
}

// Neither side holds the image.
func TestPNGStreamMemory(t *testing.T) {
	const width, height = 5000, 4000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		p, err := NewWriter(w, width, height, 1, 8)
		for row := make([]byte, width); err == nil && p.left > 0; {
			_, err = p.Write(row)
		}
		if err == nil {
			err = p.Close()
		}
		w.CloseWithError(err)
		written <- err
	}()
	p, err := NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, p); err != nil || n != width*height {
		t.Errorf("%d bytes, %v", n, err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes were allocated for an image of %d", used, width*height)
	}
}
