package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"keygan/data"
	"keygan/data/atomicfile"
)

// output is one file to write.
type output struct {
	path  string
	perm  fs.FileMode
	write func(io.Writer) error
}

// Permissions: a key opens a cipher image and is for its owner alone.
const (
	public = 0o644
	secret = 0o600
)

func pngOutput(path string, perm fs.FileMode, m *data.Image) output {
	return output{path, perm, func(w io.Writer) error { return data.EncodePNG(w, m) }}
}

// write writes files that belong together, which lie in the same folder: all of them or, after an error, none. The folder
// is made if need be. Existing files are replaced only with force.
func (a *app) write(ctx context.Context, force bool, files ...output) error {
	return a.locked(ctx, func() error {
		dir := filepath.Dir(files[0].path)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return named(dir, err)
		}
		if len(files) == 1 {
			return atomicfile.Write(files[0].path, files[0].perm, force, files[0].write)
		}
		return writeTogether(dir, force, files)
	})
}

// writeTogether writes all files into a hidden folder beside their names first: what can go wrong, goes wrong there. Then
// they take their names, and if one cannot, those before it give theirs back.
func writeTogether(dir string, force bool, files []output) (err error) {
	if err := existing(force, files); err != nil {
		return err
	}
	stage, err := os.MkdirTemp(dir, ".keygan-*.tmp")
	if err != nil {
		return named(dir, err)
	}
	defer os.RemoveAll(stage)
	for i, f := range files {
		if err := atomicfile.Write(staged(stage, "new", i), f.perm, false, f.write); err != nil {
			return fmt.Errorf("%s: %w", f.path, errors.Unwrap(err)) // under the name that a user knows
		}
	}
	for i, f := range files {
		if err := place(stage, i, f.path, force); err != nil {
			for j := range i {
				takeBack(stage, j, files[j].path)
			}
			return err
		}
	}
	if d, err := os.Open(dir); err == nil { // make the new names durable; a file system that cannot loses nothing
		d.Sync()
		d.Close()
	}
	return nil
}

func staged(stage, what string, i int) string { return filepath.Join(stage, what+strconv.Itoa(i)) }

// place gives staged file i its name. What the name stood for before is kept in the stage until all is done.
func place(stage string, i int, path string, force bool) error {
	from := staged(stage, "new", i)
	if force {
		if info, err := os.Lstat(path); err == nil && info.IsDir() {
			return fmt.Errorf("%s: %w", path, syscall.EISDIR)
		}
		if err := os.Link(path, staged(stage, "old", i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			// No hard links here: the old file steps aside for a moment.
			if err := os.Rename(path, staged(stage, "old", i)); err != nil {
				return renamed(path, err)
			}
		}
		return renamed(path, os.Rename(from, path))
	}
	// A link, unlike a rename, fails when the name has appeared in the meantime.
	err := os.Link(from, path)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s: %w", path, atomicfile.ErrExists)
	}
	return renamed(path, os.Rename(from, path))
}

func takeBack(stage string, i int, path string) {
	if os.Rename(staged(stage, "old", i), path) != nil {
		os.Remove(path)
	}
}

// renamed drops the hidden names from an error of os.Rename or os.Link.
func renamed(path string, err error) error {
	var le *os.LinkError
	if errors.As(err, &le) {
		return fmt.Errorf("%s: %w", path, le.Err)
	}
	return err
}

// existing is an error for the first file that is there and may not be replaced.
func existing(force bool, files []output) error {
	if force {
		return nil
	}
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil {
			return fmt.Errorf("%s: %w", f.path, atomicfile.ErrExists)
		}
	}
	return nil
}

// checkPaths refuses, before anything is written, outputs that would overwrite each other or an input.
func checkPaths(jobs []job) error {
	inputs := map[string]bool{}
	for _, j := range jobs {
		inputs[identity(j.input)] = true
	}
	from := map[string]string{}
	for _, j := range jobs {
		for _, out := range j.outputs {
			id := identity(out)
			if inputs[id] {
				return hinted{usagef("%s: the output would be an input", out), "-o names another folder"}
			}
			if first, taken := from[id]; taken {
				return hinted{usagef("%s: both %s and %s would be written there", out, first, j.input),
					"rename one of them, or write them to different folders with -o"}
			}
			from[id] = j.input
		}
	}
	return nil
}

// identity is the same for two paths that lead to one name, through links or not, whether or not there is a file yet.
func identity(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	} else if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	if p, err := filepath.Abs(path); err == nil {
		path = p
	}
	return path
}
