package batch

import (
	"os"
	"path/filepath"
	"testing"

	"keygan/batch/job"
	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/raster"
)

// The key file is read twice: for the names of the outputs, and to decrypt. If another was put in its place meanwhile, nothing is written.
func TestSeriesWithSwappedKeyFile(t *testing.T) {
	dir := t.TempDir()
	image, key := filepath.Join(dir, "x"+CipherSuffix), filepath.Join(dir, "x"+ResearchKeySuffix)
	put := func(names ...string) {
		t.Helper()
		v := &cipher.Volume{Slices: 6, Height: 1, Width: 3, Bytes: 1, File: ".dcm"}
		for _, name := range names {
			v.Files = append(v.Files, cipher.SeriesFile{Name: name})
		}
		scheme, err := schemeNamed("logistic")
		if err != nil {
			t.Fatal(err)
		}
		samples := raster.NewImage(3, 6, 1, 8)
		k, err := scheme.SealVolume(v, samples.Pix, cipher.Params{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(key)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := k.Write(f); err != nil {
			t.Fatal(err)
		}
		if err := imagefile.WritePNG(image, samples, true); err != nil {
			t.Fatal(err)
		}
	}
	for _, then := range [][]string{{"a.dcm", "b.dcm"}, {"a.dcm", "c.dcm"}, {"a.dcm"}, {"a.dcm", "b.dcm", "c.dcm"}, nil} {
		put("a.dcm", "b.dcm")
		back := filepath.Join(t.TempDir(), "back")
		d := &decryption{DecryptOptions: DecryptOptions{Output: back, Scheme: "logistic"}, host: &Host{}}
		j, err := d.researchJob(job.Input{Path: image, Folder: "."})
		if err != nil {
			t.Fatal(err)
		}
		put(then...)
		_, err = j.Do(t.Context())
		written, _ := filepath.Glob(filepath.Join(back, "*", "*"))
		if same := len(then) == 2 && then[1] == "b.dcm"; (err == nil) != same || (len(written) == 2) != same || len(written) == 1 {
			t.Errorf("then %q: error %v, written %q", then, err, written)
		}
	}
}
