package sealed

import (
	"testing"

	"keygan/cipher/agekeys"

	"filippo.io/age"
)

// party is a recipient and the identity that opens what is encrypted to it.
type party struct {
	Recipient age.Recipient
	Identity  age.Identity
}

func newParty(t testing.TB) party {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return party{id.Recipient(), id}
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
