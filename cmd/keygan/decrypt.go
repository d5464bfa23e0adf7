package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"keygan/cipher"
	"keygan/data"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

type decrypt struct {
	app      *app
	out, key string
	force    bool

	identityFiles []string
	passphrase    passphrases
	identities    []age.Identity
}

func (a *app) decryptCommand() *cobra.Command {
	d := decrypt{app: a, passphrase: passphrases{app: a}}
	c := &cobra.Command{
		Use:   "decrypt PATH... -o DIR -i IDENTITYFILE [-i ...] | -p [--key FILE]",
		Short: "Decrypt cipher images",
		Long: `Decrypt cipher images: X.cipher.png gives DIR/X.png, or the file that it was made from under its own name. The key file is
X.key.age beside the cipher image, which an identity opens that -i names: a file made by keygan keypair or age-keygen, or an
SSH private key. -p asks for the passphrase, once, of key files that are encrypted under one. Identities and SSH keys that have
passphrases of their own are asked for, too; --passphrase-file answers in the place of the terminal. X.key.json, an unencrypted
key file, is taken if no identity and no passphrase is given. For the research schemes the key file is X.key.npz, and needs no
identity. --key names a key file that lies elsewhere.
Folders are walked for files named *.cipher.png and keep their tree. A cipher image that is not the one its key file was
made for is refused, and nothing is written.`,
		Args: someArgs("cipher image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if d.out == "" {
				return usageError{errNoOutput}
			}
			var err error
			defer d.passphrase.wipe()
			if d.identities, err = d.passphrase.identities(cmd.Context(), d.identityFiles); err != nil {
				return fmt.Errorf("decrypt: %w", err)
			}
			inputs, bad := collect(args, cipherImage)
			if d.key != "" && len(inputs) > 1 {
				return usagef("decrypt: --key is the key file of one image, and there are %d", len(inputs))
			}
			var jobs []job
			for _, in := range inputs {
				j, err := d.job(in)
				if err != nil {
					bad = append(bad, err)
					continue
				}
				jobs = append(jobs, j)
			}
			return a.run(cmd.Context(), batch{what: "decrypt", jobs: jobs, bad: bad, force: d.force, workers: runtime.GOMAXPROCS(0)})
		},
	}
	c.Flags().StringVarP(&d.out, "output", "o", "", "the folder to write to")
	c.Flags().StringVar(&d.key, "key", "", "the key file; default: X.key.age, X.key.json or X.key.npz beside X.cipher.png")
	c.Flags().StringArrayVarP(&d.identityFiles, "identity", "i", nil, "a file with identities that open key files; may be repeated")
	d.passphrase.addFlags(c, "", "ask for the passphrase of the key files")
	addForce(c, &d.force)
	return c
}

func (d *decrypt) job(in input) (job, error) {
	keyFile, err := findKeyFile(in.path, d.key)
	if err != nil {
		return job{}, err
	}
	if isSealed(keyFile) {
		return d.sealedJob(in, keyFile)
	}
	out := filepath.Join(d.out, in.folder, stem(in.path)+".png")
	return job{in.path, []string{out}, func(ctx context.Context) error { return d.make(ctx, in.path, keyFile, out) }}, nil
}

func (d *decrypt) make(ctx context.Context, path, key, out string) error {
	keyFile, err := cipher.ReadKeyFile(key)
	if err != nil {
		return err
	}
	secretImage, err := data.ReadImage(path)
	if err != nil {
		return err
	}
	plain, err := cipher.Decrypt(secretImage, keyFile)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return d.app.write(ctx, d.force, pngOutput(out, public, plain))
}

// findKeyFile is the key file named, or if that is empty the one beside the cipher image. There must be one, and not two.
func findKeyFile(path, named string) (string, error) {
	if named != "" {
		if !exists(named) {
			return "", missingKeyFile(path, named)
		}
		return named, nil
	}
	var all, there []string
	for _, suffix := range []string{sealedKeySuffix, plainKeySuffix, keyFileSuffix} {
		beside := keyFileBeside(path, suffix)
		all = append(all, beside)
		if exists(beside) {
			there = append(there, beside)
		}
	}
	switch len(there) {
	case 0:
		return "", missingKeyFile(path, fmt.Sprintf("%s, %s or %s", all[0], all[1], all[2]))
	case 1:
		return there[0], nil
	}
	return "", hinted{fmt.Errorf("%s: both %s are there", path, strings.Join(there, " and ")), "--key FILE names the one that belongs to it"}
}

func missingKeyFile(path, key string) error {
	return hinted{fmt.Errorf("%s: its key file is not there: %s", path, key), "--key FILE names a key file that lies elsewhere"}
}

func keyFileBeside(path, suffix string) string {
	return filepath.Join(filepath.Dir(path), stem(path)+suffix)
}
