package main

import (
	"fmt"
	"io"
	"time"

	"keygan/cipher"
	"keygan/data/atomicfile"

	"github.com/spf13/cobra"
)

func (a *app) keypairCommand() *cobra.Command {
	var out string
	var force bool
	c := &cobra.Command{
		Use:   "keypair -o FILE",
		Short: "Make an age identity, and say its recipient",
		Long: `Make a key pair of age, as age-keygen does. FILE gets the identity, which is secret, with mode 0600: it opens every key file made
for its recipient, so keep it, and a copy of it, in safe places. The recipient, which everybody may know, is a comment in
FILE and is printed on standard error.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return hinted{usagef("keypair: no output file given"), "keygan keypair -o FILE"}
			}
			identity, recipient, err := cipher.NewIdentity(time.Now())
			if err != nil {
				return fmt.Errorf("keypair: %w", err)
			}
			defer clear(identity)
			write := func(w io.Writer) error {
				_, err := w.Write(identity)
				return err
			}
			if err := a.write(cmd.Context(), force, atomicfile.File{Path: out, Perm: secret, Write: write}); err != nil {
				return fmt.Errorf("keypair: %w", err)
			}
			fmt.Fprintln(a.stdout, out)
			fmt.Fprintf(a.stderr, "recipient: %s\n", recipient)
			return nil
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the identity file to write")
	addForce(c, &force)
	return c
}
