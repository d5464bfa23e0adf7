package web

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"keygan/batch/keyfile"
	"keygan/cipher/sealed"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/spool"
)

// stalled is how long a client may take for each piece that it sends or fetches.
const stalled = 30 * time.Second

// piece is how many bytes must get through within stalled.
const piece = 64 << 10

// answer sends JSON.
func answer(w http.ResponseWriter, v any) error { return answerWith(w, http.StatusOK, v) }

func answerWith(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	http.NewResponseController(w).SetWriteDeadline(time.Now().Add(stalled))
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v) // whoever does not listen is gone
	return nil
}

// refuse sends an error that has no hint.
func refuse(w http.ResponseWriter, status int, text string) {
	answerWith(w, status, map[string]string{"error": text})
}

var (
	errGone     = errors.New("this is not there any more")
	errRequest  = failure.Usagef("not a request of the page")
	errTooMany  = errors.New("too many files wait here")
	errTooLarge = errors.New("larger than this page takes")
	errBusy     = errors.New("too many of these at a time")
)

// tell sends an error as a command would print it, with a hint.
func tell(w http.ResponseWriter, err error) {
	status := http.StatusUnprocessableEntity
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, errGone):
		status = http.StatusNotFound
	case errors.Is(err, errTooLarge), errors.As(err, &large):
		status, err = http.StatusRequestEntityTooLarge, errTooLarge
	case errors.Is(err, errTooMany), errors.Is(err, spool.ErrFull), errors.Is(err, errBusy):
		status = http.StatusServiceUnavailable
	case failure.IsUsage(err):
		status = http.StatusBadRequest
	}
	version := (*sealed.VersionError)(nil)
	refused := errors.Is(err, sealed.ErrRefused) && !errors.As(err, &version)
	answerWith(w, status, map[string]any{"error": err.Error(), "hint": hintFor(err), "refused": refused})
}

// hintFor names the likely fix in words for the page. Hints that name flags are for the commands.
func hintFor(err error) string {
	switch {
	case errors.Is(err, sealed.ErrRefused):
		return "Is it the right identity or passphrase, and is its key file among those you chose? A damaged file needs another copy."
	case errors.Is(err, keyfile.ErrNoIdentity):
		return "Choose your identity file, paste your identity or type the passphrase."
	case errors.Is(err, atomicfile.ErrExists):
		return "Nothing is replaced here: move or rename what is there."
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "Free some space on the disk."
	case errors.Is(err, spool.ErrFull), errors.Is(err, errTooMany):
		return "Save the results and clear the list first."
	case errors.Is(err, errTooLarge):
		return "The commands keygan encrypt and keygan decrypt take files of any size."
	}
	if hint := failure.HintOf(err); !strings.Contains(hint, "-") {
		return hint
	}
	return ""
}

// question reads a request in JSON.
func question(w http.ResponseWriter, r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errRequest
	}
	if _, err := d.Token(); err != io.EOF { // only a whole body lets the server see that the client has gone
		return errRequest
	}
	deadline(w, 0)
	return nil
}

// secrets reads a request of n parts, each after its length as 4 bytes, big-endian. The parts lie in all, which the caller clears.
func secrets(w http.ResponseWriter, r *http.Request, n int) (all []byte, parts [][]byte, err error) {
	const most = 1 << 20
	if r.ContentLength < 0 || r.ContentLength > most {
		return nil, nil, errTooLarge
	}
	all = make([]byte, r.ContentLength) // it never grows, so that no copy is left behind
	if _, err := io.ReadFull(r.Body, all); err != nil {
		return all, nil, errRequest
	}
	deadline(w, 0)
	rest := all
	for range n {
		if len(rest) < 4 || uint64(binary.BigEndian.Uint32(rest)) > uint64(len(rest)-4) {
			return all, nil, errRequest
		}
		end := 4 + int(binary.BigEndian.Uint32(rest))
		parts, rest = append(parts, rest[4:end:end]), rest[end:]
	}
	if len(rest) > 0 {
		return all, nil, errRequest
	}
	return all, parts, nil
}

// patient writes what a client fetches, as long as it keeps fetching.
type patient struct {
	w    http.ResponseWriter
	left int // bytes until the deadline moves
}

func (p *patient) Write(b []byte) (written int, err error) {
	for len(b) > 0 && err == nil {
		if p.left == 0 {
			http.NewResponseController(p.w).SetWriteDeadline(time.Now().Add(4 * stalled)) // a browser may ask where to save it
			p.left = piece
		}
		n := min(len(b), p.left)
		n, err = p.w.Write(b[:n])
		written, p.left, b = written+n, p.left-n, b[n:]
	}
	return written, err
}

// steady reads what a client sends, as long as it keeps sending.
type steady struct {
	w    http.ResponseWriter
	r    io.Reader
	left int
}

func (s *steady) Read(b []byte) (int, error) {
	if s.left <= 0 {
		deadline(s.w, stalled)
		s.left = piece
	}
	n, err := s.r.Read(b)
	s.left -= n
	return n, err
}
