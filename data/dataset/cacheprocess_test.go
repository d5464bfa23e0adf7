package dataset

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"keygan/data/internal/imagetest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The test binary is also the program that makes a cache, so that there can be several of it and they can be killed.
const (
	cacheDirEnv    = "KEYGAN_TEST_CACHE_DIR"
	cacheFolderEnv = "KEYGAN_TEST_CACHE_FOLDER"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(cacheDirEnv); dir != "" {
		if err := makeCache(os.Stdout, dir, os.Getenv(cacheFolderEnv)); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// makeCache prints a line for each step of the progress, slowly, and in the end the hash of all images.
func makeCache(out io.Writer, dir, folder string) error {
	src, err := Open(Spec{Folder: folder})
	if err != nil {
		return err
	}
	images, err := Cached(context.Background(), src, CacheOptions{Dir: dir, Size: 24, Channels: 3, Progress: func(done, total int) {
		fmt.Fprintln(out, "progress", done, total)
		time.Sleep(3 * time.Millisecond)
	}})
	if err != nil {
		return err
	}
	sum := sha256.New()
	for i := range images.Len() {
		m, err := images.Image(i)
		if err != nil {
			return err
		}
		sum.Write(m.Pix)
	}
	_, err = fmt.Fprintf(out, "images %x\n", sum.Sum(nil))
	return err
}

func cacheProcess(dir, folder string) *exec.Cmd {
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), cacheDirEnv+"="+dir, cacheFolderEnv+"="+folder)
	c.Stderr = os.Stderr
	return c
}

// twenty is a folder of 20 different images, and the hash that makeCache prints of them.
func twenty(t *testing.T) (folder, want string) {
	t.Helper()
	folder = t.TempDir()
	sum := sha256.New()
	for k, m := range synthesize(t, "mri", 20, 30, 5) {
		imagetest.Write(t, filepath.Join(folder, fmt.Sprintf("%02d.png", k)), pngBytes(t, m))
		sum.Write(m.Fit(24, 3).Pix)
	}
	return folder, fmt.Sprintf("images %x\n", sum.Sum(nil))
}

func TestCacheOfTwoProcesses(t *testing.T) {
	folder, want := twenty(t)
	dir := t.TempDir()
	outputs := make(chan string)
	const processes = 3
	for range processes {
		go func() {
			out, err := cacheProcess(dir, folder).Output()
			if err != nil {
				out = append(out, err.Error()...)
			}
			outputs <- string(out)
		}()
	}
	made := 0
	for range processes {
		out := <-outputs
		if !strings.HasSuffix(out, want) {
			t.Errorf("got %s, want %s", out, want)
		}
		made += strings.Count(out, "progress 20 20\n")
	}
	if made != 1 {
		t.Errorf("the cache was made %d times", made)
	}
}

// Killed at any moment, a process leaves nothing that another would take for a cache, and nothing for good.
func TestCacheAfterAKill(t *testing.T) {
	folder, want := twenty(t)
	for _, lines := range []int{0, 1, 2, 7, 13, 19, 20, 21} {
		dir := t.TempDir()
		c := cacheProcess(dir, folder)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(out)
		for range lines {
			if _, err := r.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, r)
		c.Wait()
		var next strings.Builder
		if err := makeCache(&next, dir, folder); err != nil || !strings.HasSuffix(next.String(), want) {
			t.Errorf("killed after %d lines: %v, %s", lines, err, next.String())
		}
		next.Reset()
		if err := makeCache(&next, dir, folder); err != nil || next.String() != want {
			t.Errorf("killed after %d lines, the second start after it: %v, %s", lines, err, next.String())
		}
	}
}
