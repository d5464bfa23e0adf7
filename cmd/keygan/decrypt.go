package main

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"

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
	identities    []age.Identity
}

func (a *app) decryptCommand() *cobra.Command {
	d := decrypt{app: a}
	c := &cobra.Command{
		Use:   "decrypt PATH... -o DIR -i IDENTITYFILE [-i ...] [--key FILE]",
		Short: "Decrypt cipher images",
		Long: `Decrypt cipher images: X.cipher.png gives DIR/X.png, or the file that it was made from under its own name. The key file is
X.key.age beside the cipher image, which an identity opens that -i names: a file made by keygan keypair or age-keygen, or an
SSH private key. For the research schemes it is X.key.npz, and needs no identity. --key names a key file that lies elsewhere.
Folders are walked for files named *.cipher.png and keep their tree. A cipher image that is not the one its key file was
made for is refused, and nothing is written.`,
		Args: someArgs("cipher image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if d.out == "" {
				return usageError{errNoOutput}
			}
			var err error
			if d.identities, err = readIdentities(d.identityFiles); err != nil {
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
	c.Flags().StringVar(&d.key, "key", "", "the key file; default: X.key.age or X.key.npz beside X.cipher.png")
	c.Flags().StringArrayVarP(&d.identityFiles, "identity", "i", nil, "a file with identities that open key files; may be repeated")
	addForce(c, &d.force)
	return c
}

func (d *decrypt) job(in input) (job, error) {
	keyFile, err := findKeyFile(in.path, d.key)
	if err != nil {
		return job{}, err
	}
	if isAge(keyFile) {
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
	sealed, open := keyFileBeside(path, sealedKeySuffix), keyFileBeside(path, keyFileSuffix)
	switch {
	case exists(sealed) && exists(open):
		return "", hinted{fmt.Errorf("%s: both %s and %s are there", path, sealed, open), "--key FILE names the one that belongs to it"}
	case exists(sealed):
		return sealed, nil
	case exists(open):
		return open, nil
	}
	return "", missingKeyFile(path, sealed+" or "+open)
}

func missingKeyFile(path, key string) error {
	return hinted{fmt.Errorf("%s: its key file is not there: %s", path, key), "--key FILE names a key file that lies elsewhere"}
}

func keyFileBeside(path, suffix string) string {
	return filepath.Join(filepath.Dir(path), stem(path)+suffix)
}
