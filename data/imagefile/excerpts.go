package imagefile

import "io"

// excerptBytes is how much of a file excerpts keeps in memory, and the most that can be asked for at a time.
const excerptBytes = 1 << 14

// excerpts gives short pieces of a file of any size, or of a part of one.
type excerpts struct {
	held        *heldPiece
	start, size int64 // of the part, in bytes
}

// heldPiece is the piece of a file that is in memory.
type heldPiece struct {
	file  io.ReaderAt
	start int64
	bytes []byte
	room  [excerptBytes]byte
}

func newExcerpts(file io.ReaderAt, size int64) *excerpts {
	return &excerpts{&heldPiece{file: file}, 0, size}
}

// within gives excerpts of a part as if it were a file itself.
func (e *excerpts) within(offset, size int64) *excerpts {
	return &excerpts{e.held, e.start + offset, min(size, e.size-offset)}
}

// at returns the n bytes at an offset, or nil when there are not as many. They hold until the next call.
func (e *excerpts) at(offset int64, n int) []byte {
	if offset < 0 || n < 0 || n > excerptBytes || offset > e.size-int64(n) {
		return nil
	}
	h, from := e.held, e.start+offset
	if from < h.start || from+int64(n) > h.start+int64(len(h.bytes)) {
		got, _ := h.file.ReadAt(h.room[:], from)
		h.start, h.bytes = from, h.room[:got]
		if got < n {
			return nil
		}
	}
	return h.bytes[from-h.start:][:n:n]
}

// upTo returns the n bytes at an offset, or as many of them as there are before end.
func (e *excerpts) upTo(offset, end int64, n int) []byte {
	return e.at(offset, int(max(0, min(int64(n), end-offset, e.size-offset))))
}
