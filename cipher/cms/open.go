package cms

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// maxRecipients bounds the work of a key that is not among them: for each, Open does one RSA operation.
const maxRecipients = 256

// A Report says how a file was protected besides being encrypted.
type Report struct {
	Digest  crypto.Hash         // of a file without signature
	Signers []*x509.Certificate // whose signatures are right and, with Trust, trusted; without it nobody knows who they are
	SHA1    bool                // a signature of theirs rests on SHA-1, for which collisions can be made

	untrusted error // an UntrustedError, if trust was asked for
}

// Trust decides whether a signature is by somebody known: by the owner of one of its certificates, or of one that they issued.
type Trust struct{ Certificates []*x509.Certificate }

// An UntrustedError means that a file is whole, but not signed by somebody known.
type UntrustedError struct{ Why string }

func (e *UntrustedError) Error() string { return e.Why }

// Open checks a Secure DICOM File of size bytes and then writes what is in it to w. It reads r twice, and again checks what it writes; an
// error in the middle can only mean that r has changed. check, if not nil, sees the first bytes of the content, 132 where there are as many,
// and returns an error to refuse it. If trust is not nil, the file must be signed, and by somebody trusted: else the error is an
// UntrustedError. ErrFormat and errors about the algorithms depend only on what anybody can read in the file. Errors of r and w are returned
// as they are.
func Open(w io.Writer, r io.ReaderAt, size int64, key *rsa.PrivateKey, trust *Trust, check func(start []byte) bool) (*Report, error) {
	o := opener{r: r, size: size, trust: trust, check: check}
	e := o.envelope()
	if err := e.header(); err != nil {
		return nil, err
	}
	if o.key = e.contentKey(key); o.key == nil {
		return nil, ErrRefused
	}
	defer clear(o.key)
	if _, err := o.pass(io.Discard); err != nil {
		return nil, err
	}
	return o.pass(w)
}

// An opener is Open at work.
type opener struct {
	r     io.ReaderAt
	size  int64
	key   []byte // of the content
	trust *Trust
	check func(start []byte) bool
}

// ioError is an error of the reader or writer that Open was given, which says nothing of the content.
type ioError struct{ error }

func (e ioError) Unwrap() error { return e.error }

type inputReader struct{ r io.Reader }

func (i inputReader) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	if err != nil && err != io.EOF {
		err = ioError{err}
	}
	return n, err
}

type outputWriter struct{ w io.Writer }

func (o outputWriter) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		err = ioError{err}
	}
	return n, err
}

// pass reads the file once. Whatever is wrong, it decrypts and digests to the end, so that the time tells little of where.
func (o *opener) pass(w io.Writer) (*Report, error) {
	e := o.envelope()
	if err := e.header(); err != nil {
		return nil, err
	}
	plain := e.decrypt(o.key)
	m := message{berReader: newBERReader(plain), trust: o.trust, check: o.check, w: outputWriter{w}}
	report, err := m.read(e.contentType)
	if err != nil {
		io.Copy(sha256.New(), plain)
	} else {
		err = e.trailer()
	}
	failed := ioError{}
	switch {
	case err == nil:
		return report, report.untrusted
	case errors.As(err, &failed):
		return nil, failed.error
	}
	return nil, ErrRefused
}

// An envelope is EnvelopedData in a ContentInfo (RFC 5652, sections 3 and 6).
type envelope struct {
	*berReader
	recipients  []recipient
	contentType asn1.ObjectIdentifier
	algorithm   contentAlgorithm
	iv          []byte
	content     *bufio.Reader // encrypted
}

// A recipient is the content's key, encrypted for somebody.
type recipient struct {
	oaep      *rsa.OAEPOptions // nil: the padding of PKCS #1 v1.5
	encrypted []byte
}

// A contentAlgorithm encrypts the content, in CBC mode.
type contentAlgorithm struct {
	name  string
	oid   asn1.ObjectIdentifier
	key   int // bytes
	block func(key []byte) (cipher.Block, error)
}

var contentAlgorithms = []contentAlgorithm{
	{"AES-256-CBC", oidAES256, 32, aes.NewCipher}, {"AES-192-CBC", oidAES192, 24, aes.NewCipher}, {"AES-128-CBC", oidAES128, 16, aes.NewCipher},
	{"Triple-DES-CBC", oidTripleDES, 24, des.NewTripleDESCipher},
}

func (o *opener) envelope() *envelope {
	return &envelope{berReader: newBERReader(inputReader{io.NewSectionReader(o.r, 0, o.size)})}
}

// header reads up to the encrypted content.
func (e *envelope) header() error {
	e.enter(tagSequence)
	if id := e.oid(); e.err == nil && !id.Equal(oidEnveloped) {
		e.fail()
	}
	if e.err != nil {
		return e.whyNot(ErrFormat)
	}
	e.enter(tagContext | tagConstructed)
	e.enter(tagSequence)
	e.version(0, 2, 3, 4)
	if e.is(tagContext | tagConstructed) { // originatorInfo, for other kinds of recipients
		e.element()
	}
	others := 0
	for e.enter(tagSet); e.more(); {
		r, known := parseRecipient(*e.der())
		if !known {
			others++
			continue
		}
		if e.recipients = append(e.recipients, r); len(e.recipients) > maxRecipients {
			return fmt.Errorf("it is for more than %d recipients", maxRecipients)
		}
	}
	e.leave()
	e.enter(tagSequence)
	e.contentType = e.oid()
	id, parameters := parseAlgorithm(e.der())
	if e.err != nil {
		return e.whyNot(ErrRefused)
	}
	if len(e.recipients) == 0 && others > 0 {
		return errors.New("none of its recipients has an RSA key; keygan opens no other kind")
	}
	for _, a := range contentAlgorithms {
		if a.oid.Equal(id) {
			e.algorithm = a
		}
	}
	if e.algorithm.block == nil {
		return fmt.Errorf("it is encrypted with the algorithm %v, which annex D.1 does not have: it has AES and Triple-DES in CBC mode", id)
	}
	if !parameters.ReadASN1Bytes(&e.iv, cbasn1.OCTET_STRING) || !parameters.Empty() {
		return ErrRefused
	}
	e.content = bufio.NewReaderSize(e.octets(tagContext), 1<<16)
	return e.whyNot(ErrRefused)
}

// whyNot returns the error for a file that could not be read further, if so.
func (b *berReader) whyNot(otherwise error) error {
	failed := ioError{}
	switch {
	case b.err == nil:
		return nil
	case errors.As(b.err, &failed):
		return failed.error
	}
	return otherwise
}

// trailer reads what follows the content, to the end of the file.
func (e *envelope) trailer() error {
	e.leave()
	if e.is(tagContext | tagConstructed | 1) { // unprotected attributes
		e.element()
	}
	return e.end()
}

// oid reads an object identifier.
func (b *berReader) oid() (id asn1.ObjectIdentifier) {
	if !b.der().ReadASN1ObjectIdentifier(&id) {
		b.fail()
	}
	return id
}

// version reads one of some versions.
func (b *berReader) version(from ...int) {
	v := 0
	if !b.der().ReadASN1Integer(&v) || !slices.Contains(from, v) {
		b.fail()
	}
}

// parseAlgorithm parses an AlgorithmIdentifier. Parameters that are absent or NULL are empty.
func parseAlgorithm(s *cryptobyte.String) (id asn1.ObjectIdentifier, parameters cryptobyte.String) {
	var a cryptobyte.String
	if !s.ReadASN1(&a, cbasn1.SEQUENCE) || !a.ReadASN1ObjectIdentifier(&id) {
		return nil, nil
	}
	if bytes.Equal(a, []byte{5, 0}) {
		a = nil
	}
	return id, a
}

// parseRecipient parses a KeyTransRecipientInfo (RFC 5652, section 6.2.1) with RSA. For whom it is stays unread: Open has a key and no
// certificate, and tries all.
func parseRecipient(s cryptobyte.String) (r recipient, known bool) {
	var info, encrypted cryptobyte.String
	var version int
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1Integer(&version) || !info.SkipASN1(tagOf(info)) {
		return r, false
	}
	id, parameters := parseAlgorithm(&info)
	if !info.ReadASN1(&encrypted, cbasn1.OCTET_STRING) || !info.Empty() {
		return r, false
	}
	r.encrypted = encrypted
	switch {
	case id.Equal(oidRSA):
		return r, true
	case id.Equal(oidOAEP):
		r.oaep = parseOAEP(parameters)
		return r, r.oaep != nil
	}
	return r, false
}

// tagOf is the tag of the element that follows.
func tagOf(s cryptobyte.String) cbasn1.Tag {
	if len(s) == 0 {
		return 0
	}
	return cbasn1.Tag(s[0])
}

// parseOAEP parses RSAES-OAEP-params (RFC 4055, section 4.1). It returns nil for an unknown digest and where there is a label.
func parseOAEP(s cryptobyte.String) *rsa.OAEPOptions {
	o := &rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA1}
	if len(s) == 0 {
		return o
	}
	var params, a cryptobyte.String
	var present bool
	if !s.ReadASN1(&params, cbasn1.SEQUENCE) {
		return nil
	}
	if params.ReadOptionalASN1(&a, &present, context(0).Constructed()) && present {
		id, _ := parseAlgorithm(&a)
		o.Hash = hashOf(id)
	}
	if params.ReadOptionalASN1(&a, &present, context(1).Constructed()) && present {
		id, of := parseAlgorithm(&a)
		if !id.Equal(oidMGF1) {
			return nil
		}
		id, _ = parseAlgorithm(&of)
		o.MGFHash = hashOf(id)
	}
	if !params.Empty() || o.Hash == 0 || o.MGFHash == 0 {
		return nil
	}
	return o
}

// contentKey decrypts the content's key. A wrong padding gives a random key instead of an error (RFC 3218, section 2.3.2): then the content
// decrypts to noise. Of several recipients, the one counts whose key makes the content begin as it must.
func (e *envelope) contentKey(private *rsa.PrivateKey) (key []byte) {
	start, _ := e.content.Peek(e.blockSize())
	for _, r := range e.recipients {
		if len(r.encrypted) != private.Size() {
			continue
		}
		candidate := e.transported(r, private)
		if key == nil || e.plausible(candidate, start) {
			clear(key)
			key = candidate
		}
	}
	return key
}

// transported decrypts the key for a recipient.
func (e *envelope) transported(r recipient, private *rsa.PrivateKey) []byte {
	key := make([]byte, e.algorithm.key)
	rand.Read(key)
	if r.oaep == nil {
		//lint:ignore SA1019 annex D.1 names RFC 3370, whose RSA key transport has this padding
		if err := rsa.DecryptPKCS1v15SessionKey(nil, private, r.encrypted, key); err != nil {
			rand.Read(key)
		}
		return key
	}
	// Of an OAEP padding, too, nobody learns whether it was right (Manger).
	if got, err := private.Decrypt(nil, r.encrypted, r.oaep); err == nil && len(got) == len(key) {
		return got
	}
	return key
}

func (e *envelope) blockSize() int {
	if e.algorithm.oid.Equal(oidTripleDES) {
		return des.BlockSize
	}
	return aes.BlockSize
}

// mode returns what decrypts the content, or nil.
func (e *envelope) mode(key []byte) cipher.BlockMode {
	block, err := e.algorithm.block(key)
	if err != nil || len(e.iv) != block.BlockSize() {
		return nil
	}
	return cipher.NewCBCDecrypter(block, e.iv)
}

// plausible reports whether a key makes the first block that of a SEQUENCE that begins with an INTEGER or an OBJECT IDENTIFIER.
func (e *envelope) plausible(key, start []byte) bool {
	mode := e.mode(key)
	if mode == nil || len(start) != mode.BlockSize() {
		return false
	}
	b := make([]byte, len(start))
	mode.CryptBlocks(b, start)
	at := 2
	if b[1] > 0x80 {
		at += int(b[1] - 0x80)
	}
	return b[0] == tagSequence && at+1 < len(b) && (b[at] == tagInteger && b[at+1] == 1 || b[at] == tagOID && b[at+1] == 9)
}

// decrypt returns the content.
func (e *envelope) decrypt(key []byte) *cbcReader {
	return &cbcReader{r: e.content, mode: e.mode(key), buf: make([]byte, 1<<16)}
}
