package main

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown is text as a terminal may get it: a file name, or a message with names in it. Whatever a terminal could take for a command, or
// for an order to write from right to left, becomes an escape as in Go's strings: \n, \x1b, \u202e, \xff for a byte that is no
// UTF-8. Programs that need names as they are ask for --json or -0.
func shown(s string) string {
	if isPlain(s) {
		return s
	}
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

func isPlain(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}
