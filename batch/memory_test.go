package batch

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"keygan/batch/job"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/failure"
)

func TestMemoryOf(t *testing.T) {
	dir := t.TempDir()
	image := filepath.Join(dir, "a.png")
	if err := imagefile.WritePNG(image, raster.NewImage(300, 200, 1, 16), false); err != nil {
		t.Fatal(err)
	}
	if n := memoryOf(image); n != 4*300*200*2 {
		t.Errorf("%d bytes for an image of 300×200 pixels of 16 bits", n)
	}
	file := filepath.Join(dir, "b.dcm")
	if err := os.WriteFile(file, make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := memoryOf(file); n != 4000 {
		t.Errorf("%d bytes for a file of 1000", n)
	}
	if n := memoryOf("../data/imagefile/dicom/testdata/rgb-ls-is.dcm"); n != 4*4*24*17*3 {
		t.Errorf("%d bytes for a compressed DICOM file of 24×17 pixels of 3 samples", n)
	}
}

// A key that takes more memory than is free is refused, with a way out; what the key before it left counts as free.
func TestKeyMemory(t *testing.T) {
	img := raster.NewImage(64, 64, 1, 8)
	g, err := newGenerator(GeneratorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	takes := g.model.Memory(runtime.GOMAXPROCS(0), img.Height, img.Width)
	for _, v := range []struct {
		name       string
		free, held int64
		known, ok  bool
	}{
		{"enough", takes, 0, true, true},
		{"too little", takes - 1, 0, true, false},
		{"none", 0, 0, true, false},
		{"nobody knows", 0, 0, false, true},
		{"what the last one left", 1, takes - 1, true, true},
		{"less than that", 1, takes - 2, true, false},
	} {
		g.free = func() (int64, bool) { return v.free, v.known }
		g.held.Store(v.held)
		g.ahead.Store(1)
		key, err := g.key(img)
		if (err == nil) != v.ok || (key != nil) != v.ok {
			t.Errorf("%s: error %v", v.name, err)
		}
		if !v.ok && (!errors.Is(err, errKeyMemory) || !strings.Contains(failure.HintOf(err), "--no-gan") || !strings.Contains(failure.HintOf(err), "--resize")) {
			t.Errorf("%s: error %v, hint %q", v.name, err, failure.HintOf(err))
		}
	}
}

// A cipher image of zeros takes a thousandth of what its slice takes. The key file tells, so that the work waits or is refused.
func TestMemoryOfVolume(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "a.nii"), filepath.Join(dir, "out")
	nii := make([]byte, 352+1000*1000)
	binary.LittleEndian.PutUint32(nii, 348)
	for i, n := range []uint16{3, 1000, 1000, 1} { // dim
		binary.LittleEndian.PutUint16(nii[40+2*i:], n)
	}
	binary.LittleEndian.PutUint16(nii[70:], 2) // uint8
	binary.LittleEndian.PutUint16(nii[72:], 8)
	binary.LittleEndian.PutUint32(nii[108:], math.Float32bits(352))
	copy(nii[344:], "n+1")
	if err := os.WriteFile(in, nii, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := Encrypt(t.Context(), Host{}, EncryptOptions{Output: out, Scheme: "logistic"}, []string{in}); err != nil || len(r.Done) != 1 {
		t.Fatalf("%+v, error %v", r, err)
	}
	d := &decryption{DecryptOptions: DecryptOptions{Output: dir, Scheme: "logistic"}}
	j, err := d.researchJob(job.Input{Path: filepath.Join(out, "a.cipher.png"), Folder: "."})
	if err != nil {
		t.Fatal(err)
	}
	if n := j.Memory(); n < copies*1000*1000 || n > 5*1000*1000 {
		t.Errorf("%d bytes for a slice of 1000×1000", n)
	}
}
