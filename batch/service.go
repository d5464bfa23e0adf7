package batch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/infer"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"

	"filippo.io/age"
	"golang.org/x/sync/semaphore"
)

// A Content is what a file holds, wherever it is kept: an upload, for example.
type Content struct {
	Name     string // without a folder
	Folder   string // where it lay below the folder that was chosen, with slashes; "" at its top
	Modified time.Time
	File     *io.SectionReader
	HideName bool // Encrypt and EncryptInto give the pair a random name; the true one, and Folder, are encrypted

	// For Encrypt and EncryptInto: a scheme for research, which takes no recipients, and the iterations of its cat map, of which 0 stands
	// for the default; "": sealed.
	Scheme     string
	Iterations int
}

// check returns an error for a name that could lead out of a folder.
func (c Content) check() error {
	names := []string{c.Name}
	if c.Folder != "" {
		names = append(strings.Split(c.Folder, "/"), c.Name)
	}
	for _, name := range names {
		if err := sealed.CheckName(name); err != nil || name == "" || !filepath.IsLocal(name) {
			return fmt.Errorf("%q: %w", c.Folder+"/"+c.Name, cmp.Or(err, errors.New("not the name of a file")))
		}
	}
	return nil
}

func (c Content) again() *io.SectionReader { return io.NewSectionReader(c.File, 0, c.File.Size()) }

// A Service encrypts and decrypts contents with the scheme sealed, or with one for research: at most as many at a time as there are cores, within the memory
// that a batch may take. Its results are those of Encrypt and Decrypt. Goroutines may share it.
type Service struct {
	host      Host
	generator *generator
	workers   *semaphore.Weighted
	memory    *semaphore.Weighted
	cleaned   sync.Map // folders
}

// NewService returns a service that makes keys with a generator.
func NewService(host Host, o GeneratorOptions) (*Service, error) {
	g, err := newGenerator(o)
	if err != nil {
		return nil, err
	}
	return &Service{
		host: host, generator: g,
		workers: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0))), memory: semaphore.NewWeighted(job.MemoryBudget()),
	}, nil
}

// With returns a service that makes keys with the weights in a content, and shares memory and cores with s.
func (s *Service) With(ctx context.Context, weights Content) (with *Service, err error) {
	err = s.Work(ctx, 20*weights.File.Size(), func() error { // as infer.Read promises
		b, err := io.ReadAll(weights.again())
		if err != nil {
			return fileerr.Named(weights.Name, err)
		}
		model, err := infer.Read(weights.Name, b)
		if err != nil {
			return err
		}
		with = &Service{host: s.host, generator: generatorOf(model, nil), workers: s.workers, memory: s.memory}
		return nil
	})
	return with, err
}

// Work calls do when a core and this many bytes of memory are free.
func (s *Service) Work(ctx context.Context, bytes int64, do func() error) error {
	held := min(bytes, job.MemoryBudget()) // what takes more than the budget runs alone
	if err := s.memory.Acquire(ctx, held); err != nil {
		return err
	}
	defer s.memory.Release(held)
	if err := s.workers.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.workers.Release(1)
	if err := job.CheckMemory(bytes, job.FreeMemory, errors.New("needs more memory than there is")); err != nil {
		return err
	}
	return do()
}

// Encrypt writes the cipher image of a content to image, and returns its key file and both names. comment is "" or says something
// about the result.
func (s *Service) Encrypt(ctx context.Context, c Content, to []age.Recipient, image io.Writer) (p Pair, comment string, err error) {
	e, err := s.encryption("", c, to)
	if err != nil {
		return p, "", err
	}
	if p.Image, p.Key, err = e.names(c); err != nil {
		return p, "", err
	}
	comment, err = s.seal(ctx, e, c, func(key, out file) error {
		var b strings.Builder
		if err := key.Write(&b); err != nil {
			return err
		}
		p.KeyFile = []byte(b.String())
		return out.Write(image)
	})
	return p, comment, err
}

// A Pair names a cipher image and its key file. Names have slashes.
type Pair struct {
	Image, Key string
	KeyFile    []byte // the content of the key file, if it is not on the disk
}

// EncryptInto writes both files into a folder, or below it: both or neither. It replaces nothing.
func (s *Service) EncryptInto(ctx context.Context, folder string, c Content, to []age.Recipient) (p Pair, comment string, err error) {
	e, err := s.encryption(folder, c, to)
	if err != nil {
		return p, "", err
	}
	if p.Image, p.Key, err = e.names(c); err != nil {
		return p, "", err
	}
	s.clean(folder, filepath.Join(folder, p.Image))
	at := pair{root: folder, image: filepath.Join(folder, p.Image), key: filepath.Join(folder, p.Key)}
	comment, err = s.seal(ctx, e, c, func(key, image file) error { return at.write(ctx, &s.host, false, key, image) })
	return p, comment, err
}

func (s *Service) encryption(folder string, c Content, to []age.Recipient) (*encryption, error) {
	o := EncryptOptions{Output: folder, HideNames: c.HideName, Scheme: c.Scheme, Iterations: c.Iterations}
	e := &encryption{EncryptOptions: o, host: &s.host, generator: s.generator, recipients: to}
	if c.Scheme == "" {
		return e, nil
	}
	return e, e.research()
}

// names returns what the outputs of a content are called below the output folder.
func (e *encryption) names(c Content) (image, key string, err error) {
	if err := c.check(); err != nil {
		return "", "", err
	}
	wanted := wantedFile
	if !e.sealed() {
		wanted = wantedImage
	}
	if why := wanted(c.Name); why != "" && c.Folder != "" { // as encrypt leaves it out of a folder
		return "", "", fmt.Errorf("%s: left out: %s", c.Name, why)
	}
	below := *e
	below.Output = ""
	image, key, err = below.outputs(job.Input{Path: c.Name, Folder: filepath.FromSlash(c.Folder)})
	return filepath.ToSlash(image), filepath.ToSlash(key), err
}

func (s *Service) seal(ctx context.Context, e *encryption, c Content, write writePair) (comment string, err error) {
	start, err := io.ReadAll(io.LimitReader(c.again(), keyfile.MaxIdentity))
	if err == nil {
		err = keyfile.RefuseIdentityIn(start)
	}
	clear(start)
	if err != nil {
		return "", fileerr.Named(c.Name, err)
	}
	if !e.sealed() {
		return s.sealPlain(ctx, e, c, write)
	}
	in := &source{
		Reader: c.again(), size: c.File.Size(),
		options: sealed.Options{Name: c.Name, Modified: c.Modified}, before: job.Snapshot{Path: c.Name},
	}
	if err := e.hide(&in.options, job.Input{Path: c.Name, Folder: filepath.FromSlash(c.Folder)}); err != nil {
		return "", err
	}
	stack, memory := true, int64(0)
	if imagefile.ImageName(c.Name) {
		if stack, memory, err = s.outline(ctx, c); err != nil {
			return "", fileerr.Named(c.Name, err)
		}
	}
	if stack {
		return "", s.Work(ctx, streamMemory, func() error { return e.sealSource(ctx, in, c.Name, write) })
	}
	memory = streamMemory + memory/2
	if bytes.HasPrefix(first(c), []byte("\x89PNG")) { // which is made smaller while it is read
		memory = 2 * streamMemory
	}
	s.generator.ahead.Add(1)
	keys := int64(1) // that are still to be begun
	err = s.Work(ctx, memory, func() error {
		side := s.generator.side()
		if thumbnail, err := imagefile.ThumbnailOf(c.again(), side, side); err != nil {
			comment = noKeyImage // the file is encrypted all the same
		} else {
			keys = 0
			if err := e.mix(&in.options, c.Name, thumbnail); err != nil {
				return err
			}
		}
		return e.sealSource(ctx, in, c.Name, write)
	})
	s.generator.ahead.Add(-keys)
	return comment, err
}

// outline reports whether a content may be several images, and how many bytes the work on it takes.
func (s *Service) outline(ctx context.Context, c Content) (stack bool, memory int64, err error) {
	memory = memoryIn(c.again(), c.File.Size()) + 2*imagefile.UnpackedSize(c.again())
	if !imagefile.PlacedIn(c.again()) || c.File.Size() > maxSamples { // the latter is too long to be read
		return imagefile.StackIn(c.again()), memory, nil
	}
	err = s.Work(ctx, c.File.Size(), func() error {
		if o, err := imagefile.OutlineOf(c.again()); err == nil {
			stack, memory = !o.Single, max(memory, frameMemory(o))
		}
		return nil
	})
	return stack, memory, err
}

// first returns the first bytes of a content.
func first(c Content) []byte {
	start := make([]byte, 8)
	n, _ := io.ReadFull(c.again(), start)
	return start[:n]
}

// A NamedKey is a key, and what its file was called.
type NamedKey struct {
	Name string
	*sealed.Key
}

// A Decrypted says what was in a cipher image.
type Decrypted struct {
	Name     string // below the output folder, with slashes
	Comment  string // "" or what is to be said about the name
	Key      string // the name of the key file that opened it
	Modified time.Time
}

// Decrypt finds the key of a cipher image, and writes what is in it to w. Nothing that was written may be used after an error.
func (s *Service) Decrypt(ctx context.Context, c Content, keys []NamedKey, w io.Writer) (d Decrypted, err error) {
	err = s.open(ctx, "", c, keys, func(_ *decryption, o Opening, found Decrypted) error {
		d = found
		return o.writeTo(ctx, w)
	})
	return d, err
}

// DecryptInto writes what is in a cipher image into a folder, or below it. It replaces nothing.
func (s *Service) DecryptInto(ctx context.Context, folder string, c Content, keys []NamedKey) (d Decrypted, err error) {
	err = s.open(ctx, folder, c, keys, func(dec *decryption, o Opening, found Decrypted) error {
		d = found
		out := filepath.Join(folder, filepath.FromSlash(d.Name))
		s.clean(folder, out)
		return dec.write(ctx, o, out)
	})
	return d, err
}

// clean removes what killed processes left in the folder below root where a file is about to go: a part of the plain file, where one
// decrypted. It does so once for each folder.
func (s *Service) clean(root, path string) {
	folder := filepath.Dir(path)
	if _, done := s.cleaned.LoadOrStore(folder, true); done {
		return
	}
	groups := [][]string{{path}}
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if stem, ok := strings.CutSuffix(e.Name(), KeyFileSuffix); ok { // of a pair that was being placed, perhaps
			groups = append(groups, []string{filepath.Join(folder, e.Name()), filepath.Join(folder, stem+CipherSuffix)})
		}
	}
	atomicfile.Clean(root, groups)
}

func (s *Service) open(
	ctx context.Context, folder string, c Content, keys []NamedKey, do func(*decryption, Opening, Decrypted) error,
) error {
	if err := c.check(); err != nil {
		return err
	}
	d := &decryption{DecryptOptions: DecryptOptions{Output: folder}, host: &s.host}
	keys, err := candidates(ctx, c, keys)
	if err != nil {
		return err
	}
	memory := int64(streamMemory)
	for _, key := range keys {
		if o := (Opening{Key: key.Key}); o.shapeBytes() <= c.File.Size() { // others are refused at once
			memory = max(memory, o.memory())
		}
	}
	return s.Work(ctx, memory, func() error {
		key, err := matching(ctx, c, keys)
		if err != nil {
			return err
		}
		o := Opening{Path: c.Name, Key: key.Key, content: c.File}
		name, comment := d.outputName(o)
		found := Decrypted{Comment: comment, Key: key.Name, Modified: key.Header.Modified}
		found.Name = filepath.ToSlash(filepath.Join(filepath.FromSlash(c.Folder), name))
		return do(d, o, found)
	})
}

// errOpens stops a decryption whose first piece is authentic.
var errOpens = errors.New("it opens")

// candidates returns the keys whose headers have the shape of a cipher image: first those whose names say that they belong to it.
func candidates(ctx context.Context, c Content, keys []NamedKey) ([]NamedKey, error) {
	shape := &raster.Image{}
	if _, err := readCipherImage(ctx, c.again(), 0, func(m *raster.Image, _ int64) error { shape = m; return nil }); err != nil {
		return nil, fileerr.Named(c.Name, err)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: its key file is missing", c.Name)
	}
	all := slices.DeleteFunc(slices.Clone(keys), func(key NamedKey) bool {
		h := &key.Header
		return shape.Width != h.Width || shape.Height != h.Height || shape.Channels != h.Channels || shape.Depth != h.Depth
	})
	beside := stem(c.Name)
	slices.SortStableFunc(all, func(a, b NamedKey) int {
		return boolOrder(strings.HasPrefix(b.Name, beside+".key.")) - boolOrder(strings.HasPrefix(a.Name, beside+".key."))
	})
	return all, nil
}

// matching finds the key that opens a cipher image. What is in the key file decides; its name only says where to look first.
func matching(ctx context.Context, c Content, keys []NamedKey) (NamedKey, error) {
	for _, key := range keys {
		err := Opening{Path: c.Name, Key: key.Key, content: c.File}.writeTo(ctx, refuser{})
		if errors.Is(err, errOpens) || err == nil { // nil: an empty file
			return key, nil
		}
		if ctx.Err() != nil {
			return NamedKey{}, failure.ErrInterrupted
		}
	}
	return NamedKey{}, fmt.Errorf("%s: %w", c.Name, sealed.ErrRefused)
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A refuser takes nothing, and says that there was something to take.
type refuser struct{}

func (refuser) Write([]byte) (int, error) { return 0, errOpens }

// Thumbnail returns a small picture of an image, whose longer side has at most this many pixels; if width is not 0, with the grey levels of the
// window around center.
func (s *Service) Thumbnail(ctx context.Context, c Content, side int, center, width float64) (m *raster.Image, err error) {
	stack, memory, err := s.outline(ctx, c)
	if stack {
		err = errors.New("a volume or an array")
	}
	if err != nil {
		return nil, err
	}
	err = s.Work(ctx, streamMemory+memory, func() error {
		if width > 0 {
			if m, err = imagefile.InWindow(c.again(), center, width); err == nil {
				m = m.Resize(fit(m.Width, m.Height, side))
			}
			return err
		}
		w, h := side, side
		if shape, _, err := image.DecodeConfig(c.again()); err == nil && shape.Width > 0 && shape.Height > 0 {
			w, h = fit(shape.Width, shape.Height, side)
		}
		m, err = imagefile.ThumbnailOf(c.again(), w, h)
		return err
	})
	return m, err
}

// fit scales a shape so that its longer side has at most this many pixels.
func fit(width, height, side int) (w, h int) {
	longer := max(width, height)
	side = min(side, longer)
	return max(1, side*width/longer), max(1, side*height/longer)
}

// Picture returns an image, or the middle one of several, as a square with this side in pixels, and the window that it comes with, or nil. If
// it has one and width is not 0, the grey levels are those of the window around center.
func (s *Service) Picture(ctx context.Context, c Content, side int, center, width float64) (m *raster.Image, own *imagefile.Window, err error) {
	stack, memory, err := s.outline(ctx, c)
	if err != nil {
		return nil, nil, fileerr.Named(c.Name, err)
	}
	err = s.Work(ctx, streamMemory+memory, func() error {
		if !stack {
			own, err = imagefile.WindowIn(c.again())
		}
		if err == nil && own != nil && width > 0 {
			if m, err = imagefile.InWindow(c.again(), center, width); err == nil {
				m = m.Resize(side, side)
			}
		} else if err == nil {
			m, err = imagefile.ThumbnailOf(c.again(), side, side)
		}
		return fileerr.Named(c.Name, err)
	})
	return m, own, err
}

// Decode returns an image as it is stored, or the middle one of several, and the window that one image comes with, or nil.
func (s *Service) Decode(ctx context.Context, c Content) (m *raster.Image, own *imagefile.Window, err error) {
	stack, memory, err := s.outline(ctx, c)
	if err != nil {
		return nil, nil, fileerr.Named(c.Name, err)
	}
	err = s.Work(ctx, c.File.Size()+memory, func() error {
		if !stack {
			own, err = imagefile.WindowIn(c.again())
		}
		var b []byte
		if err == nil {
			b, err = io.ReadAll(c.again())
		}
		if err == nil {
			m, err = imagefile.Decode(b)
		}
		return fileerr.Named(c.Name, err)
	})
	return m, own, err
}

// SamplesOrBytes is imagefile.SamplesOrBytes of a content.
func (s *Service) SamplesOrBytes(ctx context.Context, c Content) (samples []byte, what string, err error) {
	_, memory, err := s.outline(ctx, c)
	if err != nil {
		return nil, "", fileerr.Named(c.Name, err)
	}
	err = s.Work(ctx, c.File.Size()+memory, func() error {
		b, err := io.ReadAll(c.again())
		if err == nil {
			samples, what, err = imagefile.SamplesOrBytes(c.Name, b)
		}
		return fileerr.Named(c.Name, err)
	})
	return samples, what, err
}

// Key makes the key image of an image for the research schemes. It also returns the SHA-256 of the generator.
func (s *Service) Key(ctx context.Context, m *raster.Image) (key *raster.Image, generator string, err error) {
	if c := s.generator.model.Arch().Channels; c < m.Channels {
		return nil, "", fmt.Errorf("the image is %s, the generator's keys are grey", m)
	}
	s.generator.ahead.Add(1)
	waiting := int64(1)
	err = s.Work(ctx, streamMemory, func() error {
		waiting = 0 // the generator counts it from here on
		key, err = s.generator.key(m)
		return err
	})
	s.generator.ahead.Add(-waiting)
	return key, s.generator.model.Hash(), err
}

// Arch is the generator's.
func (s *Service) Arch() infer.Arch { return s.generator.model.Arch() }
