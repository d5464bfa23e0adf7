package cms

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"hash"
	"strings"

	"keygan/internal/failure"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ParseCertificates parses certificates: one in DER, or any number in PEM, in their order. It passes over other PEM blocks.
func ParseCertificates(b []byte) (all []*x509.Certificate, err error) {
	if !bytes.Contains(b, []byte("-----BEGIN ")) {
		c, err := x509.ParseCertificate(b)
		if err != nil {
			return nil, errors.New("not a certificate in PEM or DER")
		}
		return []*x509.Certificate{c}, nil
	}
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("a damaged certificate")
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate in this file")
	}
	return all, nil
}

// ParseKey parses an RSA private key, PKCS #8 or PKCS #1, in PEM or DER. passphrase is asked for an encrypted one and may be nil.
func ParseKey(b []byte, passphrase func() ([]byte, error)) (*rsa.PrivateKey, error) {
	kind := "PRIVATE KEY"
	if bytes.Contains(b, []byte("-----BEGIN ")) {
		for {
			var block *pem.Block
			if block, b = pem.Decode(b); block == nil {
				return nil, errors.New("no private key in this file")
			}
			if strings.HasSuffix(block.Type, "PRIVATE KEY") {
				if block.Headers["DEK-Info"] != "" {
					return nil, failure.Hint(errors.New("a private key encrypted as OpenSSL did long ago, with MD5"),
						"openssl pkcs8 -topk8 writes it in today's format")
				}
				b, kind = block.Bytes, block.Type
				defer clear(b)
				break
			}
		}
	} else if _, err := parseEncrypted(b); err == nil {
		kind = "ENCRYPTED PRIVATE KEY"
	}
	if kind == "ENCRYPTED PRIVATE KEY" {
		var err error
		if b, err = decryptKey(b, passphrase); err != nil {
			return nil, err
		}
		defer clear(b)
	}
	if key, err := x509.ParsePKCS1PrivateKey(b); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(b)
	key, isRSA := any.(*rsa.PrivateKey)
	switch {
	case err != nil:
		return nil, errors.New("not a private key that can be read: PKCS #8 or PKCS #1, in PEM or DER")
	case !isRSA:
		return nil, errors.New("not an RSA key, which Secure DICOM Files need")
	}
	return key, nil
}

const maxIterations = 10_000_000 // of PBKDF2: some seconds

var errPassphrase = errors.New("the passphrase does not open this private key")

// An encryptedKey is EncryptedPrivateKeyInfo (RFC 5958) with PBES2, PBKDF2 and AES in CBC mode (RFC 8018), as openssl writes it.
type encryptedKey struct {
	salt, iv, content []byte
	iterations, size  int // size of the AES key in bytes
	hash              func() hash.Hash
}

var (
	oidPBES2   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACs   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2} // 7: SHA-1, 9: SHA-256, 10: SHA-384, 11: SHA-512
	hmacHashes = map[int]func() hash.Hash{7: sha1.New, 9: sha256.New, 10: sha512.New384, 11: sha512.New}
	aesKeys    = map[int]int{2: 16, 22: 24, 42: 32} // the last number of the identifier: bytes
)

func parseEncrypted(b []byte) (k encryptedKey, err error) {
	unknown := failure.Hint(errors.New("a private key encrypted in a way that keygan does not know"),
		"openssl pkcs8 -topk8 -v2 aes-256-cbc encrypts it with PBKDF2 and AES")
	s := cryptobyte.String(b)
	var info, kdf, cbc cryptobyte.String
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) {
		return k, unknown
	}
	id, parameters := parseAlgorithm(&info)
	if !id.Equal(oidPBES2) || !info.ReadASN1Bytes(&k.content, cbasn1.OCTET_STRING) ||
		!parameters.ReadASN1(&parameters, cbasn1.SEQUENCE) {
		return k, unknown
	}
	kdfID, kdf := parseAlgorithm(&parameters)
	cbcID, cbc := parseAlgorithm(&parameters)
	length, hmac := 0, append(oidHMACs[:len(oidHMACs):len(oidHMACs)], 7)
	if !kdfID.Equal(oidPBKDF2) || !kdf.ReadASN1(&kdf, cbasn1.SEQUENCE) || !kdf.ReadASN1Bytes(&k.salt, cbasn1.OCTET_STRING) ||
		!kdf.ReadASN1Integer(&k.iterations) || !cbc.ReadASN1Bytes(&k.iv, cbasn1.OCTET_STRING) || !kdf.ReadOptionalASN1Integer(&length, cbasn1.INTEGER, 0) {
		return k, unknown
	}
	if !kdf.Empty() {
		hmac, _ = parseAlgorithm(&kdf)
	}
	if n := len(cbcID); n == len(oidAES256) && cbcID[:n-1].Equal(oidAES256[:n-1]) {
		k.size = aesKeys[cbcID[n-1]]
	}
	if n := len(hmac); n == len(oidHMACs)+1 && hmac[:n-1].Equal(oidHMACs) {
		k.hash = hmacHashes[hmac[n-1]]
	}
	if k.size == 0 || k.hash == nil || len(k.iv) != aes.BlockSize || len(k.content) == 0 || len(k.content)%aes.BlockSize != 0 {
		return k, unknown
	}
	if k.iterations < 1 || k.iterations > maxIterations {
		return k, errors.New("a private key with an impossible number of iterations of PBKDF2")
	}
	return k, nil
}

func decryptKey(b []byte, passphrase func() ([]byte, error)) ([]byte, error) {
	k, err := parseEncrypted(b)
	if err != nil {
		return nil, err
	}
	if passphrase == nil {
		return nil, errPassphrase
	}
	secret, err := passphrase()
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	key, err := pbkdf2.Key(k.hash, string(secret), k.salt, k.iterations, k.size)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(k.content))
	cipher.NewCBCDecrypter(block, k.iv).CryptBlocks(plain, k.content)
	n := len(plain) - int(plain[len(plain)-1])
	if n < 0 {
		return nil, errPassphrase
	}
	if _, err := x509.ParsePKCS8PrivateKey(plain[:n]); err != nil {
		return nil, errPassphrase
	}
	return plain[:n], nil
}
