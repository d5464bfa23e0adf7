// Package tfevents writes TensorBoard event files: the curves and sample images of a training run, beside its other logs.
//
//	w, err := tfevents.Create(dir, time.Now(), 0)       // after a stop: the first step that comes again
//	defer w.Close()
//	err = w.Scalar(step, "critic/loss", loss)
//	err = w.Image(step, "samples", png, 3)
//
// and then `tensorboard --logdir dir`. What it promises:
//
//   - A record is appended with a single write as soon as it is logged, so that TensorBoard sees it at once and a kill leaves at most one
//     unfinished record, at the end of the file. TensorBoard waits for the rest of such a record, or goes on with the next file.
//   - A file, once closed or left behind by a kill, is never touched again: a resumed run starts a file of its own, whose name sorts
//     after those before it, since TensorBoard reads the files of a folder in the order of their names.
//   - In a resumed run TensorBoard drops what earlier files hold at the resumed step and after it. Its Python reader does so at the second
//     and every later "session start" it reads, so that the file of a fresh run has one as well. Its faster reader
//     (tensorboard-data-server) knows no sessions: it drops the later steps of a tag when an earlier step of that tag comes again.
//
// event.go frames a record (TFRecord) and encodes its content (the messages of TensorBoard's event.proto and summary.proto).
package tfevents

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// maxImage is the largest PNG a record may hold, in bytes: below the 2 GiB that a protobuf message may have, and below
// the 1 GiB above which an os.File splits one write into several.
const maxImage = 512 << 20

// Writer appends to one event file. Its methods may be called from several goroutines.
type Writer struct {
	mu   sync.Mutex
	path string
	file interface { // an *os.File
		io.WriteCloser
		Sync() error
	}
	clock  func() time.Time
	plugin map[string]string // which plugin shows a tag: one a tag, named in the tag's first value
	failed error             // the first write that failed, or errClosed: nothing is written any more
}

var errClosed = errors.New("is closed")

// Create makes a new event file in dir, which must exist, and writes its head. now is the time in its name and of its head; if the
// folder has an event file as late as that, or later, the name takes the second after it. firstStep is 0 for a run that starts afresh,
// else the first step that it will log, one after its checkpoint's: TensorBoard forgets what earlier files hold at that step and later.
func Create(dir string, now time.Time, firstStep int64) (*Writer, error) {
	if firstStep < 0 {
		return nil, fmt.Errorf("event file in %s: the run cannot resume at step %d", dir, firstStep)
	}
	f, err := createFile(dir, now)
	if err != nil {
		return nil, err
	}
	w := &Writer{path: f.Name(), file: f, clock: time.Now, plugin: map[string]string{}}
	w.append(head(now)) // a failure stays
	if err = w.append(session(now, firstStep)); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return w, nil
}

// Scalar logs one point of a curve. TensorBoard keeps scalars as float32: what is too large for one becomes infinite.
// NaN and infinities are allowed, and shown as such. An error names the tag, if the arguments are wrong, or the file, if
// it cannot be written; after the latter every call fails.
func (w *Writer) Scalar(step int64, tag string, x float64) error {
	return w.log(step, tag, scalars, scalarValue(float32(x)))
}

// Image logs a picture: the bytes of a PNG file and its number of channels (1 grey, 2 grey and alpha, 3 RGB, 4 RGBA). Errors are as for
// Scalar; bytes that do not begin a PNG are refused.
func (w *Writer) Image(step int64, tag string, encoded []byte, channels int) error {
	size, err := png.DecodeConfig(bytes.NewReader(encoded))
	switch {
	case len(encoded) > maxImage:
		err = fmt.Errorf("%d bytes, more than the %d that an event can hold", len(encoded), maxImage)
	case channels < 1 || channels > 4:
		err = fmt.Errorf("%d channels, want 1 to 4", channels)
	}
	if err != nil {
		return fmt.Errorf("image %q at step %d: %w", tag, step, err)
	}
	return w.log(step, tag, images, imageValue(encoded, size.Width, size.Height, channels))
}

// log writes one value of a tag. The first value of a tag in a file says which plugin shows it; TensorBoard ignores that in later ones.
func (w *Writer) log(step int64, tag string, p plugin, value []byte) error {
	if step < 0 {
		return fmt.Errorf("tag %q: step %d is negative", tag, step)
	}
	// A text that is not UTF-8 makes the whole record, and in some readers the whole file, unreadable.
	if tag == "" || !utf8.ValidString(tag) {
		return fmt.Errorf("step %d: tag %q is empty or not UTF-8", step, tag)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.plugin[tag]
	if known != "" && known != p.name {
		return fmt.Errorf("tag %q at step %d: one of the %s cannot follow %s under the same tag", tag, step, p.name, known)
	}
	err := w.append(summary(w.clock(), step, tag, value, p, known == ""))
	if err == nil {
		w.plugin[tag] = p.name
	}
	return err
}

// append writes one record, in one write. After a failure it writes no more: a record behind half a record could not be
// found by any reader. The lock is held, but for a Writer that nobody else knows yet.
func (w *Writer) append(event []byte) error {
	if w.failed == nil {
		_, w.failed = w.file.Write(appendRecord(nil, event))
	}
	if w.failed != nil {
		return fmt.Errorf("event file %s: %w", w.path, w.failed)
	}
	return nil
}

// Close syncs and closes the file. A second Close does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(w.failed, errClosed) {
		return nil
	}
	w.failed = errClosed
	return errors.Join(w.file.Sync(), w.file.Close())
}

// NamePrefix is how the names of event files begin. TensorBoard itself takes any file with "tfevents" in its name for one.
const NamePrefix = "events.out.tfevents."

const (
	secondsDigits = 10  // of the time in a name: as long as all have as many, names sort as their times do
	maxAttempts   = 100 // at a name that another process may take just before us
)

// createFile makes the event file events.out.tfevents.<unix seconds>.<host name>.<process>.<n>, n the number of event
// files that the folder has already.
func createFile(dir string, now time.Time) (*os.File, error) {
	host, _ := os.Hostname()
	host = strings.ReplaceAll(cmp.Or(host, "localhost"), string(filepath.Separator), "-")
	for range maxAttempts {
		seconds, n, err := nextName(dir, now)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("%s%0*d.%s.%d.%d", NamePrefix, secondsDigits, seconds, host, os.Getpid(), n)
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
	return nil, fmt.Errorf("event file in %s: other processes take every name", dir)
}

// nextName is the time for a new file's name, in seconds since 1970: now, or the second after the latest file's if that is
// later. Two runs within a second would otherwise be sorted by process numbers, and a clock set back would make
// TensorBoard read a resumed run before the one that it resumes.
func nextName(dir string, now time.Time) (seconds int64, files int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, 0, err
	}
	seconds = now.Unix()
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), NamePrefix)
		if !ok {
			continue
		}
		files++
		digits, _, _ := strings.Cut(rest, ".")
		if old, err := strconv.ParseInt(digits, 10, 64); err == nil && len(digits) == secondsDigits {
			seconds = max(seconds, old+1)
		}
	}
	if seconds < 0 || len(strconv.FormatInt(seconds, 10)) > secondsDigits {
		return 0, 0, fmt.Errorf("event file in %s: the time %d s does not fit its name", dir, seconds)
	}
	return seconds, files, nil
}
