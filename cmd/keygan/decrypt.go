package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"keygan/cipher"
	"keygan/cipher/sealed"
	"keygan/data/raster"
	"keygan/internal/atomicfile"
	"keygan/internal/listing"

	"filippo.io/age"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

type decrypt struct {
	app                  *app
	out, key, schemeName string
	keepOuter            bool

	force, resume bool
	shard         shard
	listing       resultList

	identityFiles []string
	passphrase    passphrases
	identities    []age.Identity
}

const decryptHelp = `Decrypt cipher images. What was encrypted comes back under its own name, which the key file holds: a file byte for byte with its
modification time, pixels as a PNG. Where the cipher image is called otherwise, the line that lists the file says so;
--keep-outer-name keeps the cipher image's name instead. A hidden name (.name) gets an underscore in front.

The key file is X.key.age beside X.cipher.png. An identity opens it that -i names: a file made by keygan keypair or age-keygen, or an
SSH private key (- is standard input). -p asks once for the passphrase of key files that are encrypted under one. Passphrases of
identities and SSH keys are asked for; --passphrase-file answers instead of the terminal. X.key.json, an unencrypted key file, is
taken only if no identity and no passphrase is given. --key names a key file that lies elsewhere.

Folders are walked for files named *.cipher.png and keep their tree. A cipher image that is not the one its key file was
made for is refused. No file appears before all of it is authenticated.

-o - writes one file to standard output, piece by piece, each after it is authenticated: if the end was cut off, keygan fails after
it has written the beginning. - as the input is standard input, with --key.

--resume leaves out what is done already: each cipher image is opened, and what comes out compared with the file that is there.
One that differs is a failure, and not replaced without --force. The files that -i and --passphrase-file name are never replaced.

Cipher images of the research schemes are opened only if --scheme names the scheme. Anybody can make them, with any content.

` + shardHelp + "\nA cipher image goes to another part than its input."

func (a *app) decryptCommand() *cobra.Command {
	d := decrypt{app: a, passphrase: passphrases{app: a}}
	c := &cobra.Command{
		Use:   "decrypt PATH... -o DIR -i IDENTITYFILE [-i ...] | -p [--key FILE] [--resume] [--shard i/n]",
		Short: "Decrypt cipher images",
		Long:  decryptHelp,
		Args:  someArgs("cipher image"),
		RunE:  func(cmd *cobra.Command, args []string) error { return d.run(cmd, args) },
	}
	c.Flags().StringVarP(&d.out, "output", "o", "", "the folder to write to, or - for standard output")
	c.Flags().StringVar(&d.key, "key", "", "the key file; default: X.key.age or X.key.json beside X.cipher.png")
	c.Flags().StringVar(&d.schemeName, "scheme", sealedScheme, "sealed, or for research: "+strings.Join(researchSchemes(), ", "))
	complete(c, "scheme", cipher.Writable()...)
	c.Flags().BoolVar(&d.keepOuter, "keep-outer-name", false, "name outputs after the cipher images, not as what was encrypted was called")
	c.Flags().StringArrayVarP(&d.identityFiles, "identity", "i", nil, "a file with identities that open key files, or -; may be repeated")
	d.passphrase.addFlags(c, "", "ask for the passphrase of the key files")
	d.shard.addFlags(c)
	d.listing.addFlags(c)
	addForce(c, &d.force)
	c.Flags().BoolVar(&d.resume, "resume", false, "leave out what is done already and verified")
	return c
}

func (d *decrypt) run(cmd *cobra.Command, args []string) error {
	if err := d.prepare(cmd, args); err != nil {
		return err
	}
	defer d.passphrase.wipe()
	if d.out == "-" || slices.Contains(args, "-") {
		return d.stream(cmd.Context(), args)
	}
	if err := checkFolder("decrypt", d.out); err != nil {
		return err
	}
	all, left, bad := collect(args, cipherImageOnly)
	left = append(left, withoutImage(all)...)
	all = slices.DeleteFunc(all, func(in input) bool { return !in.alone && !cipherImage(in.path) })
	if len(all)+len(bad) == 0 {
		return fmt.Errorf("decrypt: no cipher images: no file is called *%s", cipherSuffix)
	}
	if d.key != "" && len(all) > 1 {
		return usagef("decrypt: --key is the key file of one image, and there are %d", len(all))
	}
	inputs := d.shard.of(all)
	d.app.noteShard("decrypt", d.shard, len(inputs), len(all))
	began := time.Now()
	jobs, more := d.jobs(inputs)
	return d.app.run(cmd.Context(), batch{
		what: "decrypt", jobs: jobs, bad: append(bad, more...), leftOut: left, root: d.out, protected: d.protected(), force: d.force,
		resume: d.resume, warning: cipher.Describe(d.schemeName).Warning, workers: runtime.GOMAXPROCS(0), summed: true, listing: d.listing, began: began,
	})
}

// withoutImage are the key files in folders that lie there without a cipher image.
func withoutImage(inputs []input) (left []listing.LeftOut) {
	images := map[string]bool{}
	for _, in := range inputs {
		if cipherImage(in.path) {
			images[in.path[:len(in.path)-len(cipherSuffix)]] = true
		}
	}
	for _, in := range inputs {
		if in.alone || !isKeyFile(in.path) {
			continue
		}
		name := spareName.ReplaceAllString(in.path, "")
		name = strings.TrimSuffix(name, filepath.Ext(name))
		name = strings.TrimSuffix(name, filepath.Ext(name)) // .key
		if !images[name] {
			left = append(left, listing.LeftOut{Path: in.path, Why: "a key file, and no " + filepath.Base(name) + cipherSuffix + " beside it"})
		}
	}
	return left
}

// prepare checks the command line, reads the identities and asks for passphrases.
func (d *decrypt) prepare(cmd *cobra.Command, args []string) (err error) {
	if d.out == "" {
		return usageError{errNoOutput}
	}
	if err := d.shard.parse(os.Getenv); err != nil {
		return err
	}
	if d.force && d.shard.count > 1 { // what two cipher images of one name in two parts hold is not known before they are opened
		return usagef("decrypt: --force in a part of several could replace what another part has written")
	}
	if err := checkDashes("decrypt", append(slices.Concat(args, d.identityFiles), d.passphrase.file)); err != nil {
		return err
	}
	research, err := researchScheme(d.schemeName)
	if err != nil {
		return usageError{fmt.Errorf("decrypt: %w", err)}
	}
	if research != nil {
		for _, flag := range []string{"identity", "passphrase", "passphrase-file", "keep-outer-name"} {
			if cmd.Flags().Changed(flag) {
				return usagef("decrypt: --%s has no meaning for the scheme %s, whose key files are not encrypted", flag, d.schemeName)
			}
		}
	}
	if d.identities, err = d.passphrase.identities(cmd.Context(), d.identityFiles); err != nil {
		return fmt.Errorf("decrypt: %w", err)
	}
	return nil
}

// checkDashes refuses to read standard input for two purposes.
func checkDashes(command string, names []string) error {
	if i := slices.Index(names, "-"); i >= 0 && slices.Contains(names[i+1:], "-") {
		return usagef("%s: - is standard input, which can be read only once", command)
	}
	return nil
}

func (d *decrypt) protected() protected {
	return protected{}.add(d.identityFiles...).add(d.passphrase.file, d.key)
}

// jobs opens the key files, several at a time: only there is the name of what is inside.
func (d *decrypt) jobs(inputs []input) (jobs []job, bad []badInput) {
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
	for i, in := range inputs {
		if errs[i] != nil {
			bad = append(bad, badInput{in.path, errs[i], d.keyFiles(in.path)})
		} else {
			jobs = append(jobs, all[i])
		}
	}
	return jobs, bad
}

func (d *decrypt) job(in input) (job, error) {
	if d.schemeName != sealedScheme {
		return d.researchJob(in)
	}
	o, err := d.open(in.path)
	if err != nil {
		return job{}, err
	}
	name, comment := d.outputName(o)
	out := filepath.Join(d.out, in.folder, name)
	return job{
		input: in.path, outputs: []string{out},
		do:     func(ctx context.Context) (string, error) { return comment, d.write(ctx, o, out) },
		verify: func(ctx context.Context) error { return o.verify(ctx, out) },
		memory: o.memory, end: o.key.Wipe, reads: o.reads,
	}, nil
}

// open finds the key file of a cipher image and opens it.
func (d *decrypt) open(path string) (opening, error) {
	keyFile, err := d.findKeyFile(path)
	if err != nil {
		return opening{}, err
	}
	var first error
	candidates := []string{keyFile}
	if path != "-" { // which can be read only once
		spares := atomicfile.Spares(keyFile)
		if d.passphrase.wanted() && len(spares) > mostTried {
			// The first is that of the cipher image, if it was never replaced; the last, if it was replaced by the last but one.
			spares = append(spares[:1], spares[len(spares)-mostTried+1:]...)
		}
		candidates = append(candidates, spares...)
	}
	for _, candidate := range candidates {
		k, err := readSealedKey(candidate, d.identities)
		if err == nil {
			o := opening{path: path, key: k, reads: candidates}
			// Usually there is one. A process that was killed while it replaced a pair leaves the old key file, and the cipher image is
			// the old one or the new one.
			if len(candidates) == 1 || o.opens() {
				return o, nil
			}
			k.Wipe()
			err = sealed.ErrRefused
		}
		if first == nil {
			first = refusal(path, err)
		}
	}
	return opening{}, first
}

// mostTried is how many old key files are tried with a passphrase, which takes seconds for each.
const mostTried = 4

// outputName is what to call the file in a cipher image, and what to say of that, or "".
func (d *decrypt) outputName(o opening) (name, comment string) {
	outer := stem(o.path)
	if o.path == "-" {
		outer = "decrypted"
	}
	name = o.key.Header.Name // a single one, without a folder: cipher.CheckName has seen it
	if !o.isFile() {
		outer += ".png"
		if name != "" {
			name = stem(name) + ".png"
		}
	}
	if d.keepOuter || name == "" || !filepath.IsLocal(name) { // the last: not a name on this system
		name = outer
	}
	var said []string
	if name != outer {
		said = append(said, "from "+filepath.Base(o.path))
	}
	if strings.HasPrefix(name, ".") {
		said = append(said, "its name "+name+" is hidden")
		name = "_" + name
	}
	return name, strings.Join(said, "; ")
}

// write writes what is in a cipher image.
func (d *decrypt) write(ctx context.Context, o opening, out string) error {
	f := atomicfile.File{Path: out, Perm: o.perm(), Modified: o.key.Header.Modified}
	if o.isFile() {
		var refused error
		f.Write = func(w io.Writer) error {
			to := &checkedWriter{w: w}
			err := o.writeTo(ctx, to)
			if to.err == nil {
				refused = err // which names the cipher image; what went wrong with the output is named by whoever writes it
			}
			return err
		}
		if err := d.app.write(ctx, d.out, d.force, f); refused == nil {
			return err
		}
		return refused
	}
	m, err := o.image(ctx)
	if err != nil {
		return err
	}
	f.Write = pngOutput(out, public, m).Write
	return d.app.write(ctx, d.out, d.force, f)
}

// researchJob opens a cipher image of a scheme whose key files are not encrypted.
func (d *decrypt) researchJob(in input) (job, error) {
	keyFile := d.key
	if keyFile == "" {
		keyFile = keyFileBeside(in.path, keyFileSuffix)
	}
	if !exists(keyFile) {
		return job{}, missingKeyFile(in.path, keyFile)
	}
	out := filepath.Join(d.out, in.folder, stem(in.path)+".png")
	open := func() (*raster.Image, error) { return openResearch(in.path, keyFile, d.schemeName) }
	return job{
		input: in.path, outputs: []string{out},
		do: func(ctx context.Context) (string, error) {
			m, err := open()
			if err != nil {
				return "", err
			}
			return "", d.app.write(ctx, d.out, d.force, pngOutput(out, public, m))
		},
		verify: func(context.Context) error {
			m, err := open()
			if err != nil {
				return err
			}
			return sameImage(out, m)
		},
		memory: func() int64 { return memoryOf(in.path) }, reads: []string{keyFile},
	}, nil
}

// findKeyFile is the key file named, or else the one beside the cipher image. Whoever gives an identity or a passphrase gets
// encrypted key files only: anybody could have made another.
func (d *decrypt) findKeyFile(path string) (string, error) {
	if isKeyFile(path) {
		return "", fmt.Errorf("%s: this is a key file; decrypt takes the cipher image, and --key names a key file", path)
	}
	if d.key != "" {
		if !exists(d.key) {
			return "", missingKeyFile(path, d.key)
		}
		return d.key, refuseResearch(path, d.key)
	}
	beside := func(suffix string) (string, bool) {
		keyFile := keyFileBeside(path, suffix)
		return keyFile, exists(keyFile) || len(atomicfile.Spares(keyFile)) > 0
	}
	encrypted, hasEncrypted := beside(sealedKeySuffix)
	plain, hasPlain := beside(plainKeySuffix)
	research, hasResearch := beside(keyFileSuffix)
	switch {
	case hasEncrypted && hasPlain && len(d.identities) == 0:
		return "", hinted{fmt.Errorf("%s: both %s and %s are there", path, encrypted, plain), "--key FILE names the one that belongs to it"}
	case hasEncrypted:
		return encrypted, refuseResearch(path, encrypted)
	case hasPlain:
		return plain, refuseResearch(path, plain)
	case hasResearch:
		return "", researchKey(path, research)
	}
	return "", missingKeyFile(path, fmt.Sprintf("%s or %s", encrypted, plain))
}

// keyFiles are all names that the key file of a cipher image may have.
func (d *decrypt) keyFiles(path string) []string {
	if d.key != "" {
		return []string{d.key}
	}
	return []string{keyFileBeside(path, sealedKeySuffix), keyFileBeside(path, plainKeySuffix), keyFileBeside(path, keyFileSuffix)}
}

func missingKeyFile(path, key string) error {
	return hinted{fmt.Errorf("%s: its key file is not there: %s", path, key), "--key FILE names a key file that lies elsewhere"}
}

// refuseResearch refuses key files of research schemes, whatever they are called.
func refuseResearch(path, keyFile string) error {
	if startsWith(keyFile, "PK\x03\x04") {
		return researchKey(path, keyFile)
	}
	return nil
}

func researchKey(path, keyFile string) error {
	return hinted{fmt.Errorf("%s: its key file %s is of a research scheme, which only --scheme opens: anybody could have made it", path, keyFile),
		"keygan inspect tells which scheme it is; --scheme " + strings.Join(researchSchemes(), ", --scheme ") + " open such files"}
}

func keyFileBeside(path, suffix string) string {
	return filepath.Join(filepath.Dir(path), stem(path)+suffix)
}

// stream decrypts one input when - stands for standard input or output.
func (d *decrypt) stream(ctx context.Context, args []string) error {
	switch {
	case d.schemeName != sealedScheme:
		return usagef("decrypt: - is for the scheme sealed only")
	case len(args) != 1:
		return usagef("decrypt: - is one file, and %d are named", len(args))
	case args[0] == "-" && d.key == "":
		return hinted{usagef("decrypt: no key file lies beside standard input"), "--key FILE names it"}
	case isFolder(args[0]):
		return usagef("decrypt: -o - takes one cipher image, and %s is a folder", args[0])
	case d.resume || d.shard.count > 1:
		return usagef("decrypt: --resume and --shard are for folders")
	}
	o, err := d.open(args[0])
	if err != nil {
		return fmt.Errorf("decrypt: %w", err)
	}
	defer o.key.Wipe()
	if d.out == "-" {
		if err := o.writeTo(ctx, d.app.stdout); err != nil {
			return hinted{fmt.Errorf("decrypt: %w", err), strings.TrimSuffix("what was written is not all: discard it; "+hintFor(err), "; ")}
		}
		return nil
	}
	name, comment := d.outputName(o)
	out := filepath.Join(d.out, name)
	if err := append(d.protected(), "/dev/stdin").refuse([]string{out}); err != nil {
		return fmt.Errorf("decrypt: %w", err)
	}
	if err := d.app.locked(ctx, func() error { clean(d.out, []string{out}); return nil }); err != nil {
		return err
	}
	if err := d.write(ctx, o, out); err != nil {
		return fmt.Errorf("decrypt: %w", err)
	}
	return d.listing.single(d.app.stdout, "decrypt", o.path, []string{out}, comment)
}
