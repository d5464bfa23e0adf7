// Package scripts holds the tests of the set-up scripts.
package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// project makes a folder with a copy of scripts/setup and one C++ file to build.
func project(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	script, err := os.ReadFile("setup")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"scripts/setup": string(script), "gotorch/cgotorch/one.cc": "int one;\n", "gotorch/cgotorch/one.h": ""} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// runSetup runs the copy in root with some variables changed.
func runSetup(t *testing.T, root string, env ...string) (output string, code int) {
	t.Helper()
	cmd := exec.Command("/bin/bash", filepath.Join(root, "scripts/setup"))
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func expect(t *testing.T, output string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(output, w) {
			t.Errorf("no %q in:\n%s", w, output)
		}
	}
}

func TestSetupWithAWrongLibtorch(t *testing.T) {
	out, code := runSetup(t, project(t), "LIBTORCH=/nonexistent/libtorch")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	expect(t, out, "setup: LIBTORCH=/nonexistent/libtorch holds no lib/libtorch.so", "hint: name the unpacked zip's folder")
}

// tools makes a folder with links to the programs that the script may find: all that a minimal system has, and no more.
func tools(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range append(names, "bash", "sh", "dirname", "basename", "ls", "head", "id", "mkdir", "tail", "cat", "sed") {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A system with no compiler and no apt-get must be told what to do.
func TestSetupWithNothingToInstallFrom(t *testing.T) {
	out, code := runSetup(t, project(t), "PATH="+tools(t), "LIBTORCH=")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	expect(t, out, "setup: missing: g++", "hint: install a C++ compiler, download libtorch from pytorch.org", "LIBTORCH=/path/to/libtorch make setup")
}

// When apt-get fails, the exact lines to run are printed, and nothing is built.
func TestSetupWhenInstallationFails(t *testing.T) {
	dir := tools(t)
	if err := os.WriteFile(filepath.Join(dir, "apt-get"), []byte("#!/bin/sh\necho 'E: Unable to locate package' >&2\nexit 100\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	sudo := "#!/bin/sh\nexec \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "sudo"), []byte(sudo), 0o755); err != nil {
		t.Fatal(err)
	}
	out, code := runSetup(t, project(t), "PATH="+dir, "LIBTORCH=")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	expect(t, out, "E: Unable to locate package", "setup: apt-get could not install", "apt-get install -y --no-install-recommends", "or unpack libtorch from pytorch.org")
}

func TestSetupBuildsOnce(t *testing.T) {
	root := project(t)
	out, code := runSetup(t, root)
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, out)
	}
	expect(t, out, "compiling 1 C++ files", "built build/lib/libcgotorch.so")
	if out, code = runSetup(t, root); code != 0 || out != "" {
		t.Errorf("the second run did something: exit code %d, %q", code, out)
	}
	source := filepath.Join(root, "gotorch/cgotorch/one.cc")
	if err := os.WriteFile(source, []byte("this is no C++\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, code = runSetup(t, root); code != 1 {
		t.Errorf("a file that does not compile: exit code %d", code)
	}
	expect(t, out, "setup: the C++ side does not compile against libtorch", "hint: ")
}
