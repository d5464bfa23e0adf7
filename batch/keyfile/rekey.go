package keyfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"keygan/batch/job"
	"keygan/cipher/agekeys"
	"keygan/cipher/sealed"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"

	"filippo.io/age"
)

// RekeyOptions say who opens key files now and who will.
type RekeyOptions struct {
	Identities    []string     // files with identities that open the key files now
	Passphrase    *Passphrases // the same
	Recipients    []string     // as ParseRecipients takes them
	NewPassphrase *Passphrases // in place of recipients
}

// Rekey re-encrypts key files for new recipients, each in its place. An unencrypted one, X.key.json, is replaced by X.key.age.
func Rekey(ctx context.Context, host job.Host, o RekeyOptions, paths []string) (*job.Report, error) {
	switch {
	case len(o.Identities) == 0 && !o.Passphrase.Wanted() && !slices.ContainsFunc(paths, IsUnencrypted):
		return nil, failure.Hint(failure.Usagef("no identity given"),
			"-i FILE names the identity that opens the key files now, -p asks for a passphrase")
	case len(o.Recipients) == 0 && !o.NewPassphrase.Wanted():
		return nil, failure.Hint(failure.Usagef("no recipient given"),
			"-r RECIPIENT names who can open the key files from now on, --new-passphrase asks for a passphrase")
	case len(o.Recipients) > 0 && o.NewPassphrase.Wanted():
		return nil, failure.Usagef("a key file with a passphrase has no other recipient, so -r and --new-passphrase cannot be combined")
	}
	recipients, err := ParseRecipients(o.Recipients)
	if err != nil {
		return nil, err
	}
	defer o.Passphrase.Wipe()
	identities, err := o.Passphrase.Identities(ctx, o.Identities)
	if err != nil {
		return nil, err
	}
	if o.NewPassphrase.Wanted() {
		defer o.NewPassphrase.Wipe()
		r, _, err := o.NewPassphrase.New(ctx, "the key files")
		if err != nil {
			return nil, err
		}
		recipients = []age.Recipient{r}
	}
	report := job.NewReport("rekey")
	for _, path := range paths {
		written, err := rekey(ctx, &host, path, identities, recipients)
		if err != nil {
			report.Fail(job.Failed{Input: path, Err: err})
			continue
		}
		if host.Written != nil {
			host.Written([]string{written}, "")
		}
		report.Done = append(report.Done, job.Done{Input: path, Outputs: []string{written}})
	}
	return report, nil
}

// rekey replaces one key file, and returns the path of the new one. A link stays a link: the file that it leads to is replaced.
func rekey(ctx context.Context, host *job.Host, path string, old []age.Identity, next []age.Recipient) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fileerr.Named(path, err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s: not a regular file", path)
	}
	if spares := atomicfile.Spares(path); len(spares) > 0 {
		return "", failure.Hint(fmt.Errorf("%s: a killed encrypt --force left %s beside it, and one of them opens the cipher image",
			path, strings.Join(spares, ", ")),
			"keygan encrypt --force makes the pair again; or keep only the one that keygan decrypt --key opens it with")
	}
	k, err := Read(path, old)
	if err != nil {
		if errors.Is(err, sealed.ErrRefused) {
			err = failure.Hint(err, "-i names an identity that the key file was made for, -p asks for its passphrase")
		}
		return "", err
	}
	defer k.Wipe()
	var b bytes.Buffer
	if err := k.Encrypt(&b, next...); err != nil {
		return "", fileerr.Named(path, err)
	}
	if stem, is := strings.CutSuffix(path, PlainSuffix); is && IsUnencrypted(path) {
		link, err := os.Lstat(path)
		if err != nil || !link.Mode().IsRegular() || !os.SameFile(link, info) { // the file that it leads to would stay in the clear
			return "", fmt.Errorf("%s: a link to an unencrypted key file; rekey takes the file itself", path)
		}
		to := stem + Suffix
		if err := host.Write(ctx, "", false, secretFile(to, b.Bytes())); err != nil {
			if errors.Is(err, atomicfile.ErrExists) {
				err = failure.Hint(err, "move it away first; rekey replaces no other key file")
			}
			return "", err
		}
		if err := atomicfile.Remove(path, info); err != nil {
			return "", fmt.Errorf("%s is written, but the unencrypted key file is still there: %w", to, err)
		}
		return to, nil
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fileerr.Named(path, err)
	}
	return path, host.Write(ctx, "", true, secretFile(target, b.Bytes()))
}

// KeypairOptions say where a new identity goes.
type KeypairOptions struct {
	Output     string
	Passphrase *Passphrases // that the identity is encrypted under
	Force      bool         // an existing file is replaced
}

// Keypair makes an age identity and returns its recipient.
func Keypair(ctx context.Context, host job.Host, o KeypairOptions) (recipient string, err error) {
	if o.Output == "" {
		return "", failure.Hint(failure.Usagef("no output file given"), "keygan keypair -o FILE")
	}
	identity, recipient, err := agekeys.NewIdentity(time.Now())
	if err != nil {
		return "", err
	}
	defer clear(identity)
	content := identity
	if o.Passphrase.Wanted() {
		defer o.Passphrase.Wipe()
		r, _, err := o.Passphrase.New(ctx, "the identity")
		if err != nil {
			return "", err
		}
		var b bytes.Buffer
		if err := agekeys.Encrypt(&b, identity, r); err != nil {
			return "", err
		}
		content = b.Bytes()
	}
	return recipient, host.Write(ctx, "", o.Force, secretFile(o.Output, content))
}

func secretFile(path string, content []byte) atomicfile.File {
	return atomicfile.File{Path: path, Perm: 0o600, Write: func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}}
}
