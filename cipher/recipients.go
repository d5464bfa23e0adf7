package cipher

import (
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
)

// ParseRecipient reads a recipient: an age public key (age1…) or a line of an SSH public key file (ssh-ed25519 … or ssh-rsa …).
func ParseRecipient(s string) (age.Recipient, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(strings.ToUpper(s), "AGE-SECRET-KEY-") {
		return nil, errors.New("this is an identity, which is secret, not a recipient") // and must not be repeated here
	}
	if strings.HasPrefix(s, "ssh-") {
		r, err := agessh.ParseRecipient(s)
		if err != nil {
			return nil, fmt.Errorf("recipient %.40q: %w", s, err)
		}
		return r, nil
	}
	if strings.HasPrefix(s, "ecdsa-sha2-") || strings.HasPrefix(s, "sk-") {
		return nil, fmt.Errorf("recipient %.40q: age encrypts to SSH keys of the kinds ed25519 and RSA alone", s)
	}
	all, err := age.ParseRecipients(strings.NewReader(s))
	if err != nil || len(all) != 1 {
		return nil, fmt.Errorf("recipient %.40q: not an age public key (age1…) or an SSH one (ssh-ed25519 …, ssh-rsa …)", s)
	}
	return all[0], nil
}
