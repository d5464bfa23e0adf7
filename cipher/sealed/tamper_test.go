package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"keygan/cipher/catmap"
)

// refuseFile checks that samples are refused, and that all that was written before is a part of the content.
func refuseFile(t testing.TB, what string, k *Key, samples, content []byte) {
	t.Helper()
	got, err := decrypted(k, samples)
	if err != ErrRefused || !bytes.HasPrefix(content, got) || len(got) == len(content) && len(content) > 0 {
		t.Errorf("%s: error %v, %d bytes of %d written", what, err, len(got), len(content))
	}
}

// Every bit of a small file's samples, PRK and commitment counts, and every length of its samples.
func TestSmallFileRefusesEveryChange(t *testing.T) {
	content := bytesOf(50)
	samples, k := encrypted(t, content, Options{Name: "scan.dcm"})
	for what, b := range map[string][]byte{"samples": samples, "PRK": k.PRK[:], "commitment": k.Header.Commitment[:]} {
		for i := range 8 * len(b) {
			b[i/8] ^= 1 << (i % 8)
			refuseFile(t, fmt.Sprintf("bit %d of the %s", i, what), k, samples, content)
			b[i/8] ^= 1 << (i % 8)
		}
	}
	for n := range samples {
		refuseFile(t, fmt.Sprintf("%d samples", n), k, samples[:n], content)
	}
	refuseFile(t, "a sample more", k, append(bytes.Clone(samples), 0), content)
	if got, err := decrypted(k, samples); err != nil || !bytes.Equal(got, content) {
		t.Errorf("after all that the pair itself: error %v", err)
	}
}

// Every bit and every length of the key file's plaintext counts.
func TestFileKeyEveryBitAndLength(t *testing.T) {
	content := bytesOf(50)
	samples, k := encrypted(t, content, Options{
		Name: `a "name".dcm`, Mode: 0o640, Modified: someTime, NetworkKey: []byte("key"), Generator: someHash, NetworkInput: "256x256",
	})
	b := k.Marshal()
	check := func(what string, b []byte) {
		t.Helper()
		changed, err := ParseKey(b)
		switch {
		case err == nil && changed.Header.Kind == kindFile:
			refuseFile(t, what, changed, samples, content)
		case err == nil || changed != nil || !errors.Is(err, ErrRefused):
			t.Errorf("%s: key %v, error %v", what, changed, err)
		}
	}
	for i := range 8 * len(b) {
		b[i/8] ^= 1 << (i % 8)
		check(fmt.Sprintf("bit %d (byte %d, %q)", i, i/8, b[i/8]), b)
		b[i/8] ^= 1 << (i % 8)
	}
	for n := range b {
		check(fmt.Sprintf("%d bytes", n), b[:n])
	}
	check("a byte more", append(bytes.Clone(b), '\n'))
}

func TestFileRefusesHeaders(t *testing.T) {
	content := bytesOf(70_000)
	samples, k := encrypted(t, content, Options{Name: "scan.dcm", Mode: 0o640, Modified: someTime})
	for what, change := range map[string]func(*Header){
		"version 1":      func(h *Header) { h.Version = 1 },
		"version 0":      func(h *Header) { h.Version = 0 },
		"version 3":      func(h *Header) { h.Version = 3 },
		"width":          func(h *Header) { h.Width++ },
		"height":         func(h *Header) { h.Height-- },
		"channels":       func(h *Header) { h.Channels = 3 },
		"depth":          func(h *Header) { h.Depth = 16 },
		"length":         func(h *Header) { h.Length-- },
		"another shape":  func(h *Header) { h.Length = 80_000; h.Width, h.Height = fileShape(80_000) },
		"smaller shape":  func(h *Header) { h.Length = 50; h.Width, h.Height = fileShape(50) },
		"mode":           func(h *Header) { h.Mode = 0o644 },
		"no mode":        func(h *Header) { h.Mode = 0 },
		"a folder":       func(h *Header) { h.Mode |= fs.ModeDir },
		"time":           func(h *Header) { h.Modified = h.Modified.Add(time.Nanosecond) },
		"no time":        func(h *Header) { h.Modified = time.Time{} },
		"far future":     func(h *Header) { h.Modified = time.Unix(maxNumber+1, 0) },
		"a network":      func(h *Header) { h.Generator, h.NetworkInput = someHash, "256x256" },
		"half a network": func(h *Header) { h.Generator = someHash },
		"other half":     func(h *Header) { h.NetworkInput = "256x256" },
		"name":           func(h *Header) { h.Name = "scan.dcn" },
		"a path":         func(h *Header) { h.Name = "../scan.dcm" },
		"commitment":     func(h *Header) { h.Commitment[31] ^= 1 },
	} {
		changed := *k
		change(&changed.Header)
		if got, err := decrypted(&changed, samples); err != ErrRefused || len(got) > 0 {
			t.Errorf("%s: error %v, %d bytes written", what, err, len(got))
		}
	}
}

// Chunks are where they were, all of them, and no others, inside a batch and over its border.
func TestChunksStayInPlace(t *testing.T) {
	for _, n := range []int{0, 2, 20} { // full chunks before the last one
		for _, last := range []int{1, 5000, chunkSize} {
			content := bytesOf(n*chunkSize + last)
			samples, k := encrypted(t, content, Options{})
			_, other := encrypted(t, content, Options{})
			refuseFile(t, "another key", other, samples, content)
			chunks := slices.Collect(slices.Chunk(samples, sealedChunkSize))
			check := func(what string, chunks ...[]byte) {
				t.Helper()
				refuseFile(t, fmt.Sprintf("%d chunks: %s", len(chunks), what), k, slices.Concat(chunks...), content)
			}
			end := len(chunks) - 1
			check("last chunk dropped", chunks[:end]...)
			check("last chunk twice", append(slices.Clone(chunks), chunks[end])...)
			check("last chunk cut", append(slices.Clone(chunks[:end]), chunks[end][:len(chunks[end])-1])...)
			check("last chunk without its tag", append(slices.Clone(chunks[:end]), chunks[end][:len(chunks[end])-tagSize])...)
			check("bytes appended", append(slices.Clone(chunks), make([]byte, 20))...)
			check("a chunk appended", append(slices.Clone(chunks), chunks[0])...)
			for i, c := range chunks {
				changed := slices.Clone(chunks)
				changed[i] = bytes.Clone(c)
				for _, at := range []int{0, len(c) / 2, len(c) - 1} {
					changed[i][at] ^= 1
					check(fmt.Sprintf("byte %d of chunk %d", at, i), changed...)
					changed[i][at] ^= 1
				}
				if i == end {
					break
				}
				check(fmt.Sprintf("chunk %d dropped", i), slices.Delete(slices.Clone(chunks), i, i+1)...)
				check(fmt.Sprintf("chunk %d twice", i), slices.Insert(slices.Clone(chunks), i, c)...)
				changed[i], changed[i+1] = chunks[i+1], chunks[i]
				check(fmt.Sprintf("chunks %d and %d exchanged", i, i+1), changed...)
				changed[i], changed[i+1] = chunks[i], chunks[i]
				check(fmt.Sprintf("chunk %d in the place of the next", i), changed...)
			}
		}
	}
}

// A key holder who fills the rest of the image with something else makes a file that does not open.
func TestPaddingIsChecked(t *testing.T) {
	for _, n := range []int{0, 1, 50, chunkSize, 70_000, batchChunks * chunkSize} {
		k, err := NewFileKey(int64(n), Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, padded := fileChunks(int64(k.Header.Width) * int64(k.Header.Height))
		for _, at := range []int{-1, n, int(padded) - 1} {
			plain := append(bytesOf(n), make([]byte, int(padded)-n)...)
			if at == int(padded) {
				continue // there is no padding
			}
			if at >= n {
				plain[at] = 1
			}
			b, err := k.newBatch(catmap.NewPasses)
			if err != nil {
				t.Fatal(err)
			}
			var samples []byte
			for from := plain; b.next(); from = from[len(b.plain):] {
				copy(b.plain, from)
				b.seal()
				samples = append(samples, b.sealed...)
			}
			got, err := decrypted(k, samples)
			switch {
			case at < n && (err != nil || !bytes.Equal(got, plain[:n])):
				t.Errorf("%d bytes, zeros: error %v, or other content", n, err)
			case at >= n && err != ErrRefused:
				t.Errorf("%d bytes, 1 in place %d of %d: error %v", n, at, padded, err)
			}
		}
	}
}

// Live memory does not grow with the file: 300 MB of zeros take less than 16 MB, both ways.
func TestFilesTakeLittleMemory(t *testing.T) {
	const size = 300_000_000
	k, err := NewFileKey(size, Options{})
	if err != nil {
		t.Fatal(err)
	}
	opener := *k
	heap := &heapWatch{before: liveHeap()}
	from, to := io.Pipe()
	sealed := make(chan error, 1)
	go func() {
		err := k.EncryptFile(to, io.LimitReader(zeros{}, size))
		to.CloseWithError(err)
		sealed <- err
	}()
	if err := opener.DecryptFile(heap, from); err != nil {
		t.Fatal(err)
	}
	if err := <-sealed; err != nil {
		t.Fatal(err)
	}
	if heap.written != size || heap.grown > 16<<20 {
		t.Errorf("%d bytes written, the heap grew by %d", heap.written, heap.grown)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func liveHeap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// heapWatch looks at the live heap each 30 MB that are written to it.
type heapWatch struct{ before, written, next, grown int }

func (w *heapWatch) Write(b []byte) (int, error) {
	if w.written >= w.next {
		w.grown = max(w.grown, liveHeap()-w.before)
		w.next += 30_000_000
	}
	w.written += len(b)
	return len(b), nil
}

// FuzzDecryptFile: whatever samples and key file are given, the content comes out or nothing but a refusal.
func FuzzDecryptFile(f *testing.F) {
	seeds := fileSeeds(f)
	for _, s := range seeds {
		f.Add(s.key, s.samples)
	}
	f.Fuzz(func(t *testing.T, key, samples []byte) {
		k, err := ParseKey(key)
		if err != nil || k.Header.Kind != kindFile {
			return
		}
		var content bytes.Buffer
		if err := k.DecryptFile(&content, bytes.NewReader(samples)); err != nil {
			if err != ErrRefused {
				t.Fatal(err)
			}
			return
		}
		if int64(content.Len()) != k.Header.Length {
			t.Fatalf("%d bytes, the header says %d", content.Len(), k.Header.Length)
		}
	})
}

type fileSeed struct {
	opens        bool
	key, samples []byte
}

func fileSeeds(t testing.TB) map[string]fileSeed {
	t.Helper()
	small, k := encrypted(t, bytesOf(50), Options{Name: "scan.dcm"})
	large, k2 := encrypted(t, bytesOf(70_000), Options{Mode: 0o644, Modified: someTime})
	m, k1, err := sealFile(bytesOf(50), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]fileSeed{
		"small": {true, k.Marshal(), small}, "large": {true, k2.Marshal(), large}, "version 1": {true, k1.Marshal(), m.Pix},
		"cut": {false, k2.Marshal(), large[:sealedChunkSize]}, "longer": {false, k.Marshal(), append(bytes.Clone(small), 0)},
		"nothing": {false, k.Marshal(), nil}, "another": {false, k.Marshal(), large},
		"renamed": {false, []byte(strings.Replace(string(k.Marshal()), "scan", "scam", 1)), small},
	}
}

func TestFileSeeds(t *testing.T) {
	for name, s := range fileSeeds(t) {
		k, err := ParseKey(s.key)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := decrypted(k, s.samples); (err == nil) != s.opens {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
