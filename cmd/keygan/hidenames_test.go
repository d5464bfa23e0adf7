package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"keygan/cipher/sealed"
)

// A sender chooses the folder inside, as he chooses the name. The file stays in the output folder: not in a hidden folder, not through a
// link, and in no other file's place.
func TestHiddenFoldersStayInside(t *testing.T) {
	for _, c := range []struct{ folder, name, want string }{
		{".ssh", "authorized_keys", "_.ssh/authorized_keys.png"},
		{"a/.config/..b", ".c", "a/_.config/_..b/_.c.png"},
		{"a", "", "scan.png"}, // no name, so no folder
		{"~", "-rf.png", "~/-rf.png"},
		{"linked", "scan.png", ""},
		{"linked/deep", "scan.png", ""},
		{"", "linked", ""},
		{"there.png", "scan.png", ""},
		{"", "there.png", ""},
	} {
		p := newSealedPair(t)
		var err error
		if p.image, p.key, err = sealed.SealImage(p.plain, sealed.Options{Name: c.name, Folder: c.folder, Hidden: true}); err != nil {
			t.Fatal(err)
		}
		p.writeImage(p.image)
		if err := os.MkdirAll(p.path("back"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(p.path("elsewhere"), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, link := range []string{"linked", "linked.png"} {
			if err := os.Symlink("../elsewhere", p.path("back/"+link)); err != nil {
				t.Fatal(err)
			}
		}
		p.write("back/there.png", []byte("mine"))
		printed, code := p.decrypt(p.encrypt(p.key.Marshal()))
		made := contents(t, p.path("back"))
		for _, there := range []string{"there.png", "linked", "linked.png"} {
			delete(made, p.path("back/"+there))
		}
		switch {
		case c.want == "" && (code != 1 || len(made) > 0):
			t.Errorf("%s, %s: exit code %d, made %d files: %s", c.folder, c.name, code, len(made), printed)
		case c.want != "" && (code != 0 || len(made) != 1 || made[p.path("back/"+c.want)] == ""):
			t.Errorf("%s, %s: exit code %d, %s", c.folder, c.name, code, printed)
		}
		if left := contents(t, p.path("elsewhere")); len(left) > 0 || string(mustRead(t, p.path("back/there.png"))) != "mine" {
			t.Errorf("%s, %s: something was written elsewhere, or replaced", c.folder, c.name)
		}
	}
}

// A folder as a DICOM medium has it: dcmmkdir makes its DICOMDIR. Encrypted, with names hidden or not, it shows nothing of it; decrypted, it
// has every file that its DICOMDIR refers to, in its place, as pydicom finds them.
func TestDICOMDIR(t *testing.T) {
	in, me := t.TempDir(), filepath.Join(t.TempDir(), "me.key")
	source := strings.TrimSpace(run(t, "/usr/bin/python3", "-c",
		"import os, pydicom; print(os.path.join(os.path.dirname(pydicom.__file__), 'data/test_files/dicomdirtests'))"))
	for _, folder := range []string{"77654033", "98892001", "98892003"} {
		run(t, "cp", "-r", filepath.Join(source, folder), in)
	}
	run(t, "dcmmkdir", "+r", "+id", in, "+D", filepath.Join(in, "DICOMDIR"), "-Pgp", "-Nxc", "+m")
	want := references(t, in)
	if n := strings.Count(want, "\n"); n != 31 {
		t.Fatalf("the DICOMDIR refers to %d files", n)
	}
	recipient := regexp.MustCompile("age1[a-z0-9]+").FindString(mustRunHere(t, "keypair", "-o", me))
	for _, flags := range [][]string{nil, {"--hide-names"}} {
		out, back := t.TempDir(), t.TempDir()
		mustRunHere(t, append([]string{"encrypt", in, "-o", out, "-r", recipient, "--no-gan", "-q"}, flags...)...)
		var all bytes.Buffer
		for path, content := range contents(t, out) {
			all.WriteString(content)
			if flags != nil {
				all.WriteString(path[len(out):])
			}
		}
		for _, tell := range []string{"Doe^Archibald", "Doe^Peter", "98890234", "STUDY", "17106", "98892001", "1.3.6.1.4.1.5962"} {
			if bytes.Contains(all.Bytes(), []byte(tell)) {
				t.Errorf("%v: %q shows", flags, tell)
			}
		}
		mustRunHere(t, "decrypt", out, "-o", back, "-i", me, "-q")
		run(t, "diff", "-r", in, back)
		if got := references(t, back); got != want {
			t.Errorf("%v: the DICOMDIR refers to\n%s, before to\n%s", flags, got, want)
		}
	}
}

// references lists the files that a folder's DICOMDIR refers to, which must be there with the SOP instances that it names.
func references(t *testing.T, dir string) string {
	t.Helper()
	const program = `import os, sys, pydicom
for r in pydicom.dcmread(os.path.join(sys.argv[1], "DICOMDIR")).DirectoryRecordSequence:
    if "ReferencedFileID" in r:
        ids = [r.ReferencedFileID] if isinstance(r.ReferencedFileID, str) else list(r.ReferencedFileID)
        uid = pydicom.dcmread(os.path.join(sys.argv[1], *ids), stop_before_pixels=True).SOPInstanceUID
        assert uid == r.ReferencedSOPInstanceUIDInFile, ids
        print("/".join(ids), uid)`
	return run(t, "/usr/bin/python3", "-c", program, dir)
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	var errs bytes.Buffer
	c := exec.Command(name, args...)
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s(make test installs dcmtk and python3-pydicom)", name, err, out, errs.String())
	}
	return string(out)
}

func mustRunHere(t *testing.T, args ...string) string {
	t.Helper()
	printed, code := runHere(t, args...)
	if code != 0 {
		t.Fatalf("keygan %v: exit code %d\n%s", args, code, printed)
	}
	return printed
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
