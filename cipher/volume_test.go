package cipher

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"keygan/data/raster"
)

// sealedVolume is three slices of 5×4 voxels of two bytes, encrypted: the file, its cipher image's samples, and its key file.
func sealedVolume(t testing.TB, scheme string) (file, samples []byte, k *KeyFile) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 3*4*5*2)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	v := &Volume{Slices: 3, Height: 4, Width: 5, Bytes: 2, File: ".nii", Head: []byte("head"), Tail: []byte("the end")}
	file = append([]byte("head"), append(bytes.Clone(data), "the end"...)...)
	key := func(plane *raster.Image) (*raster.Image, error) {
		return noise(plane.Width, plane.Height, 3, rng.Uint32()), nil
	}
	k, err := mustScheme(t, scheme).SealVolume(v, data, Params{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return file, data, k
}

func openedVolume(k *KeyFile, samples []byte) ([]byte, error) {
	var b bytes.Buffer
	err := k.OpenVolume(&b, bytes.NewReader(samples))
	return b.Bytes(), err
}

// A volume comes back byte for byte, after its key file was written and read. Every changed, missing or added sample is noticed, and no
// plane has the key of another.
func TestVolumes(t *testing.T) {
	for _, scheme := range []string{"xor", "logistic"} {
		file, samples, k := sealedVolume(t, scheme)
		b := marshal(t, k)
		k, err := ParseKeyFile("x.key.npz", b)
		if err != nil {
			t.Fatal(err)
		}
		if again := marshal(t, k); !bytes.Equal(again, b) {
			t.Errorf("%s: written again, the key file has other bytes", scheme)
		}
		if got, err := openedVolume(k, samples); err != nil || !bytes.Equal(got, file) {
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

// A volume whose key file could not be read again is refused before any key is made.
func TestVolumeOfTooLongKeyFile(t *testing.T) {
	v := &Volume{Slices: 1, Height: 4, Width: 5, Bytes: 2, File: ".nii", Head: make([]byte, 1<<30)}
	key := func(*raster.Image) (*raster.Image, error) { panic("a key is made") }
	if k, err := mustScheme(t, "xor").SealVolume(v, make([]byte, 40), Params{}, key); err == nil {
		t.Errorf("a key file for %d bytes of head", len(k.Volume.Head))
	}
}
