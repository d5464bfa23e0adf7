//go:build unix

package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Folders below the root are made; links and files in their place are refused, wherever they lead. The root may be a link.
func TestFolders(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	root := filepath.Join(dir, "root")
	err := errors.Join(os.MkdirAll(filepath.Join(root, "real", "sub"), 0o755), os.Symlink("real", filepath.Join(root, "inside")),
		os.Symlink(elsewhere, filepath.Join(root, "outside")), os.Symlink("gone", filepath.Join(root, "dangling")),
		os.WriteFile(filepath.Join(root, "file"), nil, 0o600), syscall.Mkfifo(filepath.Join(root, "fifo"), 0o600),
		os.Symlink(root, filepath.Join(dir, "named")))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		root, folder string
		err          error
		says         string
	}{
		{root, "new/a/b", nil, ""},
		{root, "real/sub", nil, ""},
		{root, ".", nil, ""},
		{root, "inside", errLink, "inside: "},
		{root, "inside/sub", errLink, "inside: "},
		{root, "outside", errLink, "outside: "},
		{root, "outside/sub", errLink, "outside: "},
		{root, "dangling/sub", errLink, "dangling: "},
		{root, "file", syscall.ENOTDIR, "file: "},
		{root, "fifo/sub", syscall.ENOTDIR, "fifo: "},
		{root, "..", errOutside, ""},
		{root, "../other", errOutside, "other: "},
		{filepath.Join(dir, "named"), "by-link", nil, ""},
		{filepath.Join(root, "fifo"), ".", syscall.ENOTDIR, "fifo: "},
		{filepath.Join(dir, "none"), "a", nil, ""},
	} {
		files := pair(filepath.Join(test.root, test.folder), "x")
		err := WriteAll(test.root, false, files...)
		if !errors.Is(err, test.err) || (err != nil && !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: error %v, want %v", test.folder, err, test.err)
		}
		if test.err == nil && read(files[1].Path) != "x" {
			t.Errorf("%s: not written", test.folder)
		}
		if err := Clean(test.root, [][]string{{files[0].Path, files[1].Path}}); err != nil && test.err != errOutside {
			t.Errorf("%s: Clean: %v", test.folder, err)
		}
	}
	if names := namesIn(t, elsewhere); len(names) > 0 {
		t.Errorf("written elsewhere: %q", names)
	}
}

// While a file is being written, its folder is moved away and a link is put in its place: nothing is written through the link.
func TestFolderSwapped(t *testing.T) {
	root, elsewhere := t.TempDir(), t.TempDir()
	sub, moved := filepath.Join(root, "sub"), filepath.Join(root, "moved")
	for _, overwrite := range []bool{false, true} {
		files := pair(sub, "x")
		files[1].Write = func(w io.Writer) error {
			return errors.Join(os.Rename(sub, moved), os.Symlink(elsewhere, sub), text("x")(w))
		}
		if err := WriteAll(root, overwrite, files...); err != nil {
			t.Error(err)
		}
		if got := namesIn(t, moved); fmt.Sprint(got) != "[image key]" {
			t.Errorf("the folder holds %q", got)
		}
		if got := namesIn(t, elsewhere); len(got) > 0 {
			t.Errorf("through the link: %q", got)
		}
		if err := errors.Join(os.Remove(sub), os.RemoveAll(moved)); err != nil {
			t.Fatal(err)
		}
	}
}

// While a file is being written, another is put in the place of the temporary one. It is not taken for the one that was
// written, and what was there before is there again.
func TestTemporarySwapped(t *testing.T) {
	for _, overwrite := range []bool{false, true} {
		for _, swapped := range []int{0, 1} {
			dir := t.TempDir()
			victim := filepath.Join(t.TempDir(), "victim")
			if err := os.WriteFile(victim, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			if overwrite {
				if err := WriteAll("", false, pair(dir, "old")...); err != nil {
					t.Fatal(err)
				}
			}
			files := pair(dir, "new")
			files[swapped].Write = func(w io.Writer) error {
				all, err := filepath.Glob(filepath.Join(dir, ".keygan-*.tmp"))
				if err != nil || len(all) != swapped+1 {
					t.Fatalf("%q, %v", all, err)
				}
				for _, name := range all {
					if read(name) == "" { // not the one that is written already
						err = errors.Join(err, os.Remove(name), os.Symlink(victim, name))
					}
				}
				return errors.Join(err, text("new")(w))
			}
			err := WriteAll("", overwrite, files...)
			if !errors.Is(err, errSwapped) || !strings.HasPrefix(err.Error(), files[swapped].Path+": ") {
				t.Errorf("error %v", err)
			}
			want := ""
			if overwrite {
				want = "old"
			}
			if key := read(files[0].Path); swapped == 1 && key != want {
				t.Errorf("the key is %q, want %q", key, want)
			}
			if keys := keysIn(dir); overwrite && !strings.Contains(strings.Join(keys, " "), "old") {
				t.Errorf("the old key is lost: %q", keys)
			}
			if read(victim) != "x" {
				t.Errorf("the victim holds %q", read(victim))
			}
		}
	}
}

// Final names that are links are taken for what they are: not followed, and replaced only with overwrite.
func TestFinalLinks(t *testing.T) {
	dir := t.TempDir()
	victim := filepath.Join(t.TempDir(), "victim")
	files := pair(dir, "new")
	err := errors.Join(os.WriteFile(victim, []byte("x"), 0o600), os.Symlink(victim, files[0].Path), os.Symlink("gone", files[1].Path))
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteAll("", false, files...); !errors.Is(err, ErrExists) {
		t.Errorf("error %v", err)
	}
	if err := WriteAll("", true, files...); err != nil {
		t.Error(err)
	}
	info, err := os.Lstat(files[0].Path)
	if err != nil || !info.Mode().IsRegular() || read(files[1].Path) != "new" || read(victim) != "x" {
		t.Errorf("%v, %v", info, err)
	}
	if got := namesIn(t, dir); len(got) != 2 {
		t.Errorf("there are %q", got)
	}
}
