package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"keygan/batch"
	"keygan/batch/job"
	"keygan/cipher"
	"keygan/cipher/sealed"
	"keygan/cmd/internal/cli"
	"keygan/data/imagefile"
	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
	"keygan/internal/atomicfile"
)

// How FuzzPaths has a tree encrypted, as bits.
const (
	fuzzNamed    = 1 << iota // the files of the tree are named on the command line, not the folder "in"
	fuzzPixels               // --pixels, for which only images count
	fuzzResearch             // a scheme for which only images count
	fuzzInside               // the output folder lies in the input folder
	fuzzTwo                  // a second folder, "more", is named
	fuzzBack                 // the output folder is spelled with ".."
)

// pathSeeds are trees as grow reads them.
func pathSeeds() []string {
	long := func(n int, ending string) string { return strings.Repeat("n", n-len(ending)) + ending }
	return []string{
		"in/a.png\x00in/b.dcm\x00in/deep/er/a.png\x00in/a b.png",
		"in/a.png\x00in/a.jpg\x00in/a.cipher.png\x00in/a.nii.gz\x00in/a",
		"in/..a.png\x00in/a..\x00in/.hidden.png\x00in/...\x00in/.png",
		"in/../a.png\x00in/../../a.png\x00/in/a.png\x00./in//a.png\x00..",
		"in/-a.png\x00-\x00--\x00--force\x00in/-o",
		"in/" + long(255, ".png") + "\x00in/" + long(255, ".dcm") + "\x00in/" + long(244, ".dcm") + "\x00in/" + long(248, ".png") + "\x00in/" + long(256, ""),
		"in/a\nb.png\x00in/a\nb.dcm\x00in/\x1b[2J.dcm\x00in/\u202e.dcm\x00in/\xff.dcm\x00in/\xff.png\x00in/ü/ü.png\x00in/u\u0308.dcm",
		"in/x.cipher.png.key.age\x00in/x.cipher.png.cipher.png\x00in/x.key.age.png\x00in/x.KEY.png\x00in/x.CIPHER.PNG\x00in/.cipher.png",
		"in/a.png\x00in/a.PNG\x00in/A.png\x00in/a.png.png\x00in/a.png.bmp\x00in/a.nii.gz.tif",
		"in/a\\b.dcm\x00in/c:.dcm\x00in/a.\x00in/ \x00in/a .png\x00in/con.png",
		"in/d/a.png\x00out/d\x01in/d\x00out/e\x01\x00out\x01in",
		"in/loop\x01in\x00in/a.png\x00in/b.png\x01in/a.png\x00in/none.png\x01in/none\x00in/up/../a.dcm",
		"in/a.png\x00out/a.cipher.png\x00out/a.key.json\x00in/b.dcm\x00out/b.dcm.cipher.png\x01in/a.png",
		"in/a.png\x00more/a.png\x00more/b/c.png\x00in/b\x00more/b.png",
		"in/a.png\x00in/b\x00more/b/c.png",
		"in/a.png\x00more/a.png\x00more/b/c.png\x00in/b",
		"in/a.png\x00out",
		"in/a.png\x00more",
		"in/a.jpg\x00in/a.cipher.png/a.nii.gz\x00in/a",
	}
}

// grow makes a tree in the working folder: files of NUL-separated names, and links of a name, \x01, and where it leads below the
// folder. It returns the names of what could be made. File i holds a PNG with i in its samples.
func grow(root, tree string) (names []string) {
	for i, spec := range strings.SplitN(tree, "\x00", 40) {
		name, target, link := strings.Cut(spec, "\x01")
		if !filepath.IsLocal(name) || strings.Contains(name, ".keygan-") || strings.Contains(target, "\x01") {
			continue
		}
		if os.MkdirAll(filepath.Dir(name), 0o755) != nil {
			continue
		}
		if link {
			if os.Symlink(filepath.Join(root, filepath.Clean("/"+target)), name) == nil {
				names = append(names, name)
			}
			continue
		}
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			continue
		}
		m := raster.NewImage(4, 1, 1, 8)
		binary.BigEndian.PutUint32(m.Pix, uint32(i))
		if errors.Join(imagefile.EncodePNG(f, m), f.Close()) == nil {
			names = append(names, name)
		}
	}
	return names
}

// contents are all files and links below a folder, by path.
func contents(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			all[path], err = os.Readlink(path)
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// madeBelow runs a command on what is below base, and returns the files that it made: all of them in a folder, where nothing else has
// changed, nor elsewhere.
func madeBelow(t *testing.T, base, folder string, args ...string) (made []string, err error) {
	t.Helper()
	before := contents(t, base)
	a := newTestApp(io.Discard, io.Discard)
	c := a.command()
	c.SilenceErrors, c.SilenceUsage = true, true
	c.SetArgs(args)
	err = c.ExecuteContext(t.Context())
	real, realErr := filepath.EvalSymlinks(filepath.Join(base, "root", folder)) // an error if nothing was made
	after := contents(t, base)
	for path, content := range before {
		if now, there := after[path]; !there || now != content {
			t.Fatalf("%q: %q was changed", args, path)
		}
	}
	for path := range after {
		if _, old := before[path]; old {
			continue
		}
		rel, relErr := filepath.Rel(real, path)
		if realErr != nil || relErr != nil || !filepath.IsLocal(rel) {
			t.Fatalf("%q: %q is outside of %q", args, path, folder)
		}
		if strings.Contains(path, ".keygan-") {
			t.Fatalf("%q: %q is left behind", args, path)
		}
		made = append(made, rel)
	}
	return made, err
}

// comesBackAs says whether the file that decrypt makes of the input called name may be called back: as it was, or for an image
// with another ending.
func comesBackAs(name, back string, how byte) bool {
	if how&(fuzzResearch|fuzzPixels) == 0 {
		return back == name
	}
	start, png := strings.CutSuffix(back, ".png")
	return png && start != "" && strings.HasPrefix(name, start)
}

// FuzzPaths: whatever files and folders are called, and wherever links in them lead, encrypt and decrypt write below their output
// folders only, change nothing that was there, and each file that is encrypted comes back where it was, under its name.
// name is what a key file says that its file is called, or one of two in a series.
func FuzzPaths(f *testing.F) {
	for i, tree := range pathSeeds() {
		for _, how := range []byte{0, fuzzNamed, fuzzPixels | fuzzTwo, fuzzResearch | fuzzBack, fuzzInside, fuzzNamed | fuzzPixels, fuzzTwo | fuzzBack} {
			f.Add(tree, how, []string{"a.dcm", "..", "../a", "/a", "a/b", "", ".bashrc", "a\nb", "\xff"}[i%9])
		}
	}
	f.Fuzz(func(t *testing.T, tree string, how byte, name string) {
		base, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		root := filepath.Join(base, "root")
		if err := os.MkdirAll(filepath.Join(root, "in"), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Chdir(root)
		fuzzTree(t, base, grow(root, tree), how)
		fuzzHeaderName(t, base, name)
		fuzzSeriesName(t, base, name)
		fuzzSeriesName(t, base, name+".dcm")
	})
}

// fuzzCommand is how to encrypt a tree: the arguments, the folder to write to as it is spelled simply, and what is to be encrypted.
func fuzzCommand(names []string, how byte) (args []string, out string, sources []string) {
	out = "out"
	if how&fuzzInside != 0 {
		out = "in/out"
	}
	spelled := out
	if how&fuzzBack != 0 {
		spelled = "in/../" + out
	}
	args = []string{"encrypt", "-q", "-o", spelled}
	switch {
	case how&fuzzResearch != 0:
		args = append(args, "--scheme", "logistic")
	case how&fuzzPixels != 0:
		args = append(args, "--unencrypted-key", "--no-gan", "--pixels")
	default:
		args = append(args, "--unencrypted-key", "--no-gan")
	}
	switch {
	case how&fuzzNamed != 0:
		sources = names
	case how&fuzzTwo != 0:
		sources = []string{"in", "more"}
	default:
		sources = []string{"in"}
	}
	return append(append(args, "--"), sources...), out, sources
}

// madeByKeygan are the names of files that encrypt leaves out of folders.
var madeByKeygan = regexp.MustCompile(`(?i)\.(key\.png|key\.npy|cipher\.png)$|\.key\.(npz|age|json)(~[1-9][0-9]?)?$`)

func fuzzTree(t *testing.T, base string, names []string, how byte) {
	args, out, sources := fuzzCommand(names, how)
	keySuffix := batch.PlainKeySuffix
	switch {
	case how&fuzzResearch != 0:
		keySuffix = batch.ResearchKeySuffix
	}
	inputs, _, _ := job.Collect(sources, func(name string) string {
		if madeByKeygan.MatchString(name) || (how&(fuzzPixels|fuzzResearch) != 0 && !imagefile.ImageName(name)) {
			return "left out"
		}
		return ""
	})
	fresh := !job.Exists(out) && !job.Exists("back")
	made, err := madeBelow(t, base, out, args...)
	if fresh && errors.Is(err, atomicfile.ErrExists) {
		t.Fatalf("%q: two files for one output were accepted: %v", args, err)
	}
	if len(made)%2 != 0 || (err == nil && len(made) != 2*len(inputs)) {
		t.Fatalf("%q: of %d files %q were made", args, len(inputs), made)
	}
	images := 0
	for _, path := range made {
		keyFile := strings.TrimSuffix(path, batch.CipherSuffix) + keySuffix
		switch {
		case !strings.HasSuffix(path, batch.CipherSuffix):
		case !job.Exists(filepath.Join(out, keyFile)):
			t.Fatalf("%q: %q has no key file", args, path)
		case !hidden(path):
			images++
		}
	}
	if images == 0 || !fresh {
		return
	}
	opens := []string{"decrypt", "-q", "-o", "back"}
	if how&fuzzResearch != 0 {
		opens = append(opens, "--scheme", "logistic")
	}
	back, err := madeBelow(t, base, "back", append(opens, "--", out)...)
	refused := 0
	if f := (*cli.Failures)(nil); errors.As(err, &f) && len(sources) > 1 { // one of them has a folder where another has a file
		for _, err := range f.Errs {
			if errors.Is(err, job.ErrAsWell) || errors.Is(err, atomicfile.ErrExists) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.EISDIR) {
				refused++
			}
		}
	}
	if (err != nil && refused == 0) || len(back)+refused != images {
		t.Fatalf("%q: %d of %d files come back: %v", args, len(back), images, err)
	}
	for _, path := range back {
		if !cameFrom(path, sources, how) {
			t.Fatalf("%q: %q comes from no file of its name", args, path)
		}
	}
}

func hidden(path string) bool { return strings.HasPrefix(path, ".") || strings.Contains(path, "/.") }

// cameFrom says whether there is a file among those encrypted with the samples of one that came back, in the same place.
func cameFrom(path string, sources []string, how byte) bool {
	b, err := imagefile.ReadImage(filepath.Join("back", path))
	if err != nil {
		return false
	}
	is := func(origin string) bool {
		m, err := imagefile.ReadImage(origin)
		return err == nil && bytes.Equal(m.Pix, b.Pix) && comesBackAs(filepath.Base(origin), filepath.Base(path), how)
	}
	for _, source := range sources {
		if filepath.Dir(path) == "." && is(source) { // named itself
			return true
		}
		dir := filepath.Join(source, filepath.Dir(path))
		entries, _ := os.ReadDir(dir) // another source may have it
		for _, e := range entries {
			if is(filepath.Join(dir, e.Name())) {
				return true
			}
		}
	}
	return false
}

// fuzzHeaderName has decrypt open a pair whose key file says that its file is called name.
func fuzzHeaderName(t *testing.T, base, name string) {
	const content = "content"
	key, err := sealed.NewFileKey(int64(len(content)), sealed.Options{Name: name})
	safe := sealed.CheckName(name) == nil
	if (err == nil) != safe {
		t.Fatalf("%q: sealed with error %v", name, err)
	}
	if err != nil { // whoever makes key files himself can write there what he likes
		if key, err = sealed.NewFileKey(int64(len(content)), sealed.Options{}); err != nil {
			t.Fatal(err)
		}
		key.Header.Name = name
	}
	var image bytes.Buffer
	h := &key.Header
	w, err := pngstream.NewWriter(&image, h.Width, h.Height, h.Channels, h.Depth)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(key.EncryptFile(w, strings.NewReader(content)), w.Close()); err != nil {
		t.Fatal(err)
	}
	if job.Exists("sent") || job.Exists("opened") { // the tree has them
		return
	}
	err = errors.Join(os.Mkdir("sent", 0o755), os.WriteFile("sent/x.cipher.png", image.Bytes(), 0o600),
		os.WriteFile("sent/x.key.json", key.Marshal(), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{name}
	switch {
	case !safe:
		want = nil
	case name == "":
		want = []string{"x"}
	case strings.HasPrefix(name, "."):
		want = []string{"_" + name}
	}
	made, err := madeBelow(t, base, "opened", "decrypt", "-q", "-o", "opened", "sent/x.cipher.png")
	if (err == nil) != safe || !slices.Equal(made, want) {
		t.Fatalf("%q: decrypt made %q, error %v", name, made, err)
	}
}

// fuzzSeriesName has decrypt open a series of which a file is called name. It makes that file in the folder of the series, or nothing.
func fuzzSeriesName(t *testing.T, base, name string) {
	if job.Exists("series") || job.Exists("unsealed") || os.Mkdir("series", 0o755) != nil {
		return // the tree has them, or this is the second name
	}
	defer os.RemoveAll("series")
	defer os.RemoveAll("unsealed")
	scheme, err := cipher.WritableByName("logistic")
	if err != nil {
		t.Fatal(err)
	}
	v := &cipher.Volume{Slices: 2, Height: 1, Width: 3, Bytes: 1, File: ".dcm", Files: []cipher.SeriesFile{{Name: "a.dcm"}, {Name: "b.dcm"}}}
	samples := raster.NewImage(3, 2, 1, 8)
	k, err := scheme.(*cipher.Research).SealVolume(v, samples.Pix, cipher.Params{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	v.Files[1].Name = name // whoever makes key files himself can write there what he likes
	write := func(w io.Writer) error { return k.Write(w) }
	err = errors.Join(imagefile.WritePNG("series/x.cipher.png", samples, false), atomicfile.Write("series/x.key.npz", 0o600, false, write))
	if err != nil {
		t.Fatal(err)
	}
	made, err := madeBelow(t, base, "unsealed", "decrypt", "-q", "-o", "unsealed", "--scheme", "logistic", "series/x.cipher.png")
	slices.Sort(made)
	plain := name != "a.dcm" && regexp.MustCompile(`^\w[\w -]{0,200}\.dcm$`).MatchString(name)
	want := []string{"x/a.dcm", "x/" + name}
	slices.Sort(want)
	unsafe := strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/\\\x00\n") || !strings.EqualFold(filepath.Ext(name), ".dcm")
	if accepted := slices.Equal(made, want) && err == nil; accepted && unsafe || plain && !accepted || !accepted && (len(made) > 0 || err == nil) {
		t.Fatalf("%q: decrypt made %q, error %v", name, made, err)
	}
}
