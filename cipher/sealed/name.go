package sealed

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// CheckName says whether a sealed file can have this name, which must be safe to create in a folder and to print: at most 255 bytes of
// UTF-8 without separators and control characters, neither "." nor "..". The empty name stands for none.
func CheckName(name string) error {
	switch {
	case len(name) > maxName:
		return fmt.Errorf("the name has %d bytes; at most %d are possible", len(name), maxName)
	case name == "." || name == "..":
		return errors.New("the name is that of a folder")
	case !utf8.ValidString(name):
		return errors.New("the name is not valid UTF-8")
	}
	for _, r := range name {
		switch {
		case r == '/' || r == '\\':
			return errors.New("the name contains a folder separator")
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r):
			return errors.New("the name contains control characters")
		}
	}
	return nil
}
