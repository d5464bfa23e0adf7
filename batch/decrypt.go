package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/cipher"
	"keygan/cipher/sealed"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/listing"

	"filippo.io/age"
	"golang.org/x/sync/errgroup"
)

// DecryptOptions say how cipher images are decrypted.
type DecryptOptions struct {
	Output        string // the folder to write to, or "-"
	KeyFile       string // of a single cipher image; "": beside it
	Scheme        string // "": cipher.Default
	KeepOuterName bool   // outputs are named after the cipher images, not as what was encrypted was called
	Identities    []string
	Passphrase    *keyfile.Passphrases
	Shard         job.Shard
	Force         bool // existing files are replaced
	Resume        bool // files that are there and verified are left as they are

	// Given, if not nil, reports whether a flag was given. Those that mean nothing for the scheme are refused.
	Given func(flag string) bool
}

// a decryption is Decrypt at work.
type decryption struct {
	DecryptOptions
	host       *Host
	scheme     *cipher.Research // nil for the default, which opens sealed files
	identities []age.Identity
}

// Decrypt decrypts cipher images, and all below folders. "-" is standard input and, as Output, the host's Stdout.
func Decrypt(ctx context.Context, host Host, o DecryptOptions, paths []string) (*Report, error) {
	o.Passphrase, o.Scheme = cmp.Or(o.Passphrase, &keyfile.Passphrases{}), cmp.Or(o.Scheme, cipher.Default)
	d := &decryption{DecryptOptions: o, host: &host}
	if err := d.prepare(ctx, paths); err != nil {
		return nil, err
	}
	defer d.Passphrase.Wipe()
	if err := d.checkStream(paths); err != nil {
		return nil, err
	}
	if d.Output == "-" {
		return nil, d.toStdout(ctx, paths[0])
	}
	if err := job.CheckFolder(d.Output); err != nil {
		return nil, err
	}
	all, leftOut, failed := collect(paths, wantedCipherImage)
	leftOut = append(leftOut, keysWithoutImage(all)...)
	all = slices.DeleteFunc(all, func(in job.Input) bool { return !in.Named && !IsCipherImage(in.Path) })
	if len(all)+len(failed) == 0 {
		return nil, fmt.Errorf("no cipher images: no file is called *%s", CipherSuffix)
	}
	if d.KeyFile != "" && len(all) > 1 {
		return nil, failure.Usagef("--key is the key file of one image, and there are %d", len(all))
	}
	protected := job.Protect(append(slices.Clone(d.Identities), d.Passphrase.File, d.KeyFile)...)
	inputs := d.Shard.Select(host, all)
	began := time.Now()
	jobs, unopened := d.jobs(inputs)
	return job.Run(ctx, host, job.Batch{
		Name: "decrypt", Jobs: jobs, Failed: append(failed, unopened...), LeftOut: leftOut, Root: d.Output, Protected: protected,
		Force: d.Force, Resume: d.Resume, Warning: cipher.Describe(d.Scheme).Warning, Workers: runtime.GOMAXPROCS(0), Began: began,
	})
}

// prepare checks the options, reads the identities and asks for passphrases.
func (d *decryption) prepare(ctx context.Context, paths []string) (err error) {
	switch {
	case d.Output == "":
		return job.ErrNoOutput
	case d.Force && d.Shard.Count > 1: // what two cipher images of one name in two parts hold is not known before they are opened
		return failure.Usagef("--force in a part of several could replace what another part has written")
	}
	if err := checkDashes(paths, d.Identities, d.Passphrase.File); err != nil {
		return err
	}
	if d.scheme, err = schemeNamed(d.Scheme); err != nil {
		return err
	}
	if d.scheme != nil && d.Given != nil {
		flags := []string{"identity", "passphrase", "passphrase-file", "keep-outer-name"}
		if i := slices.IndexFunc(flags, d.Given); i >= 0 {
			return failure.Usagef("--%s does not apply to the scheme %s: its key files are not encrypted", flags[i], d.Scheme)
		}
	}
	d.identities, err = d.Passphrase.Identities(ctx, d.Identities)
	return err
}

// keysWithoutImage returns the key files in folders that lie there without a cipher image.
func keysWithoutImage(inputs []job.Input) (left []listing.LeftOut) {
	images := map[string]bool{}
	for _, in := range inputs {
		if IsCipherImage(in.Path) {
			images[in.Path[:len(in.Path)-len(CipherSuffix)]] = true
		}
	}
	for _, in := range inputs {
		if in.Named || !isKeyFile(in.Path) {
			continue
		}
		name := withoutKeySuffix(spareName.ReplaceAllString(in.Path, ""))
		if !images[name] {
			why := "a key file, and no " + filepath.Base(name) + CipherSuffix + " beside it"
			left = append(left, listing.LeftOut{Path: in.Path, Why: why})
		}
	}
	return left
}

// jobs opens the key files, several at a time: only they hold the names of the outputs.
func (d *decryption) jobs(inputs []job.Input) (jobs []job.Job, failed []job.Failed) {
	all, errs := make([]job.Job, len(inputs)), make([]error, len(inputs))
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
			failed = append(failed, job.Failed{Input: in.Path, Err: errs[i], Reads: d.possibleKeyFiles(in.Path)})
		} else {
			jobs = append(jobs, all[i])
		}
	}
	return jobs, failed
}

func (d *decryption) job(in job.Input) (job.Job, error) {
	if d.scheme != nil {
		return d.researchJob(in)
	}
	o, err := d.open(in.Path)
	if err != nil {
		return job.Job{}, err
	}
	name, comment := d.outputName(o)
	out := filepath.Join(d.Output, in.Folder, name)
	return job.Job{
		Input: in.Path, Outputs: []string{out}, Reads: append(o.reads, alsoRead(in.Path)...),
		Do:     func(ctx context.Context) (string, error) { return comment, d.write(ctx, o, out) },
		Verify: func(ctx context.Context) error { return o.verify(ctx, out, 0) },
		Memory: o.memory, End: o.Key.Wipe,
	}, nil
}

// researchJob opens a cipher image of a scheme whose key files are not encrypted.
func (d *decryption) researchJob(in job.Input) (job.Job, error) {
	keyFile := d.KeyFile
	if keyFile == "" {
		keyFile = KeyFileBeside(in.Path, ResearchKeySuffix)
	}
	if !job.Exists(keyFile) {
		return job.Job{}, missingKeyFile(in.Path, keyFile)
	}
	if v := cipher.VolumeOf(keyFile); v != nil {
		return d.volumeJob(in, keyFile, v), nil
	}
	out := filepath.Join(d.Output, in.Folder, stem(in.Path)+".png")
	return job.Job{
		Input: in.Path, Outputs: []string{out}, Reads: []string{keyFile}, Memory: func() int64 { return memoryOf(in.Path) },
		Do: func(ctx context.Context) (string, error) {
			m, err := openResearch(ctx, in.Path, keyFile, d.Scheme)
			if err != nil {
				return "", err
			}
			return "", d.host.Write(ctx, d.Output, d.Force, pngFile(out, Public, m))
		},
		Verify: func(ctx context.Context) error {
			m, err := openResearch(ctx, in.Path, keyFile, d.Scheme)
			if err != nil {
				return err
			}
			return sameImage(out, 0, m)
		},
	}, nil
}

// mostTried is how many old key files are tried with a passphrase, which takes seconds for each.
const mostTried = 4

// open finds the key file of a cipher image and opens it.
func (d *decryption) open(path string) (Opening, error) {
	keyFile, err := d.findKeyFile(path)
	if err != nil {
		return Opening{}, err
	}
	candidates := []string{keyFile}
	if path != "-" { // which can be read only once
		spares := atomicfile.Spares(keyFile)
		if d.Passphrase.Wanted() && len(spares) > mostTried {
			// The first belongs to a cipher image that was never replaced; the last ones to one that was.
			spares = append(spares[:1], spares[len(spares)-mostTried+1:]...)
		}
		candidates = append(candidates, spares...)
	}
	var first error
	for _, candidate := range candidates {
		k, err := keyfile.Read(candidate, d.identities)
		if err == nil {
			o := Opening{Path: path, Key: k, reads: candidates}
			// A process that was killed while it replaced a pair leaves the old key file, and the old or the new cipher image.
			if len(candidates) == 1 || o.Opens() {
				return o, nil
			}
			k.Wipe()
			err = sealed.ErrRefused
		}
		if first == nil {
			first = refusal(path, err)
		}
	}
	return Opening{}, first
}

// refusal returns an error about a key file as one about the pair: it is not known which of the two is at fault.
func refusal(path string, err error) error {
	version := (*sealed.VersionError)(nil)
	switch {
	case errors.As(err, &version):
		return fmt.Errorf("%s: %w", path, version)
	case errors.Is(err, sealed.ErrRefused):
		return fmt.Errorf("%s: %w", path, sealed.ErrRefused)
	}
	return err
}

// findKeyFile returns the key file that was named, or else the one beside the cipher image. Whoever gives an identity or a passphrase
// gets encrypted key files only: anybody could have made another.
func (d *decryption) findKeyFile(path string) (string, error) {
	if isKeyFile(path) {
		return "", fmt.Errorf("%s: this is a key file; decrypt takes the cipher image, and --key names a key file", path)
	}
	if d.KeyFile != "" {
		if !job.Exists(d.KeyFile) {
			return "", missingKeyFile(path, d.KeyFile)
		}
		return d.KeyFile, refuseResearch(path, d.KeyFile)
	}
	possible := d.possibleKeyFiles(path)
	found := slices.DeleteFunc(slices.Clone(possible), func(keyFile string) bool {
		return !job.Exists(keyFile) && len(atomicfile.Spares(keyFile)) == 0
	})
	switch {
	case len(found) == 0:
		return "", missingKeyFile(path, possible[0]+" or "+possible[1])
	case found[0] == possible[2]:
		return "", researchKeyError(path, found[0])
	case len(found) > 1 && found[1] == possible[1] && len(d.identities) == 0:
		return "", failure.Hint(fmt.Errorf("%s: both %s and %s are there", path, found[0], found[1]),
			"--key FILE names the one that belongs to it")
	}
	return found[0], refuseResearch(path, found[0])
}

// possibleKeyFiles returns all names that the key file of a cipher image may have: the one given, or encrypted, plain and research.
func (d *decryption) possibleKeyFiles(path string) []string {
	if d.KeyFile != "" {
		return []string{d.KeyFile}
	}
	return []string{KeyFileBeside(path, KeyFileSuffix), KeyFileBeside(path, PlainKeySuffix), KeyFileBeside(path, ResearchKeySuffix)}
}

func missingKeyFile(path, key string) error {
	return failure.Hint(fmt.Errorf("%s: its key file is missing: %s", path, key), "--key FILE names a key file that lies elsewhere")
}

// outputName returns what to call the file in a cipher image, with the folders that were hidden with its name, and what to say about that, or "".
func (d *decryption) outputName(o Opening) (name, comment string) {
	outer := stem(o.Path)
	if o.Path == "-" {
		outer = "decrypted"
	}
	name = o.Key.Header.Name // sealed.CheckName has seen it
	if !o.isFile() {
		outer += ".png"
		if name != "" {
			name = stem(name) + ".png"
		}
	}
	below := filepath.FromSlash(o.Key.Header.Folder)                                    // sealed.CheckFolder has seen it
	if d.KeepOuterName || name == "" || !filepath.IsLocal(filepath.Join(below, name)) { // the last: not a name on this system
		name, below = outer, ""
	}
	name = filepath.Join(below, name)
	var said []string
	if name != outer {
		said = append(said, "from "+filepath.Base(o.Path))
	}
	parts := strings.Split(name, string(filepath.Separator))
	for i, part := range parts {
		if strings.HasPrefix(part, ".") {
			said = append(said, "its name "+part+" is hidden")
			parts[i] = "_" + part
		}
	}
	return filepath.Join(parts...), strings.Join(said, "; ")
}

// write writes what is in a cipher image.
func (d *decryption) write(ctx context.Context, o Opening, out string) error {
	var refused error
	err := d.host.Write(ctx, d.Output, d.Force, file{
		Path: out, Perm: o.perm(), Modified: o.Key.Header.Modified,
		Write: func(w io.Writer) error {
			to := &fileerr.Writer{W: w}
			err := o.writeTo(ctx, to)
			if to.Err == nil {
				refused = err // which names the cipher image; an error of the output is named by who writes it
			}
			return err
		},
	})
	return cmp.Or(refused, err)
}

// checkStream checks the options if "-" stands for standard input or output.
func (d *decryption) checkStream(paths []string) error {
	switch {
	case d.Output != "-" && !slices.Contains(paths, "-"):
	case d.scheme != nil:
		return failure.Usagef("- is for the scheme %s only", cipher.Default)
	case len(paths) != 1:
		return failure.Usagef("- must be the only input, but %d are given", len(paths))
	case paths[0] == "-" && d.KeyFile == "":
		return failure.Hint(failure.Usagef("standard input has no key file beside it"), "--key FILE names it")
	case job.IsFolder(paths[0]):
		return failure.Usagef("-o - takes one cipher image, and %s is a folder", paths[0])
	case d.Resume || d.Shard.Count > 1:
		return failure.Usagef("--resume and --shard are for folders")
	}
	return nil
}

// toStdout writes what is in a cipher image to standard output.
func (d *decryption) toStdout(ctx context.Context, path string) error {
	o, err := d.open(path)
	if err != nil {
		return err
	}
	defer o.Key.Wipe()
	if err := o.writeTo(ctx, d.host.Stdout); err != nil {
		return failure.Hint(err, "standard output has only a part: discard it")
	}
	return nil
}
