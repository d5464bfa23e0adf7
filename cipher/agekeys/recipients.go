package agekeys

import (
	"errors"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
)

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
		return nil, errors.New("of SSH keys, age can encrypt only to ed25519 and RSA keys")
	}
	all, err := age.ParseRecipients(strings.NewReader(s))
	if err != nil || len(all) != 1 {
		return nil, errors.New("neither an age public key (age1…) nor an SSH public key (ssh-ed25519 …, ssh-rsa …)")
	}
	return all[0], nil
}
