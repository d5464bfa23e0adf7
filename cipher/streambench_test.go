//go:build unix

package cipher

import (
	"bytes"
	"io"
	"testing"

	"keygan/cipher/sealed"

	"filippo.io/age"
)

// BenchmarkFile is what files take in memory, beside a copy and age on the same bytes. With -cpu 1 all work on one processor.
func BenchmarkFile(b *testing.B) {
	const size = 64 << 20
	content := noise(size/1024, 1024, 1, 1).Pix
	out := make([]byte, size)
	benchmark(b, "copy", size, func() { copy(out, content) })
	id, err := age.GenerateX25519Identity()
	must(b, err)
	var sealedFile, aged bytes.Buffer
	sealedFile.Grow(size + size/1000)
	aged.Grow(size + size/1000)
	benchmark(b, "age-encrypt", size, func() {
		aged.Reset()
		w, err := age.Encrypt(&aged, id.Recipient())
		must(b, err)
		_, err = w.Write(content)
		must(b, err)
		must(b, w.Close())
	})
	var k *sealed.Key
	benchmark(b, "encrypt", size, func() {
		sealedFile.Reset()
		k, err = sealed.NewFileKey(size, sealed.Options{})
		must(b, err)
		must(b, k.EncryptFile(&sealedFile, bytes.NewReader(content)))
	})
	benchmark(b, "age-decrypt", size, func() {
		r, err := age.Decrypt(bytes.NewReader(aged.Bytes()), id)
		must(b, err)
		_, err = io.Copy(sink{}, r)
		must(b, err)
	})
	benchmark(b, "decrypt", size, func() {
		must(b, k.DecryptFile(sink{}, bytes.NewReader(sealedFile.Bytes())))
	})
}

// sink takes what is written, as io.Discard does, but has no other way to be written to.
type sink struct{}

func (sink) Write(b []byte) (int, error) { return len(b), nil }
