//go:build unix

package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Files and folders get permissions less the umask. While a file has its temporary name, only its owner can read it.
func TestUmask(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o027, 0o077} {
		was := syscall.Umask(mask)
		umask = readUmask()
		root := filepath.Join(t.TempDir(), "root")
		var during fs.FileMode
		open := File{Path: filepath.Join(root, "sub", "open"), Perm: 0o666, Write: func(io.Writer) error {
			entries, err := os.ReadDir(filepath.Join(root, "sub"))
			for _, e := range entries {
				info, e := e.Info()
				err = errors.Join(err, e)
				during |= info.Mode()
			}
			return err
		}}
		secret := File{Path: filepath.Join(root, "sub", "secret"), Perm: 0o600, Write: open.Write}
		err := WriteAll(root, false, secret, open)
		syscall.Umask(was)
		umask = readUmask()
		if err != nil {
			t.Fatal(err)
		}
		if during != 0o600 {
			t.Errorf("umask %o: temporary files have mode %v", mask, during)
		}
		for path, perm := range map[string]int{root: 0o777, filepath.Dir(open.Path): 0o777, open.Path: 0o666, secret.Path: 0o600} {
			if info, err := os.Stat(path); err != nil || int(info.Mode().Perm()) != perm&^mask {
				t.Errorf("umask %o: %s has mode %v, want %o", mask, filepath.Base(path), info.Mode(), perm&^mask)
			}
		}
	}
}

// A file has the modification time that it was given, to the microsecond and before 1970.
func TestModified(t *testing.T) {
	dir := t.TempDir()
	for i, want := range []time.Time{time.Date(2003, 4, 5, 6, 7, 8, 123456000, time.UTC), time.Date(1955, 1, 2, 3, 4, 5, 0, time.UTC)} {
		for _, overwrite := range []bool{false, true} {
			f := File{Path: filepath.Join(dir, string(rune('a'+i))), Perm: 0o644, Modified: want, Write: text("x")}
			if err := WriteAll("", overwrite, f); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(f.Path); err != nil || !info.ModTime().Equal(want) || read(f.Path) != "x" {
				t.Errorf("modified %v, want %v: %v", info.ModTime(), want, err)
			}
		}
	}
	began := time.Now().Add(-time.Hour)
	path := filepath.Join(dir, "now")
	if err := Write(path, 0o600, false, text("x")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.ModTime().Before(began) {
		t.Errorf("modified %v, %v", info.ModTime(), err)
	}
}
