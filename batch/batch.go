// Package batch does keygan's work on files: it makes keys from images, encrypts images and other files, and decrypts
// them. Each task is one function, which takes options and paths:
//
//	report, err := batch.Encrypt(ctx, host, batch.EncryptOptions{Output: "out", Recipients: []string{"age1…"}}, []string{"scans"})
//	report, err := batch.Decrypt(ctx, host, batch.DecryptOptions{Output: "back", Identities: []string{"me.key"}}, []string{"out"})
//
// An error means that the work could not start; package failure tells whether the request was wrong, and has hints. The report says
// what became of each file. The host receives messages and progress.
//
// The package promises: no output has its final name before it is whole and, after decrypting, authenticated. Nothing is replaced
// without Force; identities, recipients and passphrase files never are. Nothing that lies in an output folder is trusted.
// A cipher image appears only once its key file is there.
package batch

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"

	"keygan/batch/job"
	"keygan/batch/volume"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/npz"
)

// A Host is the program that the work is done in.
type Host = job.Host

// A Report says what became of each file.
type Report = job.Report

// A Tally says how far the work is.
type Tally = job.Tally

// KeygenOptions say how key images are made.
type KeygenOptions struct {
	Output    string // the folder to write to; "": beside each image
	Generator GeneratorOptions
	Resize    int  // images are resized to this width and height, in pixels, first; 0: as they are
	Array     bool // X.key.npy is written as well
	Series    bool // the DICOM files of a series of slices count as one volume
	Shard     job.Shard
	Force     bool // existing files are replaced
}

// Keygen makes the key image of each image: X.key.png of X.png. Of a volume or another stack it makes one for each slice, X.keys.npz, and
// X.key.png of the middle one.
func Keygen(ctx context.Context, host Host, o KeygenOptions, paths []string) (*Report, error) {
	if err := checkResize(o.Resize != 0, o.Resize); err != nil {
		return nil, err
	}
	g, err := newGenerator(o.Generator)
	if err != nil {
		return nil, err
	}
	all, leftOut, failed := job.Collect(paths, wantedImage)
	if o.Series {
		all = findSeries(ctx, &host, all, volume.Shown)
	}
	var jobs []job.Job
	for _, in := range o.Shard.Select(host, all) {
		jobs = append(jobs, o.job(&host, g, in))
	}
	report, err := job.Run(ctx, host, job.Batch{
		Name: "keygen", Jobs: jobs, Failed: failed, LeftOut: leftOut, Root: o.Output, Force: o.Force,
		Note: g.note(), Workers: g.workers(len(jobs)),
	})
	if err == nil {
		report.InGenerator = g.took()
	}
	return report, err
}

func (o *KeygenOptions) job(host *Host, g *generator, in job.Input) job.Job {
	dir := filepath.Dir(in.Path)
	if o.Output != "" {
		dir = filepath.Join(o.Output, in.Folder)
	}
	base := filepath.Join(dir, cmp.Or(in.Name, stem(in.Path)))
	outputs := []string{base + keyImageSuffix}
	if o.Array {
		outputs = append(outputs, base+keyArraySuffix)
	}
	stack, err := imagefile.HoldsStack(in.Path)
	if files := in.Series; files != nil || err == nil && stack {
		if files == nil {
			files = []string{in.Path}
		}
		outputs = append(outputs, base+keysSuffix)
		return job.Job{
			Input: in.Path, Inputs: in.Series, Outputs: outputs, Memory: func() int64 { return stackMemory(in.Path, len(files)) },
			Do: func(ctx context.Context) (string, error) { return o.keysOfStack(ctx, host, g, files, outputs) },
		}
	}
	return job.Job{Input: in.Path, Outputs: outputs, Do: func(ctx context.Context) (string, error) {
		m, err := readPlain(imagefile.ReadImage, in.Path, o.Resize)
		if err != nil {
			return "", err
		}
		key, err := g.key(m)
		if err != nil {
			return "", fileerr.Named(in.Path, err)
		}
		return "", host.Write(ctx, o.Output, o.Force, o.keyFiles(key, outputs)...)
	}}
}

func (o *KeygenOptions) keyFiles(key *raster.Image, outputs []string) []atomicfile.File {
	files := []atomicfile.File{pngFile(outputs[0], Secret, key)}
	if o.Array {
		array := npz.Bytes("key", key.Pix, key.Height, key.Width, key.Channels)
		files = append(files, atomicfile.File{Path: outputs[1], Perm: Secret, Write: array.Write})
	}
	return files
}

// keysOfStack makes a key of each slice in a file, axial in a volume, or of a series of files with a slice each. The archive has an array keys:
// uint8 [slices, height, width, channels]; that of a series also files, a JSON list of their names.
func (o *KeygenOptions) keysOfStack(ctx context.Context, host *Host, g *generator, files, outputs []string) (string, error) {
	var keys []byte // [slices, height, width, channels]
	var middle, shape *raster.Image
	count, made := 0, 0
	for _, path := range files {
		stack, err := imagefile.ReadStack(path, imagefile.Axial)
		if err != nil {
			return "", err
		}
		count = len(files) * stack.Count
		for i := range stack.Count {
			if ctx.Err() != nil {
				return "", fileerr.Named(path, failure.ErrInterrupted)
			}
			m := stack.Image(i)
			if shape = cmp.Or(shape, m); len(files) > 1 && (stack.Count > 1 || m.String() != shape.String()) {
				return "", fileerr.Named(path, job.ErrInputChanged)
			}
			if o.Resize != 0 {
				m = m.Resize(o.Resize, o.Resize)
			}
			key, err := g.key(m)
			if err != nil {
				return "", fileerr.Named(path, err)
			}
			if keys = append(slices.Grow(keys, (count-made)*len(key.Pix)), key.Pix...); made == count/2 {
				middle = key
			}
			made++
		}
	}
	entries := []npz.Entry{npz.Bytes("keys", keys, count, middle.Height, middle.Width, middle.Channels)}
	if len(files) > 1 {
		names, err := json.Marshal(baseNames(files))
		if err != nil {
			return "", err
		}
		entries = append(entries, npz.Bytes("files", names))
	}
	archive := file{Path: outputs[len(outputs)-1], Perm: Secret, Write: func(w io.Writer) error { return npz.Write(w, entries...) }}
	comment := fmt.Sprintf("the middle one of %d keys", count)
	return comment, host.Write(ctx, o.Output, o.Force, append(o.keyFiles(middle, outputs), archive)...)
}

func baseNames(paths []string) (names []string) {
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}

// SamplesOptions say which synthetic images to write.
type SamplesOptions struct {
	Output string   // the folder to write to
	Kinds  []string // as synthetic.New takes them
	Number int      // of images of each kind
	Size   int      // width and height in pixels
	Seed   uint64
	Force  bool // existing files are replaced
}

// Samples writes built-in synthetic images.
func Samples(ctx context.Context, host Host, o SamplesOptions) (*Report, error) {
	if err := job.CheckFolder(o.Output); err != nil {
		return nil, err
	}
	var jobs []job.Job
	for _, kind := range o.Kinds {
		src, err := synthetic.New(kind, o.Number, o.Size, o.Seed)
		if err != nil {
			return nil, failure.Usagef("%w", err)
		}
		for i := range src.Len() {
			path := filepath.Join(o.Output, src.Name(i)+".png")
			jobs = append(jobs, job.Job{Input: src.Name(i), Outputs: []string{path}, Do: func(ctx context.Context) (string, error) {
				m, err := src.Image(i)
				if err != nil {
					return "", err
				}
				return "", host.Write(ctx, o.Output, o.Force, pngFile(path, Public, m))
			}})
		}
	}
	return job.Run(ctx, host, job.Batch{Name: "samples", Jobs: jobs, Root: o.Output, Force: o.Force, Workers: runtime.GOMAXPROCS(0)})
}
