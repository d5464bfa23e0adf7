package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"keygan/batch/job"
	"keygan/cipher/sealed"
	"keygan/data/raster"

	"filippo.io/age/armor"
)

// What is said of a pair that does not open, and of a version from the future.
func (p *sealedPair) refused() string {
	return fmt.Sprintf("keygan: decrypt: %s: %v\nhint: %s\n", p.path("scan.cipher.png"), sealed.ErrRefused, hintFor(sealed.ErrRefused))
}

func (p *sealedPair) future(what string, version int) string {
	return fmt.Sprintf("keygan: decrypt: %s: %v\nhint: a newer keygan reads it\n", p.path("scan.cipher.png"), &sealed.VersionError{What: what, Version: version})
}

// Every byte and every length of a key file counts, encrypted or inside of age, and all refusals read the same.
func TestDecryptRefusesChangedKeyFiles(t *testing.T) {
	p := newSealedPair(t)
	plain := p.key.Marshal()
	file := p.encrypt(plain)
	p.opens("the key file", file)
	flip := func(b []byte, i int) []byte {
		b = bytes.Clone(b)
		b[i] ^= 1 << (i % 8)
		return b
	}
	for i := range file {
		p.refuses(fmt.Sprintf("byte %d of the file", i), flip(file, i), p.refused())
		p.refuses(fmt.Sprintf("%d bytes of the file", i), file[:i], p.refused())
	}
	for i := range plain {
		changed := flip(plain, i)
		want := p.refused()
		_, err := sealed.ParseKey(changed)
		if v := (*sealed.VersionError)(nil); errors.As(err, &v) {
			want = p.future(v.What, v.Version)
		}
		p.refuses(fmt.Sprintf("byte %d inside, now %q", i, changed[i]), p.encrypt(changed), want)
		p.refuses(fmt.Sprintf("%d bytes inside", i), p.encrypt(plain[:i]), p.refused())
	}
	p.refuses("a byte more", append(bytes.Clone(file), 0), p.refused())
	p.refuses("a byte more inside", p.encrypt(append(plain, '\n')), p.refused())
	p.refuses("in the clear", plain, p.refused())

	for what, c := range map[string]struct{ from, to, want string }{
		"format":        {`"version":2`, `"version":4`, p.future("format", 4)},
		"an old format": {`"version":2`, `"version":1`, p.refused()},
		"mode":          {`"mode":"none"`, `"mode":"0777"`, p.refused()},
		"time":          {`"modified":"none"`, `"modified":"1.000000000"`, p.refused()},
		"a new scheme":  {`"sealed"`, `"sealed2"`, p.refused()},
		"width, height": {`"width":9,"height":7`, `"width":7,"height":9`, p.refused()},
		"shape":         {`"width":9,"height":7,"channels":2`, `"width":9,"height":14,"channels":1`, p.refused()},
		"depth":         {`"channels":2,"depth":8`, `"channels":1,"depth":16`, p.refused()},
		"kind":          {`"kind":"image","width":9,"height":7,"channels":2,"depth":8,"length":0`, `"kind":"file","width":9,"height":9,"channels":1,"depth":8,"length":70`, p.refused()},
		"generator":     {`"generator":"none"`, `"generator":"` + strings.Repeat("ab", 32) + `"`, p.refused()},
		"name":          {`"name":"scan.png"`, `"name":"scam.png"`, p.refused()},
		"no name":       {`"name":"scan.png"`, `"name":""`, p.refused()},
		"folder":        {`"name":"scan.png"`, `"name":"../scan.png"`, p.refused()},
	} {
		changed := strings.Replace(string(plain), c.from, c.to, 1)
		if changed == string(plain) {
			t.Fatalf("there is no %s in %s", c.from, p.key.Header.Name)
		}
		p.refuses(what, p.encrypt([]byte(changed)), c.want)
	}
	p.opens("the key file after all that", file)
}

// An armored key file may lack the end of its last line, as editors leave it, and nothing else.
func TestDecryptRefusesCutArmor(t *testing.T) {
	p := newSealedPair(t)
	var b bytes.Buffer
	w := armor.NewWriter(&b)
	if _, err := w.Write(p.encrypt(p.key.Marshal())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	p.opens("whole", b.Bytes())
	p.opens("without the last line end", bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	for n := range b.Len() - 1 {
		p.refuses(fmt.Sprintf("%d bytes", n), b.Bytes()[:n], p.refused())
	}
}

// Pixels that were changed, and parts of two pairs of one shape.
func TestDecryptRefusesChangedImages(t *testing.T) {
	p := newSealedPair(t)
	file := p.encrypt(p.key.Marshal())
	other, otherKey := p.seal()
	for i := 0; i < len(p.image.Pix); i += 5 {
		m := p.image.Clone()
		m.Pix[i] ^= 1 << (i % 8)
		p.writeImage(m)
		p.refuses(fmt.Sprintf("byte %d of the pixels", i), file, p.refused())
	}
	half := p.image.Clone()
	copy(half.Pix[63:], other.Pix[63:])
	for what, m := range map[string]*raster.Image{
		"another image": other, "half of another": half, "the plain image": p.plain,
		"turned":   {Width: 7, Height: 9, Channels: 2, Depth: 8, Pix: p.image.Pix},
		"a colour": {Width: 9, Height: 14, Channels: 1, Depth: 8, Pix: p.image.Pix},
	} {
		p.writeImage(m)
		p.refuses(what, file, p.refused())
	}
	p.writeImage(p.image)
	for what, k := range map[string]sealed.Key{
		"the other key file": *otherKey,
		"the other header":   {Header: otherKey.Header, PRK: p.key.PRK, Tag: p.key.Tag},
		"the other PRK":      {Header: p.key.Header, PRK: otherKey.PRK, Tag: p.key.Tag},
		"the other tag":      {Header: p.key.Header, PRK: p.key.PRK, Tag: otherKey.Tag},
	} {
		p.refuses(what, p.encrypt(k.Marshal()), p.refused())
	}
	p.opens("the pair itself", file)
}

// A cipher image whose file is damaged gives its image or nothing.
func TestDecryptDamagedPNG(t *testing.T) {
	p := newSealedPair(t)
	file := p.encrypt(p.key.Marshal())
	b, err := os.ReadFile(p.path("scan.cipher.png"))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	check := func(what string, b []byte) {
		p.write("scan.cipher.png", b)
		if printed, code := p.decrypt(file); code != 0 {
			refused++
			if code != 1 || !strings.HasPrefix(printed, "keygan: decrypt: "+p.path("scan.cipher.png")+": ") || job.Exists(p.path("back")) {
				t.Errorf("%s: exit code %d, printed %q", what, code, printed)
			}
			return
		}
		os.RemoveAll(p.path("back"))
		p.opens(what, file) // which looks at what was written
	}
	for i := range b {
		changed := bytes.Clone(b)
		changed[i] ^= 1 << (i % 8)
		check(fmt.Sprintf("byte %d", i), changed)
		check(fmt.Sprintf("%d bytes", i), b[:i])
	}
	if refused < len(b) {
		t.Errorf("only %d of %d damages were refused", refused, 2*len(b))
	}
}
