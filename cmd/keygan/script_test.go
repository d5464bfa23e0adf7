package main

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"keygan/batch/job"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/infer"
	"keygan/internal/npz"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"keygan": main}) }

// The scripts show every command as a user runs it. Each starts in a folder of its own with generator.npz, a small
// generator with random weights.
func TestScripts(t *testing.T) {
	weights := filepath.Join(t.TempDir(), "generator.npz")
	if err := writeWeights(weights, ""); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			b, err := os.ReadFile(weights)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(e.WorkDir, "generator.npz"), b, 0o644)
		},
		Cmds: merged(fileCommands, map[string]func(*testscript.TestScript, bool, []string){
			"fails": fails, "weights": weightsOf, "badweights": badWeights, "cut": cut, "jpeg": toJPEG, "png": makePNG, "volume": makeVolume, "dicom": copyDICOM, "certificate": makeCertificate,
			"tamper": tamper, "pytorch": pyTorch,
			"same": same, "mode": mode, "waitfor": waitFor, "count": count,
		}),
	})
}

func merged[V any](a, b map[string]V) map[string]V {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// fails CODE COMMAND... runs a command that must end with this exit code.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	exit := (*exec.ExitError)(nil)
	switch {
	case neg:
		ts.Fatalf("there is no ! fails")
	case err == nil:
		ts.Fatalf("exit code 0, want %d", want)
	case !errors.As(err, &exit) || exit.ExitCode() != want:
		ts.Fatalf("%v, want exit code %d", err, want)
	}
}

// weights FILE KIND writes a small generator of a kind with random weights: noise, dcgan or chaos.
func weightsOf(ts *testscript.TestScript, _ bool, args []string) {
	archs := map[string]infer.Arch{
		"noise": infer.ResNet(4, 1, 3, 64).WithNoise(), "dcgan": infer.DCGAN(4, 20, 3, 64), "chaos": infer.Chaos(2, 1, 1, 64),
	}
	arch, ok := archs[args[1]]
	if !ok {
		ts.Fatalf("there is no kind %s", args[1])
	}
	if args[1] == "noise" {
		arch.InputNoise = 0.25
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(errors.Join(infer.Write(f, arch, randomParams(arch)), f.Close()))
}

// badweights KIND FILE writes a generator that is wrong in one way: missing, misshapen, nan, newer, older.
func badWeights(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(writeWeights(ts.MkAbs(args[1]), args[0]))
}

// writeWeights writes a small generator with random weights, wrong in the way that fault says, if any. infer.Write makes
// no faulty file, so the archive is put together here.
func writeWeights(path, fault string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	arch := infer.ResNet(4, 1, 3, 256)
	params := randomParams(arch)
	if fault == "" {
		return infer.Write(f, arch, params)
	}
	switch fault {
	case "newer":
		arch.FormatVersion = 99
	case "older":
		arch.FormatVersion = 1
	}
	text, err := json.Marshal(arch)
	if err != nil {
		return err
	}
	entries := []npz.Entry{npz.Bytes("arch", text)}
	for i, p := range arch.Params() {
		a := params[p.Name]
		switch {
		case fault == "missing" && i == 2:
			continue
		case fault == "misshapen" && i == 2:
			a.Shape = []int{len(a.Data)}
		case fault == "nan" && i == 2:
			a.Data[7] = float32(math.NaN())
		}
		entries = append(entries, npz.Floats(p.Name, a.Shape, a.Data))
	}
	return npz.Write(f, entries...)
}

// randomParams are random weights for a generator; variances are above 0.
func randomParams(arch infer.Arch) map[string]infer.Array {
	rng := rand.New(rand.NewPCG(1, 2))
	params := map[string]infer.Array{}
	for _, p := range arch.Params() {
		x := make([]float32, p.Size())
		for i := range x {
			x[i] = float32(0.3 * rng.NormFloat64())
			if strings.HasSuffix(p.Name, ".running_var") {
				x[i] = 1
			}
		}
		params[p.Name] = infer.Array{Shape: p.Shape, Data: x}
	}
	return params
}

// cut FILE BYTES keeps only so many bytes from the start of a file.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// jpeg FILE.png FILE.jpg converts.
func toJPEG(ts *testscript.TestScript, _ bool, args []string) {
	in, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer in.Close()
	m, err := png.Decode(in)
	ts.Check(err)
	out, err := os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(jpeg.Encode(out, m, nil))
	ts.Check(out.Close())
}

// png FILE WIDTH HEIGHT CHANNELS DEPTH writes an image of noise.
func makePNG(ts *testscript.TestScript, _ bool, args []string) {
	var n [4]int
	for i := range n {
		v, err := strconv.Atoi(args[1+i])
		ts.Check(err)
		n[i] = v
	}
	m := raster.NewImage(n[0], n[1], n[2], n[3])
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range m.Pix {
		m.Pix[i] = byte(rng.Uint32())
	}
	ts.Check(imagefile.WritePNG(ts.MkAbs(args[0]), m, false))
}

// volume FILE.nii.gz writes a NIfTI volume of noise, 16×20×12 voxels.
func makeVolume(ts *testscript.TestScript, _ bool, args []string) {
	b := make([]byte, 352+16*20*12)
	for at, v := range map[int]uint16{0: 348, 40: 3, 42: 16, 44: 20, 46: 12, 70: 2, 72: 8} { // dim, datatype, bitpix
		binary.LittleEndian.PutUint16(b[at:], v)
	}
	binary.LittleEndian.PutUint32(b[108:], math.Float32bits(352)) // vox_offset
	copy(b[344:], "n+1\x00")
	rng := rand.New(rand.NewPCG(5, 6))
	for i := range b[352:] {
		b[352+i] = byte(rng.Uint32())
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	z := gzip.NewWriter(f)
	_, err = z.Write(b)
	ts.Check(errors.Join(err, z.Close(), f.Close()))
}

// tamper FILE.png changes one bit of one sample.
func tamper(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	m, err := imagefile.ReadImage(path)
	ts.Check(err)
	m.Pix[len(m.Pix)/3] ^= 1
	ts.Check(imagefile.WritePNG(path, m, true))
}

// same A B checks that two image files hold the same samples, bit for bit, in the same shape.
func same(ts *testscript.TestScript, neg bool, args []string) {
	a, err := imagefile.ReadImage(ts.MkAbs(args[0]))
	ts.Check(err)
	b, err := imagefile.ReadImage(ts.MkAbs(args[1]))
	ts.Check(err)
	if equal := a.String() == b.String() && string(a.Pix) == string(b.Pix); equal == neg {
		ts.Fatalf("%s is %s, %s is %s; the same samples: %v", args[0], a, args[1], b, equal)
	}
}

// mode MODE FILE... checks permissions.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	for _, path := range args[1:] {
		info, err := os.Stat(ts.MkAbs(path))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", path, got, args[0])
		}
	}
}

// waitfor FILE waits for a file to appear.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	for range 2000 {
		if job.Exists(path) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	ts.Fatalf("%s did not appear", args[0])
}

// count N DIR checks how many files, hidden ones too, are in a folder and below.
func count(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var found []string
	err = filepath.WalkDir(ts.MkAbs(args[1]), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		ts.Fatalf("%v", err)
	}
	if len(found) != want {
		ts.Fatalf("%d files, want %d: %v", len(found), want, found)
	}
}
