package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"keygan/cipher/agekeys"

	"filippo.io/age"
	"filippo.io/age/armor"
)

func wrap(t testing.TB, k *Key, recipients ...age.Recipient) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := k.Encrypt(&b, recipients...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRekey(t *testing.T) {
	m := noise(4, 4, 1, 1)
	cipher, k := mustSeal(t, m, Options{Name: "scan.png"})
	old, next := newParty(t), newParty(t)
	var b bytes.Buffer
	if err := rekey(&b, bytes.NewReader(wrap(t, k, old.Recipient)), []age.Identity{old.Identity}, []age.Recipient{next.Recipient}); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(bytes.NewReader(b.Bytes()), old.Identity); err != ErrRefused {
		t.Errorf("the old identity: error %v", err)
	}
	got, err := ReadKey(bytes.NewReader(b.Bytes()), next.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := OpenImage(cipher, got); err != nil || !same(back, m) {
		t.Errorf("error %v, or another image", err)
	}
	b.Reset()
	err = rekey(&b, bytes.NewReader(wrap(t, k, old.Recipient)), []age.Identity{next.Identity}, []age.Recipient{next.Recipient})
	if err != ErrRefused || b.Len() > 0 {
		t.Errorf("a wrong identity: error %v, %d bytes written", err, b.Len())
	}
}

// Every bit and every length of the encrypted file counts.
func TestKeyFileEveryBitAndLength(t *testing.T) {
	_, k := mustSeal(t, noise(4, 4, 1, 1), Options{})
	p := newParty(t)
	file := wrap(t, k, p.Recipient)
	check := func(what string, b []byte) {
		if got, err := ReadKey(bytes.NewReader(b), p.Identity); err != ErrRefused || got != nil {
			t.Errorf("%s: error %v", what, err)
		}
	}
	for i := range 8 * len(file) {
		file[i/8] ^= 1 << (i % 8)
		check(fmt.Sprintf("bit %d", i), file)
		file[i/8] ^= 1 << (i % 8)
	}
	for n := range file {
		check(fmt.Sprintf("%d bytes", n), file[:n])
	}
	check("a byte more", append(bytes.Clone(file), 0))
	check("too long", append(bytes.Clone(file), make([]byte, 1<<20)...))
}

// What age decrypts to is read as strictly as a key in the clear, and may be armored.
func TestKeyFilesOfOthers(t *testing.T) {
	_, k := mustSeal(t, noise(4, 4, 1, 1), Options{})
	p := newParty(t)
	encrypt := func(plain []byte) []byte {
		var b bytes.Buffer
		if err := agekeys.Encrypt(&b, plain, p.Recipient); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for what, plain := range map[string][]byte{
		"empty": nil, "spaces": append([]byte(" "), k.Marshal()...), "other": []byte("secret\n"),
		"long": append(k.Marshal(), make([]byte, 3000)...), "huge": make([]byte, 500_000),
	} {
		if got, err := ReadKey(bytes.NewReader(encrypt(plain)), p.Identity); err != ErrRefused || got != nil {
			t.Errorf("%s: error %v", what, err)
		}
	}
	future := bytes.Replace(k.Marshal(), []byte(`"version":2`), []byte(`"version":4`), 1)
	version := (*VersionError)(nil)
	if _, err := ReadKey(bytes.NewReader(encrypt(future)), p.Identity); !errors.As(err, &version) {
		t.Errorf("a version of the future: error %v", err)
	}

	var b bytes.Buffer
	w := armor.NewWriter(&b)
	if _, err := w.Write(encrypt(k.Marshal())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadKey(&b, p.Identity); err != nil || *got != *k {
		t.Errorf("armored: error %v", err)
	}
	disk := errors.New("disk on fire")
	if _, err := ReadKey(iotest.ErrReader(disk), p.Identity); !errors.Is(err, disk) {
		t.Errorf("a reader that fails: error %v", err)
	}
}

// rekey reads a key file with old identities and writes it anew to other recipients, as keygan rekey does.
func rekey(w io.Writer, r io.Reader, old []age.Identity, recipients []age.Recipient) error {
	k, err := ReadKey(r, old...)
	if err != nil {
		return err
	}
	defer k.Wipe()
	return k.Encrypt(w, recipients...)
}
