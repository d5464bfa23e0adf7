package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/atomicfile"

	"filippo.io/age"
	"github.com/spf13/cobra"
)

type encrypt struct {
	app                     *app
	out, keyOut, schemeName string
	resize                  int
	force, resume           bool
	params                  cipher.Params
	scheme                  *cipher.Research // nil for the scheme sealed
	generator               generator
	listing                 resultList
	single                  bool // -o names the one cipher image, not a folder

	// Of the scheme sealed, for which scheme is nil.
	noGAN, pixels, exact bool
	recipientNames       []string
	recipients           []age.Recipient
	passphrase           passphrases
	unencrypted          bool // the key files
	identityFiles        []string
	shard                shard
	identities           []age.Identity // that --resume verifies with
	trustTimes           bool
}

const encryptHelp = `Encrypt files. scan.png gives DIR/scan.png.cipher.png, a picture of noise, and DIR/scan.png.key.age, without which it cannot be
opened. keygan decrypt gives back every byte, the name and the modification time. The key file is an age file, encrypted to the recipients that -r names: an
age public key (age1…, see keygan keypair), an SSH public key (ssh-ed25519 …, ssh-rsa …), or a file with one a line.
-p encrypts all key files under one passphrase, which is typed twice. It makes every guess, and so every key file, cost a second or more.
For more than a few files, -r with an identity that has a passphrase (keygan keypair -p) is as safe and costs the second once.
--unencrypted-key writes X.key.json in the clear (mode 0600) instead of X.key.age: whoever can read it can open the cipher image.

-o FILE.png names the cipher image of a single file, and --key-out its key file; decrypt finds it in a folder
only if FILE ends in .cipher. - is standard input, or with -o standard output. Standard input is stored encrypted in the folder for
temporary files until its length is known. It has no name: decrypt names it after the cipher image. The generator does not look at it.

Folders are walked and keep their tree, but for empty folders. Links are followed, also out of the folder, and become files of their own.
Hidden files and folders (.name) and what keygan itself makes (*.cipher.png, *.key.*) are left out and listed at the end; identities
(secret keys) that lie there are refused.

--pixels encrypts the samples of images instead of their files: scan.png gives DIR/scan.cipher.png of the same width, height, channels and
depth, and decrypt writes a PNG. What the samples do not hold (EXIF, text, colour profile, resolution) stays behind; a line for each
image says what. Files with several pictures, CMYK and samples that do not fit are refused. --resize N resizes images first.

--resume leaves out what is done and verified, does the rest, and replaces nothing. With -i IDENTITYFILE, or -p for key files under that
passphrase, each pair is opened and compared with its input, byte for byte. Without, --trust-times compares the input's absolute path, size
and modification time with a note in the cipher image, as make and rsync do; it proves nothing against somebody who changes files on
purpose. Neither looks at who the recipients are. What is there and not verified is a failure: --force makes it again.

` + shardHelp + `

Each file's key is drawn from the system's random source. For images it is mixed with the key that the generator makes from a
thumbnail; --no-gan leaves that out. Size and file name remain visible. How long the generator took is printed at the end.

The other schemes, --scheme paper, xor or logistic, encrypt pixels and write their keys in the clear, to DIR/X.key.npz (mode 0600). They
take no recipients; paper takes --iterations; logistic takes no generator, its key is two numbers. Where the generator takes noise,
each key is drawn afresh; the key file holds it. For --noise-seed see keygen.
These schemes are research material, to reproduce and to attack published results. They do not protect images.`

func (a *app) encryptCommand() *cobra.Command {
	e := encrypt{app: a, passphrase: passphrases{app: a}}
	c := &cobra.Command{
		Use:   "encrypt PATH... -o DIR -r RECIPIENT [-r ...] | -p [-w generator.npz | --no-gan] [--pixels] [--resume] [--shard i/n]",
		Short: "Encrypt files and images",
		Long:  encryptHelp,
		Args:  someArgs("file"),
		RunE:  func(cmd *cobra.Command, args []string) error { return e.run(cmd, args) },
	}
	c.Flags().StringVarP(&e.out, "output", "o", "", "the folder to write to, or for one file FILE.png or -")
	c.Flags().StringVar(&e.keyOut, "key-out", "", "for one file: its key file; default: beside the cipher image")
	c.Flags().StringVar(&e.schemeName, "scheme", sealedScheme, "sealed, or for research: "+strings.Join(researchSchemes(), ", "))
	complete(c, "scheme", cipher.Writable()...)
	c.Flags().StringArrayVarP(&e.recipientNames, "recipient", "r", nil, "who can open the key files; may be repeated (sealed)")
	c.Flags().BoolVar(&e.noGAN, "no-gan", false, "no generator takes part in the keys (sealed)")
	c.Flags().BoolVar(&e.pixels, "pixels", false, "encrypt the pixels of images, not their files (sealed)")
	c.Flags().BoolVar(&e.exact, "exact-file", false, "has no effect: files are encrypted byte for byte by default")
	e.passphrase.addFlags(c, "", "encrypt the key files under a passphrase (sealed)")
	c.Flags().BoolVar(&e.unencrypted, "unencrypted-key", false, "do not encrypt the key files (sealed)")
	e.generator.addFlags(c)
	c.Flags().IntVar(&e.params.Iterations, "iterations", cipher.DefaultIterations, "of the cat map (paper)")
	c.Flags().IntVar(&e.resize, "resize", 0, "resize images to this width and height in pixels first (--pixels, research schemes)")
	e.shard.addFlags(c)
	e.listing.addFlags(c)
	addForce(c, &e.force)
	c.Flags().BoolVar(&e.resume, "resume", false, "leave out what is done already and verified")
	c.Flags().StringArrayVarP(&e.identityFiles, "identity", "i", nil, "with --resume: a file with identities to verify by (sealed); may be repeated")
	c.Flags().BoolVar(&e.trustTimes, "trust-times", false, "with --resume: verify by path, size and modification time only (sealed)")
	return c
}

func (e *encrypt) run(cmd *cobra.Command, args []string) error {
	if err := checkDashes("encrypt", append(slices.Concat(args, e.identityFiles), e.passphrase.file)); err != nil {
		return err
	}
	if err := e.prepare(cmd); err != nil {
		return err
	}
	defer e.passphrase.wipe()
	if slices.Contains(args, "-") || e.out == "-" {
		return e.stream(cmd.Context(), args)
	}
	wanted, warning, note := plainImage, "", ""
	if !e.sealed() {
		warning, note = e.scheme.About.Warning, e.generator.note()
	} else if !e.pixels {
		wanted = sealable
	}
	all, left, bad := collect(args, wanted)
	if err := e.checkSingle(all); err != nil {
		return err
	}
	if !e.single {
		if err := checkFolder("encrypt", e.out); err != nil {
			return err
		}
	}
	var inputs []input
	inputs, bad = e.withoutConflicts(all, bad)
	e.app.noteShard("encrypt", e.shard, len(e.shard.of(all)), len(all))
	if e.unencrypted {
		warning = unencryptedWarning
	}
	switch {
	case e.passphrase.wanted() && len(inputs) >= manyPassphrases:
		note = manyPassphrasesNote
	case e.exact:
		note = exactFileNote
	}
	var jobs []job
	for _, in := range inputs {
		j, err := e.job(in)
		if err != nil {
			bad = append(bad, badInput{path: in.path, err: err})
			continue
		}
		jobs = append(jobs, j)
	}
	return e.app.run(cmd.Context(), batch{
		what: "encrypt", jobs: jobs, bad: bad, leftOut: left, root: e.root(), protected: e.protected(), force: e.force, resume: e.resume,
		warning: warning, note: note, workers: e.generator.workers(len(jobs)), summed: true, listing: e.listing, generator: &e.generator,
	})
}

const exactFileNote = "--exact-file has no effect: files are encrypted byte for byte by default"

// withoutConflicts are the inputs of this process's part that do not want the outputs of others, which may be in other parts.
func (e *encrypt) withoutConflicts(all []input, bad []badInput) ([]input, []badInput) {
	mine := e.shard.of(all)
	if len(mine) == len(all) {
		return mine, bad // the batch finds them
	}
	var jobs []job
	for _, in := range all {
		j := job{input: in.path}
		if image, key, err := e.outputs(in); err == nil { // a name that is too long wants nothing
			j.outputs = []string{image, key}
		}
		jobs = append(jobs, j)
	}
	failed := conflicts(jobs)
	var rest []input
	for i, in := range all {
		switch {
		case !e.shard.has(in):
		case failed[i] != nil:
			bad = append(bad, badInput{path: in.path, err: failed[i]})
		default:
			rest = append(rest, in)
		}
	}
	return rest, bad
}

// checkSingle finds out whether -o names the cipher image of a single file.
func (e *encrypt) checkSingle(inputs []input) error {
	e.single = strings.HasSuffix(strings.ToLower(e.out), ".png") && !isFolder(e.out) && len(inputs) == 1 && inputs[0].alone
	if e.keyOut != "" && !e.single {
		return usagef("encrypt: --key-out is the key file of one file, which -o FILE.png names")
	}
	return nil
}

// root is the folder that outputs lie in or below.
func (e *encrypt) root() string {
	if e.single {
		return filepath.Dir(e.out)
	}
	return e.out
}

// protected are the files that this command was given.
func (e *encrypt) protected() protected {
	return protected{}.add(e.identityFiles...).add(e.recipientNames...).add(e.passphrase.file, e.generator.weights)
}

// prepare checks everything on the command line and reads the weights.
func (e *encrypt) prepare(cmd *cobra.Command) (err error) {
	switch {
	case e.out == "":
		return usageError{errNoOutput}
	case e.unencrypted && strings.HasSuffix(strings.ToLower(e.keyOut), ".age"):
		return usagef("encrypt: --key-out %s: an unencrypted key file is not called .age, which decrypt takes for encrypted", e.keyOut)
	case e.keyOut == "-":
		return usagef("encrypt: --key-out is a file; standard output is for the cipher image (-o -)")
	}
	if err := e.shard.parse(os.Getenv); err != nil {
		return err
	}
	if e.scheme, err = researchScheme(e.schemeName); err != nil {
		return usageError{fmt.Errorf("encrypt: %w", err)}
	}
	if e.sealed() {
		return e.prepareSealed(cmd)
	}
	changed := cmd.Flags().Changed
	for _, flag := range []string{
		"recipient", "passphrase", "passphrase-file", "unencrypted-key", "no-gan", "pixels", "exact-file", "identity", "trust-times",
	} {
		if changed(flag) {
			return hinted{usagef("encrypt: --%s has no meaning for the scheme %s", flag, e.schemeName), "without --scheme, sealed is taken, which has it"}
		}
	}
	if !e.scheme.About.Iterations && changed("iterations") {
		return usagef("encrypt: the scheme %s has no cat map, so --iterations has no meaning", e.schemeName)
	}
	if e.scheme.About.Takes == cipher.Nothing {
		for _, flag := range []string{"weights", "noise-seed"} {
			if changed(flag) {
				return usagef("encrypt: the scheme %s takes no generator, so --%s has no meaning", e.schemeName, flag)
			}
		}
	}
	if err := checkResize(changed("resize"), e.resize); err != nil {
		return err
	}
	// Numbers that no image could be encrypted with are a wrong command line, not as many failures as there are images.
	shape := raster.NewImage(cipher.PaperSide, cipher.PaperSide, 3, 8)
	if err := e.scheme.Check(shape, e.params); err != nil {
		return usageError{fmt.Errorf("encrypt: %w", err)}
	}
	if e.scheme.About.Takes == cipher.Nothing {
		return nil
	}
	return e.generator.load(cmd)
}

// outputs are the cipher image and the key file of an input.
func (e *encrypt) outputs(in input) (image, key string, err error) {
	name, suffix := stem(in.path), keyFileSuffix
	if e.sealed() {
		suffix = e.sealedKeySuffix()
		if !e.pixels {
			name = filepath.Base(in.path)
		}
	}
	if e.single {
		key = e.keyOut
		if key == "" {
			key = keyFileBeside(e.out, suffix)
		}
		return e.out, key, nil
	}
	if n := len(name) + len(cipherSuffix); n > maxFileName {
		return "", "", hinted{fmt.Errorf("%s: the name of its cipher image would have %d bytes, there can be %d", in.path, n, maxFileName),
			"a shorter name, or an archive (tar) of the folder, can be encrypted"}
	}
	base := filepath.Join(e.out, in.folder, name)
	return base + cipherSuffix, base + suffix, nil
}

// job is the work on one input, whose outputs are a cipher image and a key file.
func (e *encrypt) job(in input) (job, error) {
	image, key, err := e.outputs(in)
	if err != nil {
		return job{}, err
	}
	p := pair{root: e.root(), image: image, key: key}
	j := job{input: in.path, outputs: []string{image, key}, order: []string{key, image}, memory: func() int64 { return e.memory(in.path) }}
	switch {
	case !e.sealed():
		j.do = func(ctx context.Context) (string, error) { return e.make(ctx, in.path, p) }
		j.verify = func(context.Context) error { return e.verifyResearch(in.path, p) }
	case e.pixels:
		j.do = func(ctx context.Context) (string, error) { return e.sealPixels(ctx, in.path, p) }
		j.verify = func(ctx context.Context) error { return e.verifySealed(ctx, in.path, p) }
	default:
		j.do = func(ctx context.Context) (string, error) { return e.sealFile(ctx, in.path, p) }
		j.verify = func(ctx context.Context) error { return e.verifySealed(ctx, in.path, p) }
	}
	return j, nil
}

// pair are the names of a cipher image and its key file.
type pair struct{ root, image, key string }

// write writes both files, or neither.
func (p pair) write(ctx context.Context, a *app, force bool, key, image atomicfile.File) error {
	key.Path, image.Path = p.key, p.image
	if force {
		if err := p.checkKey(); err != nil {
			return err
		}
	}
	if filepath.Dir(p.key) == filepath.Dir(p.image) {
		// The key file goes first: a cipher image never stands there without it.
		return a.write(ctx, p.root, force, key, image)
	}
	// Two folders cannot change together. So a key file elsewhere, which may open what is about to be replaced, is never replaced.
	return neverReplaced(p.key, a.locked(ctx, func() error {
		return atomicfile.WriteBefore(key, func() error { return atomicfile.WriteAll(p.root, force, image) })
	}))
}

// neverReplaced gives the error for a key file that exists its own hint.
func neverReplaced(key string, err error) error {
	if errors.Is(err, atomicfile.ErrExists) && strings.HasPrefix(err.Error(), key+": ") {
		return hinted{err, "a key file that does not lie beside its cipher image is never replaced; --key-out names another"}
	}
	return err
}

// checkKey refuses to replace a key file that may open something else than the cipher image that is replaced with it. s.key.age is that of
// s.cipher.png, and of s.png where -o named it so.
func (p pair) checkKey() error {
	refuse := func(why string) error {
		return hinted{fmt.Errorf("%s: %w, and %s", p.key, atomicfile.ErrExists, why),
			"if it opens nothing any more, remove it; --key-out names another key file"}
	}
	stem := strings.TrimSuffix(p.key, filepath.Ext(p.key))
	stem = strings.TrimSuffix(stem, filepath.Ext(stem))
	beside := []string{stem + cipherSuffix, stem + ".png"}
	switch {
	case !exists(p.key) || isFolder(p.key):
		return nil
	case !exists(p.image):
		return refuse(fmt.Sprintf("%s does not: it may be the key of another cipher image", p.image))
	case !slices.Contains(beside, p.image):
		return refuse(fmt.Sprintf("it is not called as that of %s", p.image))
	}
	for _, other := range beside {
		if other != p.image && exists(other) && (cipherImage(other) || hasNote(other)) {
			return refuse(fmt.Sprintf("it may be the key of %s", other))
		}
	}
	return nil
}

func (e *encrypt) make(ctx context.Context, path string, p pair) (comment string, err error) {
	comment, err = leftBehind(path, "without --scheme, and without --pixels, any file is encrypted as it is")
	if err != nil {
		return "", err
	}
	before, err := takeSnapshot(path)
	if err != nil {
		return "", err
	}
	plain, err := readPlain(path, e.resize)
	if err != nil {
		return "", err
	}
	if err := e.check(plain); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	in := cipher.Input{Plain: plain, Params: e.params}
	if e.scheme.About.Takes == cipher.KeyImage {
		if in.Key, err = e.generator.key(plain); err != nil {
			return "", named(path, err)
		}
	}
	cipherImage, keyFile, err := e.scheme.Seal(in)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	keyFile.Name = filepath.Base(path)
	return comment, p.write(ctx, e.app, e.force,
		atomicfile.File{Perm: secret, Write: keyFile.Write}, before.unchanged(pngOutput(p.image, public, cipherImage)))
}

// check finds out before a key is made whether the image can be encrypted with it.
func (e *encrypt) check(plain *raster.Image) error {
	if err := e.scheme.Check(plain, e.params); err != nil {
		return err
	}
	if e.scheme.About.Takes == cipher.Nothing {
		return nil
	}
	if c := e.generator.model.Arch().Channels; c < plain.Channels {
		return hinted{fmt.Errorf("the image is %s, the generator's keys are grey", plain), "convert the image to grey, or use a generator trained on RGB"}
	}
	return nil
}

// leftBehind says what the pixels of an image leave behind, or "". It refuses a file of which pixels would keep only a part: one
// slice of a volume, one page of several.
func leftBehind(path, hint string) (string, error) {
	stack, err := imagefile.HoldsStack(path)
	if err != nil {
		return "", err
	}
	if stack {
		return "", hinted{fmt.Errorf("%s: %w", path, errVolume), "export the slices as PNG images first; " + hint}
	}
	beside, err := imagefile.LeftBehind(path)
	if only := (*imagefile.NotPixelsError)(nil); errors.As(err, &only) {
		err = fmt.Errorf("%w, which pixels do not keep", err)
	}
	if err != nil {
		return "", hinted{err, hint}
	}
	if len(beside) == 0 {
		return "", nil
	}
	return "left behind: " + strings.Join(beside, ", "), nil
}

var errVolume = errors.New("a volume or array is not an image; only one slice of it, as grey levels, could be encrypted")
