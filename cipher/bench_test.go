//go:build unix

package cipher

import (
	"crypto/aes"
	stdcipher "crypto/cipher"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"keygan/cipher/catmap"
	"keygan/cipher/sealed"
	"keygan/data/raster"

	"filippo.io/age"
)

// scripts/bench-cipher runs these and puts them side by side. Every benchmark of an image has the same baselines on the same bytes:
// a copy, AES-256-GCM and age.

// benchmark times f, which works on so many bytes. Beside the mean it reports two speeds of the fastest run: by the clock, and by the
// processor time of the whole process, garbage collection and page faults included, which other programs on the machine disturb less.
func benchmark(b *testing.B, name string, bytes int, f func()) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(bytes))
		const never = time.Duration(1<<63 - 1)
		wall, cpu := never, never
		for b.Loop() {
			start, used := time.Now(), processorTime()
			f()
			wall, cpu = min(wall, time.Since(start)), min(cpu, processorTime()-used)
		}
		b.ReportMetric(float64(bytes)/wall.Seconds()/1e6, "best-MB/s")
		b.ReportMetric(float64(bytes)/cpu.Seconds()/1e6, "cpu-MB/s")
	})
}

func processorTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCipher is what the schemes take for an image in memory, with nothing read or written.
func BenchmarkCipher(b *testing.B) {
	for _, m := range []*raster.Image{noise(4096, 4096, 1, 1), noise(2048, 2048, 3, 1), noise(4020, 4892, 1, 1)} {
		b.Run(fmt.Sprintf("%dx%dx%d", m.Width, m.Height, m.Channels), func(b *testing.B) {
			out, size := m.Clone(), len(m.Pix)
			benchmark(b, "copy", size, func() { copy(out.Pix, m.Pix) })
			benchmark(b, "XOR", size, func() { XOR(out.Pix, out.Pix, m.Pix) })
			benchmarkGCM(b, m)
			benchmarkAge(b, m)

			// Parameters as sealed draws them; a and b are coprime to every side above.
			benchmark(b, "cat-map", size, func() { catmap.Apply(m, 1001, 2003, 1) })
			benchmark(b, "cat-map-inverse", size, func() { catmap.Invert(m, 1001, 2003, 1) })
			if m.Width == m.Height {
				benchmark(b, "cat-map-30-iterations", size, func() { catmap.Apply(m, 1, 1, DefaultIterations) })
			}

			cipher, k, err := sealed.SealImage(m, sealed.Options{})
			must(b, err)
			benchmark(b, "sealed-encrypt", size, func() {
				_, _, err := sealed.SealImage(m, sealed.Options{})
				must(b, err)
			})
			benchmark(b, "sealed-decrypt", size, func() {
				_, err := sealed.OpenImage(cipher, k)
				must(b, err)
			})
			network := make([]byte, 3*m.Width*m.Height)
			benchmark(b, "sealed-encrypt-with-network-key", size, func() {
				_, _, err := sealed.SealImage(m, sealed.Options{NetworkKey: network, Generator: networkHash, NetworkInput: "256x256"})
				must(b, err)
			})
		})
	}
}

// benchmarkGCM is what sealed adds the cat map to.
func benchmarkGCM(b *testing.B, m *raster.Image) {
	block, err := aes.NewCipher(make([]byte, 32))
	must(b, err)
	gcm, err := stdcipher.NewGCM(block)
	must(b, err)
	buf := make([]byte, len(m.Pix), len(m.Pix)+16)
	nonce := make([]byte, 12)
	benchmark(b, "AES-256-GCM", len(m.Pix), func() { gcm.Seal(buf[:0], nonce, buf, nil) })
}

// benchmarkAge encrypts the samples as a file, by the library behind the age program.
func benchmarkAge(b *testing.B, m *raster.Image) {
	id, err := age.GenerateX25519Identity()
	must(b, err)
	benchmark(b, "age", len(m.Pix), func() {
		w, err := age.Encrypt(io.Discard, id.Recipient())
		must(b, err)
		_, err = w.Write(m.Pix)
		must(b, err)
		must(b, w.Close())
	})
}

// BenchmarkCatMap is the map for each pixel size, on squares (where the iterations do not matter) and on rectangles (one iteration).
func BenchmarkCatMap(b *testing.B) {
	for _, v := range []struct{ width, height, channels, depth int }{
		{256, 256, 3, 8}, {4096, 4096, 1, 8}, {4096, 4096, 1, 16}, {2048, 2048, 3, 8}, {2048, 2048, 4, 8}, {2048, 2048, 3, 16},
		{2048, 2048, 4, 16}, {4020, 4892, 1, 8}, {2048, 1536, 3, 8},
	} {
		m := noise(v.width, v.height*v.depth/8, v.channels, 1)
		m.Height, m.Depth = v.height, v.depth
		name := fmt.Sprintf("%dx%dx%d-%dbit", v.width, v.height, v.channels, v.depth)
		benchmark(b, name, len(m.Pix), func() { catmap.Apply(m, 1, 1, 1) })
		benchmark(b, name+"/copy", len(m.Pix), func() { m.Clone() })
	}
}
