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
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/big"
	"slices"
	"time"
)

// Options say how a file is sealed.
type Options struct {
	Recipients []*x509.Certificate // who can open it; CheckRecipient takes them
	OAEP       bool                // RSA-OAEP with SHA-256 instead of the padding of PKCS #1 v1.5, which annex D.1 names
	Signer     *Signer             // nil: the file is digested and not signed
}

// A Signer signs files.
type Signer struct {
	Key    *rsa.PrivateKey
	Chain  []*x509.Certificate // the signer's own certificate, then others that the file should hold
	Signed time.Time           // the time that the signature states
}

const minBits = 2048 // of an RSA key

// CheckRecipient refuses a certificate that nothing should be encrypted for.
func CheckRecipient(c *x509.Certificate, now time.Time) error {
	if err := checkCertificate(c, now); err != nil {
		return err
	}
	if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageKeyEncipherment == 0 {
		return errors.New("this certificate is not for encrypting keys: its key usage lacks keyEncipherment")
	}
	return nil
}

// CheckSigner refuses a certificate that signs no files.
func CheckSigner(c *x509.Certificate, key *rsa.PrivateKey, now time.Time) error {
	if err := checkCertificate(c, now); err != nil {
		return err
	}
	switch {
	case !signs(c):
		return errors.New("this certificate is not for signatures: its key usage lacks digitalSignature")
	case !key.PublicKey.Equal(c.PublicKey):
		return errors.New("the certificate and the key that signs do not belong together")
	}
	return nil
}

// signs reports whether a certificate may be used for signatures.
func signs(c *x509.Certificate) bool {
	return c.KeyUsage == 0 || c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) != 0
}

func checkCertificate(c *x509.Certificate, now time.Time) error {
	key, isRSA := c.PublicKey.(*rsa.PublicKey)
	switch {
	case !isRSA:
		return errors.New("this certificate has no RSA key, which Secure DICOM Files need")
	case key.N.BitLen() < minBits:
		return fmt.Errorf("its RSA key has %d bits, and %d are the least that is safe", key.N.BitLen(), minBits)
	case now.Before(c.NotBefore):
		return fmt.Errorf("this certificate is valid only from %s", c.NotBefore.UTC().Format(time.DateTime))
	case now.After(c.NotAfter):
		return fmt.Errorf("this certificate expired on %s", c.NotAfter.UTC().Format(time.DateTime))
	}
	return nil
}

// Seal encrypts size bytes, which must be all that r has, and writes a Secure DICOM File.
func Seal(w io.Writer, r io.Reader, size int64, o Options) error {
	key, iv := make([]byte, 32), make([]byte, aes.BlockSize)
	rand.Read(key)
	rand.Read(iv)
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return err
	}
	recipients, err := recipientInfos(key, o)
	if err != nil {
		return err
	}
	in, err := newInner(size, o.Signer)
	if err != nil {
		return err
	}
	if err := openable(recipients, in.end, o.Signer); err != nil {
		return err
	}
	length := int64(len(in.begin)) + size + int64(len(in.end))
	padding := aes.BlockSize - int(length%aes.BlockSize)
	// From the inside out. Each header needs the length of all that follows it.
	header := derHeader(tagContext, length+int64(padding))
	around := func(tag byte, prefix ...[]byte) {
		before := slices.Concat(append(prefix, header)...)
		header = append(derHeader(tag, int64(len(before))+length+int64(padding)), before...)
	}
	around(tagSequence, oid(in.contentType), der(tagSequence, oid(oidAES256), der(tagOctets, iv)))
	around(tagSequence, integer(0), recipients)
	around(tagContext | tagConstructed)
	around(tagSequence, oid(oidEnveloped))
	if _, err := w.Write(header); err != nil {
		return err
	}
	out := &cbcWriter{w: w, mode: cipher.NewCBCEncrypter(block, iv), buf: make([]byte, 0, 1<<16)}
	if err := in.write(out, r, size); err != nil {
		return err
	}
	if _, err := out.Write(bytes.Repeat([]byte{byte(padding)}, padding)); err != nil {
		return err
	}
	return out.flush()
}

// openable refuses what Open would refuse: recipients, or certificates of a signer, that are too many or too long.
func openable(recipients, end []byte, s *Signer) error {
	if s != nil && len(s.Chain) > maxCertificates {
		return fmt.Errorf("%d certificates of the signer; at most %d are possible", len(s.Chain), maxCertificates)
	}
	for _, kept := range [][]byte{recipients, end} {
		b := newBERReader(bytes.NewReader(kept))
		b.small = 1 << 10 // for what is around it
		for b.err == nil && b.at < int64(len(kept)) {
			b.element()
		}
		if b.err != nil {
			return errors.New("the certificates are too long: nobody could open the file")
		}
	}
	return nil
}

// recipientInfos encrypts the content's key for each recipient (RFC 5652, section 6.2.1).
func recipientInfos(key []byte, o Options) ([]byte, error) {
	if len(o.Recipients) == 0 || len(o.Recipients) > maxRecipients {
		return nil, fmt.Errorf("%d recipients, and there can be 1 to %d", len(o.Recipients), maxRecipients)
	}
	var all [][]byte
	for _, c := range o.Recipients {
		public, isRSA := c.PublicKey.(*rsa.PublicKey)
		if !isRSA {
			return nil, errors.New("a certificate without RSA key")
		}
		algorithm := algorithm(oidRSA)
		//lint:ignore SA1019 annex D.1 names RFC 3370, whose RSA key transport has this padding
		encrypted, err := rsa.EncryptPKCS1v15(rand.Reader, public, key)
		if o.OAEP {
			sha := algorithmOf(crypto.SHA256)
			algorithm = der(tagSequence, oid(oidOAEP), der(tagSequence,
				der(0xa0, sha), der(0xa1, der(tagSequence, oid(oidMGF1), sha))))
			encrypted, err = rsa.EncryptOAEP(sha256.New(), rand.Reader, public, key, nil)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, der(tagSequence, integer(0), issuerAndSerial(c), algorithm, der(tagOctets, encrypted)))
	}
	return setOf(all...), nil
}

// An inner is what is encrypted: SignedData or DigestedData, with the file in its middle (RFC 5652, sections 5.1 and 7). As its type stands
// in the envelope, it is not in a ContentInfo of its own.
type inner struct {
	contentType asn1.ObjectIdentifier
	begin, end  []byte // of all lengths, end is right before the digest is known
	hash        hash.Hash
	finish      func(digest []byte) (end []byte, err error)
}

func newInner(size int64, s *Signer) (*inner, error) {
	in := &inner{contentType: oidDigested, hash: sha256.New()}
	sha := algorithmOf(crypto.SHA256)
	version, algorithms := integer(0), sha
	in.finish = func(digest []byte) ([]byte, error) { return der(tagOctets, digest), nil }
	if s != nil {
		in.contentType, version, algorithms = oidSigned, integer(1), der(tagSet, sha)
		in.finish = s.sign
	}
	var err error
	if in.end, err = in.finish(make([]byte, sha256.Size)); err != nil {
		return nil, err
	}
	length := size // of what follows each header, from the inside out
	in.begin = derHeader(tagOctets, size)
	around := func(tag byte, prefix ...[]byte) {
		before := slices.Concat(append(prefix, in.begin)...)
		in.begin = append(derHeader(tag, int64(len(before))+length), before...)
	}
	around(tagContext | tagConstructed)
	around(tagSequence, oid(oidData))
	length += int64(len(in.end))
	around(tagSequence, version, algorithms)
	return in, nil
}

// write writes it with the content of r, which must have size bytes.
func (in *inner) write(w io.Writer, r io.Reader, size int64) error {
	if _, err := w.Write(in.begin); err != nil {
		return err
	}
	n, err := io.CopyBuffer(io.MultiWriter(in.hash, w), io.LimitReader(r, size+1), make([]byte, 1<<16))
	if err != nil {
		return err
	}
	if n != size {
		return errors.New("its size changed while it was read")
	}
	end, err := in.finish(in.hash.Sum(nil))
	if err != nil {
		return err
	}
	if len(end) != len(in.end) {
		return errors.New("the signature has another length than expected")
	}
	_, err = w.Write(end)
	return err
}

// sign makes what follows the content in SignedData: the certificates and a SignerInfo (RFC 5652, section 5.3).
func (s *Signer) sign(digest []byte) ([]byte, error) {
	signed, err := asn1.MarshalWithParams(s.Signed.UTC(), "utc")
	if err != nil {
		return nil, fmt.Errorf("the time of the signature: %w", err)
	}
	attributes := setOf(
		der(tagSequence, oid(oidContentType), der(tagSet, oid(oidData))),
		der(tagSequence, oid(oidSigningTime), der(tagSet, signed)),
		der(tagSequence, oid(oidMessageDigest), der(tagSet, der(tagOctets, digest))),
	)
	sum := sha256.Sum256(attributes)
	signature, err := rsa.SignPKCS1v15(nil, s.Key, crypto.SHA256, sum[:])
	if err != nil {
		return nil, err
	}
	implicit := slices.Clone(attributes) // signed as a SET, written as [0] (RFC 5652, section 5.4)
	implicit[0] = tagContext | tagConstructed
	info := der(tagSequence, integer(1), issuerAndSerial(s.Chain[0]), algorithmOf(crypto.SHA256), implicit,
		algorithm(oidRSA), der(tagOctets, signature))
	var certificates [][]byte
	for _, c := range s.Chain {
		certificates = append(certificates, c.Raw)
	}
	set := setOf(certificates...)
	set[0] = tagContext | tagConstructed
	return append(set, der(tagSet, info)...), nil
}

// setOf makes a SET OF, which DER puts in order (X.690, section 11.6).
func setOf(elements ...[]byte) []byte {
	slices.SortFunc(elements, bytes.Compare)
	return der(tagSet, elements...)
}

func oid(id asn1.ObjectIdentifier) []byte {
	b, err := asn1.Marshal(id)
	if err != nil {
		panic(err) // the identifiers are ours
	}
	return b
}

func integer(n byte) []byte { return der(tagInteger, []byte{n}) }

// algorithm is an AlgorithmIdentifier with NULL as parameters, as RFC 3370 has it for RSA.
func algorithm(id asn1.ObjectIdentifier) []byte { return der(tagSequence, oid(id), []byte{5, 0}) }

// algorithmOf is that of a digest, without parameters (RFC 5754, section 2).
func algorithmOf(h crypto.Hash) []byte {
	for _, d := range digests {
		if d.hash == h {
			return der(tagSequence, oid(d.oid))
		}
	}
	panic("cms: no such digest")
}

func issuerAndSerial(c *x509.Certificate) []byte {
	return der(tagSequence, c.RawIssuer, bigInteger(c.SerialNumber))
}

func bigInteger(n *big.Int) []byte {
	b, err := asn1.Marshal(n)
	if err != nil {
		panic(err) // it was parsed
	}
	return b
}
