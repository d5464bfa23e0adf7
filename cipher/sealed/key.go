package sealed

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"keygan/cipher/agekeys"
	"regexp"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
)

const (
	// Version is the newest format of sealed key files. It is written where names are hidden, and version 2 elsewhere.
	Version = 3

	// derivationVersion is the only way of deriving keys that version 1 ever had.
	derivationVersion = 1

	prkSize        = 64 // bytes, the size of a SHA-512
	commitmentSize = 32

	// maxKey bounds a key file's plaintext, in bytes. A name's bytes can take two each.
	maxKey = 2048

	// hidingKey is the length of every key file's plaintext in version 3, so that it tells nothing about the name. It has room for
	// the longest folder and name.
	hidingKey = 4096
)

// A Key opens one sealed cipher image. It is the image's key: whoever has it in the clear can open the image.
//
// Its plaintext is one line of JSON. Equal keys are equal bytes, because the format leaves nothing to choice:
//
//	{"header":{"scheme":"sealed","version":2,"kind":"file","width":5,"height":4,"channels":1,"depth":8,"length":4,"mode":"0644",
//	"modified":"1763745700.123456789","generator":"none","network-input":"none","commitment":"64 hexadecimal digits",
//	"name":"scan.dcm"},"prk":"128 hexadecimal digits"}
//
// (without the line breaks here, with one at the end). The key of an image has ,"tag":"32 hexadecimal digits" after prk. The fields come
// in this order, without spaces. Numbers are decimal, bytes are hexadecimal in small letters. In the name, " is written \", and there is
// no other escape. The version stands at the same place in all versions. The header, from brace to brace, is the associated data of
// the AEAD. In version 3, the folder stands before the name, and ,"padding":"000…" at the end makes every line 4096 bytes long.
// docs/format.md has the grammar of all versions.
type Key struct {
	Header Header
	PRK    [prkSize]byte
	Tag    [tagSize]byte // all zeros for a file of version 2, whose chunks each have their own

	fresh bool // nothing was encrypted under this key yet
}

// A VersionError reports a key file of a format that this program does not know. It is an ErrRefused.
type VersionError struct {
	What    string // "format" or "derivation"
	Version int
}

func (e *VersionError) Error() string {
	known := fmt.Sprintf("1 to %d", Version)
	if e.What == "derivation" {
		known = strconv.Itoa(derivationVersion)
	}
	return fmt.Sprintf("the key file's %s version is %d, this program knows %s", e.What, e.Version, known)
}

func (e *VersionError) Is(target error) bool { return target == ErrRefused }

// Wipe overwrites the key. Nothing can be opened with it afterwards.
func (k *Key) Wipe() {
	clear(k.PRK[:])
	clear(k.Tag[:])
	k.fresh = false
}

// Format prints what a key is of and never the key, whatever the verb.
func (k Key) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sealed key (not shown) of the %s %q, commitment %x", k.Header.Kind, k.Header.Name, k.Header.Commitment)
}

// Marshal is the plaintext of a key file.
func (k *Key) Marshal() []byte {
	b := append(make([]byte, 0, hidingKey), `{"header":`...)
	b = append(b, k.Header.marshal()...)
	b = append(b, `,"prk":"`...)
	b = hex.AppendEncode(b, k.PRK[:])
	if k.Header.hasTag() {
		b = append(b, `","tag":"`...)
		b = hex.AppendEncode(b, k.Tag[:])
	}
	if k.Header.Hidden() {
		b = append(b, `","padding":"`...)
		for len(b) < hidingKey-len("\"}\n") {
			b = append(b, '0')
		}
	}
	return append(b, "\"}\n"...)
}

// ParseKey reads exactly what Marshal makes: Marshal gives the same bytes again for whatever it accepts. Every error is
// ErrRefused. An unknown version is a *VersionError.
func ParseKey(b []byte) (*Key, error) {
	front := keyFront.FindSubmatch(b)
	if len(b) > hidingKey || front == nil {
		return nil, ErrRefused
	}
	switch version, err := strconv.ParseInt(string(front[1]), 10, 32); {
	case err != nil || (version < 3 && len(b) > maxKey):
		return nil, ErrRefused
	case version > Version:
		return nil, &VersionError{"format", int(version)}
	}
	k := &Key{}
	var file struct {
		Header struct {
			Header       // the fields that JSON reads as they are; those below take the place of the others
			Derivation   int
			Commitment   hexDigits
			Generator    string
			NetworkInput string `json:"network-input"`
			Mode         string
			Modified     string
		}
		PRK, Tag hexDigits
	}
	h := &file.Header
	h.Commitment, file.PRK, file.Tag = h.Header.Commitment[:], k.PRK[:], k.Tag[:]
	if json.Unmarshal(b, &file) != nil {
		return nil, ErrRefused
	}
	if h.Version == 1 && h.Derivation > derivationVersion {
		return nil, &VersionError{"derivation", h.Derivation}
	}
	k.Header = h.Header
	k.Header.Generator, k.Header.NetworkInput = strings.TrimPrefix(h.Generator, none), strings.TrimPrefix(h.NetworkInput, none)
	mode, _ := strconv.ParseUint(h.Mode, 8, 9)
	k.Header.Mode = fs.FileMode(mode)
	var seconds, nanoseconds int64
	if _, err := fmt.Sscanf(h.Modified, "%d.%d", &seconds, &nanoseconds); err == nil {
		k.Header.Modified = time.Unix(seconds, nanoseconds).UTC()
	}
	again := k.Marshal() // which finds whatever was read too kindly
	defer clear(again)
	if k.Header.check() != nil || !bytes.Equal(again, b) {
		return nil, ErrRefused
	}
	return k, nil
}

// keyFront is how a key file of any version begins.
var keyFront = regexp.MustCompile(`^\{"header":\{"scheme":"sealed","version":([1-9][0-9]*)`)

// hexDigits are read from hexadecimal digits, two for each byte that there is room for.
type hexDigits []byte

func (h hexDigits) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return hex.ErrLength
	}
	_, err := hex.Decode(h, text)
	return err
}

// Encrypt writes the key as an age file to one or more recipients, or to one passphrase only. Any of them opens it, with
// ReadKey or with the age program, which shows what Marshal returns.
func (k *Key) Encrypt(w io.Writer, recipients ...age.Recipient) error {
	plain := k.Marshal()
	defer clear(plain)
	return agekeys.Encrypt(w, plain, recipients...)
}

// ReadKey opens an age file, armored or not, with one of the identities. Every error is ErrRefused, with three exceptions: an error of r,
// a *LockedError for an identity whose own passphrase is missing or wrong, and a *VersionError for a newer version, which only somebody
// who can open the file gets to see.
func ReadKey(r io.Reader, identities ...age.Identity) (*Key, error) {
	plain, err := agekeys.Decrypt(r, hidingKey, identities...)
	defer clear(plain)
	if err == agekeys.ErrNoMatch {
		return nil, ErrRefused
	}
	if err != nil {
		return nil, err
	}
	return ParseKey(plain)
}
