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

// Whatever is in the way, images are right, and the next start finds a whole cache again.
func TestDamagedCacheIsMadeAnew(t *testing.T) {
	src := mustOpen(t, mixed(t))
	for name, damage := range map[string]func(array, index string, old []byte) error{
		"pixel": func(array, index string, old []byte) error {
			old[140] ^= 1
			old[len(old)-40] ^= 1
			return os.WriteFile(array, old, 0o600)
		},
		"header":        func(array, index string, old []byte) error { old[30] ^= 1; return os.WriteFile(array, old, 0o600) },
		"array cut":     func(array, index string, old []byte) error { return os.Truncate(array, int64(len(old)-1)) },
		"array longer":  func(array, index string, old []byte) error { return os.WriteFile(array, append(old, 0), 0o600) },
		"array gone":    func(array, index string, old []byte) error { return os.Remove(array) },
		"array foreign": func(array, index string, old []byte) error { return os.WriteFile(array, []byte("hello"), 0o600) },
		"array a folder": func(array, index string, old []byte) error {
			return errors.Join(os.Remove(array), os.Mkdir(array, 0o700))
		},
		"index gone":  func(array, index string, old []byte) error { return os.Remove(index) },
		"index cut":   func(array, index string, old []byte) error { return os.Truncate(index, 300) },
		"index empty": func(array, index string, old []byte) error { return os.Truncate(index, 0) },
		"index changed": func(array, index string, old []byte) error {
			b, err := os.ReadFile(index)
			return errors.Join(err, os.WriteFile(index, bytes.Replace(b, []byte(`"size": 16`), []byte(`"size": 61`), 1), 0o600))
		},
		"index of another": func(array, index string, old []byte) error {
			return writeSealed(index, &cacheIndex{Transform: cacheTransform, Size: 16, Channels: 3, Images: []cachedRow{{}}})
		},
		"index absurd": func(array, index string, old []byte) error {
			return writeSealed(index, &cacheIndex{Transform: cacheTransform, Size: 1 << 30, Channels: 3, Images: []cachedRow{{}}})
		},
		"hashes": func(array, index string, old []byte) error {
			return os.WriteFile(hashesPath(filepath.Dir(array)), []byte("{}"), 0o600)
		},
	} {
		dir := t.TempDir()
		o := CacheOptions{Dir: dir, Size: 16, Channels: 3}
		mustCache(t, src, o)
		array := filesNamed(dir, "images-", ".npy")[0]
		old, err := os.ReadFile(array)
		if err != nil {
			t.Fatal(err)
		}
		if err := damage(array, indexPath(array), bytes.Clone(old)); err != nil {
			t.Fatal(err)
		}
		if name == "array a folder" { // cannot be replaced: an error that says what is in the way
			if _, err := Cached(context.Background(), src, o); err == nil || !strings.HasPrefix(err.Error(), array+": ") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		agree(t, mustCache(t, src, o), src, 16, 3)
		w := &watched{Source: src}
		agree(t, mustCache(t, w, o), src, 16, 3)
		agree(t, mustCache(t, w, o), src, 16, 3)
		if now, err := os.ReadFile(array); err != nil || !bytes.Equal(now, old) {
			t.Errorf("%s: the array is not as it was: %v", name, err)
		}
	}
}

// Somebody cuts the file short while it is mapped to memory.
func TestCacheCutWhileInUse(t *testing.T) {
	src := mustOpen(t, mixed(t))
	dir := t.TempDir()
	images := mustCache(t, src, CacheOptions{Dir: dir, Size: 90, Channels: 3})
	if err := os.Truncate(filesNamed(dir, "images-", ".npy")[0], 4096); err != nil {
		t.Fatal(err)
	}
	agree(t, images, src, 90, 3)
}
