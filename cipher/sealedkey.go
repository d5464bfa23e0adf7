package cipher

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// SealedVersion is the newest format of sealed key files that this package reads, and the one it writes.
	SealedVersion = 1

	// sealedDerivation is the newest way of deriving keys from a PRK, and the one in use.
	sealedDerivation = 1
)

const (
	prkSize        = 64 // bytes, those of a SHA-512
	commitmentSize = 32
	hashDigits     = 64 // of a SHA-256, in hexadecimal

	kindImage = "image"
	kindFile  = "file"

	// maxSealedKey bounds a key file's plaintext, in bytes. A name's bytes can take two each.
	maxSealedKey = 2048
)

// A SealedKey is what opens one sealed cipher image. It is the image's key: whoever has it in the clear can open the image.
//
// Its plaintext is one line of JSON in which nothing is left to choice, so that equal keys are equal bytes:
//
//	{"header":{"scheme":"sealed","version":1,"derivation":1,"kind":"image","width":2,"height":1,"channels":1,"depth":8,
//	"length":0,"generator":"none","commitment":"64 hexadecimal digits","name":"scan.png"},"prk":"128","tag":"32"}
//
// (without the line break here, with one at the end). The fields come in this order, without spaces; numbers are decimal, bytes are
// hexadecimal in small letters; in the name, " is written \", and there is no other escape. Version comes where it is in all versions
// to come. The header, from brace to brace, is the associated data of the AEAD.
type SealedKey struct {
	Header SealedHeader
	PRK    [prkSize]byte
	Tag    [tagSize]byte
}

// SealedHeader is what a key file says of what it opens.
type SealedHeader struct {
	Kind                           string // "image", or "file" for the bytes of any file
	Width, Height, Channels, Depth int    // of the cipher image
	Length                         int    // of a file, in bytes; 0 for an image
	Generator                      string // the SHA-256 of the network that took part, 64 hexadecimal digits, or ""
	Commitment                     [commitmentSize]byte
	Name                           string // of the plain file, without a folder, or ""
}

// A VersionError reports a key file of a format that this program does not know. It is an ErrRefused.
type VersionError struct {
	What    string // "format" or "derivation"
	Version int
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("the key file's %s version is %d, this program knows 1", e.What, e.Version)
}

func (e *VersionError) Is(target error) bool { return target == ErrRefused }

// Wipe overwrites the key. Nothing can be opened with it afterwards.
func (k *SealedKey) Wipe() {
	clear(k.PRK[:])
	clear(k.Tag[:])
}

// Format prints what a key is of and never the key, whatever the verb.
func (k SealedKey) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sealed key (not shown) of the %s %q, commitment %x", k.Header.Kind, k.Header.Name, k.Header.Commitment)
}

// check says what is wrong with a header.
func (h *SealedHeader) check() error {
	n := shapeBytes(h.Width, h.Height, h.Channels, h.Depth)
	switch {
	case n == 0:
		return fmt.Errorf("an image of %d×%d pixels with %d channels of %d bits cannot be sealed", h.Width, h.Height, h.Channels, h.Depth)
	case h.Kind != kindImage && h.Kind != kindFile:
		return fmt.Errorf("%q is no kind of sealed content", h.Kind)
	case h.Kind == kindImage && h.Length != 0:
		return fmt.Errorf("an image has no length of %d bytes", h.Length)
	case h.Kind == kindFile && (h.Length < 0 || h.Channels != 1 || h.Depth != 8 || h.Width != fileSide(h.Length) || h.Height != h.Width):
		return fmt.Errorf("a file of %d bytes has another cipher image", h.Length)
	case h.Generator != "" && !isHash(h.Generator):
		return errors.New("a network's hash is 64 hexadecimal digits")
	}
	return CheckName(h.Name)
}

func isHash(s string) bool {
	return len(s) == hashDigits && strings.Trim(s, "0123456789abcdef") == ""
}

// CheckName says whether a sealed file can have this name: one that is safe to make in a folder and to print. It must be at most
// 255 bytes of UTF-8 without separators and control characters, neither "." nor ".."; the empty name stands for none.
func CheckName(name string) error {
	switch {
	case len(name) > maxName:
		return fmt.Errorf("the name has %d bytes, there can be %d", len(name), maxName)
	case name == "." || name == "..":
		return errors.New("the name is that of a folder")
	case !utf8.ValidString(name):
		return errors.New("the name is not valid UTF-8")
	}
	for _, r := range name {
		switch {
		case r == '/' || r == '\\':
			return errors.New("the name has a separator of folders in it")
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r):
			return errors.New("the name has control characters in it")
		}
	}
	return nil
}

// Marshal is the plaintext of a key file.
func (k *SealedKey) Marshal() []byte {
	b := append(make([]byte, 0, maxSealedKey), `{"header":`...)
	b = append(b, k.Header.marshal()...)
	b = append(b, `,"prk":"`...)
	b = hex.AppendEncode(b, k.PRK[:])
	b = append(b, `","tag":"`...)
	b = hex.AppendEncode(b, k.Tag[:])
	return append(b, "\"}\n"...)
}

// marshal is the header as it is in a key file: the AEAD's associated data.
func (h *SealedHeader) marshal() []byte {
	generator := h.Generator
	if generator == "" {
		generator = "none"
	}
	return fmt.Appendf(nil, `{"scheme":"sealed","version":%d,"derivation":%d,"kind":"%s","width":%d,"height":%d,"channels":%d,"depth":%d,`+
		`"length":%d,"generator":"%s","commitment":"%x","name":"%s"}`,
		SealedVersion, sealedDerivation, h.Kind, h.Width, h.Height, h.Channels, h.Depth, h.Length, generator, h.Commitment,
		strings.ReplaceAll(h.Name, `"`, `\"`))
}

// ParseSealedKey reads what Marshal makes, and that alone: for whatever it accepts, Marshal gives the same bytes again. Every
// error is ErrRefused; one of a version from the future is a *VersionError.
func ParseSealedKey(b []byte) (*SealedKey, error) {
	if len(b) > maxSealedKey {
		return nil, ErrRefused
	}
	k := &SealedKey{}
	h, r := &k.Header, reader{rest: b}
	r.literal(`{"header":{"scheme":"sealed","version":`)
	version := r.number()
	if r.failed || version < 1 {
		return nil, ErrRefused
	}
	if version > SealedVersion {
		return nil, &VersionError{"format", version}
	}
	r.literal(`,"derivation":`)
	derivation := r.number()
	r.literal(`,"kind":"`)
	h.Kind = r.text()
	for _, f := range []struct {
		name string
		to   *int
	}{
		{`,"width":`, &h.Width}, {`,"height":`, &h.Height}, {`,"channels":`, &h.Channels}, {`,"depth":`, &h.Depth}, {`,"length":`, &h.Length},
	} {
		r.literal(f.name)
		*f.to = r.number()
	}
	r.literal(`,"generator":"`)
	h.Generator = r.text()
	r.literal(`,"commitment":"`)
	r.bytes(h.Commitment[:])
	r.literal(`","name":"`)
	h.Name = r.text()
	r.literal(`},"prk":"`)
	r.bytes(k.PRK[:])
	r.literal(`","tag":"`)
	r.bytes(k.Tag[:])
	r.literal("\"}\n")
	if h.Generator == "none" {
		h.Generator = ""
	} else if h.Generator == "" {
		r.failed = true
	}
	switch {
	case r.failed || len(r.rest) > 0 || derivation < 1:
		return nil, ErrRefused
	case derivation > sealedDerivation:
		return nil, &VersionError{"derivation", derivation}
	case h.check() != nil:
		return nil, ErrRefused
	}
	return k, nil
}

// reader takes a key file's plaintext apart from the front. After the first failure it does nothing more. It makes no copies
// of what is secret.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) literal(s string) {
	if r.failed || !bytes.HasPrefix(r.rest, []byte(s)) {
		r.failed = true
		return
	}
	r.rest = r.rest[len(s):]
}

// number reads a decimal number of at most 10 digits, without sign or leading zeros.
func (r *reader) number() int {
	n := 0
	for n < len(r.rest) && n < 11 && r.rest[n] >= '0' && r.rest[n] <= '9' {
		n++
	}
	if r.failed || n == 0 || n > 10 || (n > 1 && r.rest[0] == '0') {
		r.failed = true
		return 0
	}
	v, err := strconv.ParseInt(string(r.rest[:n]), 10, 32)
	if err != nil {
		r.failed = true
	}
	r.rest = r.rest[n:]
	return int(v)
}

// text reads up to the next ", and past it. \" is a " of the text itself; CheckName sees to it that no other \ gets through.
func (r *reader) text() string {
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

// bytes fills to from small hexadecimal digits.
func (r *reader) bytes(to []byte) {
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
