package agekeys_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"testing"
	"time"

	"keygan/cipher/agekeys"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"
)

// party is a recipient and the identity that opens what is encrypted to it.
type party struct {
	Recipient age.Recipient
	Identity  age.Identity
}

// newParty makes an age identity.
func newParty(t testing.TB) party {
	t.Helper()
	file, public, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return parseParty(t, public, file, nil)
}

// parseParty reads a recipient and the file of its identity, which errors call "me".
func parseParty(t testing.TB, public string, file []byte, passphrase func() ([]byte, error)) party {
	t.Helper()
	r, err := agekeys.ParseRecipient(public)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := agekeys.ParseIdentities("me", file, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return party{r, ids[0]}
}

// sshKey is an SSH key pair as ssh-keygen writes it: the line of the public key file and the private key file, which is encrypted
// unless the passphrase is empty.
func sshKey(t testing.TB, kind, passphrase string) (public string, private []byte) {
	t.Helper()
	var key any
	var err error
	if kind == "rsa" {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(key, "comment")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "comment", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(signer.PublicKey())), pem.EncodeToMemory(block)
}

// passphraseParty has a low work factor, which opens as quickly as it is weak.
func passphraseParty(t testing.TB, passphrase string) party {
	t.Helper()
	r, err := agekeys.PassphraseRecipient([]byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	r.(interface{ SetWorkFactor(int) }).SetWorkFactor(10)
	i, err := agekeys.PassphraseIdentity([]byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	return party{r, i}
}
