package dataset

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Cancelled at any moment, making a cache ends with that, and the images that it leaves are right.
func TestCacheIsCancelled(t *testing.T) {
	folder, _ := twenty(t)
	src := second2(Open(Spec{Folder: folder}))
	for _, after := range []int{0, 1, 7, 19} {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		w := &watched{Source: src}
		o := CacheOptions{Dir: dir, Size: 24, Channels: 3, Progress: func(done, _ int) {
			if done == after {
				cancel()
			}
		}}
		if _, err := Cached(ctx, w, o); !errors.Is(err, context.Canceled) {
			t.Fatalf("after %d images: %v", after, err)
		}
		if n := w.reads.Load(); after == 0 && n > 0 {
			t.Errorf("cancelled at once, %d images were decoded all the same", n)
		}
		o.Progress = nil
		agree(t, mustCache(t, src, o), src, 24, 3)
	}
}

func TestCancelledBeforeHashing(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	src := mustOpen(t, folderOf(t, "a.png"))
	if _, err := Cached(ctx, src, CacheOptions{Dir: t.TempDir(), Size: 8, Channels: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("Cached: %v", err)
	}
	if _, err := Split(ctx, src, 0.5, true); !errors.Is(err, context.Canceled) {
		t.Errorf("Split: %v", err)
	}
	if _, err := Digest(ctx, src); !errors.Is(err, context.Canceled) {
		t.Errorf("Digest: %v", err)
	}
	if _, err := Without(ctx, src, src); !errors.Is(err, context.Canceled) {
		t.Errorf("Without: %v", err)
	}
}

// While another process makes the cache, one is told so, and can leave.
func TestCancelledWhileAnotherMakesTheCache(t *testing.T) {
	src, dir := mustOpen(t, folderOf(t, "a.png")), t.TempDir()
	o := CacheOptions{Dir: dir, Size: 8, Channels: 1}
	mustCache(t, src, o)
	locks, err := filepath.Glob(filepath.Join(dir, "*.lock"))
	if err != nil || len(locks) != 1 {
		t.Fatal(locks, err)
	}
	if err := os.Remove(cachedFiles(t, dir)[0]); err != nil {
		t.Fatal(err)
	}
	unlock, err := lockFile(context.Background(), locks[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(context.Background())
	told := 0
	o.Waiting = func() { told++; cancel() }
	if _, err := Cached(ctx, src, o); !errors.Is(err, context.Canceled) || told != 1 {
		t.Errorf("%v, told %d times", err, told)
	}
}

func TestNoFolderForCaches(t *testing.T) {
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	src := mustOpen(t, folderOf(t, "a.png"))
	for _, dir := range []string{"", "~/here"} {
		if _, err := Cached(context.Background(), src, CacheOptions{Dir: dir, Size: 8, Channels: 1}); err == nil {
			t.Errorf("%q: no error", dir)
		}
	}
	if err := CheckCacheFolder(""); err == nil {
		t.Error("CheckCacheFolder finds nothing wrong")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	mustCache(t, src, CacheOptions{Dir: "~/here", Size: 8, Channels: 1})
	if len(cachedFiles(t, filepath.Join(home, "here"))) != 1 {
		t.Error("~ is not the home folder")
	}
	before, _ := os.ReadDir(filepath.Join(home, "here"))
	err := CheckCacheFolder("~/here")
	if after, _ := os.ReadDir(filepath.Join(home, "here")); err != nil || len(after) != len(before) {
		t.Errorf("CheckCacheFolder: %v, or it leaves something", err)
	}
	if err := CheckCacheFolder(src.Name(2)); err == nil || !strings.HasPrefix(err.Error(), src.Name(2)+": not a directory") {
		t.Errorf("CheckCacheFolder of a file: %v", err)
	}
}

// What Fitted gives is what a cache would.
func TestFitted(t *testing.T) {
	src := mustOpen(t, mixed(t))
	fitted, err := Fitted(src, 14, 3)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, fitted, src, 14, 3)
	if _, err := Fitted(src, 0, 3); err == nil {
		t.Error("no error for a size of 0")
	}
}
