// Package securedicom makes and opens Secure DICOM Files (PS3.15, annex D.1), many at a time:
//
//	report, err := securedicom.Seal(ctx, host, securedicom.SealOptions{Output: "out", Certificates: []string{"hospital.pem"}}, []string{"study"})
//	report, err := securedicom.Open(ctx, host, securedicom.OpenOptions{Output: "back", Key: "me-key.pem"}, []string{"out"})
//
// It promises what package batch does: a file appears only when it is whole and, once opened, its signature or digest has been found right.
package securedicom

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/cipher/cms"
	"keygan/data/imagefile/dicom"
	"keygan/internal/atomicfile"
	"keygan/internal/boundedfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/listing"
	"keygan/internal/regularfile"
)

// Suffix ends the names of Secure DICOM Files, as it does those of other CMS files with encrypted content (RFC 8551).
const Suffix = ".p7m"

// isSecure reports whether a file is called as a Secure DICOM File is.
func isSecure(name string) bool { return strings.HasSuffix(strings.ToLower(name), Suffix) }

// public are the permissions of outputs, before the umask and what the input has.
const public = 0o666

// SealOptions say how DICOM files become Secure DICOM Files (PS3.15, annex D.1).
type SealOptions struct {
	Output          string   // the folder to write to
	Certificates    []string // files with certificates of those who can open the files
	SignCertificate string   // a file with the signer's certificate and, after it, those that issued it; "": files are digested only
	SignKey         string   // a file with the signer's private key
	OAEP            bool     // the keys are encrypted with RSA-OAEP
	Passphrase      *keyfile.Passphrases
	Force           bool // existing files are replaced
}

// Seal makes Secure DICOM Files of DICOM files, and of all below folders.
func Seal(ctx context.Context, host job.Host, o SealOptions, paths []string) (*job.Report, error) {
	if err := job.CheckFolder(o.Output); err != nil {
		return nil, err
	}
	seal, err := o.seal(ctx)
	if err != nil {
		return nil, err
	}
	inputs, leftOut, failed := job.Collect(paths, func(string) string { return "" })
	inputs = slices.DeleteFunc(inputs, func(in job.Input) bool {
		if in.Named || isPart10(in.Path) {
			return false
		}
		leftOut = append(leftOut, listing.LeftOut{Path: in.Path, Why: "not a DICOM file with preamble"})
		return true
	})
	if len(inputs)+len(failed) == 0 {
		return nil, errors.New("no DICOM files")
	}
	var jobs []job.Job
	for _, in := range inputs {
		out := filepath.Join(o.Output, in.Folder, filepath.Base(in.Path)+Suffix)
		jobs = append(jobs, job.Job{Input: in.Path, Outputs: []string{out}, Do: func(ctx context.Context) (string, error) {
			return "", o.write(ctx, &host, in.Path, out, seal)
		}})
	}
	protected := job.Protect(append(slices.Clone(o.Certificates), o.SignCertificate, o.SignKey, o.Passphrase.Path())...)
	return job.Run(ctx, host, job.Batch{
		Name: "dicom-secure", Jobs: jobs, Failed: failed, LeftOut: leftOut, Root: o.Output, Protected: protected, Force: o.Force,
		Workers: runtime.GOMAXPROCS(0),
	})
}

// seal reads the certificates and the signer's key.
func (o *SealOptions) seal(ctx context.Context) (seal cms.Options, err error) {
	seal.OAEP = o.OAEP
	now := time.Now()
	if len(o.Certificates) == 0 {
		return seal, failure.Hint(failure.Usagef("no certificate given"), "--cert FILE names the certificate of somebody who can open the files")
	}
	if (o.SignCertificate == "") != (o.SignKey == "") {
		return seal, failure.Usagef("--sign-cert and --sign-key belong together")
	}
	for _, path := range o.Certificates {
		all, err := readCertificates(path)
		if err != nil {
			return seal, err
		}
		if len(all) > 1 { // some may be those of its issuers, who shall not open the files
			return seal, failure.Hint(fmt.Errorf("%s: %d certificates in one file", path, len(all)), "--cert takes one, and may be repeated")
		}
		if err := cms.CheckRecipient(all[0], now); err != nil {
			return seal, fileerr.Named(path, err)
		}
		seal.Recipients = append(seal.Recipients, all[0])
	}
	if o.SignKey == "" {
		return seal, nil
	}
	defer o.Passphrase.Wipe()
	chain, err := readCertificates(o.SignCertificate)
	if err != nil {
		return seal, err
	}
	key, err := readPrivateKey(ctx, o.SignKey, o.Passphrase)
	if err != nil {
		return seal, err
	}
	seal.Signer = &cms.Signer{Key: key, Chain: chain, Signed: now}
	return seal, fileerr.Named(o.SignCertificate, cms.CheckSigner(chain[0], key, now))
}

func (o *SealOptions) write(ctx context.Context, host *job.Host, path, out string, seal cms.Options) error {
	f, err := regularfile.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil {
		err = checkPart10(f)
	}
	if err != nil {
		return fileerr.Named(path, err)
	}
	before := job.Snapshot{Path: path, Info: info}
	return writeInto(ctx, host, atomicfile.File{Path: out, Perm: public & info.Mode().Perm()}, path, o.Output, o.Force, func(w io.Writer) error {
		return before.Check(cms.Seal(w, job.UntilInterrupted{Ctx: ctx, R: f}, info.Size(), seal))
	})
}

// writeInto writes a file with write, whose errors are about the input at path unless they are those of the output.
func writeInto(ctx context.Context, host *job.Host, to atomicfile.File, path, root string, force bool, write func(io.Writer) error) error {
	var refused error
	to.Write = func(w io.Writer) error {
		out := &fileerr.Writer{W: w}
		err := write(out)
		if err != nil && out.Err == nil {
			refused = fileerr.Named(path, err)
		}
		return err
	}
	return cmp.Or(refused, host.Write(ctx, root, force, to))
}

// OpenOptions say how Secure DICOM Files are opened.
type OpenOptions struct {
	Output     string   // the folder to write to
	Key        string   // a file with the private key
	Trust      []string // files with certificates of signers, or of those who issued theirs; if there are any, only signed files are opened
	Passphrase *keyfile.Passphrases
	Force      bool // existing files are replaced
}

// Open opens Secure DICOM Files, and all below folders.
func Open(ctx context.Context, host job.Host, o OpenOptions, paths []string) (*job.Report, error) {
	if err := job.CheckFolder(o.Output); err != nil {
		return nil, err
	}
	if o.Key == "" {
		return nil, failure.Hint(failure.Usagef("no key given"), "--key FILE names the private key of a certificate that the files are for")
	}
	var trust *cms.Trust
	for _, path := range o.Trust {
		all, err := readCertificates(path)
		if err != nil {
			return nil, err
		}
		if trust == nil {
			trust = &cms.Trust{}
		}
		trust.Certificates = append(trust.Certificates, all...)
	}
	defer o.Passphrase.Wipe()
	key, err := readPrivateKey(ctx, o.Key, o.Passphrase)
	if err != nil {
		return nil, err
	}
	inputs, leftOut, failed := job.Collect(paths, func(name string) string {
		if isSecure(name) {
			return ""
		}
		return "not a Secure DICOM File: its name does not end in " + Suffix
	})
	var jobs []job.Job
	for _, in := range inputs {
		name := filepath.Base(in.Path)
		if plain := name[:max(0, len(name)-len(Suffix))]; isSecure(name) && strings.Trim(plain, ".") != "" {
			name = plain
		} else {
			name += ".dcm"
		}
		out := filepath.Join(o.Output, in.Folder, name)
		jobs = append(jobs, job.Job{Input: in.Path, Outputs: []string{out}, Do: func(ctx context.Context) (string, error) {
			return o.write(ctx, &host, in.Path, out, key, trust)
		}})
	}
	protected := job.Protect(append(slices.Clone(o.Trust), o.Key, o.Passphrase.Path())...)
	return job.Run(ctx, host, job.Batch{
		Name: "dicom-open", Jobs: jobs, Failed: failed, LeftOut: leftOut, Root: o.Output, Protected: protected, Force: o.Force,
		Workers: runtime.GOMAXPROCS(0),
	})
}

// write opens one file. The comment says who signed it.
func (o *OpenOptions) write(ctx context.Context, host *job.Host, path, out string, key *rsa.PrivateKey, trust *cms.Trust) (comment string, err error) {
	f, err := regularfile.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fileerr.Named(path, err)
	}
	var report *cms.Report
	err = writeInto(ctx, host, atomicfile.File{Path: out, Perm: public & info.Mode().Perm()}, path, o.Output, o.Force, func(w io.Writer) (err error) {
		report, err = cms.Open(w, interruptible{ctx, f}, info.Size(), key, trust, startsPart10)
		return err
	})
	untrusted := (*cms.UntrustedError)(nil)
	switch {
	case errors.Is(err, cms.ErrFormat):
		return "", failure.Hint(err, "it has to be in DER or BER; openssl cms writes that with -outform DER")
	case errors.Is(err, cms.ErrRefused):
		return "", failure.Hint(err, "is it the right key? --key names the private key of a certificate that the file was encrypted for")
	case errors.As(err, &untrusted):
		return "", failure.Hint(err, "--trust names the signer's certificate, or that of who issued it; without --trust anybody's files are opened")
	case err != nil:
		return "", err
	}
	return vouched(report, trust != nil), nil
}

// vouched says who vouches for a file.
func vouched(report *cms.Report, verified bool) string {
	if len(report.Signers) == 0 {
		return "not signed: anybody who has the certificate can have made it"
	}
	var names []string
	for _, c := range report.Signers {
		names = append(names, shortened(c.Subject.String()))
	}
	said := "signed by " + strings.Join(names, " and ")
	switch {
	case verified:
		return said + ", verified"
	case report.SHA1:
		return said + ", not verified: the signature rests on SHA-1"
	}
	return said + ", not verified: anybody can take that name; --trust verifies it"
}

// shortened is the beginning of a name that somebody else chose.
func shortened(name string) string {
	const most = 120
	if r := []rune(name); len(r) > most {
		return string(r[:most]) + "…"
	}
	return name
}

// interruptible is an open file that is read until the process is told to end.
type interruptible struct {
	ctx context.Context
	f   *os.File
}

func (i interruptible) ReadAt(p []byte, at int64) (int, error) {
	if i.ctx.Err() != nil {
		return 0, failure.ErrInterrupted
	}
	return i.f.ReadAt(p, at)
}

// startsPart10 reports whether a file begins as PS3.10 has it, by its first 132 bytes. A Secure DICOM File may hold no other.
func startsPart10(start []byte) bool {
	return dicom.Recognised(start) && len(start) >= 132 && bytes.Equal(start[128:132], []byte("DICM"))
}

func isPart10(path string) bool {
	f, err := regularfile.Open(path)
	if err != nil {
		return true // the error is told where the file is read
	}
	defer f.Close()
	return checkPart10(f) == nil
}

// checkPart10 looks at the beginning of an open file and leaves it to be read from there.
func checkPart10(f *os.File) error {
	start := make([]byte, 132)
	n, err := f.ReadAt(start, 0)
	switch {
	case err != nil && err != io.EOF:
		return err
	case startsPart10(start[:n]):
		return nil
	case dicom.Recognised(start[:n]):
		return failure.Hint(errors.New("a DICOM file without preamble, which a Secure DICOM File may not hold"), "dcmconv +F gives it one")
	}
	return failure.Hint(errors.New("not a DICOM file"), "keygan encrypt takes all kinds of files")
}

const maxCertificateFile = 1 << 20 // bytes

func readCertificates(path string) ([]*x509.Certificate, error) {
	b, err := boundedfile.Read(path, "a certificate", maxCertificateFile)
	if err != nil {
		return nil, err
	}
	all, err := cms.ParseCertificates(b)
	return all, fileerr.Named(path, err)
}

func readPrivateKey(ctx context.Context, path string, p *keyfile.Passphrases) (*rsa.PrivateKey, error) {
	b, err := boundedfile.Read(path, "a private key", maxCertificateFile)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	key, err := cms.ParseKey(b, func() ([]byte, error) { return p.Of(ctx, path) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}
