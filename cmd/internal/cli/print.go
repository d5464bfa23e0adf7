package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Shown returns text as a terminal may get it: a file name, or a message with names in it. Whatever a terminal could take for a command,
// or for an order to write from right to left, becomes an escape as in Go's strings: \n, \x1b, \u202e, \xff for a byte that is not
// UTF-8. Programs that need names as they are ask for JSON or NUL bytes.
func Shown(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if (r == utf8.RuneError && size == 1) || !unicode.IsPrint(r) {
			quoted := strconv.Quote(s[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

var plainWord = regexp.MustCompile(`\A[-a-zA-Z0-9_./=+:,@%]+\z`)

// ShellWord quotes s for a shell if it must be.
func ShellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// WriteJSON prints v as indented JSON, with escapes for all that is not printable. JSON cannot hold bytes that are not UTF-8.
func WriteJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	var out strings.Builder
	for _, r := range b.String() {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, "\\u%04x\\u%04x", high, low)
		default: // only within strings: JSON itself is plain ASCII
			fmt.Fprintf(&out, "\\u%04x", r)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}
