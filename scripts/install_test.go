package scripts

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// installable makes a folder with what make install needs. keygan is built there; keygan-train and its library are stand-ins.
func installable(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, path := range []string{"Makefile", "scripts/install"} {
		b, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Fatal(err)
		}
		writeExecutable(t, filepath.Join(root, path), string(b))
	}
	if err := os.CopyFS(filepath.Join(root, "docs/man"), os.DirFS("../docs/man")); err != nil {
		t.Fatal(err)
	}
	writeExecutable(t, filepath.Join(root, "build/bin/keygan-train"), "")
	writeExecutable(t, filepath.Join(root, "build/lib/libcgotorch.so"), "")
	build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(root, "build/bin/keygan"), "../cmd/keygan")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	return root
}

func writeExecutable(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	writeScript(t, path, content)
}

// run runs a program in a folder, with some variables changed. It must succeed.
func run(t *testing.T, dir string, env []string, name string, args ...string) (stdout string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v:\n%s", name, args, err, said.String())
	}
	return string(out)
}

// files are all files in a folder and those below it, sorted, with their modes.
func files(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		list = append(list, info.Mode().String()+" "+name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// What is installed runs from where it is, and can be removed without a trace. Nothing else in the folder is touched.
func TestInstall(t *testing.T) {
	root, to := installable(t), t.TempDir()
	theirs := filepath.Join(to, "usr/bin/keygan-of-somebody-else")
	writeExecutable(t, theirs, "")
	run(t, root, []string{"DESTDIR=", "PREFIX="}, "make", "install", "DESTDIR="+to, "PREFIX=/usr")
	got := files(t, to)
	for _, want := range []string{
		"-rwxr-xr-x usr/bin/keygan", "-rwxr-xr-x usr/bin/keygan-train", "-rw-r--r-- usr/lib/libcgotorch.so",
		"-rw-r--r-- usr/share/man/man1/keygan.1", "-rw-r--r-- usr/share/man/man1/keygan-encrypt.1",
		"-rw-r--r-- usr/share/bash-completion/completions/keygan", "-rw-r--r-- usr/share/zsh/site-functions/_keygan",
		"-rw-r--r-- usr/share/fish/vendor_completions.d/keygan.fish",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s in:\n%s", want, strings.Join(got, "\n"))
		}
	}
	expect(t, run(t, to, nil, filepath.Join(to, "usr/bin/keygan"), "--version"), "keygan ")
	completions := filepath.Join(to, "usr/share/bash-completion/completions/keygan")
	// A shell that has loaded the completions asks the program for the commands that begin with "dec".
	ask := `source "$1"; declare -F __start_keygan >/dev/null; keygan __complete dec`
	path := "PATH=" + filepath.Join(to, "usr/bin") + string(os.PathListSeparator) + os.Getenv("PATH")
	expect(t, run(t, to, []string{path}, "bash", "-ec", ask, "bash", completions), "decrypt")

	run(t, root, nil, "make", "uninstall", "DESTDIR="+to, "PREFIX=/usr")
	if got := files(t, to); len(got) != 1 || !strings.HasSuffix(got[0], filepath.Base(theirs)) {
		t.Errorf("after make uninstall there are:\n%s", strings.Join(got, "\n"))
	}
}

// Without keygan-train there is no library to install; without keygan nothing is installed at all.
func TestInstallOfWhatWasBuilt(t *testing.T) {
	root, to := installable(t), t.TempDir()
	for _, path := range []string{"build/bin/keygan-train", "build/lib"} {
		if err := os.RemoveAll(filepath.Join(root, path)); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(root, "scripts/install")
	run(t, root, []string{"DESTDIR=" + to, "PREFIX=/opt/keygan"}, script)
	if got := strings.Join(files(t, to), "\n"); !strings.Contains(got, "opt/keygan/bin/keygan\n") || strings.Contains(got, "train") {
		t.Errorf("without keygan-train there are:\n%s", got)
	}
	if err := os.Remove(filepath.Join(root, "build/bin/keygan")); err != nil {
		t.Fatal(err)
	}
	to = t.TempDir()
	cmd := exec.Command(script)
	cmd.Env = append(os.Environ(), "DESTDIR="+to, "PREFIX=/usr")
	out, err := cmd.CombinedOutput()
	if err == nil || len(files(t, to)) != 0 {
		t.Errorf("installed without a program: %v, %v", err, files(t, to))
	}
	expect(t, string(out), "install: build/bin/keygan is missing", "hint: make build")
}
