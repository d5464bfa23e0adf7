package sealed

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	kindImage = "image"
	kindFile  = "file"

	maxSide = 1 << 20 // pixels; keeps products of sizes far from overflow
	maxName = 255     // bytes, as in most file systems

	maxFolder = 1024 // bytes, with separators

	none = "none" // stands in a key file for what was not recorded

	// maxFileLength bounds a file of version 2, in bytes. The sides of its cipher image do so a little earlier.
	maxFileLength = 1 << 40

	// maxNumber is the largest number that 13 digits can write. Seconds have that limit both ways.
	maxNumber = 9_999_999_999_999
)

// Header says what a key file opens. It is authenticated together with the content.
type Header struct {
	Version                        int    // of the format: 1, 2 or 3
	Kind                           string // "image", or "file" for the bytes of any file
	Width, Height, Channels, Depth int    // of the cipher image
	Length                         int64  // of a file, in bytes; 0 for an image
	Generator                      string // SHA-256 of the network that took part, 64 hexadecimal digits, or ""
	Commitment                     [commitmentSize]byte
	Name                           string // of the plain file, without a folder, or ""

	// From version 2 on.
	Mode         fs.FileMode // the plain file's permission bits; 0 if not recorded
	Modified     time.Time   // the plain file's modification time, in UTC; zero if not recorded
	NetworkInput string      // the size in pixels that the network was given, as "256x256"; "" without a network

	Folder string // of the plain file, below the folder that was encrypted, with slashes; "" at its top; version 3 only
}

// hasTag says whether one tag in the key file authenticates the whole cipher image.
func (h *Header) hasTag() bool { return h.Version == 1 || h.Kind == kindImage }

// Hidden says whether the pair was made to tell nothing about the name.
func (h *Header) Hidden() bool { return h.Version == 3 }

// check says what is wrong with a header.
func (h *Header) check() error {
	if err := h.checkShape(); err != nil {
		return err
	}
	switch {
	case h.Version < 1 || h.Version > Version:
		return fmt.Errorf("there is no format version %d", h.Version)
	case h.Generator != "" && (len(h.Generator) != 64 || strings.Trim(h.Generator, "0123456789abcdef") != ""):
		return errors.New("a network's hash is 64 hexadecimal digits")
	case h.Version == 1 && (h.Mode != 0 || !h.Modified.IsZero() || h.NetworkInput != ""):
		return errors.New("version 1 records no mode, no time and no network input")
	case h.Version != 1 && (h.Generator == "") != (h.NetworkInput == ""):
		return errors.New("a network's hash and its input size must be given together")
	case h.NetworkInput != "" && !isPixelSize(h.NetworkInput):
		return fmt.Errorf("%q is not the size of a network's input, such as 256x256", h.NetworkInput)
	case h.Mode&^fs.ModePerm != 0:
		return fmt.Errorf("%v has more than permission bits", h.Mode)
	case !h.Modified.IsZero() && (h.Modified.Unix() < -maxNumber || h.Modified.Unix() > maxNumber):
		return errors.New("the modification time is too far from the present")
	case !h.Hidden() && h.Folder != "":
		return errors.New("only version 3 records a folder")
	}
	return cmp.Or(CheckName(h.Name), CheckFolder(h.Folder))
}

// checkShape checks kind, shape and length.
func (h *Header) checkShape() error {
	switch {
	case h.Kind != kindImage && h.Kind != kindFile:
		return fmt.Errorf("%q is not a kind of sealed content", h.Kind)
	case h.Kind == kindImage && h.Length != 0:
		return fmt.Errorf("the length is %d; for an image it must be 0", h.Length)
	case h.hasTag() && shapeBytes(h.Width, h.Height, h.Channels, h.Depth) == 0:
		return fmt.Errorf("an image of %d×%d pixels with %d channels of %d bits cannot be sealed", h.Width, h.Height, h.Channels, h.Depth)
	case h.Kind == kindImage:
		return nil
	case h.Length < 0 || h.Length > maxFileLength:
		return fmt.Errorf("a file of %d bytes cannot be sealed", h.Length)
	}
	width, height := fileSide(h.Length), fileSide(h.Length)
	if h.Version != 1 {
		width, height = fileShape(h.Length)
	}
	switch {
	case width > maxSide || height > maxSide:
		return fmt.Errorf("a file of %d bytes cannot be sealed: it is too large", h.Length)
	case h.Width != width || h.Height != height || h.Channels != 1 || h.Depth != 8:
		return fmt.Errorf("a file of %d bytes has another cipher image", h.Length)
	}
	return nil
}

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
	case strings.ContainsAny(name, `/\`):
		return errors.New("the name contains a folder separator")
	case strings.ContainsFunc(name, unicode.IsControl) || strings.ContainsAny(name, "\u2028\u2029") ||
		strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }):
		return errors.New("the name contains control characters")
	}
	return nil
}

// CheckFolder says whether a sealed file can come from this folder: names joined by slashes, which must be safe as CheckName wants it, of
// at most 1024 bytes together. The empty folder stands for the top.
func CheckFolder(folder string) error {
	if folder == "" {
		return nil
	}
	if len(folder) > maxFolder {
		return fmt.Errorf("the path of its folder has %d bytes; at most %d are possible", len(folder), maxFolder)
	}
	for name := range strings.SplitSeq(folder, "/") {
		if name == "" {
			return errors.New("the path of its folder has an empty name")
		}
		if err := CheckName(name); err != nil {
			return fmt.Errorf("its folder: %w", err)
		}
	}
	return nil
}

// isPixelSize says whether s is width x height in pixels, each from 1 to 1048576, written without leading zeros.
func isPixelSize(s string) bool {
	width, height, ok := strings.Cut(s, "x")
	for _, side := range []string{width, height} {
		n, err := strconv.Atoi(side)
		ok = ok && err == nil && n >= 1 && n <= maxSide && strconv.Itoa(n) == side
	}
	return ok
}

// marshal is the header as it stands in a key file: the AEAD's associated data.
func (h *Header) marshal() []byte {
	shape := fmt.Sprintf(`"kind":"%s","width":%d,"height":%d,"channels":%d,"depth":%d,"length":%d`,
		h.Kind, h.Width, h.Height, h.Channels, h.Depth, h.Length)
	generator := cmp.Or(h.Generator, none)
	folder := ""
	if h.Hidden() {
		folder = fmt.Sprintf(`"folder":"%s",`, escaped(h.Folder))
	}
	end := fmt.Sprintf(`"commitment":"%x",%s"name":"%s"}`, h.Commitment, folder, escaped(h.Name))
	if h.Version == 1 {
		return fmt.Appendf(nil, `{"scheme":"sealed","version":1,"derivation":%d,%s,"generator":"%s",%s`,
			derivationVersion, shape, generator, end)
	}
	mode, modified := none, none // four octal digits; seconds since 1970 and the nanoseconds after them, which never count back
	if h.Mode != 0 {
		mode = fmt.Sprintf("%04o", uint32(h.Mode))
	}
	if !h.Modified.IsZero() {
		modified = fmt.Sprintf("%d.%09d", h.Modified.Unix(), h.Modified.Nanosecond())
	}
	return fmt.Appendf(nil, `{"scheme":"sealed","version":%d,%s,"mode":"%s","modified":"%s","generator":"%s","network-input":"%s",%s`,
		h.Version, shape, mode, modified, generator, cmp.Or(h.NetworkInput, none), end)
}

// escaped is a name as it stands in a key file.
func escaped(name string) string { return strings.ReplaceAll(name, `"`, `\"`) }
