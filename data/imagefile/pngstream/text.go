package pngstream

import (
	"bytes"
	"fmt"
	"strings"
)

// Text is a tEXt chunk (PNG specification, 11.3.3.2), in the file's Latin-1 bytes, so only ASCII reads the same in Go.
type Text struct {
	Keyword string // 1 to 79 bytes
	Value   string
}

// The most texts that are read or written, and the longest: keyword, a zero byte and value.
const maxTexts, maxTextBytes = 16, 4096

// chunkOverhead is the size of a chunk's length, kind and checksum.
const chunkOverhead = 4 + 4 + 4

// check returns an error if the text cannot be written and read again.
func (t Text) check() error {
	switch {
	case !keyword(t.Keyword):
		return fmt.Errorf("the keyword %q of a text must be 1 to 79 printable Latin-1 bytes, with single spaces and none at the ends", t.Keyword)
	case strings.Contains(t.Value, "\x00"):
		return fmt.Errorf("the text %q has a zero byte", t.Keyword)
	case len(t.Keyword)+1+len(t.Value) > maxTextBytes:
		return fmt.Errorf("the text %q has more than %d bytes", t.Keyword, maxTextBytes)
	}
	return nil
}

// keyword reports whether the specification (section 11.3.3.2) lets s be a keyword.
func keyword(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' && c < 0xa1 {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 79 && strings.Trim(s, " ") == s && !strings.Contains(s, "  ")
}

// content is what the text's chunk holds.
func (t Text) content() []byte { return []byte(t.Keyword + "\x00" + t.Value) }

// parseText is the inverse of content. It refuses what check refuses.
func parseText(content []byte) (Text, bool) {
	key, value, ok := bytes.Cut(content, []byte{0})
	t := Text{string(key), string(value)}
	return t, ok && t.check() == nil
}
