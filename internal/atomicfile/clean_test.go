//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// tmp is a name like those of temporary files, with a number in it.
func tmp(i int) string { return fmt.Sprintf(".keygan-%032x.tmp", i) }

// Clean removes exactly what this package's killed processes left, whatever else lies there under similar names.
func TestClean(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	file := func(name string, mode os.FileMode) error {
		return errors.Join(os.WriteFile(at(name), []byte("x"), 0o600), os.Chmod(at(name), mode))
	}
	err := errors.Join(
		file(tmp(1), 0o600), file(tmp(2), 0o600), // left
		file(tmp(3), 0o644), file(tmp(4), 0o400), file(tmp(5), 0o600|os.ModeSetuid),
		os.Mkdir(at(tmp(6)), 0o600), os.Mkdir(at(tmp(7)), 0o700), os.WriteFile(at(tmp(7)+"/x"), nil, 0o600),
		os.Symlink(at("precious"), at(tmp(8))), os.Symlink("gone", at(tmp(9))), os.Symlink(elsewhere, at(tmp(10))),
		syscall.Mkfifo(at(tmp(11)), 0o600),
		file(".keygan-"+strings.Repeat("0", 31)+".tmp", 0o600), file(".keygan-"+strings.Repeat("0", 33)+".tmp", 0o600),
		file(".keygan-"+strings.Repeat("A", 32)+".tmp", 0o600), file(tmp(12)+"x", 0o600), file("x"+tmp(13), 0o600),
		file(".keygan-123456.tmp", 0o600), file(tmp(14)+"\n", 0o600), file("precious", 0o600), file("key~1", 0o600), file("locked", 0o600),
		os.Link(at("locked"), at(tmp(15))),
		// What the protocol before this one would have finished: files that are moved, replaced and removed.
		os.MkdirAll(at(".keygan-stage-0123456789abcdef.tmp/0"), 0o700), os.MkdirAll(at(".keygan-stage-0123456789abcdef.tmp/old"), 0o700),
		file(".keygan-stage-0123456789abcdef.tmp/lock", 0o600), file(".keygan-stage-0123456789abcdef.tmp/replace", 0o600),
		file(".keygan-stage-0123456789abcdef.tmp/place", 0o600), os.WriteFile(at(".keygan-stage-0123456789abcdef.tmp/0/precious"), []byte("planted"), 0o600),
		os.Symlink(elsewhere, at(".keygan-stage-0123456789abcdee.tmp")),
		os.WriteFile(filepath.Join(elsewhere, "lock"), nil, 0o600), os.WriteFile(filepath.Join(elsewhere, "place"), nil, 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // only then can a file be another's
		if err := errors.Join(file(tmp(16), 0o600), os.Chown(at(tmp(16)), 12345, 12345)); err != nil {
			t.Fatal(err)
		}
	}
	locked, err := os.Open(at("locked"))
	if err != nil || TryLock(locked) != nil {
		t.Fatal(err)
	}
	defer locked.Close()
	before := tree(t, dir)
	groups := [][]string{{at("key"), at("image")}, {at("locked"), at("image")}, {}, {at("none/key"), at("none/image")}, {at("precious/key"), at("precious/image")}}
	for range 2 {
		if err := Clean(dir, groups); err != nil {
			t.Error(err)
		}
	}
	want := slices.DeleteFunc(before, func(s string) bool { return strings.HasPrefix(s, tmp(1)+" ") || strings.HasPrefix(s, tmp(2)+" ") })
	if got := tree(t, dir); !slices.Equal(got, want) {
		t.Errorf("there is\n%q, want\n%q", got, want)
	}
	if got := namesIn(t, elsewhere); len(got) != 2 {
		t.Errorf("elsewhere there is %q", got)
	}
}

// tree lists names, modes and contents below a folder.
func tree(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		content := ""
		if err == nil && info.Mode().IsRegular() {
			content = read(path)
		}
		name, _ := filepath.Rel(dir, path)
		all = append(all, fmt.Sprintf("%s %v %s", name, info.Mode(), content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A further name of what was left goes only if it is one of a group's, before the last, and the last is not there.
func TestCleanSecondName(t *testing.T) {
	for _, test := range []struct {
		name  string
		group []string
		other string // that is there, too
		want  string
	}{
		{"the first of a group", []string{"key", "image"}, "", "[]"},
		{"the group is complete", []string{"key", "image"}, "image", "[image key]"},
		{"the last of a group", []string{"other", "key"}, "", "[key]"},
		{"the only one", []string{"key"}, "", "[key]"},
		{"of no group", []string{"other", "image"}, "", "[key]"},
		{"a dangling link stands for the last", []string{"key", "image"}, "->image", "[image key]"},
	} {
		dir := t.TempDir()
		err := errors.Join(os.WriteFile(filepath.Join(dir, "key"), nil, 0o600), os.Link(filepath.Join(dir, "key"), filepath.Join(dir, tmp(1))))
		if link, is := strings.CutPrefix(test.other, "->"); is {
			err = errors.Join(err, os.Symlink("gone", filepath.Join(dir, link)))
		} else if test.other != "" {
			err = errors.Join(err, os.WriteFile(filepath.Join(dir, test.other), nil, 0o600))
		}
		var group []string
		for _, name := range test.group {
			group = append(group, filepath.Join(dir, name))
		}
		if err := errors.Join(err, Clean("", [][]string{group})); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(namesIn(t, dir)); got != test.want {
			t.Errorf("%s: there is %s, want %s", test.name, got, test.want)
		}
	}
}

// Another file has the first name of the group: it stays.
func TestCleanOthersFirst(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	err := errors.Join(os.WriteFile(key, nil, 0o600), os.WriteFile(filepath.Join(dir, tmp(1)), nil, 0o600),
		Clean(dir, [][]string{{key, filepath.Join(dir, "image")}}))
	if got := fmt.Sprint(namesIn(t, dir)); err != nil || got != "[key]" {
		t.Errorf("there is %s, error %v", got, err)
	}
}

// What is being written stays, even if Clean runs at this very moment.
func TestCleanWhileWriting(t *testing.T) {
	dir := t.TempDir()
	files := pair(dir, "x")
	files[1].Write = func(w io.Writer) error {
		return errors.Join(Clean(dir, [][]string{{files[0].Path, files[1].Path}}), text("x")(w))
	}
	if err := WriteAll(dir, false, files...); err != nil || read(files[0].Path) != "x" || read(files[1].Path) != "x" {
		t.Errorf("there is %q, error %v", namesIn(t, dir), err)
	}
}

// A folder that is in use is left alone in the end, with an error. In the test's bubble no time passes.
func TestCleanBusy(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Open(dir)
	if err != nil || TryLock(f) != nil {
		t.Fatal(err)
	}
	defer f.Close()
	synctest.Test(t, func(t *testing.T) {
		groups := [][]string{{filepath.Join(dir, "key"), filepath.Join(dir, "image")}}
		if err := Clean(dir, groups); err != nil {
			t.Errorf("there is nothing to remove: %v", err)
		}
		if err := errors.Join(os.WriteFile(filepath.Join(dir, tmp(1)), nil, 0o600), Clean(dir, groups)); !errors.Is(err, ErrBusy) {
			t.Errorf("error %v", err)
		}
	})
}
