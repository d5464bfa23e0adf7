package agekeys

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// maxIdentityFile bounds the plaintext of an encrypted identity file, in bytes: some thousand identities.
const maxIdentityFile = 1 << 18

// A LockedError reports an identity that may be the right one, but whose own passphrase is missing or wrong.
type LockedError struct{ Err error }

func (e *LockedError) Error() string { return e.Err.Error() }

// Unwrap makes age go on with the next identity.
func (e *LockedError) Unwrap() []error { return []error{e.Err, age.ErrIncorrectIdentity} }

// ParseIdentities reads an age identity file, which may be encrypted under a passphrase, or an SSH private key. It asks for the passphrase
// of an age file at once, and for that of an SSH key when the first key file needs it. It asks once, and zeroes the answer after use.
// If passphrase is nil, it refuses encrypted files. Errors begin with name and never repeat what is in the file.
func ParseIdentities(name string, file []byte, passphrase func() ([]byte, error)) ([]age.Identity, error) {
	all, err := parseIdentities(name, file, passphrase)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

func parseIdentities(name string, file []byte, passphrase func() ([]byte, error)) ([]age.Identity, error) {
	if bytes.HasPrefix(file, []byte("age-encryption.org/")) || bytes.HasPrefix(file, []byte(armor.Header)) {
		plain, err := decryptIdentities(file, passphrase)
		defer clear(plain)
		if err != nil {
			return nil, err
		}
		file = plain
	}
	if bytes.HasPrefix(bytes.TrimSpace(file), []byte("-----BEGIN")) {
		id, err := parseSSH(name, file, passphrase)
		return []age.Identity{id}, err
	}
	all, err := age.ParseIdentities(bytes.NewReader(file))
	if err != nil { // which may say too much
		return nil, errors.New("not an age identity file or an SSH private key")
	}
	return all, nil
}

// decryptIdentities opens an encrypted identity file. It asks for a passphrase only if the file is encrypted under one.
func decryptIdentities(file []byte, passphrase func() ([]byte, error)) ([]byte, error) {
	if passphrase == nil {
		return nil, errors.New("the identity file is encrypted under a passphrase")
	}
	var failed error
	asked := false
	ask := unwrapper(func(stanzas []*age.Stanza) ([]byte, error) {
		if len(stanzas) != 1 || stanzas[0].Type != scryptStanza {
			return nil, age.ErrIncorrectIdentity
		}
		asked = true
		p, err := passphrase()
		defer clear(p)
		var id age.Identity
		if err == nil {
			id, err = PassphraseIdentity(p)
		}
		if err != nil {
			failed = err
			return nil, err
		}
		return id.Unwrap(stanzas)
	})
	plain, err := Decrypt(bytes.NewReader(file), maxIdentityFile, ask)
	switch {
	case failed != nil:
		err = failed
	case err != nil && asked:
		err = errors.New("the passphrase does not open the identity file, or the file was changed or damaged")
	case err != nil:
		err = errors.New("the identity file is encrypted, but not under a passphrase")
	}
	return plain, err
}

// unwrapper is an identity that is a function.
type unwrapper func([]*age.Stanza) ([]byte, error)

func (u unwrapper) Unwrap(stanzas []*age.Stanza) ([]byte, error) { return u(stanzas) }

var errSSHKind = errors.New("not an SSH private key of a kind that age can use: ed25519 or RSA")

func parseSSH(name string, file []byte, passphrase func() ([]byte, error)) (age.Identity, error) {
	id, err := agessh.ParseIdentity(file)
	locked := (*ssh.PassphraseMissingError)(nil)
	switch {
	case err == nil:
		return id, nil
	case !errors.As(err, &locked):
		return nil, errSSHKind
	case passphrase == nil:
		return nil, errors.New("the SSH private key is encrypted under a passphrase")
	case locked.PublicKey == nil:
		return nil, errors.New("the SSH private key is encrypted in an old format; ssh-keygen -p -f FILE rewrites it")
	}
	l := &lockedSSH{name: name, file: bytes.Clone(file), ask: passphrase}
	if l.key, err = agessh.NewEncryptedSSHIdentity(locked.PublicKey, l.file, l.unlock); err != nil {
		return nil, errSSHKind
	}
	return l, nil
}

// lockedSSH is an encrypted SSH private key. It may be used by several goroutines.
type lockedSSH struct {
	name string // of the file
	file []byte
	ask  func() ([]byte, error)

	mu         sync.Mutex
	key        *agessh.EncryptedSSHIdentity
	passphrase []byte // while it is being used
	needed     bool   // for the key file at hand
	failed     error  // for good: nobody is asked again for each of a thousand files
}

func (l *lockedSSH) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.needed = false
	fileKey, err := l.key.Unwrap(stanzas)
	clear(l.passphrase)
	if l.needed && l.failed != nil {
		return nil, &LockedError{l.failed}
	}
	return fileKey, err
}

// unlock is called by age when a key file is for this key and the key is still locked.
func (l *lockedSSH) unlock() ([]byte, error) {
	l.needed = true
	if l.failed != nil {
		return nil, l.failed
	}
	p, err := l.ask()
	if err == nil {
		if _, wrong := ssh.ParseRawPrivateKeyWithPassphrase(l.file, p); wrong != nil {
			err = errors.New("the passphrase does not open the SSH private key")
		}
	}
	if err != nil {
		clear(p)
		l.failed = fmt.Errorf("%s: %w", l.name, err)
		return nil, l.failed
	}
	l.passphrase = p
	return p, nil
}

// NewIdentity makes an age identity. file is what an identity file holds, which is secret; recipient is its public key.
func NewIdentity(now time.Time) (file []byte, recipient string, err error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, "", err
	}
	recipient = id.Recipient().String()
	return fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n", now.Format(time.RFC3339), recipient, id), recipient, nil
}
