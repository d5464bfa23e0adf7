package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"

	"keygan/cipher"
	"keygan/data"

	"github.com/spf13/cobra"
)

type decrypt struct {
	app      *app
	out, key string
	force    bool
}

func (a *app) decryptCommand() *cobra.Command {
	d := decrypt{app: a}
	c := &cobra.Command{
		Use:   "decrypt PATH... -o DIR [--key FILE]",
		Short: "Decrypt cipher images",
		Long: `Decrypt cipher images: X.cipher.png gives DIR/X.png. The key file is X.key.npz beside the cipher image, or the one that
--key names. Folders are walked for files named *.cipher.png and keep their tree. A cipher image that is not the one
its key file was made for is refused, and nothing is written.`,
		Args: someArgs("cipher image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if d.out == "" {
				return usageError{errNoOutput}
			}
			inputs, bad := collect(args, cipherImage)
			if d.key != "" && len(inputs) > 1 {
				return usagef("decrypt: --key is the key file of one image, and there are %d", len(inputs))
			}
			jobs := make([]job, len(inputs))
			for i, in := range inputs {
				jobs[i] = d.job(in)
			}
			return a.run(cmd.Context(), batch{what: "decrypt", jobs: jobs, bad: bad, force: d.force, workers: runtime.GOMAXPROCS(0)})
		},
	}
	c.Flags().StringVarP(&d.out, "output", "o", "", "the folder to write to")
	c.Flags().StringVar(&d.key, "key", "", "the key file; default: X.key.npz beside X.cipher.png")
	addForce(c, &d.force)
	return c
}

func (d *decrypt) job(in input) job {
	out := filepath.Join(d.out, in.folder, stem(in.path)+".png")
	return job{in.path, []string{out}, func(ctx context.Context) error { return d.make(ctx, in.path, out) }}
}

func (d *decrypt) make(ctx context.Context, path, out string) error {
	keyFile, err := readKeyFile(path, d.key)
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

// readKeyFile reads the key file at key, or if that is empty the one beside the cipher image.
func readKeyFile(path, key string) (*cipher.KeyFile, error) {
	if key == "" {
		key = keyFileBeside(path)
	}
	k, err := cipher.ReadKeyFile(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hinted{fmt.Errorf("%s: its key file is not there: %w", path, err), "--key FILE names a key file that lies elsewhere"}
	}
	return k, err
}

func keyFileBeside(path string) string {
	return filepath.Join(filepath.Dir(path), stem(path)+keyFileSuffix)
}
