package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"keygan/cipher"
	"keygan/data"
	"keygan/data/atomicfile"

	"filippo.io/age"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

type decrypt struct {
	app      *app
	out, key string

	force, resume bool
	shard         shard

	identityFiles []string
	passphrase    passphrases
	identities    []age.Identity
}

func (a *app) decryptCommand() *cobra.Command {
	d := decrypt{app: a, passphrase: passphrases{app: a}}
	c := &cobra.Command{
		Use:   "decrypt PATH... -o DIR -i IDENTITYFILE [-i ...] | -p [--key FILE] [--resume] [--shard i/n]",
		Short: "Decrypt cipher images",
		Long: `Decrypt cipher images: X.cipher.png gives DIR/X.png, or the file that it was made from under its own name. The key file is
X.key.age beside the cipher image, which an identity opens that -i names: a file made by keygan keypair or age-keygen, or an
SSH private key. -p asks for the passphrase, once, of key files that are encrypted under one. Identities and SSH keys that have
passphrases of their own are asked for, too; --passphrase-file answers in the place of the terminal. X.key.json, an unencrypted
key file, is taken if no identity and no passphrase is given. For the research schemes the key file is X.key.npz, and needs no
identity. --key names a key file that lies elsewhere.

Folders are walked for files named *.cipher.png and keep their tree. A cipher image that is not the one its key file was
made for is refused, and nothing is written.

--resume leaves out what is done already: each cipher image is opened, and what comes out compared with the file that is there.
One that differs is a failure, and not replaced without --force.

` + shardHelp + "\nA cipher image goes to another part than its input.",
		Args: someArgs("cipher image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if d.out == "" {
				return usageError{errNoOutput}
			}
			if err := d.shard.parse(os.Getenv); err != nil {
				return err
			}
			var err error
			defer d.passphrase.wipe()
			if d.identities, err = d.passphrase.identities(cmd.Context(), d.identityFiles); err != nil {
				return fmt.Errorf("decrypt: %w", err)
			}
			all, bad := collect(args, cipherImage)
			if d.key != "" && len(all) > 1 {
				return usagef("decrypt: --key is the key file of one image, and there are %d", len(all))
			}
			inputs := d.shard.of(all)
			a.noteShard("decrypt", d.shard, len(inputs), len(all))
			jobs, more := d.jobs(inputs)
			return a.run(cmd.Context(), batch{
				what: "decrypt", jobs: jobs, bad: append(bad, more...), within: d.out, force: d.force, resume: d.resume,
				workers: runtime.GOMAXPROCS(0), summed: true,
			})
		},
	}
	c.Flags().StringVarP(&d.out, "output", "o", "", "the folder to write to")
	c.Flags().StringVar(&d.key, "key", "", "the key file; default: X.key.age, X.key.json or X.key.npz beside X.cipher.png")
	c.Flags().StringArrayVarP(&d.identityFiles, "identity", "i", nil, "a file with identities that open key files; may be repeated")
	d.passphrase.addFlags(c, "", "ask for the passphrase of the key files")
	d.shard.addFlags(c)
	addForce(c, &d.force)
	c.Flags().BoolVar(&d.resume, "resume", false, "leave out what is done already and verified")
	return c
}

// jobs opens the key files, several at a time: only there is the name of what is inside.
func (d *decrypt) jobs(inputs []input) (jobs []job, bad []error) {
	all, errs := make([]job, len(inputs)), make([]error, len(inputs))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, in := range inputs {
		g.Go(func() error {
			all[i], errs[i] = d.job(in)
			return nil
		})
	}
	g.Wait()
	for i := range inputs {
		if errs[i] != nil {
			bad = append(bad, errs[i])
		} else {
			jobs = append(jobs, all[i])
		}
	}
	return jobs, bad
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
	return d.opening(in.path, out, func() (opened, error) { return openResearch(in.path, keyFile) }), nil
}

// opened is what came out of a cipher image: an image, or else the bytes of a file.
type opened struct {
	image   *data.Image
	content []byte
}

func (o opened) output(path string) atomicfile.File {
	if o.image != nil {
		return pngOutput(path, public, o.image)
	}
	return bytesOutput(path, public, o.content)
}

// in says why a file does not hold this.
func (o opened) in(path string) error {
	if o.image != nil {
		return sameImage(path, o.image)
	}
	return sameBytes(path, o.content)
}

// opening is the job that writes what open gives. What is there already is verified by opening the cipher image again.
func (d *decrypt) opening(path, out string, open func() (opened, error)) job {
	return job{
		input: path, outputs: []string{out},
		do: func(ctx context.Context) error {
			o, err := open()
			if err != nil {
				return err
			}
			return d.app.write(ctx, d.force, o.output(out))
		},
		verify: func() error {
			o, err := open()
			if err != nil {
				return err
			}
			return o.in(out)
		},
		memory: func() int64 { return memoryOf(path) },
	}
}

// openResearch opens a cipher image of a scheme whose key files are not encrypted.
func openResearch(path, key string) (opened, error) {
	keyFile, err := cipher.ReadKeyFile(key)
	if err != nil {
		return opened{}, err
	}
	secretImage, err := data.ReadImage(path)
	if err != nil {
		return opened{}, err
	}
	plain, err := cipher.Decrypt(secretImage, keyFile)
	if err != nil {
		return opened{}, fmt.Errorf("%s: %w", path, err)
	}
	return opened{image: plain}, nil
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
