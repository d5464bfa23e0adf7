package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/atomicfile"
)

// Permissions, less the umask: a key opens a cipher image and is for its owner only.
const (
	public = 0o666
	secret = 0o600
)

func pngOutput(path string, perm fs.FileMode, m *raster.Image) atomicfile.File {
	return atomicfile.File{Path: path, Perm: perm, Write: func(w io.Writer) error { return imagefile.EncodePNG(w, m) }}
}

func bytesOutput(path string, perm fs.FileMode, b []byte) atomicfile.File {
	write := func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
	return atomicfile.File{Path: path, Perm: perm, Write: write}
}

// write writes the outputs of one input, which lie in the same folder: all of them or, after an error, none. The folder lies in
// root or below it, or root is "", and is made if need be. Existing files are replaced only with force.
func (a *app) write(ctx context.Context, root string, force bool, files ...atomicfile.File) error {
	return a.locked(ctx, func() error { return atomicfile.WriteAll(root, force, files...) })
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// checkFolder refuses a file where outputs are to lie in a folder, before any work is done.
func checkFolder(command, path string) error {
	if exists(path) && !isFolder(path) {
		return hinted{fmt.Errorf("%s: %s: is a file, not a folder", command, path), "-o names the folder to write to"}
	}
	return nil
}

// untilInterrupted reads until the process is told to end, so that long files do not hold it up.
type untilInterrupted struct {
	ctx  context.Context
	r    io.Reader
	path string // that errors name, or ""
}

func (u untilInterrupted) Read(p []byte) (int, error) {
	if u.ctx.Err() != nil {
		return 0, errInterrupted
	}
	n, err := u.r.Read(p)
	if err != nil && err != io.EOF && u.path != "" {
		err = named(u.path, err)
	}
	return n, err
}

func identity(path string) string { return resolver{}.identity(path) }

// resolver finds out which paths lead to one name, through links or not, and remembers it of folders.
type resolver map[string]string

// foldNames is true where Scan.png and scan.png are one file, as they are by default on macOS and Windows. On a disk there that tells
// them apart, keygan still takes them for one: that refuses too much, and replaces nothing.
var foldNames = runtime.GOOS == "darwin" || runtime.GOOS == "windows"

// folded is the same for two names that lead to one file.
func folded(name string) string {
	if foldNames {
		return strings.ToLower(name)
	}
	return name
}

// identity is the same for two paths that lead to one name, whether or not there is a file yet.
func (r resolver) identity(path string) string {
	here := r.place(path)
	if info, err := os.Lstat(here); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if p, err := filepath.EvalSymlinks(here); err == nil {
			here = p
		}
	}
	return folded(here)
}

// name is the same for two paths that lead to one name in one folder. A link of that name is not followed: whoever writes there
// replaces the link.
func (r resolver) name(path string) string { return folded(r.place(path)) }

// place is the path of a name without links in its folder.
func (r resolver) place(path string) string {
	dir, name := filepath.Dir(path), filepath.Base(path)
	if name == "." || name == ".." || name == string(filepath.Separator) {
		return r.folder(path)
	}
	return filepath.Join(r.folder(dir), name)
}

// folder is where a folder really lies, or would lie.
func (r resolver) folder(dir string) string {
	if real, known := r[dir]; known {
		return real
	}
	real := dir
	if p, err := filepath.EvalSymlinks(dir); err == nil {
		real = p
	} else if parent := filepath.Dir(dir); parent != dir {
		real = filepath.Join(r.folder(parent), filepath.Base(dir))
	}
	if p, err := filepath.Abs(real); err == nil {
		real = p
	}
	r[dir] = real
	return real
}
