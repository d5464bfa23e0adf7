package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"

	"keygan/data"
	"keygan/data/atomicfile"
)

// A sealed cipher image says in a text chunk (tEXt, PNG specification, section 11.3.3.2), right after its header, which key file
// was written with it: by the SHA-256 of that file, which is encrypted. Whoever cannot open the key file can tell by it that the two
// belong together, and that the key file is what it was. It is for telling what is done (see resume) and secures nothing:
// what does, is in the key file.
const (
	keyMark = "tEXtkeygan key file\x00SHA-256 "

	// pngHead is where the first chunk after a PNG's header starts: 8 bytes of signature, 25 of the header.
	pngHead = 8 + 25
)

var errNoKeyMark = errors.New("it does not say which key file was written with it")

// keyMarkChunk is the chunk for a key file with this content.
func keyMarkChunk(keyFile []byte) []byte {
	sum := sha256.Sum256(keyFile)
	body := hex.AppendEncode([]byte(keyMark), sum[:])
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	return binary.BigEndian.AppendUint32(append(b, body...), crc32.ChecksumIEEE(body))
}

// sealedOutput is a sealed cipher image, which belongs to a key file. Nothing compresses it, so nothing tries.
func sealedOutput(path string, m *data.Image, keyFile []byte) atomicfile.File {
	return atomicfile.File{Path: path, Perm: public, Write: func(w io.Writer) error {
		return data.EncodeStoredPNG(&chunkInserter{w: w, chunk: keyMarkChunk(keyFile)}, m)
	}}
}

// chunkInserter passes a PNG on, with a chunk more after its header.
type chunkInserter struct {
	w     io.Writer
	chunk []byte // nil once it is written
	at    int    // of the PNG, up to its header's end
}

func (c *chunkInserter) Write(p []byte) (int, error) {
	if c.chunk == nil {
		return c.w.Write(p)
	}
	n, err := c.w.Write(p[:min(len(p), pngHead-c.at)])
	c.at += n
	if err != nil || c.at < pngHead {
		return n, err
	}
	if _, err := c.w.Write(c.chunk); err != nil {
		return n, err
	}
	c.chunk = nil
	more, err := c.w.Write(p[n:])
	return n + more, err
}

// checkKeyMark says whether a cipher image and a key file are those that were written together.
func checkKeyMark(image, keyFile string) error {
	k, err := openRegular(keyFile)
	if err != nil {
		return err
	}
	defer k.Close()
	content, err := io.ReadAll(io.LimitReader(k, maxIdentities+1)) // what is longer has another sum
	if err != nil {
		return named(keyFile, err)
	}
	want := keyMarkChunk(content)
	f, err := os.Open(image)
	if err != nil {
		return named(image, err)
	}
	defer f.Close()
	got := make([]byte, len(want))
	if n, err := f.ReadAt(got, pngHead); err != nil && n < len(got) && err != io.EOF {
		return named(image, err)
	}
	switch {
	case string(got) == string(want):
		return nil
	case !strings.HasPrefix(string(got[4:]), keyMark):
		return fmt.Errorf("%s: %w", image, errNoKeyMark)
	}
	return hinted{fmt.Errorf("%s: not the key file that was written with %s, or not as it was", keyFile, image),
		"key files that were rekeyed are told from damaged ones by opening them: -i IDENTITYFILE"}
}
