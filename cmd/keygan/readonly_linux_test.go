package main

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"

	"golang.org/x/sys/unix"
)

// ordinary runs keygan as a user whom permissions bind. Root is bound by them without two of his capabilities: a thread that has given
// them up starts the process, and ends with its goroutine.
func ordinary(t *testing.T, dir string, args ...string) (code int, stderr string) {
	t.Helper()
	c := exec.Command("keygan", args...)
	c.Dir = dir
	var b bytes.Buffer
	c.Stderr = &b
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		if os.Geteuid() == 0 {
			for _, capability := range []uintptr{unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH} {
				if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
					started <- err
					return
				}
			}
		}
		started <- c.Start()
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	c.Wait()
	return c.ProcessState.ExitCode(), b.String()
}

// In a folder that cannot be written to nothing changes, and the error says why; the rest of the work is done. Once it can be,
// --resume finishes.
func TestReadOnlyFolder(t *testing.T) {
	dir := t.TempDir()
	chmod := func(mode os.FileMode, folder string) {
		t.Helper()
		if err := os.Chmod(filepath.Join(dir, folder), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"in/sub", "out/sub", "back"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"in/a.png", "in/sub/b.png"} {
		if err := imagefile.WritePNG(filepath.Join(dir, name), raster.NewImage(8, 8, 1, 8), false); err != nil {
			t.Fatal(err)
		}
	}
	encrypt := []string{"encrypt", "in", "-o", "out", "--no-gan", "--unencrypted-key", "-q"}
	decrypt := []string{"decrypt", "out", "-o", "back", "-q"}

	refuses := func(what, file string, args ...string) {
		t.Helper()
		before := contents(t, dir)
		code, stderr := ordinary(t, dir, args...)
		if code != 1 || !strings.Contains(stderr, file+": permission denied\n") || !strings.Contains(stderr, "hint: see the permissions") {
			t.Errorf("%s: exit code %d, %s", what, code, stderr)
		}
		if after := contents(t, dir); !maps.Equal(before, after) {
			t.Errorf("%s: %d files, there were %d", what, len(after), len(before))
		}
	}
	done := func(files int, args ...string) {
		t.Helper()
		if code, stderr := ordinary(t, dir, args...); code != 0 {
			t.Errorf("%v: exit code %d, %s", args, code, stderr)
		}
		if n := len(contents(t, filepath.Join(dir, args[3]))); n != files {
			t.Errorf("%v: %d files, want %d", args, n, files)
		}
	}

	chmod(0o555, "out/sub")
	if code, stderr := ordinary(t, dir, encrypt...); code != 1 || !strings.Contains(stderr, "out/sub/b") || !strings.Contains(stderr, "1 of 2 failed") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	refuses("a second time", "out/sub/b.png.key.json", append(encrypt, "--resume")...)
	chmod(0o755, "out/sub")
	done(4, append(encrypt, "--resume")...)

	chmod(0o555, "out")
	chmod(0o555, "out/sub")
	refuses("replacing", "out/a.png.key.json", append(encrypt, "--force")...)
	chmod(0o555, "back")
	refuses("decrypting", "back/a.png", decrypt...)
	chmod(0o755, "back")
	done(2, append(decrypt, "--resume")...)

	chmod(0o000, "in/sub/b.png")
	chmod(0o755, "out")
	refuses("an input that cannot be read", "in/sub/b.png", append(encrypt, "--resume")...)
	chmod(0o755, "out/sub") // so that it can be removed
}
