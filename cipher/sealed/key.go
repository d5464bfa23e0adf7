package sealed

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

const (
	// Version is the newest format of sealed key files. It is the one that is written.
	Version = 2

	// derivationVersion is the only way of deriving keys that version 1 ever had.
	derivationVersion = 1

	prkSize        = 64 // bytes, the size of a SHA-512
	commitmentSize = 32

	// maxKey bounds a key file's plaintext, in bytes. A name's bytes can take two each.
	maxKey = 2048
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
// the AEAD. docs/format.md has the grammar of both versions.
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
	b := append(make([]byte, 0, maxKey), `{"header":`...)
	b = append(b, k.Header.marshal()...)
	b = append(b, `,"prk":"`...)
	b = hex.AppendEncode(b, k.PRK[:])
	if k.Header.hasTag() {
		b = append(b, `","tag":"`...)
		b = hex.AppendEncode(b, k.Tag[:])
	}
	return append(b, "\"}\n"...)
}

// ParseKey reads exactly what Marshal makes: Marshal gives the same bytes again for whatever it accepts. Every error is
// ErrRefused. An unknown version is a *VersionError.
func ParseKey(b []byte) (*Key, error) {
	if len(b) > maxKey {
		return nil, ErrRefused
	}
	k, r := &Key{}, keyReader{rest: b}
	if err := k.Header.parse(&r); err != nil {
		return nil, err
	}
	r.literal(`,"prk":"`)
	r.bytes(k.PRK[:])
	if k.Header.hasTag() {
		r.literal(`","tag":"`)
		r.bytes(k.Tag[:])
	}
	r.literal("\"}\n")
	if r.failed || len(r.rest) > 0 || k.Header.check() != nil {
		return nil, ErrRefused
	}
	return k, nil
}
