package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func contentOf(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// A file that is needed for something that then fails is gone again, and nothing else is: not an older file of its name, nor one in a
// folder that has taken the place of its own.
func TestWriteBefore(t *testing.T) {
	base := t.TempDir()
	at := func(name string) string { return filepath.Join(base, name) }
	key := File{Path: at("keys/key"), Perm: 0o600, Write: contentOf("key")}
	fails := errors.New("fails")

	if err := WriteBefore(key, func() error { return fails }); !errors.Is(err, fails) || there(key.Path) {
		t.Errorf("error %v, the file is there: %v", err, there(key.Path))
	}
	if err := WriteBefore(key, func() error { return nil }); err != nil || !there(key.Path) {
		t.Errorf("error %v, the file is there: %v", err, there(key.Path))
	}
	called := false
	if err := WriteBefore(key, func() error { called = true; return fails }); !errors.Is(err, ErrExists) || called || !there(key.Path) {
		t.Errorf("error %v, called: %v, the old file is there: %v", err, called, there(key.Path))
	}

	other := File{Path: at("swapped/key"), Perm: 0o600, Write: contentOf("key")}
	err := WriteBefore(other, func() error {
		err := errors.Join(os.Mkdir(at("victim"), 0o700), os.WriteFile(at("victim/key"), []byte("precious"), 0o600),
			os.Rename(at("swapped"), at("moved")), os.Symlink("victim", at("swapped")))
		return errors.Join(err, fails)
	})
	if b, _ := os.ReadFile(at("victim/key")); !errors.Is(err, fails) || string(b) != "precious" || there(at("moved/key")) {
		t.Errorf("error %v, the victim's file holds %q, ours is there: %v", err, b, there(at("moved/key")))
	}
}

func TestRemove(t *testing.T) {
	base := t.TempDir()
	path := filepath.Join(base, "a")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(path, path+".kept"), os.WriteFile(path, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := Remove(path, info); err == nil || !there(path) {
		t.Errorf("another file of the name: error %v, it is there: %v", err, there(path))
	}
	if err := Remove(path+".kept", info); err != nil || there(path+".kept") {
		t.Errorf("the file itself: error %v", err)
	}
}

// Only empty folders go, and none through a link.
func TestRemoveEmpty(t *testing.T) {
	base := t.TempDir()
	at := func(name string) string { return filepath.Join(base, name) }
	err := errors.Join(os.MkdirAll(at("out/a/b"), 0o755), os.MkdirAll(at("out/c"), 0o755), os.WriteFile(at("out/c/file"), nil, 0o600),
		os.MkdirAll(at("elsewhere/empty"), 0o755), os.Symlink("../elsewhere", at("out/link")))
	if err != nil {
		t.Fatal(err)
	}
	RemoveEmpty(at("out"), []string{at("out"), at("out/a"), at("out/a/b"), at("out/c"), at("out/link/empty"), at("out/none")})
	for name, want := range map[string]bool{"out": true, "out/a": false, "out/c/file": true, "elsewhere/empty": true, "out/link": true} {
		if there(at(name)) != want {
			t.Errorf("%s is there: %v, want %v", name, !want, want)
		}
	}
}
