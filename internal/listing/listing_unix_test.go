//go:build unix

package listing

import (
	"errors"
	"keygan/data/imagefile"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// onlyPNG wants PNGs and says that it left out the rest.
func onlyPNG(name string) string {
	if strings.HasSuffix(name, ".png") {
		return ""
	}
	return "no PNG"
}

func link(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

// below gives a listing's parts as lines "path" or "path: why", relative to dir.
func below(l Listing, dir string) (files, leftOut, errs []string) {
	relative := func(s string) string { return strings.ReplaceAll(s, dir+"/", "") }
	for _, path := range l.Files {
		files = append(files, relative(path))
	}
	for _, o := range l.LeftOut {
		leftOut = append(leftOut, relative(o.Path+": "+o.Why))
	}
	for _, err := range l.Errors {
		errs = append(errs, relative(err.Error()))
	}
	return files, leftOut, errs
}

func TestListSaysWhatItLeftOut(t *testing.T) {
	dir := folderOf(t, "z.png", "a/deep/x.png", "a/b.jpg", "labels.csv", ".hidden.png", ".git/y.png", ".git/z.png")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.png"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	link(t, "/dev/null", filepath.Join(dir, "null.png"))
	link(t, "z.png", filepath.Join(dir, "linked.png"))
	link(t, "gone", filepath.Join(dir, "nothing"))
	link(t, "gone", filepath.Join(dir, ".nothing"))
	link(t, "self.png", filepath.Join(dir, "a", "self.png"))
	link(t, "deep", filepath.Join(dir, "a", "again"))

	files, leftOut, errs := below(List(dir, onlyPNG), dir)
	if diff := cmp.Diff([]string{"a/again/x.png", "linked.png", "z.png"}, files); diff != "" {
		t.Error("files", diff)
	}
	if diff := cmp.Diff([]string{
		".git: hidden",
		".hidden.png: hidden",
		".nothing: hidden",
		"a/b.jpg: no PNG",
		"a/deep: a folder already listed as a/again",
		"labels.csv: no PNG",
		"null.png: not a regular file: a device",
		"pipe.png: not a regular file: a named pipe",
		"s.png: not a regular file: a socket",
	}, leftOut); diff != "" {
		t.Error("left out", diff)
	}
	if diff := cmp.Diff([]string{"a/self.png: too many levels of symbolic links", "nothing: a link to nothing"}, errs); diff != "" {
		t.Error("errors", diff)
	}
}

func TestListOfALoopAndOfNoFolder(t *testing.T) {
	dir := folderOf(t, "a.png")
	link(t, ".", filepath.Join(dir, "loop"))
	l := List(dir, onlyPNG)
	want := Listing{Files: []string{filepath.Join(dir, "a.png")}, LeftOut: []LeftOut{{filepath.Join(dir, "loop"), "a folder already listed as " + dir}}}
	if diff := cmp.Diff(want, l); diff != "" {
		t.Error(diff)
	}
	for _, folder := range []string{filepath.Join(dir, "gone"), filepath.Join(dir, "a.png")} {
		l := List(folder, onlyPNG)
		if len(l.Files)+len(l.LeftOut) > 0 || len(l.Errors) != 1 || !strings.HasPrefix(l.Errors[0].Error(), folder+": ") {
			t.Errorf("%s: %+v", folder, l)
		}
		if _, errs := Files(folder, imagefile.ImageName); len(errs) != 1 {
			t.Errorf("%s: Files has errors %v", folder, errs)
		}
	}
}

func TestFilesIsQuietAboutLinksToNothing(t *testing.T) {
	dir := folderOf(t, "a.png", "b.txt")
	link(t, "gone", filepath.Join(dir, "nothing.png"))
	link(t, "self.png", filepath.Join(dir, "self.png"))
	files, errs := Files(dir, imagefile.ImageName)
	if !slices.Equal(files, []string{filepath.Join(dir, "a.png")}) {
		t.Error(files)
	}
	if len(errs) != 1 || !errors.Is(errs[0], syscall.ELOOP) {
		t.Errorf("want only self.png among the errors, got %v", errs)
	}
}

// Every entry of a folder is in one part of its listing, and in one only.
func TestListMentionsEachEntryOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`\.?[a-c]{1,2}(\.png|\.txt)?`), 0, 8, rapid.ID).Draw(rt, "names")
		var want []string
		for _, name := range names {
			path := filepath.Join(dir, name)
			want = append(want, path)
			switch rapid.IntRange(0, 2).Draw(rt, "kind") {
			case 0:
				err = os.WriteFile(path, nil, 0o600)
			case 1:
				err = os.Symlink("nothing", path)
			case 2:
				err = os.Symlink(".", path)
			}
			if err != nil {
				rt.Fatal(err)
			}
		}
		l := List(dir, onlyPNG)
		got := slices.Clone(l.Files)
		for _, o := range l.LeftOut {
			got = append(got, o.Path)
		}
		for _, err := range l.Errors {
			got = append(got, err.(*UnreadablePath).Path)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(want, got) {
			rt.Fatalf("want %q, got %q", want, got)
		}
	})
}

// folderOf makes a folder of files.
func folderOf(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
