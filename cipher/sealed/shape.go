package sealed

import "math"

const (
	// chunkSize is how many bytes of a file are encrypted at a time. A full chunk is a square of bytes.
	chunkSize  = squareSide * squareSide
	squareSide = 256

	// sealedChunkSize is a full chunk and its tag.
	sealedChunkSize = chunkSize + tagSize
)

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
