// Package agekeys makes and reads the keys to which key files are encrypted: age identities and recipients, SSH keys and passphrases.
//
//	file, public, err := agekeys.NewIdentity(time.Now())
//	recipient, err := agekeys.ParseRecipient(public)
//	err = agekeys.Encrypt(w, secret, recipient)
//	...
//	identities, err := agekeys.ParseIdentities("me", file, askPassphrase)
//	secret, err := agekeys.Decrypt(r, limit, identities...)
//
// All files are age files (filippo.io/age), which the age program reads and writes as well.
//
// No error repeats what is in a file or an argument, since it may be secret. Sizes and the work that a passphrase costs are bounded,
// whatever a file asks for. Passphrases and plaintexts in memory of this package are zeroed after use.
package agekeys

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
)

// maxFile bounds an age file, in bytes. It has room for a few thousand recipients.
const maxFile = 1 << 20

// ErrNoMatch reports an age file that does not open.
var ErrNoMatch = errors.New("no identity or passphrase matches the file, or the file was changed or damaged")

// Encrypt writes plain as an age file to one or more recipients, or to one passphrase only. ParseIdentities reads one of an identity file.
func Encrypt(w io.Writer, plain []byte, recipients ...age.Recipient) error {
	if len(recipients) == 0 {
		return errors.New("a key file needs at least one recipient")
	}
	enc, err := age.Encrypt(w, recipients...)
	if err != nil {
		return err
	}
	if _, err := enc.Write(plain); err != nil {
		return err
	}
	return enc.Close()
}

// Decrypt opens an age file, armored or not, whose plaintext has at most limit bytes. The caller should clear the plaintext after use.
// The error is ErrNoMatch, one of r, or a *LockedError.
func Decrypt(r io.Reader, limit int, identities ...age.Identity) ([]byte, error) {
	if len(identities) == 0 {
		return nil, errors.New("no identity to open the key file with")
	}
	file, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(file) > maxFile {
		return nil, ErrNoMatch
	}
	var src io.Reader = bytes.NewReader(file)
	if bytes.HasPrefix(file, []byte(armor.Header)) {
		src = armor.NewReader(src)
	}
	dec, err := age.Decrypt(src, identities...)
	if locked := (*LockedError)(nil); errors.As(err, &locked) {
		return nil, locked
	}
	if err != nil {
		return nil, ErrNoMatch
	}
	plain := make([]byte, 0, limit+1) // it never grows, so that no copy is left behind
	for {
		n, err := dec.Read(plain[len(plain):cap(plain)])
		plain = plain[:len(plain)+n]
		if err == io.EOF {
			return plain, nil
		}
		if err != nil || len(plain) > limit {
			clear(plain)
			return nil, ErrNoMatch
		}
	}
}

// ParseRecipient reads a recipient: an age public key (age1…) or a line of an SSH public key file (ssh-ed25519 … or ssh-rsa …).
// Errors do not repeat it, because it may be something secret that got there by mistake.
func ParseRecipient(s string) (age.Recipient, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(strings.ToUpper(s), "AGE-SECRET-KEY-") {
		return nil, errors.New("this is an identity, which is secret, not a recipient")
	}
	if strings.HasPrefix(s, "ssh-") {
		r, err := agessh.ParseRecipient(s)
		if err != nil {
			return nil, errors.New("not an SSH public key that age can use: ed25519, or RSA of 2048 bits and more")
		}
		return r, nil
	}
	if strings.HasPrefix(s, "ecdsa-sha2-") || strings.HasPrefix(s, "sk-") {
		return nil, errors.New("age encrypts only to SSH keys of the kinds ed25519 and RSA")
	}
	all, err := age.ParseRecipients(strings.NewReader(s))
	if err != nil && strings.HasPrefix(s, "age1") {
		return nil, errors.New("not an age public key: it begins like one, but is mistyped or cut off")
	}
	if err != nil || len(all) != 1 {
		return nil, errors.New("not an age public key (age1…) or an SSH one (ssh-ed25519 …, ssh-rsa …)")
	}
	return all[0], nil
}
