package dataset

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever is in the way, images are right, and the start after the next finds a whole cache again.
func TestDamagedCacheIsMadeAnew(t *testing.T) {
	src := mustOpen(t, mixed(t))
	for name, damage := range map[string]func(path, other string, old []byte) error{
		"pixel":    func(path, _ string, old []byte) error { old[140] ^= 1; return os.WriteFile(path, old, 0o600) },
		"checksum": func(path, _ string, old []byte) error { old[len(old)-1] ^= 1; return os.WriteFile(path, old, 0o600) },
		"zeros":    func(path, _ string, old []byte) error { clear(old); return os.WriteFile(path, old, 0o600) },
		"cut":      func(path, _ string, old []byte) error { return os.Truncate(path, int64(len(old)-1)) },
		"empty":    func(path, _ string, old []byte) error { return os.Truncate(path, 0) },
		"longer":   func(path, _ string, old []byte) error { return os.WriteFile(path, append(old, 0), 0o600) },
		"gone":     func(path, _ string, old []byte) error { return os.Remove(path) },
		"another image": func(path, other string, old []byte) error {
			b, err := os.ReadFile(other)
			return errors.Join(err, os.WriteFile(path, b, 0o600))
		},
		"a folder": func(path, _ string, old []byte) error {
			return errors.Join(os.Remove(path), os.MkdirAll(filepath.Join(path, "x"), 0o700))
		},
		"hashes": func(path, _ string, old []byte) error {
			return os.WriteFile(hashesPath(filepath.Dir(filepath.Dir(path))), []byte("{}"), 0o600)
		},
	} {
		dir := t.TempDir()
		o := CacheOptions{Dir: dir, Size: 16, Channels: 3}
		mustCache(t, src, o)
		path := cachedFiles(t, dir)[0]
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := damage(path, cachedFiles(t, dir)[1], bytes.Clone(old)); err != nil {
			t.Fatal(err)
		}
		if name == "a folder" { // cannot be replaced: an error that says what is in the way
			if _, err := Cached(context.Background(), src, o); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		agree(t, mustCache(t, src, o), src, 16, 3)
		agree(t, mustCache(t, src, o), src, 16, 3)
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, old) {
			t.Errorf("%s: the image is not as it was: %v", name, err)
		}
	}
}

// Somebody cuts a file short while the cache is in use.
func TestCacheCutWhileInUse(t *testing.T) {
	src := mustOpen(t, mixed(t))
	dir := t.TempDir()
	images := mustCache(t, src, CacheOptions{Dir: dir, Size: 90, Channels: 3})
	for _, path := range cachedFiles(t, dir) {
		if err := os.Truncate(path, 4096); err != nil {
			t.Fatal(err)
		}
	}
	agree(t, images, src, 90, 3)
}
