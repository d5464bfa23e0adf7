package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	torch "keygan/gotorch"
)

// A C++ side that was built for another libtorch is refused before anything is trained. It is ours with another version written in it.
func TestOtherLibtorch(t *testing.T) {
	b, err := os.ReadFile("../../build/lib/libcgotorch.so")
	if err != nil {
		t.Fatal(err)
	}
	version := []byte(torch.BuiltVersion() + "\x00")
	other := bytes.Clone(version)
	other[bytes.IndexByte(version, '.')+1]++
	if !bytes.Contains(b, version) {
		t.Fatalf("no version %s in the C++ side", version)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "libcgotorch.so"), bytes.ReplaceAll(b, version, other), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(killedConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"doctor"}, {"-c", "c.yaml"}} {
		c := exec.Command("keygan-train", args...)
		c.Dir, c.Env = dir, append(os.Environ(), "LD_LIBRARY_PATH="+dir)
		out, err := c.CombinedOutput()
		if c.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "libcgotorch.so was built for "+string(other[:len(other)-1])) {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}
