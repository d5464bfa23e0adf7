package job

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"keygan/internal/failure"
)

// Exists reports whether there is a file, a folder or a link of this name.
func Exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// IsFolder reports whether a path leads to a folder.
func IsFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// CheckFolder refuses an output folder that is not given or is a file.
func CheckFolder(path string) error {
	if path == "" {
		return ErrNoOutput
	}
	if Exists(path) && !IsFolder(path) {
		return failure.Hint(fmt.Errorf("%s: is a file, not a folder", path), "-o names the folder to write to")
	}
	return nil
}

// ErrNoOutput is a request without an output folder.
var ErrNoOutput = failure.Usagef("no output folder given: use -o DIR")

// SameName reports whether two paths lead to one name, whether or not there is a file yet.
func SameName(a, b string) bool {
	r := resolver{}
	return r.identity(a) == r.identity(b)
}

// A resolver finds out which paths lead to one name, through links or not. It remembers the real paths of folders.
type resolver map[string]string

// foldNames is true where Scan.png and scan.png are one file, as they are by default on macOS and Windows. A disk there that tells
// them apart is treated the same: that refuses too much, and replaces nothing.
var foldNames = runtime.GOOS == "darwin" || runtime.GOOS == "windows"

// folded is the same for two names that lead to one file.
func folded(name string) string {
	if foldNames {
		return strings.ToLower(name)
	}
	return name
}

// identity is the same for two paths that lead to one name. It follows a link of that name.
func (r resolver) identity(path string) string {
	here := r.place(path)
	if info, err := os.Lstat(here); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if p, err := filepath.EvalSymlinks(here); err == nil {
			here = p
		}
	}
	return folded(here)
}

// name is the same for two paths that lead to one name in one folder. It does not follow a link of that name: whoever writes there
// replaces the link.
func (r resolver) name(path string) string { return folded(r.place(path)) }

// place returns the path with all links in its folder followed.
func (r resolver) place(path string) string {
	dir, name := filepath.Dir(path), filepath.Base(path)
	if name == "." || name == ".." || name == string(filepath.Separator) {
		return r.folder(path)
	}
	return filepath.Join(r.folder(dir), name)
}

// folder returns where a folder really lies, or would lie.
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
