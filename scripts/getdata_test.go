package scripts

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A fakeKaggle stands in for Kaggle's program: it logs how it was called, and puts a file into the folder that it is given.
type fakeKaggle struct {
	home, bin, out string
	archive        string // what it "downloads"
}

func newFakeKaggle(t *testing.T, images int) *fakeKaggle {
	t.Helper()
	k := &fakeKaggle{home: t.TempDir(), bin: t.TempDir(), out: filepath.Join(t.TempDir(), "sets")}
	k.archive = filepath.Join(k.bin, "archive")
	k.pack(t, images)
	k.program(t, `cp "$archive" "$4/archive.zip"`)
	credentials := filepath.Join(k.home, ".kaggle", "kaggle.json")
	if err := os.MkdirAll(filepath.Dir(credentials), 0o700); err != nil {
		t.Fatal(err)
	}
	writeScript(t, credentials, "{}")
	return k
}

func writeScript(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// pack makes the archive, with so many images and a table.
func (k *fakeKaggle) pack(t *testing.T, images int) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name string) {
		w, err := z.Create(name)
		if err == nil {
			_, err = fmt.Fprintf(w, "the content of %s", name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("montgomery_metadata.csv")
	for i := range images {
		add(fmt.Sprintf("images/images/MCUCXR_%04d_0.png", i))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	writeScript(t, k.archive, b.String())
}

// program is what it does when it is called as: kaggle datasets download OWNER/NAME -p DIR. The arguments from the second on
// are $1 to $4.
func (k *fakeKaggle) program(t *testing.T, do string) {
	writeScript(t, filepath.Join(k.bin, "kaggle"), fmt.Sprintf("#!/bin/sh\necho \"$*\" >> '%s/calls'\nshift\narchive='%s'\n%s\n", k.bin, k.archive, do))
}

func (k *fakeKaggle) calls(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(k.bin, "calls"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte("\n"))
}

// run gives what get-data prints for programs, what it says to people, and its exit code.
func (k *fakeKaggle) run(t *testing.T, path string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command("/bin/bash", append([]string{"get-data", "-o", k.out}, args...)...)
	cmd.Env = []string{"HOME=" + k.home, "PATH=" + path}
	var out, messages strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &messages
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return out.String(), messages.String(), cmd.ProcessState.ExitCode()
}

func (k *fakeKaggle) path() string { return k.bin + ":" + os.Getenv("PATH") }

// left lists the files below the output folder.
func (k *fakeKaggle) left(t *testing.T) (names []string) {
	t.Helper()
	filepath.Walk(k.out, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			name, _ := filepath.Rel(k.out, path)
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	return names
}

func TestGetData(t *testing.T) {
	k := newFakeKaggle(t, 138)
	stdout, stderr, code := k.run(t, k.path(), "montgomery")
	folder := filepath.Join(k.out, "montgomery")
	if code != 0 || stdout != folder+"\n" {
		t.Fatalf("exit code %d, %q\n%s", code, stdout, stderr)
	}
	expect(t, stderr, folder+": 138 images", "name a folder as: - {folder: "+folder+"}", "keygan-train check -c configs/")
	if strings.Contains(stderr, "warning") {
		t.Errorf("a warning:\n%s", stderr)
	}
	b, err := os.ReadFile(filepath.Join(folder, "images", "images", "MCUCXR_0007_0.png"))
	if err != nil || string(b) != "the content of images/images/MCUCXR_0007_0.png" {
		t.Errorf("%q, %v", b, err)
	}
	if files := k.left(t); len(files) != 139 {
		t.Errorf("%d files, not 139: %v", len(files), files)
	}
	// Once more: nothing is downloaded.
	stdout, stderr, code = k.run(t, k.path(), "montgomery")
	if code != 0 || stdout != folder+"\n" || k.calls(t) != 1 {
		t.Errorf("the second run: exit code %d, %q, %d calls", code, stdout, k.calls(t))
	}
	expect(t, stderr, folder+": is there, with 138 images")
}

func TestGetAllData(t *testing.T) {
	k := newFakeKaggle(t, 20)
	stdout, stderr, code := k.run(t, k.path(), "all")
	want := ""
	for _, folder := range []string{"montgomery", "brain-tumor-mri", "hms-spectrogram-images"} {
		want += filepath.Join(k.out, folder) + "\n"
	}
	if code != 0 || stdout != want {
		t.Errorf("exit code %d, %q, want %q", code, stdout, want)
	}
	expect(t, stderr, "warning: 20 images came, where about 138 were expected", "where about 7000 were expected")
	b, err := os.ReadFile(filepath.Join(k.bin, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, string(b), "datasets download raddar/tuberculosis-chest-xrays-montgomery -p ", "datasets download masoudnickparvar/brain-tumor-mri-dataset -p ")
}

func TestGetDataFromAnotherName(t *testing.T) {
	k := newFakeKaggle(t, 138)
	if _, stderr, code := k.run(t, k.path(), "montgomery", "--from", "some-one/else_where/2"); code != 0 {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	b, _ := os.ReadFile(filepath.Join(k.bin, "calls"))
	expect(t, string(b), "download some-one/else_where/2 -p ")
}

// What has come of a download that fails is kept for the next, and nothing appears under the final name.
func TestGetDataWhenTheDownloadFails(t *testing.T) {
	k := newFakeKaggle(t, 138)
	k.program(t, `head -c 300 "$archive" > "$4/archive.zip"; echo "403 - Forbidden" >&2; exit 1`)
	_, stderr, code := k.run(t, k.path(), "montgomery")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	expect(t, stderr, "403 - Forbidden", "get-data: raddar/tuberculosis-chest-xrays-montgomery could not be downloaded", "hint: run the same again", "hint: on 401 or 403")
	if files := strings.Join(k.left(t), " "); !strings.Contains(files, ".get-data/montgomery/archive.zip") || strings.Contains(" "+files, " montgomery/") {
		t.Errorf("there is %s", files)
	}
	k.program(t, `test -s "$4/archive.zip" && cp "$archive" "$4/archive.zip"`)
	if _, stderr, code := k.run(t, k.path(), "montgomery"); code != 0 || len(k.left(t)) != 139 {
		t.Errorf("the second run: exit code %d\n%s", code, stderr)
	}
}

func TestGetDataOfADamagedArchive(t *testing.T) {
	for what, do := range map[string]string{
		"cut short":       `head -c 9000 "$archive" > "$4/archive.zip"`,
		"a changed byte":  `cp "$archive" "$4/archive.zip"; printf X | dd of="$4/archive.zip" bs=1 seek=60 conv=notrunc 2>/dev/null`,
		"no archive":      `echo "<html>" > "$4/archive.zip"`,
		"an empty one":    `: > "$4/archive.zip"`,
		"nothing at all":  `true`,
		"another's files": `echo > "$4/archive.txt"`,
	} {
		k := newFakeKaggle(t, 138)
		k.program(t, do)
		_, stderr, code := k.run(t, k.path(), "montgomery")
		if code != 1 || !strings.Contains(stderr, "damaged, and has been removed") && !strings.Contains(stderr, "kaggle left no archive in") {
			t.Errorf("%s: exit code %d\n%s", what, code, stderr)
		}
		if _, err := os.Stat(filepath.Join(k.out, "montgomery")); !os.IsNotExist(err) {
			t.Errorf("%s: there is a folder", what)
		}
		k.program(t, `cp "$archive" "$4/archive.zip"`)
		if _, stderr, code := k.run(t, k.path(), "montgomery"); code != 0 || len(k.left(t)) != 139 {
			t.Errorf("%s, the run after it: exit code %d\n%s", what, code, stderr)
		}
	}
}

func TestGetDataWithoutImages(t *testing.T) {
	k := newFakeKaggle(t, 0)
	_, stderr, code := k.run(t, k.path(), "montgomery")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	expect(t, stderr, "montgomery: holds no images")
	if err := os.MkdirAll(filepath.Join(k.out, "brain-tumor-mri"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, stderr, code = k.run(t, k.path(), "brain-tumor-mri")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	expect(t, stderr, "brain-tumor-mri: is there, but holds no images", "hint: remove it, or name another folder")
}

// What must be there first is told before anything is made.
func TestGetDataOfAnUnpreparedSystem(t *testing.T) {
	bare := tools(t, "find", "wc", "tr")
	k := newFakeKaggle(t, 138)
	_, stderr, code := k.run(t, bare, "montgomery")
	if code != 1 {
		t.Errorf("no kaggle: exit code %d", code)
	}
	expect(t, stderr, "get-data: Kaggle's program is missing", "hint: pip install kaggle")
	_, stderr, code = k.run(t, k.bin+":"+bare, "montgomery")
	if code != 1 {
		t.Errorf("no unzip: exit code %d", code)
	}
	expect(t, stderr, "get-data: unzip is missing", "hint: install it")
	if err := os.RemoveAll(filepath.Join(k.home, ".kaggle")); err != nil {
		t.Fatal(err)
	}
	_, stderr, code = k.run(t, k.path(), "montgomery")
	if code != 1 {
		t.Errorf("no credentials: exit code %d", code)
	}
	expect(t, stderr, "get-data: kaggle has no credentials", "hint: on https://www.kaggle.com/settings, choose Create New Token", "KAGGLE_USERNAME and KAGGLE_KEY")
	if _, err := os.Stat(k.out); !os.IsNotExist(err) || k.calls(t) != 0 {
		t.Errorf("%v, %d calls", err, k.calls(t))
	}
}

func TestGetDataUsage(t *testing.T) {
	k := newFakeKaggle(t, 1)
	for _, args := range [][]string{
		{}, {"montgomry"}, {"-o"}, {"all", "-o", ""}, {"all", "--from", "a/b"}, {"montgomery", "--from", "../x"}, {"montgomery", "--from", "a b/c"},
	} {
		if _, stderr, code := k.run(t, k.path(), args...); code != 2 || !strings.Contains(stderr, "\nusage: scripts/get-data ") {
			t.Errorf("%q: exit code %d\n%s", args, code, stderr)
		}
	}
	stdout, _, code := k.run(t, k.path(), "--help")
	if code != 0 || !strings.HasPrefix(stdout, "usage: scripts/get-data ") || strings.Contains(stdout, "set -") {
		t.Errorf("--help: exit code %d\n%s", code, stdout)
	}
	expect(t, stdout, "raddar/tuberculosis-chest-xrays-montgomery", "hms-harmful-brain-activity-classification", "not confirmed")
}
