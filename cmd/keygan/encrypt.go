package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"keygan/cipher"
	"keygan/data"
	"keygan/data/atomicfile"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

type encrypt struct {
	app             *app
	out, schemeName string
	resize          int
	force, resume   bool
	params          cipher.Params
	scheme          cipher.Scheme
	generator       generator

	// Of the scheme sealed, for which scheme is nil.
	noGAN, exact   bool
	recipientNames []string
	recipients     []age.Recipient
	passphrase     passphrases
	unencrypted    bool // the key files
	identityFiles  []string
	shard          shard
	identities     []age.Identity // that --resume verifies with
}

const encryptHelp = `Encrypt images and other files. X.png gives DIR/X.cipher.png, an image of the same width, height, channels and depth, and
DIR/X.key.age, without which it cannot be opened. The key file is a file of age, encrypted to the recipients that -r names: an
age public key (age1…, see keygan keypair), an SSH public key (ssh-ed25519 …, ssh-rsa …), or a file with one a line.
-p encrypts the key files under a passphrase instead, which is asked for once. It makes every guess, and so every key file, cost
a second; for more than a few images, -r with an identity that has a passphrase (keygan keypair -p) is as safe and costs it once.
--unencrypted-key writes X.key.json in the clear (mode 0600) in the place of X.key.age: whoever can read it can open the image.

Folders are walked and keep their tree; links are followed. Hidden files and folders (.name) and what keygan itself makes
(*.cipher.png, *.key.*) are left out of folders; identities (secret keys) that lie there are refused.

--resume leaves out what is done and verified, does the rest, and replaces nothing. Verified means: both files are there; the
cipher image decodes wholly, has the shape that the input gives, and names the SHA-256 of the key file beside it; and the input
has not been changed since. For whom the key file is cannot be seen from outside. With -i IDENTITYFILE the pair is opened and
compared with the input, as it always is for the other schemes. What is there and not verified is a failure: --force makes it again.

` + shardHelp + `

Images are encrypted as the pixels they decode to, whatever the format; all pixels come back. Other files, volumes and arrays
(.dcm, .nii.gz, .npy, anything up to 1.99 GB) travel as they are: name.dcm gives DIR/name.dcm.cipher.png, and the same bytes
and name come back. --exact-file does so with images, too. Nothing is resized unless --resize asks for it.

Each image's key is drawn from the system's random source and mixed with the key that the generator makes from the image; with
--no-gan, and for what travels as a file, there is no generator. The image's size, depth and file name remain visible. How long
the generator took is printed at the end.

The other schemes, --scheme paper, xor or logistic, write their keys in the clear, to DIR/X.key.npz (mode 0600). They take no
recipients; paper takes --iterations; logistic takes no generator, its key is two numbers. Where the generator takes noise,
each key is drawn afresh; the key file holds it. For --noise-seed see keygen.
These schemes are research material, to reproduce and to attack published results. They do not protect images.`

func (a *app) encryptCommand() *cobra.Command {
	e := encrypt{app: a, passphrase: passphrases{app: a}}
	c := &cobra.Command{
		Use:   "encrypt PATH... -o DIR -r RECIPIENT [-r ...] | -p [-w generator.npz | --no-gan] [--exact-file] [--resize N] [--resume] [--shard i/n]",
		Short: "Encrypt images with keys made from them",
		Long:  encryptHelp,
		Args:  someArgs("image"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := e.prepare(cmd); err != nil {
				return err
			}
			wanted, warning, note := plainImage, "", ""
			if e.sealed() {
				wanted = sealable
			} else {
				warning, note = e.scheme.Warning(), e.generator.note()
			}
			all, bad := collect(args, wanted)
			inputs := e.shard.of(all)
			a.noteShard("encrypt", e.shard, len(inputs), len(all))
			if e.unencrypted {
				warning = unencryptedWarning
			}
			if e.passphrase.wanted() && len(inputs) >= manyPassphrases {
				note = manyPassphrasesNote
			}
			var jobs []job
			for _, in := range inputs {
				j, err := e.job(in)
				if err != nil {
					bad = append(bad, err)
					continue
				}
				jobs = append(jobs, j)
			}
			return a.run(cmd.Context(), batch{
				what: "encrypt", jobs: jobs, bad: bad, within: e.out, force: e.force, resume: e.resume, warning: warning, note: note,
				workers: e.generator.workers(len(jobs)), summed: true, generator: &e.generator,
			})
		},
	}
	c.Flags().StringVarP(&e.out, "output", "o", "", "the folder to write to")
	c.Flags().StringVar(&e.schemeName, "scheme", sealedScheme, "or for research "+strings.Join(cipher.Schemes(), ", "))
	c.Flags().StringArrayVarP(&e.recipientNames, "recipient", "r", nil, "who can open the key files; may be repeated (sealed)")
	c.Flags().BoolVar(&e.noGAN, "no-gan", false, "no generator takes part in the keys (sealed)")
	c.Flags().BoolVar(&e.exact, "exact-file", false, "encrypt the bytes of images, not their pixels (sealed)")
	e.passphrase.addFlags(c, "", "encrypt the key files under a passphrase (sealed)")
	c.Flags().BoolVar(&e.unencrypted, "unencrypted-key", false, "do not encrypt the key files (sealed)")
	e.generator.addFlags(c)
	c.Flags().IntVar(&e.params.Iterations, "iterations", cipher.DefaultIterations, "of the cat map (paper)")
	c.Flags().IntVar(&e.resize, "resize", 0, "resize images to so many pixels in width and height first")
	e.shard.addFlags(c)
	addForce(c, &e.force)
	c.Flags().BoolVar(&e.resume, "resume", false, "leave out what is done already and verified")
	c.Flags().StringArrayVarP(&e.identityFiles, "identity", "i", nil, "with --resume: a file with identities to verify by (sealed); may be repeated")
	return c
}

// prepare checks everything on the command line and reads the weights.
func (e *encrypt) prepare(cmd *cobra.Command) (err error) {
	if e.out == "" {
		return usageError{errNoOutput}
	}
	if err := e.shard.parse(os.Getenv); err != nil {
		return err
	}
	if err := e.prepareResume(cmd); err != nil {
		return err
	}
	if e.sealed() {
		return e.prepareSealed(cmd)
	}
	if e.scheme, err = cipher.SchemeByName(e.schemeName); err != nil {
		return usageError{fmt.Errorf("encrypt: %w, or sealed", err)}
	}
	for _, flag := range []string{"recipient", "passphrase", "passphrase-file", "unencrypted-key", "no-gan", "exact-file"} {
		if cmd.Flags().Changed(flag) {
			return hinted{usagef("encrypt: --%s has no meaning for the scheme %s", flag, e.schemeName), "without --scheme, sealed is taken, which has it"}
		}
	}
	if e.schemeName != "paper" && cmd.Flags().Changed("iterations") {
		return usagef("encrypt: the scheme %s has no cat map, so --iterations has no meaning", e.schemeName)
	}
	if !e.scheme.TakesKey() {
		for _, flag := range []string{"weights", "noise-seed"} {
			if cmd.Flags().Changed(flag) {
				return usagef("encrypt: the scheme %s takes no generator, so --%s has no meaning", e.schemeName, flag)
			}
		}
		e.params = cipher.LogisticParams()
	}
	if err := checkResize(cmd.Flags().Changed("resize"), e.resize); err != nil {
		return err
	}
	// Numbers that no image could be encrypted with are a wrong command line, not as many failures as there are images.
	shape := data.NewImage(cipher.PaperSide, cipher.PaperSide, 3, 8)
	if err := e.scheme.Check(shape, e.params); err != nil {
		return usageError{fmt.Errorf("encrypt: %w", err)}
	}
	if !e.scheme.TakesKey() {
		return nil
	}
	return e.generator.load(cmd)
}

// job is the work on one input, whose outputs are a cipher image and a key file.
func (e *encrypt) job(in input) (job, error) {
	name, suffix, do := stem(in.path), keyFileSuffix, e.make
	if e.sealed() {
		name, suffix, do = e.sealedStem(in.path), e.sealedKeySuffix(), e.seal
	}
	if n := len(name) + len(cipherSuffix); n > maxFileName {
		return job{}, hinted{fmt.Errorf("%s: the name of its cipher image would have %d bytes, there can be %d", in.path, n, maxFileName),
			"a shorter name, or an archive (tar) of the folder, can be encrypted"}
	}
	base := filepath.Join(e.out, in.folder, name)
	outputs := []string{base + cipherSuffix, base + suffix}
	return job{
		input: in.path, outputs: outputs,
		do:     func(ctx context.Context) error { return do(ctx, in.path, outputs) },
		verify: func() error { return e.verify(in.path, outputs) },
		memory: func() int64 { return memoryOf(in.path) },
	}, nil
}

func (e *encrypt) make(ctx context.Context, path string, outputs []string) error {
	if err := refuseVolume(path); err != nil {
		return err
	}
	before, err := takeSnapshot(path)
	if err != nil {
		return err
	}
	plain, err := readPlain(path, e.resize)
	if err != nil {
		return err
	}
	if err := e.check(plain); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	key, params, err := e.key(plain)
	if err != nil {
		return named(path, err)
	}
	secretImage, keyFile, err := e.scheme.Encrypt(plain, key, params)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	keyFile.Name = filepath.Base(path)
	// The key file goes first: were the process killed between the two names, a key file without its image would be left,
	// and not an image that nothing opens.
	return e.app.write(ctx, e.force,
		atomicfile.File{Path: outputs[1], Perm: secret, Write: keyFile.Write},
		before.unchanged(pngOutput(outputs[0], public, secretImage)))
}

// key makes the secret of one image: a key image, or the parameters that the scheme takes in its place.
func (e *encrypt) key(plain *data.Image) (*data.Image, cipher.Params, error) {
	if !e.scheme.TakesKey() {
		return nil, cipher.LogisticParams(), nil
	}
	key, err := e.generator.key(plain)
	return key, e.params, err
}

// check finds out before a key is made whether the image can be encrypted with it.
func (e *encrypt) check(plain *data.Image) error {
	if err := e.scheme.Check(plain, e.params); err != nil {
		return err
	}
	if !e.scheme.TakesKey() {
		return nil
	}
	if c := e.generator.model.Arch().Channels; c < plain.Channels {
		return hinted{fmt.Errorf("the image is %s, the generator's keys are grey", plain), "convert the image to grey, or use a generator trained on RGB"}
	}
	return nil
}

// refuseVolume keeps slices from getting lost: of a volume or an array of images a cipher image would hold only one.
func refuseVolume(path string) error {
	stack, err := data.HoldsStack(path)
	if err == nil && stack {
		err = hinted{fmt.Errorf("%s: %w", path, errVolume), "export the slices as PNG images first, or leave out --scheme: sealed takes any file"}
	}
	return err
}

var errVolume = errors.New("a volume or array is not an image; only one slice of it, as grey levels, could be encrypted")
