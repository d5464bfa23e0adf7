package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"keygan/cipher/agekeys"

	"github.com/spf13/cobra"
)

func (a *app) keypairCommand() *cobra.Command {
	var out string
	var force, asJSON bool
	passphrase := passphrases{app: a}
	c := &cobra.Command{
		Use:   "keypair -o FILE [-p]",
		Short: "Make an age identity, and say its recipient",
		Long: `Make a key pair of age, as age-keygen does. FILE gets the identity, which is secret, with mode 0600: it opens every key file made
for its recipient, so keep it, and a copy of it, in safe places. The recipient, which everybody may know, is a comment in
FILE and is printed on standard error.

-p encrypts the identity under a passphrase, as age -p would: commands that take it with -i then ask for it, once for any number of
key files. The comment in FILE is encrypted, too, so keep the recipient that is printed.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return hinted{usagef("keypair: no output file given"), "keygan keypair -o FILE"}
			}
			identity, recipient, err := agekeys.NewIdentity(time.Now())
			if err != nil {
				return fmt.Errorf("keypair: %w", err)
			}
			defer clear(identity)
			file := identity
			if passphrase.wanted() {
				if file, err = passphrase.encryptIdentity(cmd.Context(), identity); err != nil {
					return fmt.Errorf("keypair: %w", err)
				}
			}
			if err := a.write(cmd.Context(), "", force, bytesOutput(out, secret, file)); err != nil {
				return fmt.Errorf("keypair: %w", err)
			}
			if asJSON {
				return writeJSON(a.stdout, keypairRecord{out, recipient})
			}
			fmt.Fprintln(a.stdout, shown(out))
			fmt.Fprintf(a.stderr, "recipient: %s\n", recipient)
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the identity file to write")
	passphrase.addFlags(c, "", "encrypt the identity under a passphrase")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object: the file and its recipient")
	addForce(c, &force)
	return c
}

// keypairRecord is what --json prints. Nothing in it is secret.
type keypairRecord struct {
	Identity  string `json:"identity"` // the file
	Recipient string `json:"recipient"`
}

func (p *passphrases) encryptIdentity(ctx context.Context, identity []byte) ([]byte, error) {
	defer p.wipe()
	r, err := p.recipient(ctx, "the identity")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = agekeys.EncryptIdentity(&b, identity, r)
	return b.Bytes(), err
}
