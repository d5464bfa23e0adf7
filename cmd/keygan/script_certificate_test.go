package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// certificate NAME [ISSUER|self] [expired|small|signs] writes NAME.key and NAME.pem, a certificate by an issuer that was made before.
func makeCertificate(ts *testscript.TestScript, _ bool, args []string) {
	name, options := args[0], strings.Join(args[1:], " ")
	bits := 2048
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name, Organization: []string{"Hospital"}},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if strings.Contains(options, "small") {
		bits = 1024
	}
	if strings.Contains(options, "expired") {
		template.NotAfter = time.Now().Add(-time.Hour)
	}
	if strings.Contains(options, "signs") {
		template.KeyUsage = x509.KeyUsageDigitalSignature
	}
	if strings.Contains(options, "self") {
		template.IsCA, template.BasicConstraintsValid = true, true
	}
	key, err := rsa.GenerateKey(rand.Reader, bits)
	ts.Check(err)
	issuer, issuerKey := template, any(key)
	if len(args) > 1 && args[1] != "self" {
		issuer, issuerKey = parsedCertificate(ts, args[1]+".pem"), parsedKey(ts, args[1]+".key")
	}
	b, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, issuerKey)
	ts.Check(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b}), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}

func decoded(ts *testscript.TestScript, path string) []byte {
	block, _ := pem.Decode([]byte(ts.ReadFile(path)))
	if block == nil {
		ts.Fatalf("%s: no PEM", path)
	}
	return block.Bytes
}

func parsedCertificate(ts *testscript.TestScript, path string) *x509.Certificate {
	c, err := x509.ParseCertificate(decoded(ts, path))
	ts.Check(err)
	return c
}

func parsedKey(ts *testscript.TestScript, path string) any {
	key, err := x509.ParsePKCS8PrivateKey(decoded(ts, path))
	ts.Check(err)
	return key
}
