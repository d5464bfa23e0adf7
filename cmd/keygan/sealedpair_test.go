package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"keygan/batch/job"
	"keygan/cipher/agekeys"
	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	"keygan/data/raster"

	"filippo.io/age"
)

// runHere runs keygan in this process, which takes a hundredth of the time of starting the program, and returns all that it prints and
// its exit code.
func runHere(t *testing.T, args ...string) (printed string, code int) {
	t.Helper()
	var out bytes.Buffer
	a := newTestApp(&out, &out)
	code = a.Run(t.Context(), a.command(), args...)
	return out.String(), code
}

func newTestApp(stdout, stderr io.Writer) *app {
	a := newApp()
	a.Stdout, a.Stderr = stdout, stderr
	return a
}

// sealedPair is a cipher image in a folder, its key, and an identity for key files.
type sealedPair struct {
	t         *testing.T
	folder    string
	plain     *raster.Image
	image     *raster.Image // the cipher image
	key       *sealed.Key
	identity  string // the path of an identity file
	recipient age.Recipient
}

func newSealedPair(t *testing.T) *sealedPair {
	t.Helper()
	p := &sealedPair{t: t, folder: t.TempDir(), plain: raster.NewImage(9, 7, 2, 8)}
	for i := range p.plain.Pix {
		p.plain.Pix[i] = byte(i * i)
	}
	file, public, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.identity = p.write("me", file)
	if p.recipient, err = agekeys.ParseRecipient(public); err != nil {
		t.Fatal(err)
	}
	p.image, p.key = p.seal()
	p.writeImage(p.image)
	return p
}

// seal encrypts the image; each time gives another pair.
func (p *sealedPair) seal() (*raster.Image, *sealed.Key) {
	p.t.Helper()
	m, k, err := sealed.SealImage(p.plain, sealed.Options{Name: "scan.png"})
	if err != nil {
		p.t.Fatal(err)
	}
	return m, k
}

func (p *sealedPair) path(name string) string { return filepath.Join(p.folder, name) }

func (p *sealedPair) write(name string, b []byte) string {
	p.t.Helper()
	if err := os.WriteFile(p.path(name), b, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return p.path(name)
}

func (p *sealedPair) writeImage(m *raster.Image) {
	p.t.Helper()
	if err := imagefile.WritePNG(p.path("scan.cipher.png"), m, true); err != nil {
		p.t.Fatal(err)
	}
}

// encrypt is what age makes of the plaintext of a key file.
func (p *sealedPair) encrypt(plain []byte) []byte {
	p.t.Helper()
	var b bytes.Buffer
	if err := agekeys.Encrypt(&b, plain, p.recipient); err != nil {
		p.t.Fatal(err)
	}
	return b.Bytes()
}

// decrypt runs keygan decrypt on the pair with what is a key file now.
func (p *sealedPair) decrypt(keyFile []byte) (printed string, code int) {
	p.t.Helper()
	return runHere(p.t, "decrypt", p.path("scan.cipher.png"), "--key", p.write("scan.key.age", keyFile), "-i", p.identity, "-o", p.path("back"))
}

// refuses checks that a key file ends with want on standard error, and that nothing was written.
func (p *sealedPair) refuses(what string, keyFile []byte, want string) {
	p.t.Helper()
	printed, code := p.decrypt(keyFile)
	if code != 1 || printed != want {
		p.t.Errorf("%s: exit code %d, printed %q, want %q", what, code, printed, want)
	}
	if job.Exists(p.path("back")) {
		p.t.Fatalf("%s: something was written", what)
	}
}

// opens checks that a key file opens the image, and takes away what was written.
func (p *sealedPair) opens(what string, keyFile []byte) {
	p.t.Helper()
	printed, code := p.decrypt(keyFile)
	back, err := imagefile.ReadImage(p.path("back/scan.png"))
	if code != 0 || err != nil || !bytes.Equal(back.Pix, p.plain.Pix) || back.String() != p.plain.String() {
		p.t.Fatalf("%s: exit code %d, error %v, printed %q", what, code, err, printed)
	}
	if err := os.RemoveAll(p.path("back")); err != nil {
		p.t.Fatal(err)
	}
}
