package cipher

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

// maxWorkFactor caps what a key file can make scrypt take to try a passphrase: 2²⁰ rounds, which is 1 GiB of memory and a few
// seconds. Key files are written with 2¹⁸, as the age program does.
const maxWorkFactor = 20

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
	all, err := age.ParseRecipients(strings.NewReader(s))
	if err != nil || len(all) != 1 {
		return nil, fmt.Errorf("recipient %.40q: not an age public key (age1…) or an SSH one (ssh-ed25519 …, ssh-rsa …)", s)
	}
	return all[0], nil
}

// ParseIdentities reads an identity file: one of age, as NewIdentity and age-keygen make it, or an SSH private key. Where the SSH key
// is encrypted, passphrase is asked for its passphrase; with nil it is refused. Errors never repeat what is in the file.
func ParseIdentities(file []byte, passphrase func() ([]byte, error)) ([]age.Identity, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(file), []byte("-----BEGIN")) {
		all, err := age.ParseIdentities(bytes.NewReader(file))
		if err != nil {
			return nil, errors.New("not an age identity file or an SSH private key")
		}
		return all, nil
	}
	id, err := agessh.ParseIdentity(file)
	locked := (*ssh.PassphraseMissingError)(nil)
	if !errors.As(err, &locked) {
		if err != nil {
			return nil, errors.New("not an SSH private key of a kind that age can use: ed25519 or RSA")
		}
		return []age.Identity{id}, nil
	}
	if passphrase == nil {
		return nil, errors.New("the SSH private key is encrypted under a passphrase")
	}
	if locked.PublicKey == nil {
		return nil, errors.New("the SSH private key is encrypted in an old format; ssh-keygen -p -f FILE rewrites it")
	}
	if id, err = agessh.NewEncryptedSSHIdentity(locked.PublicKey, file, passphrase); err != nil {
		return nil, errors.New("not an SSH private key of a kind that age can use: ed25519 or RSA")
	}
	return []age.Identity{id}, nil
}

// PassphraseRecipient encrypts a key file under a passphrase; it must be the file's only recipient.
func PassphraseRecipient(passphrase string) (age.Recipient, error) {
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return nil, errors.New("the passphrase is empty")
	}
	return r, nil
}

// PassphraseIdentity opens a key file that was encrypted under a passphrase, unless it asks for too much work.
func PassphraseIdentity(passphrase string) (age.Identity, error) {
	i, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, errors.New("the passphrase is empty")
	}
	i.SetMaxWorkFactor(maxWorkFactor)
	return i, nil
}

// NewIdentity makes an age identity. file is what an identity file holds, which is secret; recipient is its public key.
func NewIdentity(now time.Time) (file []byte, recipient string, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, "", err
	}
	recipient = id.Recipient().String()
	file = fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n", now.Format(time.RFC3339), recipient, id)
	return file, recipient, nil
}
