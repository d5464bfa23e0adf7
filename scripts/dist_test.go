package scripts

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A release for this system holds what it should, and says the version that it is named for. A second run, by a user with other
// habits, gives the same bytes.
func TestDist(t *testing.T) {
	here := runtime.GOOS + "/" + runtime.GOARCH
	dist := func(env ...string) (folder string) {
		folder = t.TempDir()
		run(t, ".", append(env, "DIST="+folder), "bash", "-c", `umask "$MASK" && ./dist "$1"`, "bash", here)
		return folder
	}
	first := dist("MASK=022", "TZ=UTC")
	second := dist("MASK=077", "TZ=Asia/Kathmandu", "GOAMD64=v3")

	run(t, first, nil, "sha256sum", "--check", "--strict", "SHA256SUMS")
	archives, err := filepath.Glob(filepath.Join(first, "keygan_*"))
	if err != nil || len(archives) != 1 {
		t.Fatalf("the archives are %v (%v)", archives, err)
	}
	for _, path := range []string{archives[0], filepath.Join(first, "SHA256SUMS")} {
		one, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if two, err := os.ReadFile(filepath.Join(second, filepath.Base(path))); err != nil || !bytes.Equal(one, two) {
			t.Errorf("a second run makes another %s (%v)", filepath.Base(path), err)
		}
	}

	name, isTar := strings.CutSuffix(filepath.Base(archives[0]), ".tar.gz")
	version, isHere := strings.CutSuffix(name, "_"+strings.ReplaceAll(here, "/", "_"))
	version, isKeygan := strings.CutPrefix(version, "keygan_")
	if !isTar || !isHere || !isKeygan {
		t.Fatalf("the archive is called %s", filepath.Base(archives[0]))
	}
	run(t, first, nil, "tar", "-xzf", archives[0])
	root := filepath.Join(first, name)
	got := strings.Join(files(t, root), "\n")
	for _, want := range []string{"-rwxr-xr-x keygan", "-rw-r--r-- README.md", "-rw-r--r-- man/keygan.1", "-rw-r--r-- man/keygan-decrypt.1"} {
		if !strings.Contains(got+"\n", want+"\n") {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	if said := run(t, root, nil, "./keygan", "--version"); said != "keygan "+version+"\n" {
		t.Errorf("the release %s says %q", version, said)
	}
}
