package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"keygan/cipher/sealed"
	"keygan/internal/atomicfile"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

func (a *app) rekeyCommand() *cobra.Command {
	var old, next []string
	var l resultList
	was, will := passphrases{app: a}, passphrases{app: a}
	c := &cobra.Command{
		Use:   "rekey KEYFILE... -i OLD | -p -r NEW | --new-passphrase",
		Short: "Encrypt key files to other recipients",
		Long: `Open key files (X.key.age) with an old identity and encrypt them anew, in their places, to the recipients given and to no others.
Cipher images stay as they are. -i names files with age identities or SSH private keys, -r age or SSH public keys; both may be repeated.
-p asks for the passphrase that opens the key files now, --new-passphrase for the one to encrypt them under.

Without -i and -p, an unencrypted key file, X.key.json, becomes X.key.age beside it and is removed. What was in the clear may still be
found on the disk, and in backups.

This gives access. It takes none away: whoever could open a key file before and kept a copy of it still can.`,
		Args: someArgs("key file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(old) == 0 && !was.wanted() && !slices.ContainsFunc(args, isUnencrypted):
				return hinted{usagef("rekey: no identity given"), "-i FILE names the identity that opens the key files now, -p asks for a passphrase"}
			case len(next) == 0 && !will.wanted():
				return hinted{usagef("rekey: no recipient given"), "-r RECIPIENT names whom to encrypt them to, --new-passphrase asks for a passphrase"}
			case len(next) > 0 && will.wanted():
				return usagef("rekey: a passphrase opens key files by itself alone, so -r and --new-passphrase do not go together")
			}
			recipients, err := parseRecipients(next)
			if err != nil {
				return fmt.Errorf("rekey: %w", err)
			}
			defer was.wipe()
			identities, err := was.identities(cmd.Context(), old)
			if err != nil {
				return fmt.Errorf("rekey: %w", err)
			}
			if will.wanted() {
				defer will.wipe()
				r, err := will.recipient(cmd.Context(), "the key files")
				if err != nil {
					return fmt.Errorf("rekey: %w", err)
				}
				recipients = []age.Recipient{r}
			}
			failed, rec := &failures{what: "rekey", inputs: len(args)}, newRecord("rekey")
			for _, path := range args {
				written, err := a.rekey(cmd.Context(), path, identities, recipients)
				if err != nil {
					failed.errs = append(failed.errs, fmt.Errorf("rekey: %w", err))
					rec.fail(path, err)
					continue
				}
				l.print(a.stdout, []string{written}, "")
				rec.Done = append(rec.Done, doneRecord{path, []string{written}, ""})
			}
			if l.json {
				if err := writeJSON(a.stdout, rec); err != nil {
					return err
				}
			}
			if len(failed.errs) > 0 {
				return failed
			}
			return nil
		},
	}
	c.Flags().StringArrayVarP(&old, "identity", "i", nil, "a file with identities that open the key files now; may be repeated")
	was.addFlags(c, "", "ask for the passphrase that opens the key files now")
	c.Flags().StringArrayVarP(&next, "recipient", "r", nil, "who can open them then; may be repeated")
	l.addFlags(c)
	will.addFlags(c, "new-", "encrypt the key files under a new passphrase")
	return c
}

// rekey replaces one key file, and returns the path of the new one. A link stays a link: the file that it leads to is replaced.
func (a *app) rekey(ctx context.Context, path string, old []age.Identity, next []age.Recipient) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", named(path, err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s: not a regular file", path)
	}
	if spares := atomicfile.Spares(path); len(spares) > 0 {
		return "", hinted{fmt.Errorf("%s: a killed encrypt --force left %s beside it, and one of them opens the cipher image", path, strings.Join(spares, ", ")),
			"keygan encrypt --force makes the pair again; or keep only the one that keygan decrypt --key opens it with"}
	}
	k, err := readSealedKey(path, old)
	if err != nil {
		if errors.Is(err, sealed.ErrRefused) {
			err = hinted{err, "-i names an identity that the key file was made for, -p asks for its passphrase"}
		}
		return "", err
	}
	defer k.Wipe()
	var b bytes.Buffer
	if err := k.Encrypt(&b, next...); err != nil {
		return "", named(path, err)
	}
	if stem, is := strings.CutSuffix(path, plainKeySuffix); is && isUnencrypted(path) {
		link, err := os.Lstat(path)
		if err != nil || !link.Mode().IsRegular() || !os.SameFile(link, info) { // and what it leads to would stay in the clear
			return "", fmt.Errorf("%s: a link to an unencrypted key file; rekey takes the file itself", path)
		}
		return a.encryptKeyFile(ctx, path, info, stem+sealedKeySuffix, b.Bytes())
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", named(path, err)
	}
	return path, a.write(ctx, "", true, bytesOutput(target, secret, b.Bytes()))
}

// encryptKeyFile writes a key file and then removes the unencrypted one that it was made of.
func (a *app) encryptKeyFile(ctx context.Context, from string, info os.FileInfo, to string, content []byte) (string, error) {
	if err := a.write(ctx, "", false, bytesOutput(to, secret, content)); err != nil {
		if errors.Is(err, atomicfile.ErrExists) {
			err = hinted{err, "move it away first; rekey replaces no other key file"}
		}
		return "", err
	}
	if err := atomicfile.Remove(from, info); err != nil {
		return "", fmt.Errorf("%s is written, but the unencrypted key file is still there: %w", to, err)
	}
	return to, nil
}
