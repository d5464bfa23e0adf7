package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

func pair(dir, content string) []File {
	write := func(w io.Writer) error { _, err := io.WriteString(w, content); return err }
	return []File{{filepath.Join(dir, ".key"), 0o600, write}, {filepath.Join(dir, "image"), 0o644, write}}
}

// pairIn reads both files of a folder; a file that is not there reads as "". Nothing else may lie there.
func pairIn(t *testing.T, dir string) [2]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var is [2]string
	for _, e := range entries {
		i := slices.Index([]string{".key", "image"}, e.Name())
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if i < 0 || err != nil {
			t.Fatalf("%s lies there: %v", e.Name(), err)
		}
		is[i] = string(b)
	}
	return is
}

// A process is killed after each step in which files get their names. Then there are all of them, new or old, or none of them,
// once somebody has looked after it; and at no time is there a new one beside an old one.
func TestKilled(t *testing.T) {
	type step struct {
		name string
		do   func(s *stage, files []File) error
	}
	write := func(i int) step {
		return step{fmt.Sprint("write ", i), func(s *stage, files []File) error { return s.write(i, files[i]) }}
	}
	mark := func(name string) step {
		return step{"mark", func(s *stage, _ []File) error { return os.WriteFile(filepath.Join(s.path, name), nil, 0o600) }}
	}
	aside := step{"step aside", func(s *stage, files []File) error { _, err := s.stepAside(files); return err }}
	place := func(i int, overwrite bool) step {
		return step{fmt.Sprint("place ", i), func(s *stage, files []File) error { return s.placeOne(i, files[i].Path, overwrite) }}
	}
	unmark := func(name string) step {
		return step{"unmark", func(s *stage, _ []File) error { return os.Remove(filepath.Join(s.path, name)) }}
	}
	for _, v := range []struct {
		name        string
		before      string
		steps       []step
		wholeBefore int // from this step on the new files are what is there in the end
	}{
		{"new files", "", []step{write(0), write(1), mark(placeName), place(0, false), place(1, false), unmark(placeName)}, 3},
		{"others replaced", "old", []step{write(0), write(1), mark(replaceName), aside, place(0, true), place(1, true), unmark(replaceName)}, 3},
		{"nothing to replace", "", []step{write(0), write(1), mark(replaceName), aside, place(0, true), place(1, true), unmark(replaceName)}, 3},
	} {
		for kill := range len(v.steps) + 1 {
			dir := t.TempDir()
			if v.before != "" {
				if err := WriteAll(false, pair(dir, v.before)...); err != nil {
					t.Fatal(err)
				}
			}
			files := pair(dir, "new")
			s, err := openStage(dir, "image")
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range v.steps[:kill] {
				if err := step.do(s, files); err != nil {
					t.Fatalf("%s: %s: %v", v.name, step.name, err)
				}
				key, _ := os.ReadFile(files[0].Path)
				image, _ := os.ReadFile(files[1].Path)
				if len(image) > 0 && string(key) != string(image) {
					t.Errorf("%s, after %s: the image is %s, the key %s", v.name, step.name, image, key)
				}
			}
			if err := Recover(dir); err != nil { // somebody is still at work: nothing happens
				t.Fatal(err)
			}
			if err := WriteAll(true, pair(dir, "mixed")...); !errors.Is(err, ErrBusy) {
				t.Fatalf("%s: error %v for one who writes at the same time", v.name, err)
			}
			s.lock.Close() // killed
			if err := Recover(dir); err != nil {
				t.Fatalf("%s, killed after step %d: %v", v.name, kill, err)
			}
			want := v.before
			if kill >= v.wholeBefore {
				want = "new"
			}
			if got := pairIn(t, dir); got != [2]string{want, want} {
				t.Errorf("%s, killed after step %d: %q, want %q twice", v.name, kill, got, want)
			}
		}
	}
}

// A name has been taken by others since the process was killed: they keep it, and the file that belongs to ours goes.
func TestKilledAndTaken(t *testing.T) {
	dir := t.TempDir()
	files := pair(dir, "new")
	s, err := openStage(dir, "image")
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(s.write(0, files[0]), s.write(1, files[1]), os.WriteFile(filepath.Join(s.path, placeName), nil, 0o600),
		s.placeOne(0, files[0].Path, false), s.lock.Close(), os.WriteFile(files[1].Path, []byte("theirs"), 0o600))
	if err := errors.Join(err, Recover(dir)); err != nil {
		t.Fatal(err)
	}
	if got := pairIn(t, dir); got != [2]string{"", "theirs"} {
		t.Errorf("%q", got)
	}
}

// What is no stage is left alone, whatever it is called.
func TestRecoverLeaves(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	precious := filepath.Join(elsewhere, "precious")
	err := errors.Join(os.WriteFile(precious, []byte("x"), 0o600), os.Symlink(elsewhere, filepath.Join(dir, ".keygan-stage-1.tmp")),
		os.WriteFile(filepath.Join(dir, ".keygan-stage-2.tmp"), []byte("x"), 0o600), Recover(dir), Recover(filepath.Join(dir, "none")))
	entries, _ := os.ReadDir(dir)
	if err != nil || len(entries) != 2 || !there(precious) {
		t.Errorf("error %v, %d entries, precious %v", err, len(entries), there(precious))
	}
}

// Many write the same pair at the same time: the two files that are there in the end were written by one of them, and without
// overwrite only one has written.
func TestWriteAllAtOnce(t *testing.T) {
	for _, overwrite := range []bool{false, true} {
		dir := t.TempDir()
		var wrote atomic.Int32
		var wg sync.WaitGroup
		for writer := range 8 {
			wg.Go(func() {
				for round := range 10 {
					err := WriteAll(overwrite, pair(dir, fmt.Sprint(writer, " ", round))...)
					switch {
					case err == nil:
						wrote.Add(1)
					case !errors.Is(err, ErrBusy) && !(errors.Is(err, ErrExists) && !overwrite):
						t.Error(err)
					}
					if err := Recover(dir); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if got := pairIn(t, dir); got[0] != got[1] || got[0] == "" {
			t.Errorf("overwrite %v: %q", overwrite, got)
		}
		if n := wrote.Load(); n == 0 || (n > 1 && !overwrite) {
			t.Errorf("overwrite %v: %d times written", overwrite, n)
		}
	}
}
