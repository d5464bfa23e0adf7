package imagefile

import (
	"bytes"
	"fmt"
	"strings"
)

// Text is an entry of a PNG's metadata (a tEXt chunk; PNG specification, section 11.3.3.2). Both strings hold the bytes of the file,
// which are Latin-1: ASCII means the same in Go.
type Text struct {
	Keyword string // 1 to 79 bytes
	Value   string
}

// What is kept of the texts of a file that is read, and the most that is written. A text's length includes its keyword and the zero
// byte after it.
const (
	maxTexts     = 16
	maxTextBytes = 4096
)

// chunkOverhead is what a chunk takes beside its content: its length, type and checksum.
const chunkOverhead = 4 + 4 + 4

// check says whether the text can be written, and read again.
func (t Text) check() error {
	switch {
	case !keyword(t.Keyword):
		return fmt.Errorf("no PNG has a text with the keyword %q: 1 to 79 printable Latin-1 bytes, single spaces, none at the ends", t.Keyword)
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

// parseText is content's inverse. It takes no chunk that check would refuse.
func parseText(content []byte) (Text, bool) {
	key, value, ok := bytes.Cut(content, []byte{0})
	t := Text{string(key), string(value)}
	return t, ok && t.check() == nil
}
