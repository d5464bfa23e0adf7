package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"keygan/cipher"
	"keygan/data/atomicfile"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

func (a *app) rekeyCommand() *cobra.Command {
	var old, next []string
	c := &cobra.Command{
		Use:   "rekey KEYFILE... -i OLD -r NEW",
		Short: "Encrypt key files to other recipients",
		Long: `Open key files (X.key.age) with an old identity and encrypt them anew, in their places, to the recipients given and to no others.
Cipher images stay as they are. -i names files with age identities or SSH private keys, -r age or SSH public keys; both may be repeated.

This gives access. It takes none away: whoever could open a key file before and kept a copy of it still can.`,
		Args: someArgs("key file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(old) == 0:
				return hinted{usagef("rekey: no identity given"), "-i FILE names the identity that opens the key files now"}
			case len(next) == 0:
				return hinted{usagef("rekey: no recipient given"), "-r RECIPIENT names whom to encrypt them to"}
			}
			recipients, err := parseRecipients(next)
			if err != nil {
				return fmt.Errorf("rekey: %w", err)
			}
			identities, err := readIdentities(old)
			if err != nil {
				return fmt.Errorf("rekey: %w", err)
			}
			failed := &failures{what: "rekey", inputs: len(args)}
			for _, path := range args {
				if err := a.rekey(cmd.Context(), path, identities, recipients); err != nil {
					failed.errs = append(failed.errs, fmt.Errorf("rekey: %w", err))
					continue
				}
				fmt.Fprintln(a.stdout, path)
			}
			if len(failed.errs) > 0 {
				return failed
			}
			return nil
		},
	}
	c.Flags().StringArrayVarP(&old, "identity", "i", nil, "a file with identities that open the key files now")
	c.Flags().StringArrayVarP(&next, "recipient", "r", nil, "a recipient to encrypt them to")
	return c
}

// rekey replaces one key file. A link stays a link: the file that it leads to is replaced.
func (a *app) rekey(ctx context.Context, path string, old []age.Identity, next []age.Recipient) error {
	info, err := os.Stat(path)
	if err != nil {
		return named(path, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: not a regular file", path)
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return named(path, err)
	}
	f, err := os.Open(target)
	if err != nil {
		return named(path, err)
	}
	defer f.Close()
	var b bytes.Buffer
	if err := cipher.Rekey(&b, f, old, next); err != nil {
		err = named(path, err)
		if errors.Is(err, cipher.ErrRefused) {
			err = hinted{err, "-i names an identity that the key file was made for"}
		}
		return err
	}
	write := func(w io.Writer) error {
		_, err := b.WriteTo(w)
		return err
	}
	return a.write(ctx, true, atomicfile.File{Path: target, Perm: secret, Write: write})
}
