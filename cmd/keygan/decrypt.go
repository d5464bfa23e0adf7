package main

import (
	"keygan/batch"
	"keygan/cmd/internal/cli"

	"github.com/spf13/cobra"
)

const decryptHelp = `Decrypt cipher images. What was encrypted comes back under its own name, which the key file holds: a file byte for
byte with its modification time, pixels as a PNG. If the cipher image has another name, the line that lists the file says so;
--keep-outer-name keeps the cipher image's name instead. A hidden name (.name) gets an underscore in front.

  keygan decrypt out/scan.png.cipher.png -o back -i me.key
  keygan decrypt out -o back -p

The key file is X.key.age beside X.cipher.png; --key names one that lies elsewhere. An identity opens it. -i names a file made by
keygan keypair or age-keygen, or an SSH private key (- is standard input). -p asks once for the passphrase of key files that are
encrypted under one. keygan asks for the passphrases of identities and SSH keys; --passphrase-file answers instead of the terminal.
decrypt takes X.key.json, an unencrypted key file, only without -i and -p.

Folders are walked for files named *.cipher.png and keep their tree. A cipher image that does not belong to its key file is refused.
A file appears only when all of it is authenticated.

-o - writes one file to standard output, piece by piece, each as soon as it is authenticated. If the end was cut off, keygan
fails after it has written the beginning. - as the input is standard input, and needs --key.

--resume skips what is done already: it opens each cipher image and compares the content with the existing file. A file
that differs is a failure, and is replaced only with --force. The files that -i and --passphrase-file name are never replaced.

decrypt opens cipher images of a research scheme only if --scheme names the scheme. Anybody can make them, with any content.

` + shardHelp + "\nA cipher image is in another part than its input."

func (a *app) decryptCommand() *cobra.Command {
	var o batch.DecryptOptions
	r := &results{app: a, summed: true}
	c := &cobra.Command{
		Use:   "decrypt PATH... -o DIR -i IDENTITYFILE [-i ...] | -p [--key FILE] [--resume] [--shard i/n]",
		Short: "Decrypt cipher images",
		Long:  decryptHelp,
		Args:  cli.SomeArgs("cipher image"),
	}
	shard := addShard(c)
	c.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if o.Shard, err = shard(); err != nil {
			return err
		}
		o.Given = cmd.Flags().Changed
		return r.finish(batch.Decrypt(cmd.Context(), r.host(), o, args))
	}
	c.Flags().StringVarP(&o.Output, "output", "o", "", "the folder to write to, or - for standard output")
	c.Flags().StringVar(&o.KeyFile, "key", "", "the key file; default: X.key.age or X.key.json beside X.cipher.png")
	addScheme(c, &o.Scheme)
	c.Flags().BoolVar(&o.KeepOuterName, "keep-outer-name", false, "name outputs after the cipher images")
	c.Flags().StringArrayVarP(&o.Identities, "identity", "i", nil, "a file with identities that open key files, or -; may be repeated")
	o.Passphrase = a.addPassphrase(c, "", "ask for the passphrase of the key files")
	r.addFlags(c)
	cli.AddForce(c, &o.Force)
	c.Flags().BoolVar(&o.Resume, "resume", false, "skip what is done already and verified")
	return c
}
