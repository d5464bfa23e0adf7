package sealed

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// none stands in a key file for what was not recorded.
const none = "none"

// keyReader takes a key file's plaintext apart from the front. After the first failure it does nothing more. It makes no copies
// of what is secret.
type keyReader struct {
	rest   []byte
	failed bool
}

func (r *keyReader) literal(s string) {
	if r.failed || !bytes.HasPrefix(r.rest, []byte(s)) {
		r.failed = true
		return
	}
	r.rest = r.rest[len(s):]
}

func (r *keyReader) number(most int) int { return int(r.int64(int64(most))) }

// int64 reads a decimal number of at most 13 digits and at most most, without sign or leading zeros.
func (r *keyReader) int64(most int64) int64 {
	n := 0
	for n < len(r.rest) && n < 14 && r.rest[n] >= '0' && r.rest[n] <= '9' {
		n++
	}
	if r.failed || n == 0 || n > 13 || (n > 1 && r.rest[0] == '0') {
		r.failed = true
		return 0
	}
	v, err := strconv.ParseInt(string(r.rest[:n]), 10, 64)
	if err != nil || v > most {
		r.failed = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// text reads up to the next ", and past it. \" is a " of the text itself; CheckName sees to it that no other \ gets through.
func (r *keyReader) text() string {
	for i := 0; !r.failed && i < len(r.rest); i++ {
		switch {
		case r.rest[i] == '\\' && i+1 < len(r.rest) && r.rest[i+1] == '"':
			i++
		case r.rest[i] == '"':
			s := strings.ReplaceAll(string(r.rest[:i]), `\"`, `"`)
			r.rest = r.rest[i+1:]
			return s
		}
	}
	r.failed = true
	return ""
}

// textOrNone reads a text that is not empty; none becomes the empty text.
func (r *keyReader) textOrNone() string {
	switch s := r.text(); s {
	case none:
		return ""
	case "":
		r.failed = true
		return ""
	default:
		return s
	}
}

// mode reads what modeText writes.
func (r *keyReader) mode() fs.FileMode {
	s := r.textOrNone()
	v, err := strconv.ParseUint(s, 8, 9)
	mode := fs.FileMode(v)
	if s != "" && (err != nil || modeText(mode) != s) {
		r.failed = true
	}
	return mode
}

// time reads what timeText writes.
func (r *keyReader) time() time.Time {
	s := r.textOrNone()
	if s == "" {
		return time.Time{}
	}
	before, after, _ := strings.Cut(s, ".")
	seconds, err1 := strconv.ParseInt(before, 10, 64)
	nanoseconds, err2 := strconv.ParseInt(after, 10, 32)
	if err1 != nil || err2 != nil || seconds < -maxNumber || seconds > maxNumber {
		r.failed = true
		return time.Time{}
	}
	t := time.Unix(seconds, nanoseconds).UTC()
	if timeText(t) != s { // another spelling, or the time that stands for none
		r.failed = true
	}
	return t
}

// bytes fills to from small hexadecimal digits.
func (r *keyReader) bytes(to []byte) {
	n := 2 * len(to)
	if r.failed || len(r.rest) < n || len(bytes.Trim(r.rest[:n], "0123456789abcdef")) > 0 {
		r.failed = true
		return
	}
	if _, err := hex.Decode(to, r.rest[:n]); err != nil {
		r.failed = true
	}
	r.rest = r.rest[n:]
}
