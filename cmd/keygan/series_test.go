package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/batch"
	"keygan/cipher"
	"keygan/data/imagefile"
)

// drawnSeries is a folder with series that pydicom has written: scans/ct and square have one each, scans/mixed has several and more.
func drawnSeries(t *testing.T) string {
	t.Helper()
	in := t.TempDir()
	run(t, "/usr/bin/python3", judge, "series", in)
	return in
}

// names is a JSON list.
func names(t *testing.T, list string) (all []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(list), &all); err != nil || len(all) < 3 {
		t.Fatal(list, err)
	}
	return all
}

// A folder of slices is one volume under each research scheme. Its files come back byte for byte, for pydicom too, and a program that knows
// only docs/format.md opens the cipher image. The slices follow each other as pydicom's positions do.
func TestSeriesComeBack(t *testing.T) {
	in := drawnSeries(t)
	plain := t.TempDir()
	for _, folder := range []string{"scans/ct", "square"} {
		if err := os.Symlink(filepath.Join(in, folder), filepath.Join(plain, filepath.Base(folder))); err != nil {
			t.Fatal(err)
		}
	}
	for _, scheme := range []string{"xor", "logistic", "paper"} {
		folders := []string{filepath.Join(plain, "ct"), filepath.Join(plain, "square")}
		if scheme == "paper" {
			folders = folders[1:]
		}
		out, back := t.TempDir(), t.TempDir()
		args := append(folders, "-o", out, "--scheme", scheme, "--series")
		mustRunHere(t, append([]string{"encrypt", "-q"}, args...)...)
		if found, _ := os.ReadDir(out); len(found) != 2*len(folders) {
			t.Errorf("%s: there are %v", scheme, found)
		}
		mustRunHere(t, "decrypt", out, "-o", back, "--scheme", scheme, "-q")
		if n := strings.TrimSpace(run(t, "/usr/bin/python3", judge, "judge", plain, out, back)); n != fmt.Sprint(len(folders)) {
			t.Errorf("%s: %s of %d volumes", scheme, n, len(folders))
		}
		for _, again := range [][]string{append([]string{"encrypt", "--resume"}, args...), {"decrypt", "--resume", out, "-o", back, "--scheme", scheme}} {
			if said := mustRunHere(t, again...); !strings.Contains(said, "nothing to do") {
				t.Errorf("%s: done again: %s", scheme, said)
			}
		}
		changed := filepath.Join(back, "square", "z.dcm")
		b := mustRead(t, changed)
		b[len(b)-1] ^= 1
		write(t, changed, b)
		if said, code := runHere(t, "decrypt", "--resume", out, "-o", back, "--scheme", scheme); code != 1 || !strings.Contains(said, "not verified") {
			t.Errorf("%s: a changed file counts as decrypted: %s", scheme, said)
		}
		slice := filepath.Join(plain, "square", "z.dcm")
		was := mustRead(t, slice)
		write(t, slice, b)
		if said, code := runHere(t, append([]string{"encrypt", "--resume"}, args...)...); code != 1 || !strings.Contains(said, "not verified") {
			t.Errorf("%s: a changed file counts as encrypted: %s", scheme, said)
		}
		write(t, slice, was)
		k, err := cipher.ReadKeyFile(filepath.Join(out, "square.key.npz"))
		if err != nil || k.Name != "square" {
			t.Fatal(k, err)
		}
		var order []string
		for _, f := range k.Volume.Files {
			order = append(order, f.Name)
		}
		if want := names(t, run(t, "/usr/bin/python3", judge, "order", folders[len(folders)-1], "256")); !slices.Equal(order, want) {
			t.Errorf("%s: the order is %q, of the positions %q", scheme, order, want)
		}
	}
	shown := mustRunHere(t, "inspect", "--json", filepath.Join(keyOf(t, plain), "ct.key.npz"))
	if !strings.Contains(shown, `"files": 5`) || strings.Contains(shown, "Doe") {
		t.Error(shown)
	}
}

// keyOf encrypts the series ct, and returns the folder.
func keyOf(t *testing.T, plain string) string {
	t.Helper()
	out := t.TempDir()
	mustRunHere(t, "encrypt", filepath.Join(plain, "ct"), "-o", out, "--scheme", "xor", "--series", "-q")
	return out
}

// In a folder with slices of several sizes and depths, each kind is a volume; what belongs to none is treated as without --series. The
// records for programs name all files.
func TestSeriesOfOneFolder(t *testing.T) {
	in, out, back := filepath.Join(drawnSeries(t), "scans"), t.TempDir(), t.TempDir()
	printed, code := runHere(t, "encrypt", in, "-o", out, "--scheme", "logistic", "--series", "--json", "-q")
	text := printed[strings.Index(printed, "{"):]
	text = text[:strings.LastIndex(text, "}")+1]
	var report batch.Report
	if err := json.Unmarshal([]byte(text), &report); err != nil || code != 1 {
		t.Fatal(printed, err)
	}
	if len(report.Failed) != 1 || filepath.Base(report.Failed[0].Input) != "rle.dcm" || !strings.Contains(report.Failed[0].Hint, "gdcmconv --raw") {
		t.Errorf("failed: %+v", report.Failed)
	}
	want := map[string]int{"ct": 5, "mixed-grey-m1": 3, "mixed-m1": 3, "mixed-small-m1": 3, "mixed/overview": 0}
	for _, d := range report.Done {
		name, _ := filepath.Rel(out, strings.TrimSuffix(d.Outputs[0], batch.CipherSuffix))
		if n, is := want[filepath.ToSlash(name)]; !is || len(d.Inputs) != n || n > 0 && d.Input != d.Inputs[0] {
			t.Errorf("%+v", d)
		}
		delete(want, filepath.ToSlash(name))
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
	mustRunHere(t, "decrypt", out, "-o", back, "--scheme", "logistic", "-q")
	got := map[string]string{}
	for path, b := range contents(t, back) {
		got[filepath.Base(path)] = b
	}
	for path, b := range contents(t, in) {
		if name := filepath.Base(path); got[name] != b && name != "rle.dcm" {
			t.Errorf("%s does not come back", name)
		}
	}
	// Files that are named by themselves, one of them twice, may be a series with a name of the user's.
	var files []string
	for _, name := range []string{"m1.dcm", "m2.dcm", "../mixed/m1.dcm", "m3.dcm"} {
		files = append(files, in+"/mixed/"+name)
	}
	mustRunHere(t, append([]string{"encrypt", "-o", filepath.Join(out, "mine.png"), "--scheme", "xor", "--series", "-q"}, files...)...)
	if v := cipher.VolumeOf(filepath.Join(out, "mine.key.npz")); v == nil || len(v.Files) != 3 {
		t.Errorf("%+v", v)
	}
}

// keygen makes the key of each slice, as of the slice by itself.
func TestKeygenOfSeries(t *testing.T) {
	in, keys, alone := filepath.Join(drawnSeries(t), "scans"), t.TempDir(), t.TempDir()
	mustRunHere(t, "keygen", in, "-o", keys, "--series", "-q")
	mustRunHere(t, "keygen", filepath.Join(in, "ct"), "-o", alone, "--npy", "-q")
	order := names(t, run(t, "/usr/bin/python3", judge, "serieskeys", filepath.Join(keys, "ct.keys.npz"), alone))
	if want := names(t, run(t, "/usr/bin/python3", judge, "order", filepath.Join(in, "ct"))); !slices.Equal(order, want) {
		t.Errorf("the order is %q, of the positions %q", order, want)
	}
	middle := strings.TrimSuffix(order[2], filepath.Ext(order[2]))
	if !bytes.Equal(mustRead(t, filepath.Join(keys, "ct.key.png")), mustRead(t, filepath.Join(alone, middle+".key.png"))) {
		t.Error("the picture is not the key of the middle slice")
	}
	for name, n := range map[string]int{"mixed-grey-m1": 7, "mixed-small-m1": 3} { // one of the seven is compressed
		if shown := mustRunHere(t, "inspect", "--json", filepath.Join(keys, name+".keys.npz")); !strings.Contains(shown, fmt.Sprintf(`"slices": %d`, n)) {
			t.Error(name, shown)
		}
	}
	if _, err := os.Stat(filepath.Join(keys, "mixed", "overview.key.png")); err != nil {
		t.Error(err)
	}
	mustRunHere(t, "keygen", filepath.Join(in, "ct"), "--series", "--resize", "16", "-q") // beside the images
	if shown := mustRunHere(t, "inspect", filepath.Join(in, "ct", "ct.keys.npz")); !strings.Contains(shown, "16×16") {
		t.Error(shown)
	}
}

// A key file that somebody else made leads nowhere else than into the folder of the series, and a pair that does not belong together leaves
// nothing at all.
func TestHostileSeries(t *testing.T) {
	in := drawnSeries(t)
	for _, scheme := range []string{"xor", "logistic"} {
		dir := t.TempDir()
		out := filepath.Join(dir, "out")
		mustRunHere(t, "encrypt", filepath.Join(in, "scans", "ct"), "-o", out, "--scheme", scheme, "--series", "-q")
		image, keyFile := filepath.Join(out, "ct.cipher.png"), filepath.Join(out, "ct.key.npz")
		good := mustRead(t, keyFile)
		before := contents(t, dir)
		refused := func(what string) {
			t.Helper()
			printed, code := runHere(t, "decrypt", image, "-o", filepath.Join(dir, "back"), "--scheme", scheme, "--force", "-q")
			if code != 1 || !strings.Contains(printed, "ct.") {
				t.Errorf("%s, %s: exit code %d: %s", scheme, what, code, printed)
			}
			write(t, keyFile, good)
			after := contents(t, dir)
			delete(after, filepath.Join(dir, "back")) // an empty folder has no content
			if len(after) != len(before) {
				t.Fatalf("%s, %s: there are %d files, not %d", scheme, what, len(after), len(before))
			}
		}
		hostile := func(what string, change func(v *cipher.Volume)) {
			t.Helper()
			k, err := cipher.ParseKeyFile("", good)
			if err != nil {
				t.Fatal(err)
			}
			change(k.Volume)
			var b bytes.Buffer
			if err := k.Write(&b); err != nil {
				t.Fatal(err)
			}
			write(t, keyFile, b.Bytes())
			refused(what)
		}
		for _, name := range []string{"../x.dcm", "/x.dcm", dir + "/x.dcm", "a/x.dcm", `a\x.dcm`, "..", ".", "", ".x.dcm", "x.exe", "x\n.dcm", "../out/ct.cipher.png"} {
			for _, i := range []int{0, 4} {
				hostile(fmt.Sprintf("%q", name), func(v *cipher.Volume) { v.Files[i].Name = name })
			}
		}
		hostile("one name twice", func(v *cipher.Volume) { v.Files[3].Name = v.Files[1].Name })
		hostile("a long head", func(v *cipher.Volume) { v.Files[0].Head++ })
		hostile("100,000 names", func(v *cipher.Volume) {
			v.Files = nil
			for i := range 100_000 {
				v.Files = append(v.Files, cipher.SeriesFile{Name: fmt.Sprint(i, ".dcm")})
			}
		})
		m, err := imagefile.ReadImage(image)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, len(m.Pix) / 2, len(m.Pix) - 1} {
			m.Pix[at] ^= 1
			if err := imagefile.WritePNG(image, m, true); err != nil {
				t.Fatal(err)
			}
			m.Pix[at] ^= 1
			refused(fmt.Sprintf("sample %d changed", at))
		}
		b := mustRead(t, image)
		write(t, image, b[:len(b)*2/3])
		refused("cut short")
	}
}

// What is in the way of a series stays, and then no file of it is written.
func TestSeriesReplacesNothing(t *testing.T) {
	in := drawnSeries(t)
	out := keyOf(t, filepath.Join(in, "scans"))
	decrypt := func(back string, more ...string) (string, int) {
		return runHere(t, append([]string{"decrypt", out, "-o", back, "--scheme", "xor", "-q"}, more...)...)
	}
	back, elsewhere := t.TempDir(), t.TempDir()
	last := filepath.Join(back, "ct", "q.dcm") // the last slice
	if err := os.Mkdir(filepath.Join(back, "ct"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, last, []byte("mine"))
	if said, code := decrypt(back); code != 1 || !strings.Contains(said, "already exists") || len(contents(t, back)) != 1 {
		t.Errorf("exit code %d: %s", code, said)
	}
	if said, code := decrypt(back, "--force"); code != 0 || len(contents(t, back)) != 5 || string(mustRead(t, last)) == "mine" {
		t.Errorf("exit code %d: %s", code, said)
	}
	linked := t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(linked, "ct")); err != nil {
		t.Fatal(err)
	}
	if said, code := decrypt(linked, "--force"); code != 1 || len(contents(t, elsewhere)) > 0 {
		t.Errorf("through a link: exit code %d: %s", code, said)
	}
}

// counted is a context that ends when it has been asked for its error a number of times.
type counted struct {
	context.Context
	left int
}

func (c *counted) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Whenever it is interrupted, decrypt leaves all files of a series or none, and not even an empty folder.
func TestInterruptedSeries(t *testing.T) {
	in, out := drawnSeries(t), t.TempDir()
	mustRunHere(t, "encrypt", filepath.Join(in, "square"), "-o", out, "--scheme", "xor", "--series", "-q")
	stopped := 0
	for n := 0; ; n++ {
		back := t.TempDir()
		report, err := batch.Decrypt(&counted{t.Context(), n}, batch.Host{}, batch.DecryptOptions{Output: back, Scheme: "xor"}, []string{out})
		found, _ := filepath.Glob(filepath.Join(back, "*", "*"))
		hidden, _ := filepath.Glob(filepath.Join(back, "*", ".*"))
		if err == nil && len(report.Done) == 1 {
			if len(found) != 5 || len(hidden) > 0 {
				t.Errorf("there are %q, %q", found, hidden)
			}
			break
		}
		stopped++
		if left, _ := os.ReadDir(back); len(left) > 0 {
			t.Fatalf("stopped at %d: there are %q, %q", n, found, hidden)
		}
	}
	if stopped < 10 {
		t.Errorf("stopped at %d moments only", stopped)
	}
}
