package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
)

// errIdentity refuses to seal what opens sealed files: sealed to itself and then deleted, it would be lost with all that it opens.
var errIdentity = errors.New("this is an identity (a secret key), which is not encrypted with what it may have to open")

// secretKey is an identity of age, wherever it stands in a file, or the first line of a private key.
var secretKey = regexp.MustCompile(`AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]{50}|(?m:^[ \t]*-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[ \t\r]*$)`)

// maxIdentityFile is how much of a file is searched for an identity, in bytes.
const maxIdentityFile = 64 << 10

// refuseIdentity is the error for a file with an age identity or a private key in it.
func refuseIdentity(path string) error {
	f, err := openRegular(path)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxIdentityFile))
	defer clear(b)
	if err != nil {
		return named(path, err)
	}
	if secretKey.Match(b) {
		return hinted{fmt.Errorf("%s: %w", path, errIdentity), "keep identities elsewhere; keygan keypair -p and ssh-keygen -p put them under a passphrase"}
	}
	return nil
}
