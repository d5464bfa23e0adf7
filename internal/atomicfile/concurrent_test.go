package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// Eight write the same pair at the same time, while others clean: the two files that are there in the end were written by one
// of them, nothing else is left, and without overwrite only one has written.
func TestEightAtOnce(t *testing.T) {
	for _, overwrite := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "new")
		var wrote atomic.Int32
		var wg sync.WaitGroup
		for writer := range 8 {
			wg.Go(func() {
				for round := range 8 {
					files := pair(dir, fmt.Sprint(writer, " ", round))
					err := WriteAll(dir, overwrite, files...)
					if err == nil {
						wrote.Add(1)
					} else if !errors.Is(err, ErrExists) || overwrite {
						t.Error(err)
					}
					if err := Clean(dir, [][]string{{files[0].Path, files[1].Path}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		key, image := read(filepath.Join(dir, "key")), read(filepath.Join(dir, "image"))
		if key != image || key == "" {
			t.Errorf("overwrite %v: the key is %q, the image %q", overwrite, key, image)
		}
		if names := namesIn(t, dir); len(names) != 2 {
			t.Errorf("overwrite %v: there are %q", overwrite, names)
		}
		if n := wrote.Load(); (overwrite && n != 64) || (!overwrite && n != 1) {
			t.Errorf("overwrite %v: %d times written", overwrite, n)
		}
	}
}

// Whoever waits for a folder that stays locked gives up in the end, and leaves nothing behind. In the test's bubble no time passes.
func TestBusy(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := TryLock(f); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		if err := WriteAll("", true, pair(dir, "x")...); !errors.Is(err, ErrBusy) {
			t.Errorf("error %v", err)
		}
	})
	if names := namesIn(t, dir); len(names) > 0 {
		t.Errorf("there are %q", names)
	}
}

// A folder that is locked for another purpose, as that of a training run is, takes single files all the same.
func TestSingleFileNeedsNoLock(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	locked, unlock, err := lockFolder(root)
	if err != nil || !locked {
		t.Fatalf("locked: %v, error %v", locked, err)
	}
	defer unlock()
	path := filepath.Join(dir, "config.yaml")
	for range 2 {
		if err := Write(path, 0o600, true, func(io.Writer) error { return nil }); err != nil {
			t.Error(err)
		}
	}
}
