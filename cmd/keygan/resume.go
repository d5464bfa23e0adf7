package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"keygan/data"
	"keygan/data/atomicfile"
)

// Work that was interrupted is resumed by looking at what is there. Nothing is recorded in the clear about an image: whatever its
// owner could compare the image with later, anybody could compare his guesses with. What is there is never replaced unless
// --force is given, not even if it turns out to be wrong: it may be the only copy of something else.

// alreadyDone says whether the outputs of a job are there and verified, so that there is nothing to do. Unless all or none are
// there, and what is there is verified, there is an error.
func (j job) alreadyDone() (bool, error) {
	var have, lack []string
	for _, out := range j.outputs {
		if _, err := os.Lstat(out); err == nil {
			have = append(have, out)
		} else {
			lack = append(lack, out)
		}
	}
	switch {
	case len(have) == 0:
		return false, nil
	case len(lack) > 0:
		return false, hinted{fmt.Errorf("%s: is there without %s, with which it may have been written", have[0], lack[0]),
			"if it belongs to nothing any more, --force replaces it"}
	}
	if err := j.verify(); err != nil {
		if hintFor(err) == "" {
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
	errOtherContent = errors.New("holds something else than what was to be written")
	errOtherShape   = errors.New("of another shape than its input")
	errInputChanged = errors.New("was changed while it was being read")
)

// sameImage says whether an image file holds exactly these samples.
func sameImage(path string, want *data.Image) error {
	got, err := data.ReadImage(path)
	if err != nil {
		return err
	}
	if got.String() != want.String() || string(got.Pix) != string(want.Pix) {
		return fmt.Errorf("%s: %w", path, errOtherContent)
	}
	return nil
}

// sameBytes says whether a file holds exactly these bytes.
func sameBytes(path string, want []byte) error {
	f, err := openRegular(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return named(path, err)
	}
	if info.Size() != int64(len(want)) {
		return fmt.Errorf("%s: %w", path, errOtherContent)
	}
	got := make([]byte, 1<<16)
	for at := 0; at < len(want); {
		n, err := f.Read(got)
		if err != nil {
			return named(path, err)
		}
		if at+n > len(want) || string(got[:n]) != string(want[at:at+n]) {
			return fmt.Errorf("%s: %w", path, errOtherContent)
		}
		at += n
	}
	return nil
}

// notChangedSince says whether a file is older than one that was made of it: in its content, and in its place among the files, as
// far as the system keeps both times. Each is compared with its like, so that copies of both folders that keep times compare as well.
func notChangedSince(input, output string) error {
	in, err := timesOf(input)
	if err != nil {
		return err
	}
	out, err := timesOf(output)
	if err != nil {
		return err
	}
	if in.modified.After(out.modified) || in.changed.After(out.changed) {
		return fmt.Errorf("%s: changed after %s was written", input, output)
	}
	return nil
}

// times are those of a file: when its content was modified, and when it got this content, name, owner or permissions, which is the
// zero time where it is not kept.
type times struct {
	modified, changed time.Time
}

func timesOf(path string) (times, error) {
	info, err := os.Stat(path)
	if err != nil {
		return times{}, named(path, err)
	}
	return times{info.ModTime(), changeTime(path)}, nil
}

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

// unchanged is a file to be written that fails in the end if what it was made of has been changed since the snapshot. So what is
// there later is younger than what was read.
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
