package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
	"keygan/internal/atomicfile"
)

// Work that was interrupted is resumed by looking at what is there. What is there is never replaced unless --force is given, not even
// if it turns out to be wrong: it may be the only copy of something else.

// alreadyDone says whether the outputs of a job are there and verified, so that there is nothing to do. Unless all or none are
// there, and what is there is verified, there is an error.
func (j job) alreadyDone(ctx context.Context) (bool, error) {
	var have, lack []string
	for _, out := range j.outputs {
		if info, err := os.Lstat(out); err == nil {
			if !info.Mode().IsRegular() { // a link may lead to somebody else's pair
				return false, notVerified{fmt.Errorf("%s: not a regular file", out)}
			}
			have = append(have, out)
		} else {
			lack = append(lack, out)
		}
	}
	switch {
	case len(have) == 0:
		return false, nil
	case len(lack) > 0:
		return false, hinted{fmt.Errorf("%s: the other file of the pair, %s, is missing", have[0], lack[0]),
			"if it belongs to nothing any more, remove it"}
	}
	if err := j.verify(ctx); err != nil {
		if errors.Is(err, errInterrupted) {
			return false, err
		}
		switch hint := hintFor(err); {
		case errors.Is(err, sealed.ErrRefused):
			err = hinted{err, hint + "; --force makes again what is not verified"}
		case hint == "":
			err = hinted{err, "--force makes again what is not verified"}
		}
		return false, notVerified{err}
	}
	return true, nil
}

// notVerified is why an output that is there was not taken for done.
type notVerified struct{ error }

func (e notVerified) Error() string { return "not verified: " + e.error.Error() }
func (e notVerified) Unwrap() error { return e.error }

var (
	errOtherContent = errors.New("differs from what was encrypted")
	errInputChanged = errors.New("was changed while it was being read")
	errNoNote       = errors.New("it does not note the path, size and time of what it was made of")
	errOtherNote    = errors.New("the path, size or modification time differs from those noted in the cipher image")
)

// checkResume wants to know by what --resume verifies.
func (e *encrypt) checkResume() error {
	ids := len(e.identityFiles) > 0
	switch {
	case (ids || e.trustTimes) && !e.resume:
		return usagef("encrypt: -i and --trust-times verify what is done already, so they have no meaning without --resume")
	case ids && e.trustTimes:
		return usagef("encrypt: -i compares every byte, so --trust-times has no meaning beside it")
	case e.resume && !ids && !e.trustTimes && !e.passphrase.wanted() && !e.unencrypted:
		return hinted{usagef("encrypt: --resume cannot tell without an identity whether a pair is of its input"),
			"-i IDENTITYFILE compares every byte; --trust-times compares path, size and modification time only, as make does"}
	}
	return nil
}

// verifySealed says why a pair is not what sealing the file at path gives.
func (e *encrypt) verifySealed(ctx context.Context, path string, p pair) error {
	if e.trustTimes {
		return verifyNote(path, p, e.how())
	}
	k, err := readSealedKey(p.key, e.identities)
	if err != nil {
		return err
	}
	defer k.Wipe()
	if name := k.Header.Name; name != "" && name != filepath.Base(path) {
		return fmt.Errorf("%s: holds a file called %s", p.image, name)
	}
	o := opening{path: p.image, key: k}
	if o.isFile() == e.pixels {
		return fmt.Errorf("%s: holds %s", p.image, map[bool]string{true: "a file, not pixels", false: "pixels, not a file"}[o.isFile()])
	}
	if o.isFile() {
		want, err := openRegular(path)
		if err != nil {
			return err
		}
		defer want.Close()
		return ofInput(path, p.image, o.compare(ctx, path, want))
	}
	m, err := o.image(ctx)
	if err != nil {
		return err
	}
	return e.sameAsInput(path, p.image, m)
}

// how is what decides about a cipher image beside the input's content.
func (e *encrypt) how() string {
	if e.pixels {
		return fmt.Sprintf("pixels, resized to %d", e.resize)
	}
	return "file"
}

// verifyResearch is for the schemes whose key files are not encrypted.
func (e *encrypt) verifyResearch(path string, p pair) error {
	m, err := openResearch(p.image, p.key, e.schemeName)
	if err != nil {
		return err
	}
	return e.sameAsInput(path, p.image, m)
}

func (e *encrypt) sameAsInput(path, output string, plain *raster.Image) error {
	m, err := readPlain(path, e.resize)
	if err != nil {
		return err
	}
	if m.String() != plain.String() || !bytes.Equal(m.Pix, plain.Pix) {
		return ofInput(path, output, errOtherContent)
	}
	return nil
}

// ofInput says in the words of encrypt that what comes out of a cipher image is not the input.
func ofInput(path, output string, err error) error {
	if errors.Is(err, errOtherContent) {
		return fmt.Errorf("%s: opens to something else than %s", output, path)
	}
	return err
}

// compare says why a file does not hold what a cipher image opens to. It reads both once.
func (o opening) compare(ctx context.Context, path string, want io.Reader) error {
	c := &comparer{want: untilInterrupted{ctx, want, path}}
	switch err := o.writeTo(ctx, c); {
	case c.differs:
		return fmt.Errorf("%s: %w", path, errOtherContent)
	case err != nil:
		return err
	}
	if n, err := io.ReadFull(want, make([]byte, 1)); n > 0 || err != io.EOF {
		return fmt.Errorf("%s: %w", path, errOtherContent)
	}
	return nil
}

// comparer fails when what is written to it is not what there is to read.
type comparer struct {
	want    io.Reader
	buf     []byte
	differs bool
}

func (c *comparer) Write(p []byte) (int, error) {
	c.buf = slices.Grow(c.buf[:0], len(p))[:len(p)]
	switch _, err := io.ReadFull(c.want, c.buf); {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return 0, err
	case err != nil || !bytes.Equal(c.buf, p):
		c.differs = true
		return 0, errOtherContent
	}
	return len(p), nil
}

// sameImage says whether an image file holds exactly these samples.
func sameImage(path string, want *raster.Image) error {
	got, err := imagefile.ReadImage(path)
	if err != nil {
		return err
	}
	if got.String() != want.String() || !bytes.Equal(got.Pix, want.Pix) {
		return fmt.Errorf("%s: %w", path, errOtherContent)
	}
	return nil
}

// A cipher image notes in a text chunk what it was made of, so that --trust-times can tell without a key: SHA-256 over how it was
// encrypted and the input's real path, size and modification time. It is a hash so that not everybody who gets the cipher image can read
// the path; whoever guesses all of it can check the guess.
const noteKeyword = "keygan source"

// A snapshot is what tells that a file has been changed while it was being read.
type snapshot struct {
	path string
	info os.FileInfo
}

func takeSnapshot(path string) (snapshot, error) {
	info, err := os.Stat(path)
	if err != nil {
		return snapshot{}, named(path, err)
	}
	return snapshot{path, info}, nil
}

// snapshotOf is a snapshot of a file that is open.
func snapshotOf(path string, f *os.File) (snapshot, error) {
	info, err := f.Stat()
	if err != nil {
		return snapshot{}, named(path, err)
	}
	return snapshot{path, info}, nil
}

// unchanged is a file to be written that fails in the end if what it was made of has been changed since the snapshot.
func (s snapshot) unchanged(f atomicfile.File) atomicfile.File {
	write := f.Write
	f.Write = func(w io.Writer) error {
		if err := write(w); err != nil {
			return err
		}
		now, err := os.Stat(s.path)
		if err != nil || !os.SameFile(now, s.info) || now.Size() != s.info.Size() || !now.ModTime().Equal(s.info.ModTime()) {
			return fmt.Errorf("its input %w", errInputChanged)
		}
		return nil
	}
	return f
}

// note is the text chunk of a cipher image that is made of the file. how tells apart what else decides about its content.
func (s snapshot) note(how string) []pngstream.Text {
	path, err := filepath.EvalSymlinks(s.path)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil { // it has just been moved; the note will fit nothing
		path = s.path
	}
	h := sha256.New()
	h.Write([]byte("keygan source 1\n" + how + "\n"))
	var b [8]byte
	for _, n := range []int64{int64(len(path)), s.info.Size(), s.info.ModTime().Unix(), int64(s.info.ModTime().Nanosecond())} {
		binary.BigEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	h.Write([]byte(path))
	return []pngstream.Text{{Keyword: noteKeyword, Value: "SHA-256 " + hex.EncodeToString(h.Sum(nil))}}
}

// leastKeyFile is how long any key file is at least, in bytes: what is in it takes more.
const leastKeyFile = 400

// hasNote reports whether a file is a cipher image that notes what it was made of.
func hasNote(path string) bool {
	f, err := openRegular(path)
	if err != nil {
		return false
	}
	defer f.Close()
	png, err := pngstream.NewReader(f)
	return err == nil && slices.ContainsFunc(png.Text, func(t pngstream.Text) bool { return t.Keyword == noteKeyword })
}

// verifyNote says why a pair does not look as if it had been made of the file at path as it is now.
func verifyNote(path string, p pair, how string) error {
	if info, err := os.Stat(p.key); err != nil || info.Size() < leastKeyFile ||
		(!startsWith(p.key, ageIntro) && !startsWith(p.key, ageArmor) && !isUnencrypted(p.key)) {
		return fmt.Errorf("%s: not a whole key file", p.key)
	}
	if spares := atomicfile.Spares(p.key); len(spares) > 0 {
		return hinted{fmt.Errorf("%s: is there as well: the pair may have been replaced by halves", spares[0]), "-i IDENTITYFILE tells whether the pair is whole; --force makes it again"}
	}
	now, err := takeSnapshot(path)
	if err != nil {
		return err
	}
	f, err := openRegular(p.image)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return named(p.image, err)
	}
	png, err := pngstream.NewReader(f)
	if err != nil {
		return named(p.image, err)
	}
	i := slices.IndexFunc(png.Text, func(t pngstream.Text) bool { return t.Keyword == noteKeyword })
	switch {
	case i < 0:
		return hinted{fmt.Errorf("%s: %w", p.image, errNoNote), "-i IDENTITYFILE compares the bytes"}
	case png.Text[i] != now.note(how)[0]:
		return hinted{fmt.Errorf("%s: %w", path, errOtherNote), "-i IDENTITYFILE compares the bytes; --force makes again what is not verified"}
	case info.Size() != pngstream.Size(png.Width, png.Height, png.Channels, png.Depth, png.Text...):
		return fmt.Errorf("%s: has %d bytes, which is not the length that its header gives", p.image, info.Size())
	}
	return nil
}
