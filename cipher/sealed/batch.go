package sealed

import (
	stdcipher "crypto/cipher"
	"encoding/binary"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"keygan/cipher/catmap"
)

const (
	squareSide      = 256
	chunkSize       = squareSide * squareSide // bytes of a file that are encrypted at a time
	sealedChunkSize = chunkSize + tagSize

	// A batch has at most batchChunks chunks: work for some processors, in about 2 MB of memory. With fewer processors it has
	// workerChunks for each, so that it stays in their caches.
	batchChunks  = 16
	workerChunks = 4
)

// A batch is a run of chunks of a file that are encrypted or decrypted at the same time. All batches of a file share its buffers.
type batch struct {
	aead   stdcipher.AEAD
	header []byte // associated data of every chunk
	cat    catmap.Passes
	tiles  []*catmap.Tiles // for each goroutine its own

	first, chunks int64 // the number of the batch's first chunk, and how many the file has
	plainLeft     int64 // bytes of plaintext with padding, from the batch's first on
	plain, sealed []byte
}

// newBatch is for the chunks of k's file. cat is catmap.NewPasses to encrypt, catmap.NewInversePasses to decrypt. It returns ErrRefused
// if the commitment is wrong.
func (k *Key) newBatch(cat func(height, width, a, b, iterations int) catmap.Passes) (*batch, error) {
	s, err := k.unlock()
	if err != nil {
		return nil, err
	}
	defer s.wipe()
	b := &batch{aead: s.aead, header: k.Header.marshal(), cat: s.cat.passes(cat, squareSide, squareSide)}
	b.chunks, b.plainLeft = fileChunks(int64(k.Header.Width) * int64(k.Header.Height))
	workers := runtime.GOMAXPROCS(0)
	most := int(min(b.chunks, batchChunks, int64(workers)*workerChunks))
	memory := int(min(b.plainLeft, int64(most)*chunkSize))
	b.plain, b.sealed = make([]byte, 0, memory), make([]byte, 0, memory+most*tagSize)
	for range min(most, workers) {
		b.tiles = append(b.tiles, catmap.NewTiles(1, squareSide))
	}
	return b, nil
}

// next goes to the next batch, if there is one: plain and sealed have its length.
func (b *batch) next() bool {
	b.plainLeft -= int64(len(b.plain))
	b.first += int64(b.count())
	b.plain = b.plain[:min(b.plainLeft, int64(cap(b.plain)))]
	b.sealed = b.sealed[:len(b.plain)+tagSize*b.count()]
	return len(b.plain) > 0
}

// count is the number of chunks in this batch.
func (b *batch) count() int { return (len(b.plain) + chunkSize - 1) / chunkSize }

// last says whether the file ends with this batch.
func (b *batch) last() bool { return int64(len(b.plain)) == b.plainLeft }

// split divides plain into content, at most left bytes, and padding.
func (b *batch) split(left int64) (content, padding []byte) {
	n := min(left, int64(len(b.plain)))
	return b.plain[:n], b.plain[n:]
}

// seal encrypts plain to sealed.
func (b *batch) seal() {
	b.each(func(tiles *catmap.Tiles, nonce, plain, sealed []byte) bool {
		moved := plain
		if len(plain) == chunkSize {
			moved = sealed[:chunkSize]
			b.cat.ApplySquare(tiles, moved, plain, squareSide)
		}
		b.aead.Seal(sealed[:0], nonce, moved, b.header)
		return true
	})
}

// open decrypts sealed to plain. It returns false if any chunk is not authentic; plain must then be thrown away.
func (b *batch) open() bool {
	return b.each(func(tiles *catmap.Tiles, nonce, plain, sealed []byte) bool {
		if len(plain) < chunkSize {
			_, err := b.aead.Open(plain[:0], nonce, sealed, b.header)
			return err == nil
		}
		moved, err := b.aead.Open(sealed[:0], nonce, sealed, b.header)
		if err != nil {
			return false
		}
		b.cat.ApplySquare(tiles, plain, moved, squareSide)
		return true
	})
}

// each calls do for every chunk of the batch, on several goroutines, and says whether all calls returned true. nonce
// is the chunk's number in 11 bytes, then 1 for the last chunk and 0 for others.
func (b *batch) each(do func(tiles *catmap.Tiles, nonce, plain, sealed []byte) bool) bool {
	var next atomic.Int64
	var failed atomic.Bool
	work := func(tiles *catmap.Tiles) {
		nonce := make([]byte, nonceSize)
		for i := int(next.Add(1) - 1); i < b.count(); i = int(next.Add(1) - 1) {
			n := b.first + int64(i)
			binary.BigEndian.PutUint64(nonce[3:], uint64(n))
			nonce[11] = 0
			if n == b.chunks-1 {
				nonce[11] = 1
			}
			plain, sealed := b.plain[i*chunkSize:], b.sealed[i*sealedChunkSize:]
			if !do(tiles, nonce, plain[:min(chunkSize, len(plain))], sealed[:min(sealedChunkSize, len(sealed))]) {
				failed.Store(true)
			}
		}
	}
	var wait sync.WaitGroup
	for _, tiles := range b.tiles[1:] {
		wait.Go(func() { work(tiles) })
	}
	work(b.tiles[0])
	wait.Wait()
	return !failed.Load()
}

// fileShape is the shape of the cipher image of a file of version 2: the most nearly square one with room for the sealed chunks of n
// bytes, and a height that leaves no last chunk without a byte.
//
// For lengths from 0 to maxFileLength the width is at least 5 and the sides fit an int.
func fileShape(n int64) (width, height int) {
	n = max(1, n)
	size := n + tagSize*((n+chunkSize-1)/chunkSize)
	w := int64(math.Sqrt(float64(size)))
	for w*w < size {
		w++
	}
	h := (size + w - 1) / w
	for rest := w * h % sealedChunkSize; rest >= 1 && rest <= tagSize; rest = w * h % sealedChunkSize {
		h++
	}
	return int(w), int(h)
}

// fileChunks is how a cipher image of n bytes, the product of fileShape's sides, divides: its chunks, and their plaintext with padding.
func fileChunks(n int64) (chunks, padded int64) {
	chunks = (n + sealedChunkSize - 1) / sealedChunkSize
	return chunks, n - tagSize*chunks
}

// fileSide is, in version 1, the side of the smallest square of at least n pixels, and of one pixel for none.
func fileSide(n int64) int {
	side := int64(math.Sqrt(float64(n)))
	for side*side < n {
		side++
	}
	return int(max(1, side))
}
