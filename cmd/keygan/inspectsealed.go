package main

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"keygan/cipher/sealed"
	"keygan/data/raster"

	"filippo.io/age"
)

// ageFinding is a key file of age that no identity was given for.
type ageFinding struct {
	Kind  string `json:"kind"`
	Needs string `json:"needs"`
}

func (f ageFinding) print(w io.Writer) {
	field(w, "kind", f.Kind)
	field(w, "needs", f.Needs)
}

// sealedKeyFinding is the header of a sealed key file, and nothing secret.
type sealedKeyFinding struct {
	Kind         string `json:"kind"`
	Scheme       string `json:"scheme"`
	Content      string `json:"content"` // image or file
	Width        int    `json:"width"`
	Height       int    `json:"height"`
	Channels     int    `json:"channels"`
	Depth        int    `json:"depth"`
	Length       int64  `json:"length,omitempty"`        // of a file, in bytes
	Generator    string `json:"generator,omitempty"`     // its SHA-256
	NetworkInput string `json:"network_input,omitempty"` // its size in pixels
	Commitment   string `json:"commitment"`
	Mode         string `json:"mode,omitempty"`     // the plain file's permission bits, octal
	Modified     string `json:"modified,omitempty"` // RFC 3339
	Name         string `json:"name"`
	Warning      string `json:"warning,omitempty"`
	PRK          string `json:"prk,omitempty"` // the key, with --show-secret alone
}

func inspectAge(path string, identities []age.Identity, showSecret bool) (finding, error) {
	if len(identities) == 0 {
		if showSecret {
			return nil, hinted{fmt.Errorf("%s: %w", path, errNoIdentity), "-i FILE names the identity that opens it, -p asks for a passphrase"}
		}
		return ageFinding{"age file, as sealed key files are", "an identity that opens it: -i FILE, or a passphrase: -p"}, nil
	}
	k, err := readSealedKey(path, identities)
	if err != nil {
		return nil, err
	}
	defer k.Wipe()
	return findingOf(k, showSecret), nil
}

// inspectUnencrypted needs no identity. One that is given, for whatever else it is for, does no harm: nothing is decrypted.
func inspectUnencrypted(path string, showSecret bool) (finding, error) {
	k, err := readUnencryptedKey(path)
	if err != nil {
		return nil, err
	}
	defer k.Wipe()
	f := findingOf(k, showSecret)
	f.Warning = "not encrypted: whoever can read this file can open its cipher image"
	return f, nil
}

func findingOf(k *sealed.Key, showSecret bool) sealedKeyFinding {
	h := k.Header
	f := sealedKeyFinding{
		Kind: "sealed key file", Scheme: sealedScheme, Content: h.Kind, Width: h.Width, Height: h.Height, Channels: h.Channels, Depth: h.Depth,
		Length: h.Length, Generator: h.Generator, NetworkInput: h.NetworkInput, Commitment: hex.EncodeToString(h.Commitment[:]), Name: h.Name,
	}
	if h.Mode != 0 {
		f.Mode = fmt.Sprintf("%04o", uint32(h.Mode))
	}
	if !h.Modified.IsZero() {
		f.Modified = h.Modified.Format(time.RFC3339Nano)
	}
	if showSecret {
		f.PRK = hex.EncodeToString(k.PRK[:])
	}
	return f
}

func (f sealedKeyFinding) print(w io.Writer) {
	shape := raster.Image{Width: f.Width, Height: f.Height, Channels: f.Channels, Depth: f.Depth}
	field(w, "kind", f.Kind)
	field(w, "scheme", f.Scheme)
	field(w, "cipher image", &shape)
	if f.Content == "file" {
		field(w, "opens", fmt.Sprintf("a file of %d bytes", f.Length))
	} else {
		field(w, "opens", "an image")
	}
	field(w, "made from", f.Name)
	if f.Mode != "" {
		field(w, "mode", f.Mode)
	}
	if f.Modified != "" {
		field(w, "modified", f.Modified)
	}
	field(w, "generator", cmp.Or(f.Generator, "none took part"))
	if f.NetworkInput != "" {
		field(w, "network input", f.NetworkInput)
	}
	field(w, "commitment", f.Commitment)
	field(w, "key", cmp.Or(f.PRK, "not shown"))
	if f.Warning != "" {
		field(w, "warning", f.Warning)
	}
}

// opensSealed says whether a key file opens a cipher image.
func opensSealed(path, keyFile string, identities []age.Identity) bool {
	k, err := readSealedKey(keyFile, identities)
	if err != nil {
		return false
	}
	defer k.Wipe()
	return opening{path: path, key: k}.opens()
}
