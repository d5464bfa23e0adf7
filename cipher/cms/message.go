package cms

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"hash"
	"io"
	"math/big"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	errContent   = errors.New("neither signed nor digested data, or the content is not wanted")
	errDigest    = errors.New("another digest")
	errSignature = errors.New("a wrong signature, or none")
)

// A message is the decrypted SignedData or DigestedData.
type message struct {
	*berReader
	w     io.Writer
	check func(start []byte) bool
	trust *Trust
	sums  hashes
}

// read reads it to its end and writes the content. Annex D.1 has the type in the envelope and then no other header. Others, such as openssl's
// command, say id-data there and write a whole ContentInfo.
func (m *message) read(contentType asn1.ObjectIdentifier) (*Report, error) {
	m.enter(tagSequence)
	wrapped := m.is(tagOID)
	if wrapped {
		if inside := m.oid(); !contentType.Equal(oidData) && !contentType.Equal(inside) {
			m.fail()
		} else {
			contentType = inside
		}
		m.enter(tagContext | tagConstructed)
		m.enter(tagSequence)
	}
	report := &Report{}
	switch {
	case m.err != nil:
	case contentType.Equal(oidSigned):
		m.signed(report)
	case contentType.Equal(oidDigested):
		m.digested(report)
	default:
		m.failWith(errContent)
	}
	return report, m.end()
}

func (m *message) digested(report *Report) {
	m.version(0)
	id, _ := parseAlgorithm(m.der())
	report.Digest = hashOf(id)
	m.hash(report.Digest)
	m.content()
	var digest []byte
	if !m.der().ReadASN1Bytes(&digest, cbasn1.OCTET_STRING) || report.Digest == 0 {
		m.fail()
	}
	if m.err == nil && !bytes.Equal(digest, m.sums[report.Digest].Sum(nil)) {
		m.failWith(errDigest)
	}
	if m.trust != nil {
		report.untrusted = &UntrustedError{"it is not signed, so nothing tells who made it"}
	}
}

// hash makes the content be digested with an algorithm, unless it is 0.
func (m *message) hash(h crypto.Hash) {
	if m.sums == nil {
		m.sums = hashes{}
	}
	if h != 0 && m.sums[h] == nil {
		m.sums[h] = h.New()
	}
}

// content reads EncapsulatedContentInfo and writes what is in it (RFC 5652, section 5.2).
func (m *message) content() {
	m.enter(tagSequence)
	if id := m.oid(); m.err == nil && !id.Equal(oidData) {
		m.failWith(errContent)
	}
	m.enter(tagContext | tagConstructed)
	r := m.octets(tagOctets)
	start := make([]byte, 132)
	n, err := io.ReadFull(r, start)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		m.failWith(err)
	}
	if m.err == nil && m.check != nil && !m.check(start[:n]) {
		m.failWith(errContent)
	}
	if m.err != nil {
		return
	}
	w := io.MultiWriter(m.sums, m.w)
	if _, err := w.Write(start[:n]); err != nil {
		m.failWith(err)
	}
	if _, err := io.CopyBuffer(w, r, make([]byte, 1<<16)); err != nil {
		m.failWith(err)
	}
	m.leave()
	m.leave()
}

func (m *message) signed(report *Report) {
	m.version(1, 3, 4, 5)
	for m.enter(tagSet); m.more(); {
		id, _ := parseAlgorithm(m.der())
		m.hash(hashOf(id))
	}
	m.leave()
	m.content()
	var certificates []*x509.Certificate
	if m.is(tagContext | tagConstructed) {
		m.enter(tagContext | tagConstructed)
		for n := 0; m.more(); n++ {
			if n == maxCertificates {
				m.fail()
			}
			if c, err := x509.ParseCertificate(m.element()); err == nil { // there may be other kinds
				certificates = append(certificates, c)
			}
		}
		m.leave()
	}
	if m.is(tagContext | tagConstructed | 1) { // revocation lists
		m.element()
	}
	m.signatures(report, certificates)
}

// signatures checks all of a file's signatures. With Trust, the report has the signers that are trusted, and no other: anybody can add a
// signature of his own, in any name, beside theirs.
func (m *message) signatures(report *Report, certificates []*x509.Certificate) {
	known := certificates
	if m.trust != nil {
		known = slices.Concat(m.trust.Certificates, certificates)
	}
	n := 0
	for m.enter(tagSet); m.more(); n++ {
		info := *m.der()
		if n == maxSigners {
			m.fail()
		}
		if m.err != nil {
			break
		}
		c, hash, err := m.verify(info, known)
		if err != nil {
			m.failWith(err)
		} else if m.trust != nil {
			if err := m.trust.check(c, hash, certificates); err != nil {
				report.untrusted = err
				continue
			}
		}
		report.Signers, report.SHA1 = append(report.Signers, c), report.SHA1 || hash == crypto.SHA1
	}
	m.leave()
	if n == 0 {
		m.failWith(errSignature)
	}
	if len(report.Signers) > 0 {
		report.untrusted = nil
	}
}

const (
	maxCertificates = 256
	maxSigners      = 64
)

// verify checks a SignerInfo (RFC 5652, sections 5.3 to 5.6) and returns the signer's certificate.
func (m *message) verify(s cryptobyte.String, certificates []*x509.Certificate) (*x509.Certificate, crypto.Hash, error) {
	var info, sid, signed cryptobyte.String
	var version int
	var sidTag cbasn1.Tag
	var hasAttributes bool
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1Integer(&version) || !info.ReadAnyASN1(&sid, &sidTag) {
		return nil, 0, errSignature
	}
	c := signer(sid, sidTag, certificates)
	digestID, _ := parseAlgorithm(&info)
	h := hashOf(digestID)
	if !info.ReadOptionalASN1(&signed, &hasAttributes, context(0).Constructed()) {
		return nil, 0, errSignature
	}
	signatureID, _ := parseAlgorithm(&info)
	var signature []byte
	if !info.ReadASN1Bytes(&signature, cbasn1.OCTET_STRING) || c == nil || m.sums[h] == nil || !signatureFits(signatureID, h) {
		return nil, 0, errSignature
	}
	sum := m.sums[h].Sum(nil)
	if hasAttributes {
		if !attributesFit(signed, sum) {
			return nil, 0, errDigest
		}
		d := h.New()
		d.Write(der(tagSet, signed))
		sum = d.Sum(nil)
	}
	public, isRSA := c.PublicKey.(*rsa.PublicKey)
	if !isRSA || rsa.VerifyPKCS1v15(public, h, sum, signature) != nil {
		return nil, 0, errSignature
	}
	return c, h, nil
}

// signer finds the certificate that a SignerIdentifier names.
func signer(sid cryptobyte.String, tag cbasn1.Tag, certificates []*x509.Certificate) *x509.Certificate {
	if tag == context(0) { // the subject key identifier
		for _, c := range certificates {
			if len(c.SubjectKeyId) > 0 && bytes.Equal(c.SubjectKeyId, sid) {
				return c
			}
		}
		return nil
	}
	var issuer cryptobyte.String
	serial := new(big.Int)
	if tag != cbasn1.SEQUENCE || !sid.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !sid.ReadASN1Integer(serial) {
		return nil
	}
	for _, c := range certificates {
		if bytes.Equal(c.RawIssuer, issuer) && c.SerialNumber.Cmp(serial) == 0 {
			return c
		}
	}
	return nil
}

// signatureFits reports whether a signature algorithm is RSA with the padding of PKCS #1 v1.5 and, if it names a digest, with this one.
func signatureFits(id asn1.ObjectIdentifier, h crypto.Hash) bool {
	for _, d := range digests {
		if d.hash == h && d.withRSA.Equal(id) {
			return true
		}
	}
	return id.Equal(oidRSA)
}

// attributesFit reports whether signed attributes name the content's type and digest, each once and with one value.
func attributesFit(attributes cryptobyte.String, digest []byte) bool {
	types, sums := 0, 0
	for !attributes.Empty() {
		var attribute, values cryptobyte.String
		var id, contentType asn1.ObjectIdentifier
		var sum []byte
		if !attributes.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&id) ||
			!attribute.ReadASN1(&values, cbasn1.SET) || !attribute.Empty() {
			return false
		}
		switch {
		case id.Equal(oidContentType):
			if types++; !values.ReadASN1ObjectIdentifier(&contentType) || !values.Empty() || !contentType.Equal(oidData) {
				return false
			}
		case id.Equal(oidMessageDigest):
			if sums++; !values.ReadASN1Bytes(&sum, cbasn1.OCTET_STRING) || !values.Empty() || !bytes.Equal(sum, digest) {
				return false
			}
		}
	}
	return types == 1 && sums == 1
}

// check returns an UntrustedError unless a signer, whose signature is right, is trusted.
func (t *Trust) check(c *x509.Certificate, h crypto.Hash, others []*x509.Certificate) error {
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range t.Certificates {
		roots.AddCert(c)
	}
	for _, c := range others {
		intermediates.AddCert(c)
	}
	switch {
	case h == crypto.SHA1:
		return &UntrustedError{"its signature rests on SHA-1, for which collisions can be made"}
	case !signs(c):
		return &UntrustedError{"the signer's certificate is not for signatures"}
	}
	use := x509.ExtKeyUsageEmailProtection // as for S/MIME (RFC 8550, section 4.4.4): the same authority has certificates for web servers
	if slices.ContainsFunc(t.Certificates, c.Equal) {
		use = x509.ExtKeyUsageAny
	}
	chains, err := c.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{use}})
	expired := x509.CertificateInvalidError{}
	switch {
	case err == nil && slices.ContainsFunc(chains, byAuthority):
		return nil
	case err == nil:
		return &UntrustedError{"the signer's certificate is issued by a trusted signer who is no authority"}
	case errors.As(err, &expired) && expired.Reason == x509.Expired:
		return &UntrustedError{"the signer's certificate is not valid today"}
	}
	return &UntrustedError{"the signer's certificate is not trusted: " + err.Error()}
}

// byAuthority reports whether a chain ends at an authority, unless it is a trusted certificate itself. Verify lets certificates of version 1
// issue others, as they cannot say whether they are an authority's.
func byAuthority(chain []*x509.Certificate) bool { return len(chain) == 1 || chain[len(chain)-1].IsCA }

// hashes are the digests of the content, by algorithm.
type hashes map[crypto.Hash]hash.Hash

func (h hashes) Write(p []byte) (int, error) {
	for _, one := range h {
		one.Write(p)
	}
	return len(p), nil
}
