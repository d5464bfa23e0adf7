package main

import (
	"fmt"

	"keygan/batch/keyfile"
	"keygan/cmd/internal/cli"

	"github.com/spf13/cobra"
)

func (a *app) keypairCommand() *cobra.Command {
	var o keyfile.KeypairOptions
	var asJSON bool
	c := &cobra.Command{
		Use:   "keypair -o FILE [-p]",
		Short: "Make an age identity, and print its recipient",
		Long: `Make a key pair of age, as age-keygen does. FILE gets the identity, which is secret, with mode 0600. It opens every key
file made for its recipient: keep it, and a copy of it, in safe places. The recipient is public. It is printed on standard error, and
stands in FILE as a comment.

  keygan keypair -o me.key

-p encrypts the identity under a passphrase, as age -p would. Commands that take it with -i then ask for the passphrase, once for any
number of key files. The comment in FILE is encrypted as well, so keep the recipient that is printed.`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			recipient, err := keyfile.Keypair(cmd.Context(), (&results{app: a}).host(), o)
			if err != nil {
				return err
			}
			if asJSON { // nothing in it is secret
				return cli.WriteJSON(a.Stdout, struct {
					Identity  string `json:"identity"` // the file
					Recipient string `json:"recipient"`
				}{o.Output, recipient})
			}
			fmt.Fprintln(a.Stdout, cli.Shown(o.Output))
			fmt.Fprintf(a.Stderr, "recipient: %s\n", recipient)
			return nil
		},
	}
	c.Flags().StringVarP(&o.Output, "output", "o", "", "the identity file to write")
	o.Passphrase = a.addPassphrase(c, "", "encrypt the identity under a passphrase")
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON object: the file and its recipient")
	cli.AddForce(c, &o.Force)
	return c
}

func (a *app) rekeyCommand() *cobra.Command {
	var o keyfile.RekeyOptions
	r := &results{app: a}
	c := &cobra.Command{
		Use:   "rekey KEYFILE... -i OLD | -p -r NEW | --new-passphrase",
		Short: "Encrypt key files to other recipients",
		Long: `Open key files (X.key.age) with an old identity and encrypt them anew, in their places, to the recipients given and to no
others. Cipher images stay as they are. -i names files with age identities or SSH private keys, -r age or SSH public keys; both may be
repeated. -p asks for the passphrase that opens the key files now, --new-passphrase for the one to encrypt them under.

  keygan rekey out/*.key.age -i me.key -r age1…

Without -i and -p, an unencrypted key file, X.key.json, becomes X.key.age beside it and is removed. What was in the clear may still be
found on the disk, and in backups.

rekey gives access. It takes none away: whoever could open a key file before and kept a copy of it still can.`,
		Args: cli.SomeArgs("key file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.finish(keyfile.Rekey(cmd.Context(), r.host(), o, args))
		},
	}
	c.Flags().StringArrayVarP(&o.Identities, "identity", "i", nil, "a file with identities that open the key files now; may be repeated")
	o.Passphrase = a.addPassphrase(c, "", "ask for the passphrase that opens the key files now")
	c.Flags().StringArrayVarP(&o.Recipients, "recipient", "r", nil, "who can open them then; may be repeated")
	r.addFlags(c)
	o.NewPassphrase = a.addPassphrase(c, "new-", "encrypt the key files under a new passphrase")
	return c
}
