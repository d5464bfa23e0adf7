package batch

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/batch/volume"
	"keygan/cipher"
	"keygan/data/raster"
	"keygan/internal/failure"
	"keygan/internal/listing"

	"filippo.io/age"
)

// EncryptOptions say how files are encrypted. Sealed key files are encrypted to Recipients, under a passphrase, or not at all.
type EncryptOptions struct {
	Output    string // the folder to write to; for one file also the name of its cipher image, FILE.png, or "-"
	KeyOutput string // for one file: its key file; "": beside the cipher image
	Scheme    string // "": cipher.Default
	Generator GeneratorOptions
	Resize    int // images are resized to this width and height, in pixels, first; 0: as they are
	Shard     job.Shard
	Force     bool // existing pairs are replaced
	Resume    bool // pairs that are there and verified are left as they are

	// These mean something only for the default scheme.
	Recipients     []string // as keyfile.ParseRecipients takes them
	Passphrase     *keyfile.Passphrases
	UnencryptedKey bool
	NoGAN          bool     // no generator takes part in the keys
	Pixels         bool     // the samples of images are encrypted, not their files
	Identities     []string // files with identities that Resume verifies with
	TrustTimes     bool     // Resume verifies by path, size and modification time only
	HideNames      bool     // the pairs get random names; the true ones, and the folders, are encrypted

	// These mean something only for research schemes.
	Iterations int  // of the cat map; 0: cipher.DefaultIterations
	Series     bool // the DICOM files of a series of slices are encrypted as one volume

	// Given, if not nil, reports whether a flag was given. Those that mean nothing for the scheme are refused.
	Given func(flag string) bool
}

func (o *EncryptOptions) given(flag string) bool { return o.Given != nil && o.Given(flag) }

// an encryption is Encrypt at work.
type encryption struct {
	EncryptOptions
	host       *Host
	scheme     *cipher.Research // nil for the default, which seals files
	generator  *generator       // nil if none takes part
	params     cipher.Params
	recipients []age.Recipient
	identities []age.Identity // that Resume verifies with
	single     bool           // Output names the one cipher image, not a folder
	hidden     hiddenNames
}

// Encrypt encrypts files, and all files below folders. scan.png becomes the pair DIR/scan.png.cipher.png and DIR/scan.png.key.age; with
// Pixels or a research scheme, DIR/scan.cipher.png and a key file. "-" is standard input and, as Output, the host's Stdout.
func Encrypt(ctx context.Context, host Host, o EncryptOptions, paths []string) (*Report, error) {
	o.Passphrase, o.Scheme = cmp.Or(o.Passphrase, &keyfile.Passphrases{}), cmp.Or(o.Scheme, cipher.Default)
	e := &encryption{EncryptOptions: o, host: &host}
	if err := checkDashes(paths, o.Identities, o.Passphrase.File); err != nil {
		return nil, err
	}
	if err := e.prepare(ctx); err != nil {
		return nil, err
	}
	defer e.Passphrase.Wipe()
	if err := e.checkStream(paths); err != nil {
		return nil, err
	}
	if e.Output == "-" {
		return nil, e.toStdout(ctx, paths[0])
	}
	wanted := wantedImage
	if e.sealed() && !e.Pixels {
		wanted = wantedFile
	}
	all, leftOut, failed := collect(paths, wanted)
	if e.Series {
		all = findSeries(ctx, &host, all, volume.Stored)
	}
	if err := e.checkSingle(all); err != nil {
		return nil, err
	}
	if e.HideNames {
		e.hidden = e.findHidden(all)
	}
	e.Shard.Select(host, all) // tells the host
	var jobs, elsewhere []job.Job
	for _, in := range all {
		j, err := e.job(in)
		switch mine := e.Shard.Contains(in); {
		case mine && err != nil:
			failed = append(failed, job.Failed{Input: in.Path, Err: err})
		case mine:
			jobs = append(jobs, j)
		case err == nil:
			elsewhere = append(elsewhere, j)
		}
	}
	if e.HideNames {
		rand.Shuffle(len(jobs), func(i, k int) { jobs[i], jobs[k] = jobs[k], jobs[i] }) // the times of the pairs tell no order
	}
	warning, note := e.messages(len(jobs))
	report, err := job.Run(ctx, host, job.Batch{
		Name: "encrypt", Jobs: jobs, Elsewhere: elsewhere, Failed: failed, LeftOut: leftOut, Root: e.root(), Protected: e.protected(),
		Force: e.Force, Resume: e.Resume, Warning: warning, Note: note, Workers: e.generator.workers(len(jobs)),
	})
	if err == nil {
		report.InGenerator = e.generator.took()
	}
	return report, err
}

// messages returns what to say before the first file.
func (e *encryption) messages(files int) (warning, note string) {
	switch {
	case !e.sealed():
		return e.scheme.About.Warning, e.generator.note()
	case e.UnencryptedKey:
		return "the key files are not encrypted: whoever can read one can open its cipher image", ""
	case e.Passphrase.Wanted() && files >= 20:
		return "", "each key file takes about a second under a passphrase; -r with an identity of keygan keypair -p takes none"
	}
	return "", ""
}

// checkSingle checks Output, and finds out whether it names the cipher image of a single file.
func (e *encryption) checkSingle(inputs []job.Input) error {
	e.single = hasSuffix(e.Output, ".png") && !job.IsFolder(e.Output) && len(inputs) == 1 && inputs[0].Named
	if len(inputs) == 1 && inputs[0].Path == "-" && !e.single {
		return failure.Usagef("%s: standard input has no name, so -o names the cipher image: FILE.png, or -", e.Output)
	}
	switch {
	case e.single && e.HideNames:
		return failure.Hint(failure.Usagef("%s: -o names the cipher image, so --hide-names does not apply", e.Output), "name a folder with -o")
	case e.single:
		return nil
	case e.KeyOutput != "":
		return failure.Usagef("--key-out is the key file of one file, which -o FILE.png names")
	}
	return job.CheckFolder(e.Output)
}

// root returns the folder that outputs lie in or below.
func (e *encryption) root() string {
	if e.single {
		return filepath.Dir(e.Output)
	}
	return e.Output
}

func (e *encryption) protected() job.Protected {
	return job.Protect(slices.Concat(e.Identities, e.Recipients, []string{e.Passphrase.File, e.EncryptOptions.Generator.Weights})...)
}

// prepare checks the options, and reads what they name. It asks for passphrases last, so that nobody types one for nothing.
func (e *encryption) prepare(ctx context.Context) (err error) {
	switch {
	case e.Output == "":
		return job.ErrNoOutput
	case e.UnencryptedKey && hasSuffix(e.KeyOutput, ".age"):
		return failure.Usagef("--key-out %s: an unencrypted key file must not be called .age, which decrypt takes for encrypted",
			e.KeyOutput)
	case e.KeyOutput == "-":
		return failure.Usagef("--key-out is a file; standard output is for the cipher image (-o -)")
	}
	if e.scheme, err = schemeNamed(e.Scheme); err != nil {
		return err
	}
	if e.sealed() {
		err = e.checkSealed()
	} else {
		err = e.checkResearch()
	}
	if err == nil {
		err = checkResize(e.Resize != 0 || e.given("resize"), e.Resize)
	}
	if err != nil {
		return err
	}
	if e.recipients, err = keyfile.ParseRecipients(e.Recipients); err != nil {
		return err
	}
	if takes := cipher.Describe(e.Scheme).Takes; takes == cipher.KeyImage || (takes == cipher.OptionalKeyImage && !e.NoGAN) {
		if e.generator, err = newGenerator(e.EncryptOptions.Generator); err != nil {
			return err
		}
	}
	return e.askPassphrases(ctx)
}

// checkSealed checks the options for sealed.
func (e *encryption) checkSealed() error {
	switch {
	case e.Series:
		return failure.Hint(failure.Usagef("the scheme %s encrypts each file byte for byte, so --series does not apply", e.Scheme),
			"without --series, decrypt gives the whole folder back; --scheme names a research scheme, which encrypts voxels")
	case e.given("iterations"):
		return failure.Usagef("the scheme %s draws new parameters of its cat map for each file, so --iterations does not apply", e.Scheme)
	case e.given("exact-file") && e.Pixels:
		return failure.Usagef("--exact-file and --pixels cannot be combined")
	case !e.Pixels && e.given("resize"):
		return failure.Hint(failure.Usagef("files are encrypted byte for byte, so --resize does not apply"),
			"--pixels encrypts pixels, which can be resized")
	}
	if e.NoGAN {
		if err := e.refuseGiven("no generator takes part with --no-gan, so --%s does not apply", "weights", "noise-seed"); err != nil {
			return err
		}
	}
	ways := 0
	for _, way := range []bool{len(e.Recipients) > 0, e.Passphrase.Wanted(), e.UnencryptedKey} {
		if way {
			ways++
		}
	}
	switch {
	case ways == 0:
		return failure.Hint(failure.Usagef("no recipient given to encrypt the key files to"),
			"keygan keypair -o me.key makes an identity and prints its recipient, for -r age1…; decrypt takes it with -i me.key. "+
				"Or -p: a passphrase")
	case ways > 1:
		return failure.Hint(failure.Usagef("-r, -p and --unencrypted-key cannot be combined"),
			"a passphrase is a key file's only recipient; keygan rekey makes a copy of a key file for others")
	}
	if e.HideNames && e.UnencryptedKey {
		return failure.Usagef("--unencrypted-key writes the name in the clear, so --hide-names cannot be combined with it")
	}
	return e.checkResume()
}

// checkResume checks that Resume has something to verify by.
func (e *encryption) checkResume() error {
	identities := len(e.Identities) > 0
	switch {
	case (identities || e.TrustTimes) && !e.Resume:
		return failure.Usagef("-i and --trust-times verify what is done already, so they need --resume")
	case e.TrustTimes && e.HideNames:
		return failure.Hint(failure.Usagef("--trust-times looks for names that --hide-names hides"), "-i IDENTITYFILE finds and compares the pairs")
	case identities && e.TrustTimes:
		return failure.Usagef("-i compares every byte, so --trust-times cannot be combined with it")
	case e.Resume && !identities && !e.TrustTimes && !e.Passphrase.Wanted() && !e.UnencryptedKey:
		return failure.Hint(failure.Usagef("without an identity --resume cannot tell whether a pair belongs to its input"),
			"-i IDENTITYFILE compares every byte; --trust-times compares path, size and modification time only, as make does")
	}
	return nil
}

// checkResearch checks the options for the other schemes.
func (e *encryption) checkResearch() error {
	err := e.refuseGiven("--%s does not apply to the scheme "+e.Scheme,
		"recipient", "passphrase", "passphrase-file", "unencrypted-key", "no-gan", "pixels", "exact-file", "identity", "trust-times",
		"hide-names")
	if err != nil {
		return failure.Hint(err, "the default scheme, "+cipher.Default+", has it")
	}
	if e.Series && e.Resize != 0 {
		return failure.Usagef("--resize does not apply to volumes, so --series and --resize cannot be combined")
	}
	if !e.scheme.About.Iterations && e.given("iterations") {
		return failure.Usagef("the scheme %s has no cat map, so --iterations does not apply", e.Scheme)
	}
	e.params = cipher.Params{Iterations: e.Iterations}
	if e.Iterations == 0 && !e.given("iterations") {
		e.params.Iterations = cipher.DefaultIterations
	}
	if e.scheme.About.Takes == cipher.Nothing {
		if err := e.refuseGiven("the scheme "+e.Scheme+" takes no generator, so --%s does not apply", "weights", "noise-seed"); err != nil {
			return err
		}
	}
	// Numbers that no image could be encrypted with are a wrong request, not as many failures as there are images.
	if err := e.scheme.Check(raster.NewImage(cipher.PaperSide, cipher.PaperSide, 3, 8), e.params); err != nil {
		return &failure.UsageError{Err: err}
	}
	return nil
}

// refuseGiven returns a usage error that names the first of some flags that was given.
func (e *encryption) refuseGiven(format string, flags ...string) error {
	if i := slices.IndexFunc(flags, e.given); i >= 0 {
		return failure.Usagef(format, flags[i])
	}
	return nil
}

// askPassphrases gets the passphrase of the key files, if they are to have one, and those of the identities that Resume verifies with.
func (e *encryption) askPassphrases(ctx context.Context) error {
	if e.Passphrase.Wanted() {
		r, id, err := e.Passphrase.New(ctx, "the key files")
		if err != nil {
			return err
		}
		e.recipients = []age.Recipient{r}
		if e.Resume && !e.TrustTimes {
			e.identities = []age.Identity{id}
		}
	}
	if len(e.Identities) > 0 {
		reader := keyfile.Passphrases{Ask: e.Passphrase.Ask}
		all, err := reader.Identities(ctx, e.Identities)
		if err != nil {
			return err
		}
		e.identities = append(e.identities, all...)
	}
	return nil
}

// collect is job.Collect, where "-" is standard input.
func collect(paths []string, wanted func(name string) string) ([]job.Input, []listing.LeftOut, []job.Failed) {
	if len(paths) == 1 && paths[0] == "-" {
		return []job.Input{{Path: "-", Folder: ".", Named: true}}, nil, nil
	}
	return job.Collect(paths, wanted)
}

// alsoRead returns the file that no output may replace if the input is standard input.
func alsoRead(input string) []string {
	if input == "-" {
		return []string{"/dev/stdin"}
	}
	return nil
}

// checkDashes refuses to read standard input for two purposes.
func checkDashes(paths, identities []string, passphrase string) error {
	all := slices.Concat(paths, identities, []string{passphrase})
	if i := slices.Index(all, "-"); i >= 0 && slices.Contains(all[i+1:], "-") {
		return failure.Usagef("- is standard input, which can be read only once")
	}
	return nil
}

// outputs returns the names of an input's cipher image and key file.
func (e *encryption) outputs(in job.Input) (image, key string, err error) {
	name, suffix := cmp.Or(in.Name, stem(in.Path)), e.keySuffix()
	if e.sealed() && !e.Pixels {
		name = filepath.Base(in.Path)
	}
	if e.single {
		if e.KeyOutput != "" {
			return e.Output, e.KeyOutput, nil
		}
		return e.Output, KeyFileBeside(e.Output, suffix), nil
	}
	if e.HideNames {
		base, err := e.hidden.base(in)
		return filepath.Join(e.Output, base+CipherSuffix), filepath.Join(e.Output, base+suffix), err
	}
	if n := len(name) + len(CipherSuffix); n > maxFileName {
		return "", "", failure.Hint(fmt.Errorf("%s: the name of its cipher image would have %d bytes; at most %d are possible",
			in.Path, n, maxFileName),
			"give it a shorter name, or encrypt an archive (tar) of the folder")
	}
	base := filepath.Join(e.Output, in.Folder, name)
	return base + CipherSuffix, base + suffix, nil
}

// keySuffix ends the names of the key files.
func (e *encryption) keySuffix() string {
	switch {
	case !e.sealed():
		return ResearchKeySuffix
	case e.UnencryptedKey:
		return PlainKeySuffix
	}
	return KeyFileSuffix
}

// job returns the work on one input, whose outputs are a cipher image and a key file.
func (e *encryption) job(in job.Input) (job.Job, error) {
	image, key, err := e.outputs(in)
	if err != nil {
		return job.Job{}, err
	}
	p := pair{root: e.root(), image: image, key: key}
	j := job.Job{
		Input: in.Path, Inputs: in.Series, Outputs: []string{image, key}, Order: []string{key, image}, Reads: alsoRead(in.Path),
		Memory: func() int64 { return e.memory(in) },
	}
	do := e.sealFile
	switch {
	case !e.sealed():
		do = e.encryptResearch
	case e.Pixels:
		do = e.sealPixels
	}
	j.Do = func(ctx context.Context) (string, error) {
		return do(ctx, in, func(key, image file) error { return p.write(ctx, e.host, e.Force, key, image) })
	}
	j.Verify = func(ctx context.Context) error { return e.verify(ctx, in, p) }
	return j, nil
}
