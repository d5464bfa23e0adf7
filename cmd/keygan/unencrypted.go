package main

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"keygan/cipher/sealed"
)

// plainKeySuffix ends the names of sealed key files that are not encrypted: X.key.json. They hold what is inside an X.key.age.
const plainKeySuffix = ".key.json"

const unencryptedWarning = "the key files are not encrypted: whoever can read one can open its cipher image"

// plainIntro is what an unencrypted key file starts with.
const plainIntro = `{"header":`

// errUnencrypted refuses what could pass for more than it is: a key file under a passphrase is from somebody who knows it, an unencrypted
// one from anybody.
var errUnencrypted = hinted{
	errors.New("this key file is not encrypted, so that anybody could have made it, and an identity or passphrase is given"),
	"without -i and -p unencrypted key files are taken; keygan rekey FILE -r RECIPIENT encrypts them",
}

// isUnencrypted says whether a file starts as unencrypted key files do. One that is named .age is never taken for one.
func isUnencrypted(path string) bool {
	if strings.HasSuffix(strings.ToLower(path), ".age") {
		return false
	}
	return startsWith(path, plainIntro)
}

// startsWith is false for whatever cannot be read twice, as pipes cannot.
func startsWith(path, intro string) bool {
	f, err := openRegular(path)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, len(intro))
	n, _ := io.ReadFull(f, start)
	return bytes.Equal(start[:n], []byte(intro))
}

// readUnencryptedKey reads an unencrypted key file.
func readUnencryptedKey(path string) (*sealed.Key, error) {
	b, err := readShort(path)
	defer clear(b)
	if err != nil {
		return nil, err
	}
	k, err := sealed.ParseKey(b)
	if err != nil {
		return nil, named(path, err)
	}
	return k, nil
}
