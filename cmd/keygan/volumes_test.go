package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"keygan/data/imagefile"
)

const judge = "testdata/volumes.py"

// NIfTI volumes of all kinds of numbers, and DICOM files of one frame and of many, come back from each research scheme byte for byte (as
// unpacked), and with nibabel's and pydicom's voxels. A program that knows only docs/format.md opens the cipher images.
func TestVolumesComeBack(t *testing.T) {
	in := t.TempDir()
	run(t, "/usr/bin/python3", judge, "make", in)
	source := strings.TrimSpace(run(t, "/usr/bin/python3", "-c", "import os, pydicom; print(os.path.join(os.path.dirname(pydicom.__file__), 'data/test_files'))"))
	for _, name := range []string{"CT_small", "MR_small_bigendian", "MR_small_implicit", "ExplVR_BigEnd", "rtdose", "SC_ybr_full_422_uncompressed"} {
		write(t, filepath.Join(in, name+".dcm"), mustRead(t, filepath.Join(source, name+".dcm")))
	}
	plain, err := os.ReadDir(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"xor", "logistic", "paper"} {
		from, want, out, back := in, strconv.Itoa(len(plain)), t.TempDir(), t.TempDir()
		if scheme == "paper" {
			from, want = filepath.Join(in, "square.nii.gz"), "1"
		}
		mustRunHere(t, "encrypt", from, "-o", out, "--scheme", scheme, "-q")
		mustRunHere(t, "decrypt", out, "-o", back, "--scheme", scheme, "-q")
		if again := mustRunHere(t, "encrypt", from, "-o", out, "--scheme", scheme, "--resume"); !strings.Contains(again, "nothing to do") {
			t.Errorf("%s: encrypted again: %s", scheme, again)
		}
		if n := strings.TrimSpace(run(t, "/usr/bin/python3", judge, "judge", in, out, back)); n != want {
			t.Errorf("%s: %s of %s volumes", scheme, n, want)
		}
		if scheme != "xor" {
			continue
		}
		// The key of a plane is what keygen makes of the plane as an image.
		for _, stem := range []string{"scaled", "CT_small"} {
			for j := range 2 {
				png := fmt.Sprintf("%s/%s.key.npz.plane%d.png", out, stem, j)
				mustRunHere(t, "keygen", png, "--npy", "-q")
				made, err := imagefile.ReadImage(strings.TrimSuffix(png, ".png") + ".key.png")
				if err != nil {
					t.Fatal(err)
				}
				var first []byte
				for i := 0; i < len(made.Pix); i += made.Channels {
					first = append(first, made.Pix[i])
				}
				if want := mustRead(t, fmt.Sprintf("%s/%s.key.npz.key%d.npy", out, stem, j)); !bytes.HasSuffix(want, first) {
					t.Errorf("%s: another key for byte %d", stem, j)
				}
			}
		}
	}
}

// A cipher image of a volume that was changed, or that has another's key file, is refused, and nothing is written.
func TestVolumesRefused(t *testing.T) {
	dir := t.TempDir()
	run(t, "/usr/bin/python3", judge, "make", dir)
	out := filepath.Join(dir, "out")
	mustRunHere(t, "encrypt", filepath.Join(dir, "i2.nii.gz"), filepath.Join(dir, "scaled.nii.gz"), "-o", out, "--scheme", "xor", "-q")
	refused := func(what string, args ...string) {
		t.Helper()
		back := filepath.Join(t.TempDir(), "back")
		printed, code := runHere(t, append([]string{"decrypt", filepath.Join(out, "i2.cipher.png"), "-o", back}, args...)...)
		if code != 1 || len(contents(t, filepath.Dir(back))) > 0 {
			t.Errorf("%s: exit code %d, %s", what, code, printed)
		}
	}
	refused("another key file", "--scheme", "xor", "--key", filepath.Join(out, "scaled.key.npz"))
	refused("another scheme", "--scheme", "logistic")
	refused("no scheme")
	m, err := imagefile.ReadImage(filepath.Join(out, "i2.cipher.png"))
	if err != nil {
		t.Fatal(err)
	}
	m.Pix[len(m.Pix)-1] ^= 1
	if err := imagefile.WritePNG(filepath.Join(out, "i2.cipher.png"), m, true); err != nil {
		t.Fatal(err)
	}
	refused("the last sample changed", "--scheme", "xor")
}

// keygen makes a key of each slice: that of the slice as an image.
func TestKeygenOfVolumes(t *testing.T) {
	dir, keys := t.TempDir(), t.TempDir()
	run(t, "/usr/bin/python3", judge, "make", dir)
	volume := filepath.Join(dir, "scaled.nii.gz")
	mustRunHere(t, "keygen", volume, "-o", keys, "-q")
	stack, err := imagefile.ReadStack(volume, imagefile.Axial)
	if err != nil {
		t.Fatal(err)
	}
	for i := range stack.Count {
		m := stack.Image(i)
		path := filepath.Join(keys, fmt.Sprintf("slice%d.png", i))
		if err := imagefile.WritePNG(path, m, false); err != nil {
			t.Fatal(err)
		}
		mustRunHere(t, "keygen", path, "-q")
	}
	run(t, "/usr/bin/python3", judge, "keys", filepath.Join(keys, "scaled.keys.npz"), keys, volume)
	if !bytes.Equal(mustRead(t, filepath.Join(keys, "scaled.key.png")), mustRead(t, filepath.Join(keys, "slice2.key.png"))) {
		t.Error("the picture is not the key of the middle slice")
	}
	if shown := mustRunHere(t, "inspect", filepath.Join(keys, "scaled.keys.npz")); !strings.Contains(shown, "key images") {
		t.Error(shown)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
