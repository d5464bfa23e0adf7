package jpeg

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// files are those that testdata/make.py made.
func files(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(paths) < 30 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		if all[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Every mode gives the pixels that djpeg and Pillow give.
func TestFilesFromCjpegAndPillow(t *testing.T) {
	b, err := os.ReadFile("testdata/expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := files(t)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != len(all) {
		t.Errorf("%d hashes of %d files", len(lines), len(all))
	}
	for _, line := range lines {
		want, name, _ := strings.Cut(line, "  ")
		m, err := Decode(all[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(pnm(m))); got != want {
			t.Errorf("%s: other pixels than djpeg's", name)
		}
		if width, height, err := Size(all[name]); width != m.Width || height != m.Height || err != nil {
			t.Errorf("%s: size %d×%d, %v", name, width, height, err)
		}
	}
}

// A file that ends early, wherever that is, has no pixels.
func TestTruncated(t *testing.T) {
	for name, b := range files(t) {
		for n := 2; n < len(b); n += 1 + n/100 {
			if _, err := Decode(b[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s: %d of %d bytes: %v", name, n, len(b), err)
			}
		}
	}
}

// replaced is a file with the first bytes like old replaced.
func replaced(t *testing.T, file []byte, old, now string) []byte {
	t.Helper()
	if !bytes.Contains(file, []byte(old)) {
		t.Fatalf("no %q", old)
	}
	return bytes.Replace(file, []byte(old), []byte(now), 1)
}

// What is refused is named.
func TestRefused(t *testing.T) {
	all := files(t)
	colour, progressive, restarts := all["sample-2x2.jpg"], all["progressive.jpg"], all["restart.jpg"]
	frame := "\xff\xc0\x00\x11\x08\x00\x1d\x00\x25\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01" // 37×29 in 4:2:0
	header := "\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"
	framed := func(now string) []byte { return replaced(t, colour, frame, now) }
	scanned := func(now string) []byte { return replaced(t, colour, header, now) }
	at := bytes.Index(colour, []byte(header))
	tables := colour[:at]
	firstDC := bytes.Index(progressive, []byte("\xff\xda"))
	nextTables := bytes.Index(progressive[firstDC:], []byte("\xff\xc4"))
	for _, test := range []struct {
		name, want string
		file       []byte
	}{
		{"no JPEG", "start", []byte("\xff\xff\xd8")},
		{"12 bits", "12 bits", framed(strings.Replace(frame, "\x11\x08", "\x11\x0c", 1))},
		{"arithmetic", "arithmetic", framed("\xff\xc9" + frame[2:])},
		{"progressive arithmetic", "arithmetic", framed("\xff\xca" + frame[2:])},
		{"lossless", "lossless", framed("\xff\xc3" + frame[2:])},
		{"hierarchical", "hierarchical", framed("\xff\xc5" + frame[2:])},
		{"two components", "2 components", framed("\xff\xc0\x00\x0e\x08\x00\x1d\x00\x25\x02" + frame[10:16])},
		{"no height", "37×0", framed(strings.Replace(frame, "\x00\x1d", "\x00\x00", 1))},
		{"no sampling", "component 1", framed(strings.Replace(frame, "\x22", "\x02", 1))},
		{"sampling of 3 and 2", "sampling", framed(strings.Replace(frame, "\x22\x00\x02\x11", "\x32\x00\x02\x21", 1))},
		{"too many blocks", "MCU", framed(strings.Replace(frame, "\x22\x00\x02\x11", "\x44\x00\x02\x22", 1))},
		{"short frame", "frame header", framed(strings.Replace(frame, "\x25\x03", "\x25\x04", 1))},
		{"two frames", "two frame", framed(frame + frame)},
		{"no frame", "before the frame", framed("")},
		{"no scan", "missing", append(bytes.Clone(tables), 0xff, markerEOI)},
		{"no picture", "no picture", []byte("\xff\xd8\xff\xd9")},
		{"second start", "second picture", []byte("\xff\xd8\xff\xd8")},
		{"strange marker", "0x5", []byte("\xff\xd8\xff\x05")},
		{"empty segment", "segment", []byte("\xff\xd8\xff\xe0\x00\x01")},
		{"unknown component", "component 9", scanned(strings.Replace(header, "\x03\x11", "\x09\x11", 1))},
		{"the same twice", "component 1", scanned(strings.Replace(header, "\x02\x11", "\x01\x00", 1))},
		{"tables without end", "Huffman table", replaced(t, colour, "\xff\xc4\x00\x1f\x00\x00\x01\x05", "\xff\xc4\x00\x1f\x00\x03\x01\x05")},
		{"no Huffman table", "lacks", scanned(strings.Replace(header, "\x02\x11", "\x02\x22", 1))},
		{"no quantization table", "lacks", framed(strings.Replace(frame, "\x11\x01", "\x11\x03", 1))},
		{"scan again", "comes twice", append(bytes.Clone(colour[:len(colour)-2]), colour[at:]...)},
		{"wrong restart", "restart marker 0", replaced(t, restarts, "\xff\xd0", "\xff\xd1")},
		{"early marker", "before the picture is complete", append(bytes.Clone(colour[:len(colour)-60]), colour[len(colour)-2:]...)},
		{"scan out of order", "do not follow", replaced(t, progressive, "\x03\x10\x00\x00\x01", "\x03\x10\x00\x00\x02")},
		{"no DC", "without its DC", append(bytes.Clone(progressive[:firstDC]), progressive[firstDC+nextTables:]...)},
	} {
		if m, err := Decode(test.file); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, %v", test.name, m, err)
		}
	}
}

// Bytes around segments and after the picture, and fill bytes before a marker, do not matter.
func TestTolerated(t *testing.T) {
	b := files(t)["restart.jpg"]
	want, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{
		"fill":         replaced(t, b, "\xff\xdb", "\xff\xff\xff\xdb"),
		"fill inside":  replaced(t, b, "\xff\xd0", "\xff\xff\xd0"),
		"garbage":      replaced(t, b, "\xff\xdb", "ab\xff\x00c\xff\xdb"),
		"garbage end":  append(bytes.Clone(b[:len(b)-2]), "ab\xff\xd9"...),
		"after":        append(bytes.Clone(b), "\xff\xd8 and more"...),
		"more restart": append(bytes.Clone(b[:len(b)-2]), "\xff\xd1\xff\xd9"...),
		"comment":      replaced(t, b, "\xff\xdb", "\xff\xfe\x00\x04ab\xff\xdb"),
	} {
		if got, err := Decode(file); err != nil || !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Coefficients that a file never sends are zero: here all but the DC.
func TestUnsentCoefficients(t *testing.T) {
	b := files(t)["progressive-grey.jpg"]
	scan := bytes.Index(b, []byte("\xff\xda"))
	next := scan + 2 + bytes.IndexByte(b[scan+2:], 0xff)
	m, err := Decode(append(bytes.Clone(b[:next]), 0xff, markerEOI))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range m.Pix {
		x, y := i%m.Width, i/m.Width
		if first := m.Pix[y/8*8*m.Width+x/8*8]; v != first {
			t.Fatalf("sample (%d, %d) is %d, the block's first is %d", x, y, v, first)
		}
	}
}

// A header alone takes no memory, whatever its size.
func TestMemory(t *testing.T) {
	all := files(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, name := range []string{"grey.jpg", "sample-2x2.jpg", "apart.jpg", "progressive.jpg", "cmyk-0.jpg"} {
		file := replaced(t, all[name], "\x08\x00\x1d\x00\x25", "\x08\xff\xff\xff\xff")
		if _, err := Decode(file); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
}

// Scans that each change nothing are limited in number and by their order.
func TestManyScans(t *testing.T) {
	b := files(t)["progressive-grey.jpg"]
	eoi := len(b) - 2
	empty := "\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00\xff\x00" // the band 1 to 63 once more
	if _, err := Decode(append(append(bytes.Clone(b[:eoi]), empty...), b[eoi:]...)); err == nil || !strings.Contains(err.Error(), "do not follow") {
		t.Error(err)
	}
	for scans, want := range map[int]string{maxScans: "", maxScans + 1: "more than 100 scans"} {
		_, err := Decode(manyScans(scans))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%d scans: %v", scans, err)
		}
	}
}

// manyScans is an empty block in up to 379 scans, each of which sends one more bit of one coefficient.
func manyScans(n int) []byte {
	b := []byte("\xff\xd8\xff\xdb\x00\x43\x00" + strings.Repeat("\x01", 64) + "\xff\xc2\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00")
	for _, class := range "\x00\x10" { // one code of one bit for 0
		b = fmt.Appendf(b, "\xff\xc4\x00\x14%c\x01%s\x00", class, make([]byte, 15))
	}
	b = append(b, "\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00\x7f"...)
	for i := range n - 1 {
		k, high, low := byte(1+i/6), byte(6-i%6), byte(5-i%6)
		if high == 6 {
			high = 0
		}
		b = append(b, 0xff, markerSOS, 0, 8, 1, 1, 0, k, k, high<<4|low, 0x7f)
	}
	return append(b, 0xff, markerEOI)
}

// Whatever the bytes, there is a picture of honest size or an error, and no panic.
//
//	go test -run '^$' -fuzz FuzzDecode -fuzztime 5m -fuzzminimizetime 10x ./data/imagefile/jpeg
func FuzzDecode(f *testing.F) {
	for _, b := range files(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		width, height, err := Size(b)
		if err != nil || width*height > 1<<20 {
			return
		}
		m, err := Decode(b)
		if err == nil && (m.Width != width || m.Height != height || len(m.Pix) != width*height*m.Channels) {
			t.Errorf("%v with %d bytes", m, len(m.Pix))
		}
	})
}
