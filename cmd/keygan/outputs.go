package main

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"keygan/data"
	"keygan/data/atomicfile"
)

// Permissions: a key opens a cipher image and is for its owner alone.
const (
	public = 0o666
	secret = 0o600
)

func pngOutput(path string, perm fs.FileMode, m *data.Image) atomicfile.File {
	return atomicfile.File{Path: path, Perm: perm, Write: func(w io.Writer) error { return data.EncodePNG(w, m) }}
}

func bytesOutput(path string, perm fs.FileMode, b []byte) atomicfile.File {
	write := func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
	return atomicfile.File{Path: path, Perm: perm, Write: write}
}

// write writes the outputs of one input, which lie in the same folder: all of them or, after an error, none. The folder is
// made if need be. Existing files are replaced only with force.
func (a *app) write(ctx context.Context, force bool, files ...atomicfile.File) error {
	return a.locked(ctx, func() error { return atomicfile.WriteAll("", force, files...) })
}

// checkPaths refuses, before anything is written, outputs that would overwrite each other or an input, or that a link leads
// out of the folder they are to be within, if there is one.
func checkPaths(jobs []job, within string) error {
	r := resolver{}
	inputs := map[string]bool{}
	for _, j := range jobs {
		inputs[r.identity(j.input)] = true
	}
	from := map[string]string{}
	for _, j := range jobs {
		for _, out := range j.outputs {
			id := r.identity(out)
			if inputs[id] {
				return hinted{usagef("%s: the output would be an input", out), "-o names another folder"}
			}
			if first, taken := from[id]; taken {
				return hinted{usagef("%s: both %s and %s would be written there", out, first, j.input),
					"rename one of them, or write them to different folders with -o"}
			}
			from[id] = j.input
			if within != "" && !isWithin(r.folder(filepath.Dir(out)), r.folder(filepath.Clean(within))) {
				return hinted{usagef("%s: a link leads out of the folder %s", out, within), "-o names the folder that it leads to, or another one"}
			}
		}
	}
	return nil
}

func isWithin(folder, root string) bool {
	rel, err := filepath.Rel(root, folder)
	return err == nil && filepath.IsLocal(rel)
}

func identity(path string) string { return resolver{}.identity(path) }

// resolver finds out which paths lead to one name, through links or not, and remembers it of folders.
type resolver map[string]string

// identity is the same for two paths that lead to one name, whether or not there is a file yet.
func (r resolver) identity(path string) string {
	dir, name := filepath.Dir(path), filepath.Base(path)
	if name == "." || name == ".." || name == string(filepath.Separator) {
		return r.folder(path)
	}
	here := filepath.Join(r.folder(dir), name)
	if info, err := os.Lstat(here); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if p, err := filepath.EvalSymlinks(here); err == nil {
			return p
		}
	}
	return here
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
