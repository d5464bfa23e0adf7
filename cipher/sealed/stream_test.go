package sealed

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// lengths are those of files around every border: of a chunk, of a sealed chunk and of a batch.
var lengths = []int{
	0, 1, 4, 5, 1000, chunkSize - 1, chunkSize, chunkSize + 1, sealedChunkSize - 20, sealedChunkSize - 16, sealedChunkSize, sealedChunkSize + 20,
	2*chunkSize - 1, 2 * chunkSize, 300_000, batchChunks*chunkSize - 1, batchChunks * chunkSize, batchChunks*chunkSize + 1, 2_300_000,
}

func bytesOf(n int) []byte { return noise(max(1, n), 1, 1, 7).Pix[:n] }

func encrypted(t testing.TB, content []byte, o Options) ([]byte, *Key) {
	t.Helper()
	k, err := NewFileKey(int64(len(content)), o)
	if err != nil {
		t.Fatal(err)
	}
	var samples bytes.Buffer
	if err := k.EncryptFile(&samples, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return samples.Bytes(), k
}

func decrypted(k *Key, samples []byte) ([]byte, error) {
	var content bytes.Buffer
	err := k.DecryptFile(&content, bytes.NewReader(samples))
	return content.Bytes(), err
}

// Files of all lengths come back, from the key file's bytes, whatever pieces readers give them in.
func TestEncryptedFilesDecrypt(t *testing.T) {
	for _, n := range lengths {
		content := bytesOf(n)
		samples, k := encrypted(t, content, Options{Name: "brain.nii.gz", Mode: 0o600, Modified: someTime})
		if len(samples) != k.Header.Width*k.Header.Height || k.Header.Length != int64(n) {
			t.Errorf("%d bytes: %d samples, header %+v", n, len(samples), k.Header)
		}
		parsed, err := ParseKey(k.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decrypted(parsed, samples); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: error %v, or other content", n, err)
		}
		for what, slow := range map[string]func(io.Reader) io.Reader{
			"one byte": iotest.OneByteReader, "half": iotest.HalfReader, "data and error": iotest.DataErrReader,
		} {
			var got bytes.Buffer
			if err := parsed.DecryptFile(&got, slow(bytes.NewReader(samples))); err != nil || !bytes.Equal(got.Bytes(), content) {
				t.Errorf("%d bytes, %s at a time: error %v, or other content", n, what, err)
			}
			secret := bytes.Repeat([]byte{7}, secretSize)
			var whole, pieces bytes.Buffer
			for to, from := range map[*bytes.Buffer]io.Reader{&whole: bytes.NewReader(content), &pieces: slow(bytes.NewReader(content))} {
				k, err := NewFileKey(int64(n), Options{Random: bytes.NewReader(secret)})
				if err == nil {
					err = k.EncryptFile(to, from)
				}
				if err != nil {
					t.Errorf("%d bytes, %s at a time: %v", n, what, err)
				}
			}
			if !bytes.Equal(whole.Bytes(), pieces.Bytes()) {
				t.Errorf("%d bytes, %s at a time: another cipher image", n, what)
			}
		}
	}
}

// The shape has room for every chunk, is about square, and divides into the same chunks for whoever knows only the shape.
func TestFileShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.Int64Range(0, 300_000), rapid.Int64Range(0, maxFileLength), rapid.Map(rapid.Int64Range(0, 1<<24-2), func(chunks int64) int64 {
			return chunks*chunkSize + rapid.Int64Range(0, 40).Draw(t, "more")
		})).Draw(t, "length")
		w, h := fileShape(n)
		size := int64(w) * int64(h)
		chunks, padded := fileChunks(size)
		last := padded - (chunks-1)*chunkSize
		switch {
		case padded < max(1, n):
			t.Fatalf("%d×%d has room for %d bytes of %d", w, h, padded, n)
		case last < 1 || last > chunkSize || padded+tagSize*chunks != size:
			t.Fatalf("%d×%d: %d chunks of %d bytes, the last of %d", w, h, chunks, padded, last)
		case h > w+tagSize:
			t.Fatalf("%d×%d is not nearly square", w, h)
		case padded-n > int64(17*w):
			t.Fatalf("%d×%d: %d bytes of padding", w, h, padded-n)
		}
	})
	for n, want := range map[int64][2]int{0: {5, 4}, 1: {5, 4}, 4: {5, 4}, 9: {5, 5}, 10: {6, 5}, 65_536: {257, 256}, 70_000: {265, 265}} {
		if w, h := fileShape(n); w != want[0] || h != want[1] {
			t.Errorf("%d bytes: %d×%d, want %v", n, w, h, want)
		}
	}
}

func TestFileLengthIsChecked(t *testing.T) {
	for _, n := range lengths {
		for _, said := range []int{n - 70_000, n - 1, n + 1, n + 70_000} {
			if said < 0 {
				continue
			}
			k, err := NewFileKey(int64(said), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := k.EncryptFile(io.Discard, bytes.NewReader(bytesOf(n))); !errors.Is(err, ErrLength) {
				t.Errorf("%d bytes, %d said: error %v", n, said, err)
			}
		}
	}
	for _, n := range []int64{-1, maxFileLength, maxFileLength + 1, 1<<63 - 1} { // at maxFileLength the sides are too long
		if k, err := NewFileKey(n, Options{}); err == nil {
			t.Errorf("%d bytes were accepted: %v", n, k)
		}
	}
	if k, err := NewFileKey(1_099_243_192_320, Options{}); err != nil || k.Header.Width != maxSide || k.Header.Height != maxSide {
		t.Errorf("the largest file: %v, error %v", k, err)
	}
}

// A key encrypts one content, even if that failed, and none when it comes from a key file.
func TestKeyEncryptsOnce(t *testing.T) {
	_, k := encrypted(t, bytesOf(10), Options{})
	parsed, err := ParseKey(k.Marshal())
	if err != nil {
		t.Fatal(err)
	}
	failed, err := NewFileKey(11, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = failed.EncryptFile(io.Discard, bytes.NewReader(nil))
	wiped, err := NewFileKey(10, Options{})
	if err != nil {
		t.Fatal(err)
	}
	wiped.Wipe()
	_, image := mustSeal(t, noise(3, 3, 1, 1), Options{})
	for what, k := range map[string]*Key{"used": k, "parsed": parsed, "failed": failed, "wiped": wiped, "of an image": image, "empty": {}} {
		var b bytes.Buffer
		if err := k.EncryptFile(&b, bytes.NewReader(bytesOf(10))); err == nil || b.Len() > 0 {
			t.Errorf("a key that is %s: error %v, %d bytes written", what, err, b.Len())
		}
	}
}

// Errors of readers and writers come back, at every place, and are no refusals.
func TestFileErrorsOfOthers(t *testing.T) {
	disk := errors.New("disk on fire")
	content := bytesOf(2*batchChunks*chunkSize + 100)
	samples, key := encrypted(t, content, Options{})
	for _, at := range []int{0, 1, chunkSize, batchChunks * chunkSize, len(content) - 1, len(content)} {
		for what, f := range map[string]func() error{
			"reading content": func() error {
				k, err := NewFileKey(int64(len(content)), Options{})
				if err != nil {
					return err
				}
				return k.EncryptFile(io.Discard, io.MultiReader(bytes.NewReader(content[:at]), iotest.ErrReader(disk)))
			},
			"reading samples": func() error {
				return key.DecryptFile(io.Discard, io.MultiReader(bytes.NewReader(samples[:at]), iotest.ErrReader(disk)))
			},
			"reading on after the samples": func() error {
				return key.DecryptFile(io.Discard, io.MultiReader(bytes.NewReader(samples), iotest.ErrReader(disk)))
			},
		} {
			if err := f(); !errors.Is(err, disk) || errors.Is(err, ErrRefused) {
				t.Errorf("%s, %d bytes: error %v", what, at, err)
			}
		}
		if at == len(content) {
			continue // all of it is written
		}
		k, err := NewFileKey(int64(len(content)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.EncryptFile(&failingWriter{at, disk}, bytes.NewReader(content)); !errors.Is(err, disk) {
			t.Errorf("writing samples, %d bytes: error %v", at, err)
		}
		if err := key.DecryptFile(&failingWriter{at, disk}, bytes.NewReader(samples)); !errors.Is(err, disk) {
			t.Errorf("writing content, %d bytes: error %v", at, err)
		}
		if err := key.DecryptFile(&failingWriter{at, nil}, bytes.NewReader(samples)); err != io.ErrShortWrite {
			t.Errorf("a short write after %d bytes: error %v", at, err)
		}
	}
}

// failingWriter takes some bytes and then returns err.
type failingWriter struct {
	left int
	err  error
}

func (w *failingWriter) Write(b []byte) (int, error) {
	n := min(w.left, len(b))
	w.left -= n
	if n < len(b) {
		return n, w.err
	}
	return n, nil
}

// DecryptFile opens version 1 as OpenFile does.
func TestDecryptFileOfVersion1(t *testing.T) {
	content := bytesOf(1000)
	m, k, err := sealFile(content, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decrypted(k, m.Pix); err != nil || !bytes.Equal(got, content) {
		t.Errorf("error %v, or other content", err)
	}
	for what, pix := range map[string][]byte{"longer": append(bytes.Clone(m.Pix), 0), "shorter": m.Pix[1:], "nothing": nil} {
		if got, err := decrypted(k, pix); err != ErrRefused || len(got) > 0 {
			t.Errorf("%s: error %v, %d bytes", what, err, len(got))
		}
	}
	if b, err := openFile(m, &Key{Header: Header{Kind: kindFile, Version: 2}}); err == nil || b != nil {
		t.Error("OpenFile opened version 2")
	}
}

func TestDecryptFileRefusesOtherKeys(t *testing.T) {
	_, image := mustSeal(t, noise(3, 3, 1, 1), Options{})
	if err := image.DecryptFile(io.Discard, bytes.NewReader(nil)); err == nil || err == ErrRefused {
		t.Errorf("the key of an image: error %v", err)
	}
	samples, k := encrypted(t, bytesOf(100), Options{})
	wrong := *k
	wrong.Header.Width = 0
	if got, err := decrypted(&wrong, samples); err != ErrRefused || len(got) > 0 {
		t.Errorf("a header that is none: error %v", err)
	}
}
