package cms

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A person has a key and a certificate.
type person struct {
	key         *rsa.PrivateKey
	certificate *x509.Certificate
}

// issue makes a certificate, by the issuer or, if that is nil, by itself.
func issue(t testing.TB, name string, issuer *person, change func(*x509.Certificate)) *person {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(mathrand.Int64()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	if change != nil {
		change(template)
	}
	by, byKey := template, key
	if issuer != nil {
		by, byKey = issuer.certificate, issuer.key
	}
	b, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, byKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(b)
	if err != nil {
		t.Fatal(err)
	}
	return &person{key, c}
}

// people are the same for all tests, since keys take time.
var people = sync.OnceValue(func() (p struct{ ca, ann, bob, eve *person }) {
	t := &testing.T{}
	p.ca = issue(t, "CA", nil, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	identified := func(c *x509.Certificate) { c.SubjectKeyId = []byte("Bob's key") }
	p.ann, p.bob, p.eve = issue(t, "Ann", p.ca, nil), issue(t, "Bob", p.ca, identified), issue(t, "Eve", nil, nil)
	return p
})

func (p *person) signer() *Signer {
	return &Signer{Key: p.key, Chain: []*x509.Certificate{p.certificate}, Signed: time.Now()}
}

func seal(t testing.TB, content []byte, o Options) []byte {
	t.Helper()
	if o.Recipients == nil {
		o.Recipients = []*x509.Certificate{people().ann.certificate}
	}
	var b bytes.Buffer
	if err := Seal(&b, bytes.NewReader(content), int64(len(content)), o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// open opens a file for somebody. After an error, nothing may be written.
func open(t testing.TB, sealed []byte, p *person, trust *Trust) ([]byte, *Report, error) {
	t.Helper()
	var b bytes.Buffer
	report, err := Open(&b, bytes.NewReader(sealed), int64(len(sealed)), p.key, trust, nil)
	if err != nil && b.Len() > 0 {
		t.Errorf("%d bytes were written before %v", b.Len(), err)
	}
	return b.Bytes(), report, err
}

func trusting(all ...*person) *Trust {
	trust := &Trust{}
	for _, p := range all {
		trust.Certificates = append(trust.Certificates, p.certificate)
	}
	return trust
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// inPieces writes DER in another way that BER allows: no length is known in advance, and long strings are in pieces.
func inPieces(t *testing.T, b []byte) (all []byte) {
	t.Helper()
	for len(b) > 0 {
		var e asn1.RawValue
		rest, err := asn1.Unmarshal(b, &e)
		if err != nil {
			t.Fatal(err)
		}
		tag := b[0]
		b = rest
		switch {
		case e.IsCompound:
			all = append(append(append(all, tag, 0x80), inPieces(t, e.Bytes)...), 0, 0)
		case len(e.Bytes) > 500 && (tag == tagOctets || tag == tagContext):
			all = append(all, tag|tagConstructed, 0x80)
			for piece := range slices.Chunk(e.Bytes, 333) {
				all = append(all, der(tagOctets, piece)...)
			}
			all = append(all, 0, 0)
		default:
			all = append(all, e.FullBytes...)
		}
	}
	return all
}

// BER without lengths is read as DER is, outside and inside.
func TestBER(t *testing.T) {
	p := people()
	content, key := noise(5000), noise(32)
	for id, s := range map[*asn1.ObjectIdentifier]*Signer{&oidDigested: nil, &oidSigned: p.bob.signer()} {
		in, err := newInner(int64(len(content)), s)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := in.write(&b, bytes.NewReader(content), int64(len(content))); err != nil {
			t.Fatal(err)
		}
		wrapped := der(tagSequence, oid(*id), der(0xa0, b.Bytes()))
		for _, sealed := range [][]byte{
			envelop(*id, pad(inPieces(t, b.Bytes())), transport(t, key), key), envelop(oidData, pad(inPieces(t, wrapped)), transport(t, key), key),
		} {
			trust := trusting(p.ca)
			if s == nil {
				trust = nil
			}
			if got, _, err := open(t, inPieces(t, sealed), p.ann, trust); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%v: %d bytes, error %v", id, len(got), err)
			}
		}
	}
}

// Files of all sizes around blocks, lengths of lengths and buffers come back, signed or not, for each recipient.
func TestRoundTrip(t *testing.T) {
	p := people()
	for _, n := range []int{0, 1, 15, 16, 17, 90, 100, 127, 128, 131, 132, 133, 255, 256, 1 << 16, 1<<16 + 1, 1 << 17, 300_000} {
		content := noise(n)
		for _, o := range []Options{
			{}, {Signer: p.bob.signer()}, {OAEP: true},
			{Signer: p.bob.signer(), Recipients: []*x509.Certificate{p.bob.certificate, p.ann.certificate, p.eve.certificate}},
		} {
			sealed := seal(t, content, o)
			for _, who := range []*person{p.ann, p.eve} {
				got, report, err := open(t, sealed, who, nil)
				if who == p.eve && len(o.Recipients) == 0 {
					if err != ErrRefused {
						t.Errorf("%d bytes, not for Eve: error %v", n, err)
					}
					continue
				}
				if err != nil || !bytes.Equal(got, content) {
					t.Fatalf("%d bytes: %d come back, error %v", n, len(got), err)
				}
				if signed := len(report.Signers) == 1 && report.Signers[0].Equal(p.bob.certificate); signed != (o.Signer != nil) {
					t.Errorf("%d bytes: signers %v", n, report.Signers)
				}
			}
			rest, err := asn1.Unmarshal(sealed, &asn1.RawValue{})
			if err != nil || len(rest) > 0 {
				t.Errorf("%d bytes: the file is no DER: %v", n, err)
			}
		}
	}
}

// Two files of one content have nothing in common: keys and initial vectors are fresh.
func TestFresh(t *testing.T) {
	content := noise(4096)
	a, b := seal(t, content, Options{}), seal(t, content, Options{})
	blocks := map[string]bool{}
	for i := len(a) - 4096; i+16 <= len(a); i++ {
		blocks[string(a[i:i+16])] = true
	}
	for i := len(b) - 4096; i+16 <= len(b); i++ {
		if blocks[string(b[i:i+16])] {
			t.Fatal("a block twice")
		}
	}
	iv := func(sealed []byte) []byte {
		at := bytes.Index(sealed, oid(oidAES256)) + len(oid(oidAES256)) + 2
		return sealed[at : at+aes.BlockSize]
	}
	if bytes.Equal(iv(a), iv(b)) {
		t.Error("an initial vector twice")
	}
}

// A file with any byte changed, or cut anywhere, is refused, and always with the same error where the change is in what is secret. What
// can be changed without notice is public and does not touch the content: for whom the file is.
func TestEveryByteChanged(t *testing.T) {
	p := people()
	content := noise(100)
	for name, o := range map[string]Options{"digested": {}, "signed": {Signer: p.bob.signer()}, "OAEP": {OAEP: true}} {
		sealed := seal(t, content, o)
		trust := (*Trust)(nil)
		if o.Signer != nil {
			trust = trusting(p.ca) // without, another certificate with the same key is as good
		}
		secret := bytes.Index(sealed, der(tagOctets, make([]byte, 256))[:4]) // the encrypted key; all after it but a few headers is secret
		accepted, public := 0, 0
		for i := range sealed {
			if o.OAEP && i%4 > 0 {
				continue // each takes an RSA operation
			}
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << (i % 8)
			got, _, err := open(t, changed, p.ann, trust)
			switch untrusted := (*UntrustedError)(nil); {
			case errors.As(err, &untrusted) && i >= secret+260+340:
			case err == nil && !bytes.Equal(got, content):
				t.Fatalf("%s: byte %d changed: another content", name, i)
			case err == nil:
				accepted++
				if i >= secret+4 && i < secret+260 || i > secret+340 {
					t.Errorf("%s: byte %d of %d changed: not noticed", name, i, len(sealed))
				}
			case err != ErrRefused:
				public++
				if i >= secret+4 && i < secret+260 || i > secret+340 {
					t.Errorf("%s: byte %d changed: error %v", name, i, err)
				}
			}
			if i%32 != 0 && i < len(sealed)-40 {
				continue
			}
			if _, _, err := open(t, sealed[:i], p.ann, nil); err != ErrRefused && err != ErrFormat || err == ErrFormat && i > 30 {
				t.Errorf("%s: cut to %d bytes: error %v", name, i, err)
			}
		}
		if _, _, err := open(t, append(bytes.Clone(sealed), 0), p.ann, nil); err != ErrRefused {
			t.Errorf("%s: with a byte more: error %v", name, err)
		}
		t.Logf("%s: of %d changes %d do not matter (names of recipients), %d have an error of their own", name, len(sealed), accepted, public)
	}
}

// envelop encrypts anything as the content, with a key as the recipient has it.
func envelop(contentType asn1.ObjectIdentifier, padded, encryptedKey, key []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	iv := noise(16)
	secret := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(secret, padded)
	recipient := der(tagSequence, integer(0), issuerAndSerial(people().ann.certificate), algorithm(oidRSA), der(tagOctets, encryptedKey))
	return der(tagSequence, oid(oidEnveloped), der(0xa0, der(tagSequence, integer(0), der(tagSet, recipient),
		der(tagSequence, oid(contentType), der(tagSequence, oid(oidAES256), der(tagOctets, iv)), der(tagContext, secret)))))
}

func pad(b []byte) []byte {
	n := 16 - len(b)%16
	return append(bytes.Clone(b), bytes.Repeat([]byte{byte(n)}, n)...)
}

func transport(t testing.TB, key []byte) []byte {
	t.Helper()
	//lint:ignore SA1019 as the profile has it
	b, err := rsa.EncryptPKCS1v15(rand.Reader, &people().ann.key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func digestedData(content []byte) []byte {
	sum := sha256.Sum256(content)
	return der(tagSequence, integer(0), algorithmOf(crypto.SHA256),
		der(tagSequence, oid(oidData), der(0xa0, der(tagOctets, content))), der(tagOctets, sum[:]))
}

// Whatever an attacker tries who sees only errors (Bleichenbacher's and Vaudenay's attacks), there is one error.
func TestNoOracle(t *testing.T) {
	p := people()
	key := noise(32)
	good := digestedData(noise(300))
	wrongDigest := bytes.Clone(good)
	wrongDigest[len(wrongDigest)-1]++
	wrongPadding := pad(good)
	wrongPadding[len(wrongPadding)-1] = 0
	wrongPad := pad(digestedData(noise(300 + (len(pad(good))-len(good)+3)%16))) // with 13 bytes of padding
	if wrongPad[len(wrongPad)-1] != 13 {
		t.Fatalf("%d bytes of padding", wrongPad[len(wrongPad)-1])
	}
	wrongPad[len(wrongPad)-13] = 12
	rawRSA := func(message []byte) []byte { // a number of the attacker's choice under the public key
		c := new(big.Int).Exp(new(big.Int).SetBytes(message), big.NewInt(int64(p.ann.key.E)), p.ann.key.N)
		return c.FillBytes(make([]byte, 256))
	}
	conforming := append(append([]byte{0, 2}, bytes.Repeat([]byte{7}, 221)...), append([]byte{0}, key...)...)
	sealed, ours := pad(good), transport(t, key)
	if _, _, err := open(t, envelop(oidDigested, sealed, rawRSA(conforming), key), p.ann, nil); err != nil {
		t.Fatalf("the attacker's own file: %v", err)
	}
	for name, b := range map[string][]byte{
		"RSA padding begins otherwise": envelop(oidDigested, sealed, rawRSA(append([]byte{0, 1}, conforming[2:]...)), key),
		"RSA padding without an end":   envelop(oidDigested, sealed, rawRSA(bytes.Repeat([]byte{0, 2, 7, 7}, 64)), key),
		"a key of 16 bytes":            envelop(oidDigested, sealed, transport(t, key[:16]), key),
		"a key of no bytes":            envelop(oidDigested, sealed, transport(t, nil), key),
		"another key":                  envelop(oidDigested, sealed, transport(t, noise(32)), key),
		"a wrong digest":               envelop(oidDigested, pad(wrongDigest), ours, key),
		"a wrong padding":              envelop(oidDigested, wrongPadding, ours, key),
		"a padding not alike":          envelop(oidDigested, wrongPad, ours, key),
		"a type within another":        envelop(oidSigned, pad(der(tagSequence, oid(oidDigested), der(0xa0, good))), ours, key),
		"another version":              envelop(oidDigested, pad(bytes.Replace(good, integer(0), integer(2), 1)), ours, key),
		"only padding":                 envelop(oidDigested, pad(nil), ours, key),
		"nothing":                      envelop(oidDigested, nil, ours, key),
		"data that nothing vouches":    envelop(oidData, pad(noise(300)), ours, key),
		"another type":                 envelop(oidSigned, sealed, ours, key),
		"more after the end":           envelop(oidDigested, pad(append(bytes.Clone(good), 0)), ours, key),
		"RSA zero":                     envelop(oidDigested, sealed, make([]byte, 256), key),
		"RSA beyond the modulus":       envelop(oidDigested, sealed, bytes.Repeat([]byte{255}, 256), key),
	} {
		if _, _, err := open(t, b, p.ann, nil); err != ErrRefused {
			t.Errorf("%s: error %v", name, err)
		}
	}
	// What is wrong at the beginning takes as long as what is wrong at the end: all is read.
	long := digestedData(noise(1 << 20))
	long[7]++ // the version
	r := &changing{b: envelop(oidDigested, pad(long), ours, key)}
	if _, err := Open(io.Discard, r, int64(len(r.b)), p.ann.key, nil, nil); err != ErrRefused || r.ends == 0 {
		t.Errorf("a wrong beginning: error %v, read to the end %d times", err, r.ends)
	}
}

// A signature is of the content and of the signer, by somebody trusted.
func TestSignatures(t *testing.T) {
	p := people()
	content := noise(1000)
	untrusted := func(why string, sealed []byte, trust *Trust) {
		t.Helper()
		var e *UntrustedError
		if _, _, err := open(t, sealed, p.ann, trust); !errors.As(err, &e) || !strings.Contains(e.Error(), why) {
			t.Errorf("error %v, want one that says %s", err, why)
		}
	}
	byBob := seal(t, content, Options{Signer: p.bob.signer()})
	byEve := seal(t, content, Options{Signer: p.eve.signer()})
	for name, trust := range map[string]*Trust{"nobody": nil, "the CA": trusting(p.ca), "Bob": trusting(p.eve, p.bob)} {
		if got, _, err := open(t, byBob, p.ann, trust); err != nil || !bytes.Equal(got, content) {
			t.Errorf("trust in %s: error %v", name, err)
		}
	}
	untrusted("not trusted", byEve, trusting(p.ca, p.bob))
	untrusted("not trusted", byBob, trusting(p.eve))
	untrusted("not trusted", byBob, trusting())
	untrusted("not signed", seal(t, content, Options{}), trusting(p.ca))
	for why, change := range map[string]func(*x509.Certificate){
		"not for signatures": func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment },
		"not valid today":    func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) },
	} {
		wrong := issue(t, "Wrong", p.ca, change)
		untrusted(why, seal(t, content, Options{Signer: wrong.signer()}), trusting(p.ca))
	}
	// Eve puts Bob's certificate beside her signature.
	forged := p.eve.signer()
	forged.Chain = p.bob.signer().Chain
	if _, _, err := open(t, seal(t, content, Options{Signer: forged}), p.ann, nil); err != ErrRefused {
		t.Errorf("a forged signature: error %v", err)
	}
	// A certificate of the same name and number that Eve made does not stand for Bob's.
	double := issue(t, "Bob", nil, func(c *x509.Certificate) {
		c.SerialNumber, c.Issuer = p.bob.certificate.SerialNumber, p.ca.certificate.Subject
	})
	untrusted("not trusted", seal(t, content, Options{Signer: double.signer()}), trusting(p.ca))
}

// Signed attributes must name the content's digest and type, once: a right signature over others says nothing of the content.
func TestAttributes(t *testing.T) {
	p := people()
	content, key := noise(200), noise(32)
	sum := sha256.Sum256(content)
	attribute := func(id asn1.ObjectIdentifier, values ...[]byte) []byte {
		return der(tagSequence, oid(id), der(tagSet, values...))
	}
	digest, other := attribute(oidMessageDigest, der(tagOctets, sum[:])), attribute(oidMessageDigest, der(tagOctets, noise(32)))
	data := attribute(oidContentType, oid(oidData))
	info := func(attributes ...[]byte) []byte { // as Bob signs it
		set := der(tagSet, attributes...)
		hash := sha256.Sum256(set)
		signature, err := rsa.SignPKCS1v15(nil, p.bob.key, crypto.SHA256, hash[:])
		if err != nil {
			t.Fatal(err)
		}
		set[0] = 0xa0
		return der(tagSequence, integer(1), issuerAndSerial(p.bob.certificate), algorithmOf(crypto.SHA256), set, algorithm(oidRSA), der(tagOctets, signature))
	}
	signed := func(infos ...[]byte) []byte {
		return envelop(oidSigned, pad(der(tagSequence, integer(1), der(tagSet, algorithmOf(crypto.SHA256)),
			der(tagSequence, oid(oidData), der(0xa0, der(tagOctets, content))), der(0xa0, p.bob.certificate.Raw), der(tagSet, infos...))),
			transport(t, key), key)
	}
	good := info(data, digest)
	for name, infos := range map[string][][]byte{"attributes": {good}, "64 signers": slices.Repeat([][]byte{good}, 64)} {
		if _, _, err := open(t, signed(infos...), p.ann, trusting(p.ca)); err != nil {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for name, infos := range map[string][][]byte{
		"no digest":           {info(data)},
		"no type":             {info(digest)},
		"nothing":             {info()},
		"another type":        {info(attribute(oidContentType, oid(oidSigned)), digest)},
		"another digest":      {info(data, other)},
		"two digests":         {info(data, digest, other)},
		"the digest twice":    {info(data, digest, digest)},
		"two values":          {info(data, attribute(oidMessageDigest, der(tagOctets, sum[:]), der(tagOctets, sum[:])))},
		"no values":           {info(data, attribute(oidMessageDigest))},
		"one of two is wrong": {good, info(data, other)},
		"too many signers":    slices.Repeat([][]byte{good}, 65),
	} {
		if _, _, err := open(t, signed(infos...), p.ann, trusting(p.ca)); err != ErrRefused {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// Whoever is not trusted can add a signature to that of somebody trusted. With Trust, nobody learns his name as that of a signer.
func TestOnlyTrustedSignersAreNamed(t *testing.T) {
	p := people()
	content, key := noise(200), noise(32)
	infos := func(hashes ...crypto.Hash) (infos []byte) { // by Bob, then by Eve
		for i, who := range []*person{p.bob, p.eve} {
			h := hashes[i].New()
			h.Write(content)
			signature, err := rsa.SignPKCS1v15(nil, who.key, hashes[i], h.Sum(nil))
			if err != nil {
				t.Fatal(err)
			}
			infos = append(infos, der(tagSequence, integer(1), issuerAndSerial(who.certificate), algorithmOf(hashes[i]), algorithm(oidRSA),
				der(tagOctets, signature))...)
		}
		return infos
	}
	opened := func(trust *Trust, hashes ...crypto.Hash) (*Report, error) {
		t.Helper()
		sealed := envelop(oidSigned, pad(der(tagSequence, integer(1), der(tagSet, algorithmOf(crypto.SHA256), algorithmOf(crypto.SHA1)),
			der(tagSequence, oid(oidData), der(0xa0, der(tagOctets, content))), der(0xa0, p.bob.certificate.Raw, p.eve.certificate.Raw),
			der(tagSet, infos(hashes...)))), transport(t, key), key)
		_, report, err := open(t, sealed, p.ann, trust)
		return report, err
	}
	for name, hashes := range map[string][]crypto.Hash{"SHA-256": {crypto.SHA256, crypto.SHA256}, "SHA-1 by Eve": {crypto.SHA256, crypto.SHA1}} {
		report, err := opened(trusting(p.ca), hashes...)
		if err != nil || len(report.Signers) != 1 || !report.Signers[0].Equal(p.bob.certificate) || report.SHA1 {
			t.Errorf("%s: signers %v, error %v; want Bob only", name, report, err)
		}
	}
	untrusted := &UntrustedError{}
	if _, err := opened(trusting(p.ca), crypto.SHA1, crypto.SHA256); !errors.As(err, &untrusted) {
		t.Errorf("SHA-1 by Bob: error %v", err)
	}
	if report, err := opened(nil, crypto.SHA256, crypto.SHA1); err != nil || len(report.Signers) != 2 || !report.SHA1 {
		t.Errorf("without trust: %v, error %v", report, err)
	}
}

// To trust a signer is not to trust those whom he gives certificates. Version 1 has no field that says who is an authority.
func TestSignersIssueNothing(t *testing.T) {
	p := people()
	name, content := p.eve.certificate.RawSubject, noise(100)
	validity, err := asn1.Marshal([]time.Time{time.Now().Add(-time.Hour).UTC(), time.Now().Add(time.Hour).UTC()})
	if err != nil {
		t.Fatal(err)
	}
	tbs := der(tagSequence, integer(1), algorithm(digests[0].withRSA), name, validity, name, p.eve.certificate.RawSubjectPublicKeyInfo)
	sum := sha256.Sum256(tbs)
	signature, err := rsa.SignPKCS1v15(nil, p.eve.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	old, err := x509.ParseCertificate(der(tagSequence, tbs, algorithm(digests[0].withRSA), der(3, []byte{0}, signature)))
	if err != nil || old.Version != 1 {
		t.Fatal(old, err)
	}
	eve := &person{p.eve.key, old}
	if _, _, err := open(t, seal(t, content, Options{Signer: eve.signer()}), p.ann, trusting(eve)); err != nil {
		t.Errorf("by Eve, who is trusted: error %v", err)
	}
	untrusted := &UntrustedError{}
	for _, issuer := range []*person{eve, p.eve} {
		chief := issue(t, "Chief", issuer, nil)
		if _, _, err := open(t, seal(t, content, Options{Signer: chief.signer()}), p.ann, trusting(issuer)); !errors.As(err, &untrusted) {
			t.Errorf("by somebody whose certificate Eve issued in version %d: error %v", issuer.certificate.Version, err)
		}
	}
}

// A certificate that an authority has issued for another use, such as a web server's, signs no files, unless it is trusted itself.
func TestExtendedKeyUsage(t *testing.T) {
	p := people()
	content := noise(100)
	for _, v := range []struct {
		name string
		uses []x509.ExtKeyUsage
		ok   bool
	}{
		{"web server", []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, false},
		{"mail", []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection}, true},
		{"any", []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, true},
	} {
		who := issue(t, v.name, p.ca, func(c *x509.Certificate) { c.ExtKeyUsage = v.uses })
		sealed := seal(t, content, Options{Signer: who.signer()})
		untrusted := &UntrustedError{}
		if _, _, err := open(t, sealed, p.ann, trusting(p.ca)); v.ok && err != nil || !v.ok && !errors.As(err, &untrusted) {
			t.Errorf("%s: error %v", v.name, err)
		}
		if _, _, err := open(t, sealed, p.ann, trusting(p.ca, who)); err != nil {
			t.Errorf("%s, trusted itself: error %v", v.name, err)
		}
	}
}

// What Open would refuse is not sealed: else nobody gets the file back.
func TestSealsNothingThatCannotBeOpened(t *testing.T) {
	p := people()
	long := issue(t, "long", nil, func(c *x509.Certificate) { c.Subject.Organization = []string{strings.Repeat("x", 10_000)} })
	signer := func(c *person, n int) *Signer {
		s := p.bob.signer()
		s.Chain = append(s.Chain, slices.Repeat([]*x509.Certificate{c.certificate}, n-1)...)
		return s
	}
	content := noise(100)
	for name, o := range map[string]Options{
		"256 certificates":      {Signer: signer(p.eve, 256)},
		"257 certificates":      {Signer: signer(p.eve, 257)},
		"long certificates":     {Signer: signer(long, 90)},
		"too long certificates": {Signer: signer(long, 256)},
		"256 recipients":        {Recipients: slices.Repeat([]*x509.Certificate{p.ann.certificate}, 256)},
		"too long recipients":   {Recipients: append(slices.Repeat([]*x509.Certificate{long.certificate}, 255), p.ann.certificate)},
	} {
		if o.Recipients == nil {
			o.Recipients = []*x509.Certificate{p.ann.certificate}
		}
		var b bytes.Buffer
		err := Seal(&b, bytes.NewReader(content), 100, o)
		if refused := err != nil; refused != (strings.HasPrefix(name, "too long") || name == "257 certificates") || refused && b.Len() > 0 {
			t.Errorf("%s: error %v, after %d bytes", name, err, b.Len())
		}
		if err != nil {
			continue
		}
		if got, _, err := open(t, b.Bytes(), p.ann, nil); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: opened with error %v", name, err)
		}
	}
}

// The attributes that are signed cannot pass for content, nor content for attributes: RFC 5652 signs both with the same bytes.
func TestAttributesAreNotContent(t *testing.T) {
	p := people()
	in, err := newInner(100, p.bob.signer())
	if err != nil {
		t.Fatal(err)
	}
	var signed bytes.Buffer
	content := noise(100)
	if err := in.write(&signed, bytes.NewReader(content), 100); err != nil {
		t.Fatal(err)
	}
	var data struct {
		Version      int
		Algorithms   asn1.RawValue
		Content      asn1.RawValue
		Certificates asn1.RawValue
		Infos        []struct {
			Version           int
			SID, Digest       asn1.RawValue
			Attributes        asn1.RawValue
			Algorithm         asn1.RawValue
			EncryptedSignture []byte
		} `asn1:"set"`
	}
	if _, err := asn1.Unmarshal(signed.Bytes(), &data); err != nil {
		t.Fatal(err)
	}
	info := data.Infos[0]
	attributes := der(tagSet, info.Attributes.Bytes)
	forged := der(tagSequence, integer(1), data.Algorithms.FullBytes, der(tagSequence, oid(oidData), der(0xa0, der(tagOctets, attributes))),
		data.Certificates.FullBytes, der(tagSet, der(tagSequence, integer(1), info.SID.FullBytes, info.Digest.FullBytes, info.Algorithm.FullBytes,
			der(tagOctets, info.EncryptedSignture))))
	key := noise(32)
	sealed := envelop(oidSigned, pad(forged), transport(t, key), key)
	// The signature is right, as RFC 5652 has it; only the check of what the content is helps.
	isDICOM := func(start []byte) bool { return len(start) == 132 && string(start[128:]) == "DICM" }
	if _, err := Open(io.Discard, bytes.NewReader(sealed), int64(len(sealed)), p.ann.key, nil, isDICOM); err != ErrRefused {
		t.Errorf("attributes as content: error %v", err)
	}
}

// What is read into memory is bounded: its size, its depth and the number of recipients.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		what string
		b    []byte
		ok   bool
	}{
		{"31 levels", append(bytes.Repeat([]byte{0x30, 0x80}, 31), make([]byte, 62)...), true},
		{"33 levels", append(bytes.Repeat([]byte{0x30, 0x80}, 33), make([]byte, 66)...), false},
		{"2 MB less some", der(tagOctets, make([]byte, maxSmall-100)), true},
		{"2 MB and more", der(tagOctets, make([]byte, maxSmall+100)), false},
		{"2 MB in pieces", der(tagSequence, bytes.Repeat([]byte{4, 1, 0}, maxSmall/9+1000)), false},
		{"longer than the element around it", []byte{0x30, 9, 0x30, 3, 4, 5, 1, 2, 3, 4, 5}, false},
		{"as long as a number can tell",
			slices.Concat([]byte{0x30, 0x80}, bytes.Repeat([]byte{4, 0}, 1000), []byte{4, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0, 0}), false},
	} {
		b := newBERReader(bytes.NewReader(c.b))
		if b.element(); (b.err == nil) != c.ok {
			t.Errorf("%s: error %v", c.what, b.err)
		}
	}
	p := people()
	for n, want := range map[int]string{maxRecipients: "", maxRecipients + 1: "recipients"} {
		all := slices.Repeat([]*x509.Certificate{p.ann.certificate}, n)
		var b bytes.Buffer
		if err := Seal(&b, bytes.NewReader(nil), 0, Options{Recipients: all}); (err == nil) != (want == "") {
			t.Errorf("sealed for %d: error %v", n, err)
		}
		if err := (&opener{r: bytes.NewReader(b.Bytes()), size: int64(b.Len())}).envelope().header(); want == "" && err != nil {
			t.Errorf("opened for %d: error %v", n, err)
		}
	}
	recipient := der(tagSequence, integer(0), issuerAndSerial(p.ann.certificate), algorithm(oidRSA), der(tagOctets, noise(256)))
	many := slices.Concat([]byte{0x30, 0x80}, oid(oidEnveloped), []byte{0xa0, 0x80, 0x30, 0x80}, integer(0), der(tagSet, bytes.Repeat(recipient, maxRecipients+1)))
	if _, _, err := open(t, many, p.ann, nil); err == nil || !strings.Contains(err.Error(), "256 recipients") {
		t.Errorf("opened for one too many: error %v", err)
	}
	if got := setOf([]byte{4, 2, 0, 1}, []byte{4, 1, 9}, []byte{4, 1, 3}); !bytes.Equal(got, []byte{0x31, 10, 4, 1, 3, 4, 1, 9, 4, 2, 0, 1}) {
		t.Errorf("a SET OF in the order % x", got)
	}
}

// Hostile files are refused in little time and memory.
func TestHostile(t *testing.T) {
	p := people()
	length := []byte{0x84, 0x7f, 0xff, 0xff, 0xff}
	begin := slices.Concat([]byte{0x30, 0x80}, oid(oidEnveloped), []byte{0xa0, 0x80, 0x30, 0x80}, integer(0))
	recipient := der(tagSequence, integer(0), issuerAndSerial(p.ann.certificate), algorithm(oidRSA), der(tagOctets, noise(256)))
	deep := bytes.Repeat([]byte{0x30, 0x80}, 1<<20)
	key := noise(32)
	inside := func(b []byte) []byte { return envelop(oidSigned, pad(b), transport(t, key), key) }
	for name, b := range map[string][]byte{
		"nothing":                 nil,
		"lengths beyond the file": slices.Concat([]byte{0x30}, length, oid(oidEnveloped)),
		"a length of 2⁶³":         {0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"deep nesting":            deep,
		"deep recipients":         slices.Concat(begin, deep),
		"a set without end":       slices.Concat(begin, []byte{0x31, 0x80}, bytes.Repeat([]byte{0x30, 0}, 1<<22)),
		"thousands of recipients": slices.Concat(begin, []byte{0x31, 0x80}, bytes.Repeat(recipient, 5000), []byte{0, 0}),
		"a recipient of megabytes": slices.Concat(begin, der(tagSet, der(tagSequence, integer(0), issuerAndSerial(p.ann.certificate),
			algorithm(oidRSA), der(tagOctets, make([]byte, 20<<20))))),
		"long tags":            {0x3f, 0xff, 0xff, 0xff, 0xff, 1, 2, 3},
		"deep nesting inside":  inside(deep),
		"certificates inside":  inside(slices.Concat([]byte{0x30, 0x80}, integer(1), der(tagSet), der(tagSequence, oid(oidData), der(0xa0, der(tagOctets))), []byte{0xa0, 0x80}, bytes.Repeat([]byte{0x30, 0}, 1<<22))),
		"lengths inside":       inside(slices.Concat([]byte{0x30}, length, integer(1))),
		"no signers inside":    inside(der(tagSequence, integer(1), der(tagSet), der(tagSequence, oid(oidData), der(0xa0, der(tagOctets))), der(tagSet))),
		"no content inside":    inside(der(tagSequence, integer(1), der(tagSet), der(tagSequence, oid(oidData)), der(tagSet))),
		"an unknown digest":    inside(der(tagSequence, integer(0), der(tagSequence, oid(oidMGF1)), der(tagSequence, oid(oidData), der(0xa0, der(tagOctets))), der(tagOctets))),
		"pieces without end":   inside(slices.Concat([]byte{0x30, 0x80}, integer(0), algorithmOf(crypto.SHA256), []byte{0x30, 0x80}, oid(oidData), []byte{0xa0, 0x80, 0x24, 0x80}, bytes.Repeat([]byte{4, 0}, 1<<22))),
		"pieces within pieces": inside(slices.Concat([]byte{0x30, 0x80}, integer(0), algorithmOf(crypto.SHA256), []byte{0x30, 0x80}, oid(oidData), []byte{0xa0, 0x80}, bytes.Repeat([]byte{0x24, 0x80}, 1<<22))),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		_, _, err := open(t, b, p.ann, nil)
		runtime.ReadMemStats(&after)
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: error %v", name, err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%s takes %v", name, took)
		}
		if kept := after.TotalAlloc - before.TotalAlloc; kept > 256<<20 {
			t.Errorf("%s takes %d MiB", name, kept>>20)
		}
	}
}

// The memory for sealing and opening does not depend on the file's size.
func TestMemory(t *testing.T) {
	const size = 32 << 20
	p := people()
	path := filepath.Join(t.TempDir(), "sealed")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zeros := func() io.Reader { return io.LimitReader(zeroReader{}, size) }
	measure := func(what string, do func() error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if all := after.TotalAlloc - before.TotalAlloc; all > 2<<20 {
			t.Errorf("%s allocates %d bytes in all for %d", what, all, size)
		}
		t.Logf("%s: %d bytes allocated in all, %.0f MB/s", what, after.TotalAlloc-before.TotalAlloc, size/1e6/time.Since(began).Seconds())
	}
	measure("Seal", func() error {
		return Seal(f, zeros(), size, Options{Recipients: []*x509.Certificate{p.ann.certificate}, Signer: p.bob.signer()})
	})
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	var n counter
	measure("Open", func() error {
		_, err := Open(&n, f, info.Size(), p.ann.key, trusting(p.ca), nil)
		return err
	})
	if n != size {
		t.Errorf("%d bytes come back", n)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// Errors of reading and writing are told as they are, and a file that changes its size is not sealed.
func TestErrorsOfFiles(t *testing.T) {
	p := people()
	full := errors.New("the disk is full")
	sealed := seal(t, noise(1<<17), Options{})
	if _, err := Open(failing{full}, bytes.NewReader(sealed), int64(len(sealed)), p.ann.key, nil, nil); err != full {
		t.Errorf("writing: error %v", err)
	}
	if _, err := Open(io.Discard, failing{full}, int64(len(sealed)), p.ann.key, nil, nil); err != full {
		t.Errorf("reading: error %v", err)
	}
	half := &breaksAt{bytes.NewReader(sealed), int64(len(sealed) / 2), full}
	if _, err := Open(io.Discard, half, int64(len(sealed)), p.ann.key, nil, nil); err != full {
		t.Errorf("reading the second half: error %v", err)
	}
	for _, size := range []int64{99, 101} {
		o := Options{Recipients: []*x509.Certificate{p.ann.certificate}}
		if err := Seal(io.Discard, bytes.NewReader(noise(100)), size, o); err == nil {
			t.Errorf("100 bytes sealed as %d", size)
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error)         { return 0, f.err }
func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

type breaksAt struct {
	io.ReaderAt
	at  int64
	err error
}

func (b *breaksAt) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > b.at {
		return 0, b.err
	}
	return b.ReaderAt.ReadAt(p, at)
}

// What changes between the two readings is noticed in the second.
func TestChangedBetweenReadings(t *testing.T) {
	p := people()
	sealed := seal(t, noise(1<<18), Options{})
	r := &changing{b: bytes.Clone(sealed)}
	if _, err := Open(io.Discard, r, int64(len(sealed)), p.ann.key, nil, nil); err != ErrRefused {
		t.Errorf("error %v", err)
	}
}

type changing struct {
	b    []byte
	ends int
}

func (c *changing) ReadAt(p []byte, at int64) (int, error) {
	n, err := bytes.NewReader(c.b).ReadAt(p, at)
	if at+int64(n) == int64(len(c.b)) {
		if c.ends++; c.ends == 1 {
			c.b[len(c.b)/2]++
		}
	}
	return n, err
}

// Certificates that nothing should be encrypted for, or signed with, are refused.
func TestCertificates(t *testing.T) {
	now := time.Now()
	ann := people().ann
	for why, change := range map[string]func(*x509.Certificate){
		"":                func(c *x509.Certificate) { c.KeyUsage = 0 },
		"expired":         func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) },
		"valid only from": func(c *x509.Certificate) { c.NotBefore = now.Add(time.Minute) },
		"keyEncipherment": func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature },
	} {
		err := CheckRecipient(issue(t, "X", people().ca, change).certificate, now)
		if (err == nil) != (why == "") || !strings.Contains(fmt.Sprint(err), why) {
			t.Errorf("error %v, want one that says %q", err, why)
		}
	}
	if err := CheckSigner(ann.certificate, people().bob.key, now); err == nil {
		t.Error("the key of another certificate")
	}
	if err := CheckSigner(people().ca.certificate, people().ca.key, now); err == nil {
		t.Error("a certificate that only signs certificates")
	}
	if err := CheckSigner(ann.certificate, ann.key, now); err != nil {
		t.Error(err)
	}
}

// FuzzEnvelope changes a file from outside. Whatever is accepted has the content that was sealed.
func FuzzEnvelope(f *testing.F) {
	content := bytes.Repeat([]byte("content "), 40)
	key := bytes.Repeat([]byte("key."), 8)
	f.Add(envelop(oidDigested, pad(digestedData(content)), make([]byte, 256), key))
	f.Add(envelop(oidData, pad(der(tagSequence, oid(oidDigested), der(0xa0, digestedData(content)))), make([]byte, 256), key))
	f.Fuzz(func(t *testing.T, b []byte) {
		o := opener{r: bytes.NewReader(b), size: int64(len(b)), key: key} // without RSA, which takes time
		var got bytes.Buffer
		if _, err := o.pass(&got); err == nil && !bytes.Equal(got.Bytes(), content) {
			t.Errorf("another content of %d bytes", got.Len())
		}
	})
}

// FuzzMessage takes anything for what is encrypted. Whatever is accepted as digested has its digest in it, and whatever is accepted as signed
// by Bob has the content that he signed.
func FuzzMessage(f *testing.F) {
	p := people()
	content := bytes.Repeat([]byte("content "), 40)
	for _, s := range []*Signer{nil, p.bob.signer()} {
		in, err := newInner(int64(len(content)), s)
		if err != nil {
			f.Fatal(err)
		}
		var b bytes.Buffer
		if err := in.write(&b, bytes.NewReader(content), int64(len(content))); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes(), s != nil)
	}
	f.Fuzz(func(t *testing.T, b []byte, signed bool) {
		id, trust := oidDigested, (*Trust)(nil)
		if signed {
			id, trust = oidSigned, trusting(p.bob)
		}
		var got bytes.Buffer
		m := message{berReader: newBERReader(bytes.NewReader(b)), trust: trust, w: &got}
		report, err := m.read(id)
		if err != nil || report.untrusted != nil {
			return
		}
		if signed && !bytes.Equal(got.Bytes(), content) {
			t.Errorf("%q is not what was signed", got.Bytes())
		}
		if !signed {
			h := report.Digest.New()
			h.Write(got.Bytes())
			if !bytes.Contains(b, h.Sum(nil)) {
				t.Error("without its digest")
			}
		}
	})
}
