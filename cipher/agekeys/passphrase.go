package agekeys

import (
	"errors"

	"filippo.io/age"
)

// maxWorkFactor caps the work that a key file can demand of scrypt: 2²⁰ rounds, which take 1 GiB of memory and a few seconds. Key files
// are written with 2¹⁸, as by the age program.
const maxWorkFactor = 20

const scryptStanza = "scrypt"

// scrypts bounds how many passphrases are worked on at a time: each takes 256 MiB, or 1 GiB at the cap.
var scrypts = make(chan struct{}, 4)

var errEmptyPassphrase = errors.New("the passphrase is empty")

// PassphraseRecipient encrypts key files under a passphrase, which must be a file's only recipient. Each file takes about a second,
// because it has its own salt. The passphrase may be cleared afterwards; age keeps a copy.
func PassphraseRecipient(passphrase []byte) (age.Recipient, error) {
	r, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, errEmptyPassphrase
	}
	return passphraseRecipient{r}, nil
}

// PassphraseIdentity opens key files that are encrypted under a passphrase, unless they demand too much work.
func PassphraseIdentity(passphrase []byte) (age.Identity, error) {
	i, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, errEmptyPassphrase
	}
	i.SetMaxWorkFactor(maxWorkFactor)
	return passphraseIdentity{i}, nil
}

// passphraseRecipient and passphraseIdentity wait for their turn.
type (
	passphraseRecipient struct{ *age.ScryptRecipient }
	passphraseIdentity  struct{ *age.ScryptIdentity }
)

func (r passphraseRecipient) WrapWithLabels(fileKey []byte) ([]*age.Stanza, []string, error) {
	scrypts <- struct{}{}
	defer func() { <-scrypts }()
	return r.ScryptRecipient.WrapWithLabels(fileKey)
}

func (i passphraseIdentity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	scrypts <- struct{}{}
	defer func() { <-scrypts }()
	return i.ScryptIdentity.Unwrap(stanzas)
}
