// Package atomicfile writes files so that a reader sees all of each file or nothing, and all files of a group or none.
//
//	err := atomicfile.Write("scan.png", 0o666, false, func(w io.Writer) error { return png.Encode(w, m) })
//
//	err := atomicfile.WriteAll("out", false,
//		atomicfile.File{Path: "out/a/scan.key.age", Perm: 0o600, Write: writeKey},
//		atomicfile.File{Path: "out/a/scan.cipher.png", Perm: 0o666, Write: writeImage})
//
// Each file is written to a temporary file in its final folder and synced to the disk. When all files of a call are whole, they take their
// names in order. The last file is the one that needs the others, as a cipher image needs its key file. If the process is killed, the last
// file is there only if those before it are.
//
// What lies in a folder is data. Nothing found there is trusted, finished or followed. Folders are opened below the one that the user
// named, and links below it are refused. A name is taken by linking, which never replaces a file. Clean removes only what a lock shows to
// be left by a process that has ended.
//
// Windows offers less. Folders and files are not locked there, so the files of two processes that write the same group may lie mixed, and
// Clean does nothing. Folders are not synced, and permissions are reduced to "read-only" or not.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"keygan/internal/fileerr"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

var (
	// ErrExists reports that a file exists and was not to be replaced.
	ErrExists = errors.New("already exists")
	// ErrBusy reports that another goroutine or process kept the folder locked for too long.
	ErrBusy = errors.New("another process is writing to this folder")
)

// A File is a file to be written.
type File struct {
	Path     string
	Perm     fs.FileMode           // less the umask
	Modified time.Time             // the file's modification time; zero for when it is written
	Write    func(io.Writer) error // writes the content
}

// Write calls write with a buffered writer and puts what it wrote at path, with permissions perm less the umask. The folder must exist. An
// existing file is replaced only if overwrite is set. Otherwise the error wraps ErrExists and nothing changes. Every error names path.
func Write(path string, perm fs.FileMode, overwrite bool, write func(io.Writer) error) error {
	dir, err := openRoot(filepath.Dir(path))
	if err != nil {
		return named(path, err)
	}
	defer dir.Close()
	return writeAll(dir, overwrite, []File{{Path: path, Perm: perm, Write: write}})
}

// WriteAll writes files that belong together into one folder: all of them or, after an error, none. The folder is root or lies below it;
// an empty root stands for the files' folder. WriteAll makes missing folders. Below root, it refuses a link in the place of a folder. It
// replaces existing files only if overwrite is set; otherwise the error wraps ErrExists. Every error names the file or the folder.
//
// If the process is killed while it replaces files, the old group or the new one is usable. The old files before the last may then have
// spare names, see Spares. The next WriteAll that replaces the whole group removes those.
//
// The files of two calls never lie there mixed. The error wraps ErrBusy if another process keeps the folder locked for several files.
func WriteAll(root string, overwrite bool, files ...File) error {
	if len(files) == 0 {
		return nil
	}
	folder := filepath.Dir(files[0].Path)
	for _, f := range files {
		if filepath.Dir(f.Path) != folder {
			panic("atomicfile: files of one call in two folders")
		}
	}
	dir, err := openFolder(root, folder, true)
	if err != nil {
		return err
	}
	defer dir.Close()
	return writeAll(dir, overwrite, files)
}

// writeAll writes files into an open folder.
func writeAll(dir directory, overwrite bool, files []File) error {
	for _, f := range files { // an error now saves the work
		name := filepath.Base(f.Path)
		if !strings.HasSuffix(f.Path, name) { // it ends in a separator
			return named(f.Path, syscall.EISDIR)
		}
		if _, err := dir.Lstat(name); err == nil && !overwrite {
			return named(f.Path, ErrExists)
		}
	}
	var written []*temporary
	defer func() {
		for _, t := range written {
			t.discard(dir)
		}
	}()
	for _, f := range files {
		t, err := newTemporary(dir, filepath.Base(f.Path))
		if err != nil {
			return named(f.Path, err)
		}
		written = append(written, t)
		if err := t.write(dir, f); err != nil {
			return named(f.Path, err)
		}
	}
	if failed, err := place(dir, overwrite, written); err != nil {
		return named(files[failed].Path, err)
	}
	for i, t := range written {
		if err := t.Chmod(files[i].Perm.Perm() &^ umask); err != nil {
			return named(files[i].Path, err)
		}
	}
	// The new names must be on the disk before the old files lose their last ones.
	if err := syncFolder(dir); err != nil {
		return named(filepath.Dir(files[0].Path), err)
	}
	for _, t := range written {
		removeIf(dir, t.spare, t.old)
	}
	if last := written[len(written)-1]; overwrite && last.old != nil {
		// What earlier killed processes kept belonged to the last file that has just been replaced.
		for _, t := range written[:len(written)-1] {
			removeSpares(dir, t.final)
		}
	}
	return nil
}

// Probe returns the reason why files cannot be written into a folder, or nil. The folder need not exist yet. Call it before hours of work.
func Probe(folder string) (err error) {
	defer fileerr.Name(folder, &err)
	dir, err := openRoot(folder)
	for at := folder; errors.Is(err, fs.ErrNotExist) && filepath.Dir(at) != at; {
		at = filepath.Dir(at)
		dir, err = openRoot(at)
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	t, err := newTemporary(dir, "")
	if err == nil {
		t.discard(dir)
	}
	return err
}

// named is an error about the file or folder at path, without the name that package os gives it, which may be a temporary one.
func named(path string, err error) error { return fmt.Errorf("%s: %w", path, fileerr.Reason(err)) }

// WriteBefore writes a new file and then calls then, which does what needs the file. If then fails, WriteBefore removes the file and
// returns that error. It never replaces an existing file. Unlike the files of WriteAll, the two may lie anywhere.
func WriteBefore(file File, then func() error) error {
	dir, err := openFolder("", filepath.Dir(file.Path), true)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := writeAll(dir, false, []File{file}); err != nil {
		return err
	}
	// In the open folder, another file that has taken its place meanwhile is left alone.
	info, err := dir.Lstat(filepath.Base(file.Path))
	if err != nil {
		return named(file.Path, err)
	}
	if err := then(); err != nil {
		return errors.Join(err, removeIf(dir, filepath.Base(file.Path), info))
	}
	return nil
}

// Remove removes the file that info describes. The error says so if another file has taken its name.
func Remove(path string, info fs.FileInfo) (err error) {
	defer fileerr.Name(path, &err)
	dir, err := openRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	if !isFile(dir, filepath.Base(path), info) {
		return errSwapped
	}
	return dir.Remove(filepath.Base(path))
}

// RemoveEmpty removes the empty ones of some folders below root, the deepest first. It follows no link.
func RemoveEmpty(root string, folders []string) {
	for _, folder := range slices.SortedFunc(slices.Values(folders), func(a, b string) int { return len(b) - len(a) }) {
		if folder == root {
			os.Remove(root)
			continue
		}
		dir, err := openFolder(root, filepath.Dir(folder), false)
		if err != nil {
			continue
		}
		if info, err := dir.Lstat(filepath.Base(folder)); err == nil && info.IsDir() {
			dir.Remove(filepath.Base(folder)) // fails if anything is in it
		}
		dir.Close()
	}
}
