package batch

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/data/imagefile/pngstream"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/regularfile"
)

// noteKeyword names the text chunk in which a cipher image notes what it was made of, for --trust-times: SHA-256 over how it was encrypted
// and the input's real path, size and modification time. The hash hides the path; whoever guesses all of it can check the guess.
const noteKeyword = "keygan source"

// noteOf returns the text chunk of a cipher image that is made of the file. how is what else decides about its content.
func noteOf(s job.Snapshot, how string) []pngstream.Text {
	path, err := filepath.EvalSymlinks(s.Path)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil { // it has just been moved; the note will fit nothing
		path = s.Path
	}
	b := []byte("keygan source 1\n" + how + "\n")
	for _, n := range []int64{int64(len(path)), s.Info.Size(), s.Info.ModTime().Unix(), int64(s.Info.ModTime().Nanosecond())} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	sum := sha256.Sum256(append(b, path...))
	return []pngstream.Text{{Keyword: noteKeyword, Value: "SHA-256 " + hex.EncodeToString(sum[:])}}
}

// hasNote reports whether a file is a cipher image that notes what it was made of.
func hasNote(path string) bool {
	f, err := regularfile.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	png, err := pngstream.NewReader(f)
	return err == nil && noteIn(png) >= 0
}

// noteIn returns the index of the note among a PNG's texts, or −1.
func noteIn(png *pngstream.Reader) int {
	return slices.IndexFunc(png.Text, func(t pngstream.Text) bool { return t.Keyword == noteKeyword })
}

// verifyNote returns an error if a pair does not look as if it had been made of the file at path as it is now.
func verifyNote(path string, p pair, how string) error {
	keyInfo, err := os.Stat(p.key) // no key file has fewer than 400 bytes
	if err != nil || keyInfo.Size() < 400 || (!keyfile.IsAge(p.key) && !keyfile.IsUnencrypted(p.key)) {
		return fmt.Errorf("%s: not a complete key file", p.key)
	}
	if spares := atomicfile.Spares(p.key); len(spares) > 0 {
		return failure.Hint(fmt.Errorf("%s: is there as well, so perhaps only half of the pair was replaced", spares[0]),
			"-i IDENTITYFILE tells whether the pair is whole; --force makes it again")
	}
	now, err := job.TakeSnapshot(path)
	if err != nil {
		return err
	}
	f, err := regularfile.Open(p.image)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fileerr.Named(p.image, err)
	}
	png, err := pngstream.NewReader(f)
	if err != nil {
		return fileerr.Named(p.image, err)
	}
	switch i := noteIn(png); {
	case i < 0:
		return failure.Hint(fmt.Errorf("%s: it does not note the path, size and time of what it was made of", p.image),
			"-i IDENTITYFILE compares the bytes")
	case png.Text[i] != noteOf(now, how)[0]:
		return failure.Hint(fmt.Errorf("%s: the path, size or modification time differs from those noted in the cipher image", path),
			"-i IDENTITYFILE compares the bytes; --force makes again what is not verified")
	case info.Size() != pngstream.Size(png.Width, png.Height, png.Channels, png.Depth, png.Text...):
		return fmt.Errorf("%s: has %d bytes, which is not the length that its header gives", p.image, info.Size())
	}
	return nil
}
