package cipher

import (
	"fmt"
	"runtime"
	"testing"

	"keygan/data"
)

// A refusal costs the same work, whatever was wrong: the whole image is authenticated. Work is told by the memory that it takes, which,
// unlike time, is the same in each run.
func TestRefusalsDoTheSameWork(t *testing.T) {
	cipher, k := mustSeal(t, noise(512, 256, 2, 1), SealOptions{Name: "scan.png"})
	_, other := mustSeal(t, noise(512, 256, 2, 2), SealOptions{Name: "scan.png"})
	_, small := mustSeal(t, noise(4, 4, 1, 2), SealOptions{Name: "scan.png"})
	_, file, err := SealFile(make([]byte, 512*256), SealOptions{})
	if err != nil {
		t.Fatal(err)
	}
	changed := func(change func(*SealedKey)) *SealedKey {
		c := *k
		change(&c)
		return &c
	}
	flipped := cipher.Clone()
	flipped.Pix[1] ^= 1
	open := func(m *data.Image, k *SealedKey) func() error {
		return func() error { _, err := OpenImage(m, k); return err }
	}
	for what, refused := range map[string]func() error{
		"a sample":                    open(flipped, k),
		"the tag":                     open(cipher, changed(func(k *SealedKey) { k.Tag[0] ^= 1 })),
		"the PRK":                     open(cipher, changed(func(k *SealedKey) { k.PRK[0] ^= 1 })),
		"the commitment":              open(cipher, changed(func(k *SealedKey) { k.Header.Commitment[0] ^= 1 })),
		"the name":                    open(cipher, changed(func(k *SealedKey) { k.Header.Name = "scan.pnh" })),
		"a name that is none":         open(cipher, changed(func(k *SealedKey) { k.Header.Name = ".." })),
		"the width":                   open(cipher, changed(func(k *SealedKey) { k.Header.Width++ })),
		"a depth that is none":        open(cipher, changed(func(k *SealedKey) { k.Header.Depth = 9 })),
		"the key of another image":    open(cipher, other),
		"the key of a smaller image":  open(cipher, small),
		"the key of a file":           func() error { _, err := OpenFile(cipher, file); return err },
		"a key file that is not open": func() error { return Refuse(cipher) },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := refused()
		runtime.ReadMemStats(&after)
		if err != ErrRefused {
			t.Errorf("%s: error %v", what, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took < uint64(len(cipher.Pix)) || took > uint64(len(cipher.Pix))*5/4 {
			t.Errorf("%s: took %d bytes of memory for an image of %d", what, took, len(cipher.Pix))
		}
	}
}

// Nothing can be made that Refuse lets through: not even with the key that it takes, which everybody knows.
func TestRefuseRefuses(t *testing.T) {
	decoy := &SealedKey{Header: SealedHeader{Kind: kindImage, Width: 9, Height: 7, Channels: 1, Depth: 8}}
	s, err := decoy.schedule()
	if err != nil {
		t.Fatal(err)
	}
	aead, err := s.aead()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		m := noise(9, 7, 1, uint32(1+i))
		m.Pix = aead.Seal(nil, s.nonce[:], m.Pix, decoy.Header.marshal())
		copy(decoy.Tag[:], m.Pix[9*7:])
		m.Pix = m.Pix[:9*7]
		refuse(t, fmt.Sprintf("image %d", i), m, decoy)
		if err := Refuse(m); err != ErrRefused {
			t.Error(err)
		}
	}
	if err := Refuse(&data.Image{}); err != ErrRefused {
		t.Error(err)
	}
}
