package main

import (
	"context"
	"io"
	"io/fs"
	"path/filepath"

	"keygan/data"
	"keygan/data/atomicfile"
)

// Permissions: a key opens a cipher image and is for its owner alone.
const (
	public = 0o644
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
	return a.locked(ctx, func() error { return atomicfile.WriteAll(force, files...) })
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
