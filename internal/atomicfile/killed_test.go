package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var errKilled = errors.New("killed")

// mortal is a folder in which nothing changes any more after some steps, as if the process had been killed. Its file system
// may have no links.
type mortal struct {
	*os.Root
	steps   int // that are left
	noLinks bool
}

func (m *mortal) step() error {
	if m.steps == 0 {
		return errKilled
	}
	m.steps--
	return nil
}

func (m *mortal) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	if flag&os.O_CREATE != 0 {
		if err := m.step(); err != nil {
			return nil, err
		}
	}
	return m.Root.OpenFile(name, flag, perm)
}

func (m *mortal) Chtimes(name string, accessed, modified time.Time) error {
	return errors.Join(m.step(), m.Root.Chtimes(name, accessed, modified))
}

func (m *mortal) Link(old, name string) error {
	if m.noLinks {
		return &os.LinkError{Op: "link", Old: old, New: name, Err: syscall.EPERM}
	}
	if err := m.step(); err != nil {
		return err
	}
	return m.Root.Link(old, name)
}

func (m *mortal) Rename(old, name string) error {
	if err := m.step(); err != nil {
		return err
	}
	return m.Root.Rename(old, name)
}

func (m *mortal) Remove(name string) error {
	if err := m.step(); err != nil {
		return err
	}
	return m.Root.Remove(name)
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// pair is a key and the image that needs it, whose contents tell whether they belong together.
func pair(dir, content string) []File {
	return []File{{Path: filepath.Join(dir, "key"), Perm: 0o600, Write: text(content)},
		{Path: filepath.Join(dir, "image"), Perm: 0o644, Write: text(content)}}
}

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// keysIn reads what can be tried as the key of the image in a folder.
func keysIn(dir string) (keys []string) {
	path := filepath.Join(dir, "key")
	for _, p := range append([]string{path}, Spares(path)...) {
		if b, err := os.ReadFile(p); err == nil {
			keys = append(keys, string(b))
		}
	}
	return keys
}

func read(path string) string {
	b, _ := os.ReadFile(path)
	return string(b)
}

// A process is killed after each step in which it changes a folder. Then an image that is there has its key, by name or by a
// spare name, and both are whole. After Clean, nothing else is left of new files, and the next call succeeds.
func TestKilled(t *testing.T) {
	for _, test := range []struct {
		name      string
		before    string
		overwrite bool
		noLinks   bool
		fails     string // cannot take its name
	}{
		{"new", "", false, false, ""},
		{"new without links", "", false, true, ""},
		{"new, then given back", "", false, false, "image"},
		{"replaced", "old", true, false, ""},
		{"replaced without links", "old", true, true, ""},
		{"replaced, then put back", "old", true, false, "image"},
		{"replaced and put back without links", "old", true, true, "image"},
		{"nothing to replace", "", true, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := map[string]bool{}
			for steps := 0; ; steps++ {
				dir := t.TempDir()
				if test.before != "" {
					if err := WriteAll("", false, pair(dir, test.before)...); err != nil {
						t.Fatal(err)
					}
				}
				root, err := os.OpenRoot(dir)
				if err != nil {
					t.Fatal(err)
				}
				files := pair(dir, "new")
				m := &mortal{root, steps, test.noLinks}
				err = writeAll(&failing{m, test.fails}, test.overwrite, files)
				if err != nil && !errors.Is(err, errKilled) && (test.fails == "" || !errors.Is(err, syscall.EIO)) {
					t.Fatal(err)
				}
				if err != nil && !strings.HasPrefix(err.Error(), dir) || strings.Contains(fmt.Sprint(err), ".keygan-") {
					t.Errorf("error %v", err)
				}
				check := func(when string) {
					t.Helper()
					image, keys := read(files[1].Path), keysIn(dir)
					seen[image] = true
					if image != "" && !strings.Contains(strings.Join(keys, " "), image) {
						t.Errorf("%s, killed after %d steps: the image is %q, the keys %q", when, steps, image, keys)
					}
					if test.before != "" && image == "" {
						t.Errorf("%s, killed after %d steps: no image", when, steps)
					}
				}
				check("before Clean")
				if err := Clean(dir, [][]string{{files[0].Path, files[1].Path}}); err != nil {
					t.Fatal(err)
				}
				check("after Clean")
				for _, name := range namesIn(t, dir) {
					if strings.HasPrefix(name, ".keygan-") {
						t.Errorf("%s is left after %d steps", name, steps)
					}
				}
				if !test.overwrite && !test.noLinks && read(files[1].Path) == "" && len(namesIn(t, dir)) > 0 {
					t.Errorf("after %d steps and Clean there are %q", steps, namesIn(t, dir))
				}
				spares := len(Spares(files[0].Path))
				if read(files[1].Path) != "" { // which is replaced, so that they open nothing
					spares = 0
				}
				if err := WriteAll(dir, true, pair(dir, "next")...); err != nil {
					t.Error(err)
				}
				if got := keysIn(dir); read(files[1].Path) != "next" || got[0] != "next" || len(got) != 1+spares {
					t.Errorf("after %d steps, the next call leaves the image %q and the keys %q", steps, read(files[1].Path), got)
				}
				root.Close()
				if m.steps > 0 {
					break
				}
			}
			if !seen[test.before] || seen["new"] != (test.fails == "") {
				t.Errorf("images were %v", seen)
			}
		})
	}
}

// failing is a folder in which one name cannot be renamed or linked to, the first time.
type failing struct {
	*mortal
	name string
}

func (f *failing) Rename(old, name string) error {
	if name == f.name {
		f.name = ""
		return syscall.EIO
	}
	return f.mortal.Rename(old, name)
}

func (f *failing) Link(old, name string) error {
	if name == f.name {
		f.name = ""
		return syscall.EIO
	}
	return f.mortal.Link(old, name)
}

// When a file cannot take its name, all is as it was before, with and without links.
func TestGivesBack(t *testing.T) {
	for _, name := range []string{"a", "b", "c", "a~1", "b~1"} {
		for _, before := range []string{"", "a", "b", "c", "abc"} {
			for bits := range 4 {
				overwrite, noLinks := bits&1 != 0, bits&2 != 0
				if before != "" && !overwrite || len(name) > 1 && (!overwrite || !strings.Contains(before, name[:1])) {
					continue // it exists, or needs no spare name
				}
				dir := t.TempDir()
				var files []File
				for _, n := range []string{"a", "b", "c"} {
					files = append(files, File{Path: filepath.Join(dir, n), Perm: 0o600, Write: text("new")})
					if strings.Contains(before, n) {
						if err := os.WriteFile(filepath.Join(dir, n), []byte("old"), 0o600); err != nil {
							t.Fatal(err)
						}
					}
				}
				root, err := os.OpenRoot(dir)
				if err != nil {
					t.Fatal(err)
				}
				err = writeAll(&failing{&mortal{root, -1, noLinks}, name}, overwrite, files)
				root.Close()
				if !errors.Is(err, syscall.EIO) || err.Error() != filepath.Join(dir, name[:1])+": "+syscall.EIO.Error() {
					t.Errorf("error %v", err)
				}
				if got := strings.Join(namesIn(t, dir), ""); got != before {
					t.Errorf("%s fails, overwrite %v, no links %v: there was %q, there is %q", name, overwrite, noLinks, before, got)
				}
				for _, n := range strings.Split(before, "") {
					if got := read(filepath.Join(dir, n)); n != "" && got != "old" {
						t.Errorf("%s fails: %s holds %q", name, n, got)
					}
				}
			}
		}
	}
}

// Spares are never replaced: the first free name is taken, and there is an error if there is none.
func TestSpares(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := WriteAll("", false, pair(dir, "old")...); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := 1; i <= 99; i++ {
		path := fmt.Sprintf("%s~%d", key, i)
		if i == 50 {
			continue
		}
		if err := os.WriteFile(path, []byte("somebody's"), 0o600); err != nil {
			t.Fatal(err)
		}
		want = append(want, path)
	}
	// The last file may have been moved away, and one of the spares with it be all that it needs.
	image := filepath.Join(dir, "image")
	if err := os.Remove(image); err != nil {
		t.Fatal(err)
	}
	if err := WriteAll("", true, pair(dir, "new")...); err != nil || read(key) != "new" {
		t.Errorf("one spare name is free: %v", err)
	}
	if got := Spares(key); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Spares returns %q", got)
	}
	for _, path := range want {
		if read(path) != "somebody's" {
			t.Errorf("%s holds %q", path, read(path))
		}
	}
	if err := os.Symlink(key, key+"~50"); err != nil {
		t.Fatal(err)
	}
	if got := Spares(key); len(got) != 98 {
		t.Errorf("%d spares, with a link", len(got))
	}
	if err := WriteAll("", true, pair(dir, "newer")...); err == nil || read(key) != "new" || read(image) != "new" {
		t.Errorf("no spare name is free: %v", err)
	}

	// Where the last file is replaced, nothing needs the spares any more. What others can read is no spare of ours.
	if err := errors.Join(os.Remove(key+"~50"), os.Chmod(key+"~7", 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := WriteAll("", true, pair(dir, "newest")...); err != nil || read(key) != "newest" {
		t.Errorf("one spare name is free: %v", err)
	}
	if got := Spares(key); len(got) != 1 || got[0] != key+"~7" {
		t.Errorf("%q are left", got)
	}
}
