package imagefile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"path/filepath"
	"runtime"
	"testing"

	"keygan/data/internal/imagetest"
)

// voxelFiles are files with voxels, whole and damaged.
func voxelFiles() [][]byte {
	volume := imagetest.Cornered().Bytes()
	series := imagetest.TestVolume{Order: binary.BigEndian, Code: 4, Dim: []int16{2, 3, 1, 2}, Values: make([]float64, 12)}.Bytes()
	endless := imagetest.TestVolume{Order: binary.LittleEndian, Code: 64, Dim: []int16{32767, 8191, 1, 32767, 8191, 1, 1}}.Bytes()
	slice := imagetest.Slice{Series: "1", Number: 1, Width: 4, Height: 3, Level: 9}.Bytes()
	return [][]byte{
		volume, append(bytes.Clone(volume), "more"...), volume[:len(volume)-1], imagetest.Gzipped(volume), imagetest.Gzipped(append(bytes.Clone(series), 7)),
		series, endless, imagetest.Gzipped(endless), slice, slice[:len(slice)-1],
	}
}

// checkVoxels returns whether a file's voxels were read. If so, they and the rest are the file.
func checkVoxels(t *testing.T, file []byte) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	imagetest.Write(t, path, file)
	v, err := ReadVoxels(path)
	if err != nil || v == nil {
		return false
	}
	if v.Slices < 1 || v.Height < 1 || v.Width < 1 || len(v.Data) != v.Slices*v.Height*v.Width*v.Bytes {
		t.Errorf("%d bytes of %d×%d×%d voxels of %d", len(v.Data), v.Slices, v.Height, v.Width, v.Bytes)
	}
	if v.Extension == ".nii.gz" {
		z, err := gzip.NewReader(bytes.NewReader(file))
		if err == nil {
			file, err = io.ReadAll(z)
		}
		if err != nil {
			t.Fatal(err)
		}
		v.Extension = ".nii"
	}
	var b bytes.Buffer
	if err := v.Write(&b); err != nil || !bytes.Equal(b.Bytes(), file) {
		t.Errorf("error %v, or another file", err)
	}
	return true
}

// Voxels and the rest are the whole file. One that declares more than it holds is refused and takes no memory for it.
func TestVoxels(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i, want := range []bool{true, true, false, true, true, true, false, false, true, false} {
		if got := checkVoxels(t, voxelFiles()[i]); got != want {
			t.Errorf("file %d: read: %v", i, got)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
		t.Errorf("%d MB were allocated", used>>20)
	}
}

// FuzzVoxels: whatever is read is the file.
func FuzzVoxels(f *testing.F) {
	for _, file := range voxelFiles() {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) { checkVoxels(t, file) })
}
