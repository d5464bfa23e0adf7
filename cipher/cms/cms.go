// Package cms writes and opens Secure DICOM Files (PS3.10, section 7.4; PS3.15, annex D.1): a DICOM file that is signed or digested, then
// encrypted for the owners of RSA certificates, in the Cryptographic Message Syntax (CMS, RFC 5652).
//
//	err := cms.Seal(out, file, size, cms.Options{Recipients: certificates})
//	report, err := cms.Open(out, sealed, size, key, nil)
//
// Seal writes EnvelopedData with AES-256-CBC and RSA key transport over SignedData or DigestedData with SHA-256, in DER. Open also takes what
// others write: BER with indefinite lengths, AES-128, AES-192 and Triple-DES, SHA-1, SHA-384 and SHA-512, RSA-OAEP.
//
// Both work in memory that does not depend on the file's size. Open reads its input twice and writes nothing before all of it has been
// checked. Whatever goes wrong after the private key was used gives the same error, ErrRefused, so that nobody who may try many files
// learns from it what was wrong: neither RSA's padding (Bleichenbacher), nor that of CBC (Vaudenay), nor the digest.
//
// A digest without a signature proves no origin: whoever has the certificate can make such a file. A signature does not say for whom the
// file was encrypted.
package cms

import (
	"crypto"
	_ "crypto/sha1" // which others' files may be digested with
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
)

// ErrRefused is the error for a file that the key does not open, or that is not what was sealed.
var ErrRefused = errors.New("it cannot be opened: it is for another key, is damaged, or holds no signed or digested file")

// ErrFormat is the error for what is no EnvelopedData at all.
var ErrFormat = errors.New("not a Secure DICOM File: it does not begin as CMS EnvelopedData does")

// Object identifiers: content types (RFC 5652), signed attributes, algorithms (RFC 3370, 3560, 3565, 5754, 8018).
var (
	oidData      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSigned    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidEnveloped = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidDigested  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 5}

	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}

	oidRSA  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidOAEP = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 7}
	oidMGF1 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}

	oidTripleDES = asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}
	oidAES128    = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}
	oidAES192    = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}
	oidAES256    = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// digests are the digest algorithms of the profile, each with the RSA signature algorithm that has it in its name.
var digests = []struct {
	oid, withRSA asn1.ObjectIdentifier
	hash         crypto.Hash
}{
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, crypto.SHA256},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, crypto.SHA384},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, crypto.SHA512},
	{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, crypto.SHA1},
}

// hashOf returns a digest algorithm, or 0.
func hashOf(oid asn1.ObjectIdentifier) crypto.Hash {
	for _, d := range digests {
		if d.oid.Equal(oid) {
			return d.hash
		}
	}
	return 0
}
