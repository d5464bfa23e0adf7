package cipher

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/data/raster"
)

// sealedVolume is three slices of 5×4 voxels of two bytes, encrypted: their files, one or with these names, the samples of the cipher image, and
// its key file.
func sealedVolume(t testing.TB, scheme string, names ...string) (files [][]byte, samples []byte, k *KeyFile) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 3*4*5*2)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	v := &Volume{Slices: 3, Height: 4, Width: 5, Bytes: 2, File: ".nii", Head: []byte("head"), Tail: []byte("the end")}
	files = [][]byte{slices.Concat(v.Head, data, v.Tail)}
	if len(names) > 0 {
		v.Head, v.Tail, v.File, files = nil, nil, ".dcm", nil
	}
	for i, name := range names {
		head, tail := strings.Repeat(name, i), strings.Repeat("end", i/2)
		v.Files = append(v.Files, SeriesFile{name, len(head), len(tail)})
		v.Head, v.Tail = append(v.Head, head...), append(v.Tail, tail...)
		n := len(data) / len(names)
		files = append(files, slices.Concat([]byte(head), data[i*n:][:n], []byte(tail)))
	}
	key := func(plane *raster.Image) (*raster.Image, error) {
		return noise(plane.Width, plane.Height, 3, rng.Uint32()), nil
	}
	k, err := mustScheme(t, scheme).SealVolume(v, data, Params{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return files, data, k
}

// three are the names of a series, in another order than that of the alphabet.
var three = []string{"IM 10.dcm", "IM 2.DCM", "a<b>&ü.dcm"}

func openedVolume(k *KeyFile, samples []byte) (files [][]byte, err error) {
	next, err := k.OpenVolume(bytes.NewReader(samples))
	if err != nil {
		return nil, err
	}
	for range max(1, len(k.Volume.Files)) {
		var b bytes.Buffer
		if err := next(&b); err != nil {
			return nil, err
		}
		files = append(files, b.Bytes())
	}
	return files, nil
}

// A volume comes back byte for byte, in one file or in several, after its key file was written and read. Every changed, missing or added sample is noticed, and no
// plane has the key of another.
func TestVolumes(t *testing.T) {
	for _, c := range []struct {
		scheme string
		names  []string
	}{{"xor", nil}, {"logistic", nil}, {"xor", three}, {"logistic", three}, {"xor", three[:1]}} {
		scheme := fmt.Sprintf("%s, %d files", c.scheme, len(c.names))
		files, samples, k := sealedVolume(t, c.scheme, c.names...)
		b := marshal(t, k)
		k, err := ParseKeyFile("x.key.npz", b)
		if err != nil {
			t.Fatal(err)
		}
		if again := marshal(t, k); !bytes.Equal(again, b) {
			t.Errorf("%s: written again, the key file has other bytes", scheme)
		}
		if got, err := openedVolume(k, samples); err != nil || !slices.EqualFunc(got, files, bytes.Equal) {
			t.Errorf("%s: error %v, or another file", scheme, err)
		}
		for i := range samples {
			samples[i] ^= 4
			if _, err := openedVolume(k, samples); !errors.Is(err, ErrMismatch) {
				t.Errorf("%s: sample %d changed: error %v", scheme, i, err)
			}
			samples[i] ^= 4
		}
		if _, err := openedVolume(k, samples[:len(samples)-1]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: a sample less: error %v", scheme, err)
		}
		if _, err := openedVolume(k, append(samples, 0)); !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: a sample more: error %v", scheme, err)
		}
		if _, err := Decrypt(&raster.Image{Width: k.Width, Height: k.Height, Channels: 1, Depth: 8, Pix: samples}, k); err == nil {
			t.Errorf("%s: decrypted as an image", scheme)
		}
		if k.Key == nil {
			seen := map[string]bool{}
			for n := k.Volume.numbers; len(n) > 0; n = n[16:] {
				seen[string(n[:8])] = true
			}
			if len(seen) != 6 {
				t.Errorf("%d different x0 for 6 planes", len(seen))
			}
		}
	}
}

func TestVolumeKeyFilesRefused(t *testing.T) {
	for _, scheme := range []string{"xor", "logistic"} {
		_, _, k := sealedVolume(t, scheme)
		b := marshal(t, k)
		if _, err := ParseKeyFile("x.key.npz", editMeta(t, b, `"name":""`, `"name":"a.nii"`)); err != nil {
			t.Fatal(err)
		}
		for _, c := range [][2]string{
			{`"slices":3`, `"slices":4`}, {`"slices":3`, `"slices":0`}, {`"slices":3,"height":4`, `"slices":-3,"height":-4`},
			{`"slices":3,"height":4`, `"slices":12,"height":0`}, {`"width":5,"bytes":2`, `"width":5,"bytes":3`}, {`"bytes":2,"file"`, `"bytes":200,"file"`},
			{`".nii"`, `".exe"`}, {`".nii"`, `"/../../x.nii"`}, {`".nii"`, `""`}, {`"format_version":2`, `"format_version":1`}, {`"bytes":2,`, `"bytes":2,"more":1,`},
			{`"height":12`, `"height":16`},
		} {
			if got, err := ParseKeyFile("x.key.npz", editMeta(t, b, c[0], c[1])); err == nil || got != nil {
				t.Errorf("%s: %s in the place of %s is read", scheme, c[1], c[0])
			}
		}
		k.Volume.numbers = append(k.Volume.numbers, 0) // an array too much, or of another shape
		if _, err := ParseKeyFile("x.key.npz", marshal(t, k)); err == nil {
			t.Errorf("%s: other numbers are read", scheme)
		}
	}
}

// The names in the key file of a series are those of files that are about to be written. None leads out of the folder, and none is hidden.
func TestSeriesKeyFilesRefused(t *testing.T) {
	for _, scheme := range []string{"xor", "logistic"} {
		_, _, k := sealedVolume(t, scheme, three...)
		b := marshal(t, k)
		first := `{"name":"IM 10.dcm","head":0,"tail":0}`
		second := `{"name":"IM 2.DCM","head":8,"tail":0}`
		name := func(s string) [2]string { return [2]string{`"IM 10.dcm"`, s} }
		if k, err := ParseKeyFile("x.key.npz", editMeta(t, b, `"IM 10.dcm"`, `"im 2.dcm"`)); err != nil || k.Volume.Files[0].Name != "im 2.dcm" {
			t.Fatal(err)
		}
		for _, c := range [][2]string{
			name(`"../x.dcm"`), name(`"/x.dcm"`), name(`"a/x.dcm"`), name(`"..\\x.dcm"`), name(`".."`), name(`"."`), name(`""`), name(`".dcm"`), name(`".x.dcm"`),
			name(`"x.exe"`), name(`"x"`), name(`"x.dcm/"`), name(`"x\n.dcm"`), name(`"x\u0000.dcm"`), name(`"x\u202egpj.dcm"`), name(`"IM 2.DCM"`),
			name(`"` + strings.Repeat("x", 252) + `.dcm"`), name("\"\xff.dcm\""), name(`"~/x.dcm"`), name(`null`), name(`["x.dcm"]`),
			{first, first + "," + first}, {first + ",", ""}, {first + "," + second, `{"name":"all.dcm","head":8,"tail":0}`},
			{`"head":8`, `"head":7`}, {`"head":8`, `"head":9`}, {`"head":8`, `"head":-8`}, {`"head":8`, `"head":9223372036854775807`}, {`"head":8`, `"head":8,"more":1`},
			{`"tail":3`, `"tail":4`}, {`"tail":3`, `"tail":2`}, {`"tail":3`, `"tail":-3`},
			{`"format_version":3`, `"format_version":2`}, {`"format_version":3`, `"format_version":4`}, {`"slices":3,"height":4`, `"slices":4,"height":3`},
		} {
			if got, err := ParseKeyFile("x.key.npz", editMeta(t, b, c[0], c[1])); err == nil || got != nil {
				t.Errorf("%s: %s in the place of %s is read", scheme, c[1], c[0])
			}
		}
		_, _, image := sealedVolume(t, scheme)
		for _, none := range []string{`[]`, `[{}]`, `{}`, `null,"Files":[]`} {
			if _, err := ParseKeyFile("x.key.npz", editMeta(t, marshal(t, image), `"file":".nii"`, `"file":".nii","files":`+none)); err == nil {
				t.Errorf("%s: files %s in version 2", scheme, none)
			}
		}
	}
}

// A series of too many files is refused before it is made, and so is its key file, by whoever only looks at what it opens.
func TestSeriesOfTooManyFiles(t *testing.T) {
	many := func(n int) *Volume {
		v := &Volume{Slices: n, Height: 1, Width: 1, Bytes: 1, File: ".dcm"}
		for i := range n {
			v.Files = append(v.Files, SeriesFile{Name: fmt.Sprintf("%d.dcm", i)})
		}
		return v
	}
	seal := func(v *Volume) (*KeyFile, error) {
		return mustScheme(t, "logistic").SealVolume(v, make([]byte, v.Slices), Params{X0: 0.5, R: 3.9}, nil)
	}
	path := filepath.Join(t.TempDir(), "x.key.npz")
	k, err := seal(many(maxFiles))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{maxFiles, maxFiles + 1, 100_000} {
		if n > maxFiles {
			if _, err := seal(many(n)); err == nil {
				t.Errorf("a series of %d files", n)
			}
			k.Volume, k.Height = many(n), n
		}
		if err := os.WriteFile(path, marshal(t, k), 0o600); err != nil {
			t.Fatal(err)
		}
		if v := VolumeOf(path); (v != nil) != (n == maxFiles) {
			t.Errorf("%d files: volume %v", n, v != nil)
		}
		if _, err := ReadKeyFile(path); (err == nil) != (n == maxFiles) {
			t.Errorf("%d files: error %v", n, err)
		}
	}
	long := many(maxFiles)
	for i := range long.Files {
		long.Files[i].Name = strings.Repeat("x", 100) + long.Files[i].Name
	}
	if _, err := seal(long); err == nil {
		t.Error("names of more than a megabyte")
	}
}

// A volume whose key file could not be read again is refused before any key is made.
func TestVolumeOfTooLongKeyFile(t *testing.T) {
	v := &Volume{Slices: 1, Height: 4, Width: 5, Bytes: 2, File: ".nii", Head: make([]byte, 1<<30)}
	key := func(*raster.Image) (*raster.Image, error) { panic("a key is made") }
	if k, err := mustScheme(t, "xor").SealVolume(v, make([]byte, 40), Params{}, key); err == nil {
		t.Errorf("a key file for %d bytes of head", len(k.Volume.Head))
	}
}
