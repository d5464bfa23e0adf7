package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"
)

// Several processes encrypt one folder into another at the same time, replacing or not: every pair that is there in the end was written
// by one of them, and opens.
func TestTwoAtOnce(t *testing.T) {
	dir := t.TempDir()
	k := &killer{T: t, dir: dir}
	in := filepath.Join(dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		t.Fatal(err)
	}
	const images = 4
	for i := range images {
		if err := imagefile.WritePNG(filepath.Join(in, fmt.Sprint(i, ".png")), raster.NewImage(20+i, 20, 1, 8), false); err != nil {
			t.Fatal(err)
		}
	}
	k.mustRun("keypair", "-o", "me.key")
	public, err := exec.Command("age-keygen", "-y", filepath.Join(dir, "me.key")).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--quiet", "--force"} {
		out := "out" + flag
		var all []*exec.Cmd
		for range 3 {
			c := k.command("encrypt", "in", "-o", out, "-r", strings.TrimSpace(string(public)), "--no-gan", flag)
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		for _, c := range all {
			c.Wait() // it may have failed: another was first
		}
		if n := len(k.visible(filepath.Join(dir, out))); n != 2*images {
			t.Errorf("%s: %d files, want %d", flag, n, 2*images)
		}
		k.opens(in, out)
	}
}
