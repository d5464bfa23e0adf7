package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// One file is there whole, with its permissions, or as it was before.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	broken := errors.New("broken")
	text := func(s string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			io.WriteString(w, s)
			return err
		}
	}
	for _, step := range []struct {
		what      string
		overwrite bool
		write     func(io.Writer) error
		err       error
		want      string
	}{
		{"a writer that fails", false, text("half", broken), broken, ""},
		{"a new file", false, text("one", nil), nil, "one"},
		{"a name that is taken", false, text("two", nil), ErrExists, "one"},
		{"a writer that fails to replace", true, text(strings.Repeat("x", 1<<20), broken), broken, "one"},
		{"a replacement", true, text("two", nil), nil, "two"},
	} {
		err := Write(path, 0o640, step.overwrite, step.write)
		if !errors.Is(err, step.err) || (err != nil && err.Error() != path+": "+step.err.Error()) {
			t.Errorf("%s: error %v, want %v", step.what, err, step.err)
		}
		if b, _ := os.ReadFile(path); string(b) != step.want {
			t.Errorf("%s: the file holds %.20q, want %q", step.what, b, step.want)
		}
		if info, err := os.Stat(path); step.want != "" && (err != nil || info.Mode() != 0o640) {
			t.Errorf("%s: %v, %v", step.what, info, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) > 1 {
			t.Errorf("%s: left behind: %v", step.what, entries)
		}
	}
	if err := Write(filepath.Join(dir, "none", "file"), 0o600, false, text("", nil)); err == nil || !strings.HasPrefix(err.Error(), filepath.Join(dir, "none", "file")+": ") {
		t.Errorf("into no folder: %v", err)
	}
}

// A path that ends in a separator is a folder's.
func TestWriteFolder(t *testing.T) {
	for _, overwrite := range []bool{false, true} {
		dir := t.TempDir()
		path := dir + string(filepath.Separator)
		for _, err := range []error{Write(path, 0o600, overwrite, text("x")), WriteAll("", overwrite, File{Path: path, Write: text("x")})} {
			if !errors.Is(err, syscall.EISDIR) || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("error %v", err)
			}
		}
		if names := namesIn(t, dir); len(names) > 0 {
			t.Errorf("there are %q", names)
		}
	}
}

// A pair of files is there whole or not at all: when the second cannot be written, the first is not there either, and
// what was there before is.
func TestWriteAll(t *testing.T) {
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	broken := errors.New("broken")
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	check := func(step, one, two string) {
		t.Helper()
		for path, want := range map[string]string{first: one, second: two} {
			b, err := os.ReadFile(path)
			if string(b) != want || (want != "") != (err == nil) {
				t.Errorf("%s: %s holds %q, want %q", step, filepath.Base(path), b, want)
			}
		}
		hidden, err := filepath.Glob(filepath.Join(dir, ".*"))
		if err != nil || len(hidden) > 0 {
			t.Errorf("%s: left behind: %v", step, hidden)
		}
	}
	write := func(force bool, one string, two func(io.Writer) error) error {
		return WriteAll("", force, File{Path: first, Perm: 0o600, Write: text(one)}, File{Path: second, Perm: 0o644, Write: two})
	}

	if err := write(false, "a", func(io.Writer) error { return broken }); !errors.Is(err, broken) || err.Error() != second+": broken" {
		t.Errorf("error %v", err)
	}
	check("the second fails", "", "")
	if err := write(false, "a", text("b")); err != nil {
		t.Error(err)
	}
	check("both written", "a", "b")
	if err := write(false, "c", text("d")); !errors.Is(err, ErrExists) || err.Error() != first+": already exists" {
		t.Errorf("error %v", err)
	}
	check("both exist", "a", "b")
	if err := write(true, "c", func(io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	check("replacing fails", "a", "b")
	if err := write(true, "c", text("d")); err != nil {
		t.Error(err)
	}
	check("both replaced", "c", "d")

	// The second name cannot be taken: it is a folder's. The first gives its name back, to the file that had it.
	if err := errors.Join(os.Remove(second), os.Mkdir(second, 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := write(true, "e", text("f")); !errors.Is(err, syscall.EISDIR) || err.Error() != second+": is a directory" {
		t.Errorf("a folder was to be replaced: %v", err)
	}
	if b, err := os.ReadFile(first); string(b) != "c" {
		t.Errorf("first holds %q, error %v", b, err)
	}
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	if err := write(true, "e", text("f")); err == nil || there(first) {
		t.Errorf("error %v, first is there: %v", err, there(first))
	}
}

// The folder is made by WriteAll, not by Probe, which leaves nothing behind either way.
func TestProbe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write := File{Path: file, Perm: 0o600, Write: func(io.Writer) error { return nil }}
	for _, folder := range []string{dir, filepath.Join(dir, "a", "b")} {
		if err := Probe(folder); err != nil {
			t.Error(err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	if err := WriteAll("", false, write); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{file, filepath.Join(file, "a")} {
		if err := Probe(folder); !errors.Is(err, syscall.ENOTDIR) || err.Error() != folder+": not a directory" {
			t.Errorf("below a file: %v", err)
		}
	}
	inside := File{Path: filepath.Join(dir, "a", "b", "c"), Perm: 0o600, Write: write.Write}
	if err := WriteAll("", false, inside); err != nil || !there(inside.Path) {
		t.Errorf("into a new folder: %v", err)
	}
}
