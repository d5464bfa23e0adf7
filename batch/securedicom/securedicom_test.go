package securedicom

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"keygan/batch/job"
	"keygan/cipher/cms"
)

// onceAsked is a context that does something when it is asked for its error, as those who read a file in pieces do before each.
type onceAsked struct {
	context.Context
	asked int
	do    func()
}

func (o *onceAsked) Err() error {
	if o.asked++; o.asked == 3 { // when part of the file has been read
		o.do()
	}
	return nil
}

// A DICOM file that is written to while it is read would be sealed half old, half new. It is refused.
func TestSealRefusesChangedFile(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{Subject: pkix.Name{CommonName: "me"}},
		&key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte{1}, 1<<18)
	copy(content[128:], "DICM\x02\x00\x00\x00UL\x04\x00")
	for _, changed := range []bool{false, true} {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "a.dcm"), filepath.Join(dir, "a.dcm.p7m")
		if err := os.WriteFile(in, content, 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-time.Hour)
		if err := os.Chtimes(in, then, then); err != nil {
			t.Fatal(err)
		}
		ctx := &onceAsked{Context: t.Context(), do: func() {
			if !changed {
				return
			}
			if err := os.WriteFile(in, bytes.Repeat([]byte{2}, len(content)), 0o600); err != nil {
				t.Error(err)
			}
		}}
		o := SealOptions{Output: dir}
		err := o.write(ctx, &job.Host{}, in, out, cms.Options{Recipients: []*x509.Certificate{certificate}})
		_, missing := os.Stat(out)
		if (err != nil) != changed || (missing != nil) != changed || ctx.asked < 4 {
			t.Errorf("changed %v: error %v, output %v, asked %d times", changed, err, missing, ctx.asked)
		}
	}
}
