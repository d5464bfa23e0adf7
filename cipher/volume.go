package cipher

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/npz"
	"keygan/internal/regularfile"
)

// A Volume says what lies in the cipher image of a volume, or of any file whose numbers must come back as they were: slices one below the
// other. The voxels of a slice have Bytes bytes each; the first bytes of all make an image of Width × Height, the second bytes
// the next one on its right, and so on. Each such plane is encrypted as an image, with a key of its own.
//
// Its key file has, beside meta and key:
//
//	head, tail  uint8 [n]                      what precedes and follows the voxels in the file, of several files one after the other
//	numbers     uint8 [slices, bytes, 16]      only where the system takes no key image: x0 and r of each plane, float64, little-endian
type Volume struct {
	Slices int    `json:"slices"`
	Height int    `json:"height"`
	Width  int    `json:"width"`
	Bytes  int    `json:"bytes"` // of a voxel
	File   string `json:"file"`  // the extension of the file, one of imagefile.VoxelExtensions

	Files []SeriesFile `json:"files,omitempty"` // where the slices come from several files, each with as many: these, in order; else nil

	Head, Tail []byte `json:"-"`
	numbers    []byte
}

// A SeriesFile is one of several files that a volume lies in. Its name has no folder and ends in the volume's extension.
type SeriesFile struct {
	Name string `json:"name"`
	Head int    `json:"head"` // bytes of Volume.Head
	Tail int    `json:"tail"`
}

// A volume has at most maxFiles files, whose names together have at most maxNames bytes.
const maxFiles, maxNames = 10_000, 1 << 20

// VolumeOf returns the volume that a key file opens, or nil if it opens an image or cannot be read. It reads no key, nor the rest of the file.
func VolumeOf(path string) *Volume {
	f, err := regularfile.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil
	}
	array, err := z.Open("meta.npy")
	if err != nil {
		return nil
	}
	defer array.Close()
	r := io.LimitReader(array, min(maxMeta, 4*info.Size()+1<<16)) // as package npz bounds what a small file may unpack to
	if _, err := npz.ReadHeader(r); err != nil {
		return nil
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	k, err := parseMeta(text)
	if err != nil {
		return nil
	}
	return k.Volume
}

// maxMeta bounds meta, in bytes: names of which each byte is escaped as six, and two numbers for each.
const maxMeta = 6*maxNames + 100*maxFiles

// maxVoxel bounds a voxel, in bytes: three samples of 32 bits.
const maxVoxel = 12

// otherBytes bounds what a key file has beside the bytes of its arrays: names, shapes, meta, at a few bytes of packing for every 64 KiB.
const otherBytes = 1 << 20

// SliceBytes is the length of a slice. It is opened in memory of four times that.
func (v *Volume) SliceBytes() int { return v.Width * v.Height * v.Bytes }

// check compares the volume with the shape of its cipher image in meta, which was checked.
func (v *Volume) check(m *meta) error {
	switch {
	case v.Slices < 1 || v.Height < 1 || v.Width < 1 || v.Bytes < 1 || v.Bytes > maxVoxel || v.Slices > maxSide || v.Height > maxSide || v.Width > maxSide:
		return errors.New("a volume cannot have such a shape")
	case v.Slices*v.Height != m.Height || v.Bytes*v.Width != m.Width || m.Channels != 1 || m.Depth != 8:
		return errors.New("the volume has not the shape of its cipher image")
	case !slices.Contains(imagefile.VoxelExtensions(), v.File):
		return fmt.Errorf("%.20q is not the extension of a volume", v.File)
	}
	return v.checkFiles()
}

// checkFiles checks the names of the files, to which a decrypted volume is written, and how much of the slices each has.
func (v *Volume) checkFiles() error {
	if v.Files == nil {
		return nil
	}
	if n := len(v.Files); n < 1 || n > maxFiles || v.Slices%n != 0 {
		return fmt.Errorf("%d slices cannot come from %d files; at most %d are possible, with as many slices each", v.Slices, n, maxFiles)
	}
	seen, names := map[string]bool{}, 0
	for _, f := range v.Files {
		stem, is := strings.CutSuffix(strings.ToLower(f.Name), v.File)
		switch {
		case f.Name != cleanName(f.Name) || strings.HasPrefix(f.Name, ".") || !filepath.IsLocal(f.Name) || !is || stem == "":
			return fmt.Errorf("%.100q is not a name that a file of a series may have: visible, without a folder, and ending in %s", f.Name, v.File)
		case seen[f.Name]:
			return fmt.Errorf("two files of the series are called %.100q", f.Name)
		case f.Head < 0 || f.Tail < 0 || f.Head > maxFile || f.Tail > maxFile:
			return fmt.Errorf("%.100q has an impossible length", f.Name)
		}
		seen[f.Name] = true
		names += len(f.Name)
	}
	if names > maxNames {
		return fmt.Errorf("the names of its files have %d bytes; at most %d are possible", names, maxNames)
	}
	return nil
}

// pieces returns what precedes and follows the voxels in each file.
func (v *Volume) pieces() (heads, tails [][]byte, err error) {
	if v.Files == nil {
		return [][]byte{v.Head}, [][]byte{v.Tail}, nil
	}
	head, tail := v.Head, v.Tail
	for _, f := range v.Files {
		if f.Head > len(head) || f.Tail > len(tail) {
			return nil, nil, errors.New("arrays head and tail are shorter than its files say")
		}
		heads, tails = append(heads, head[:f.Head]), append(tails, tail[:f.Tail])
		head, tail = head[f.Head:], tail[f.Tail:]
	}
	if len(head)+len(tail) > 0 {
		return nil, nil, errors.New("arrays head and tail are longer than its files say")
	}
	return heads, tails, nil
}

func (v *Volume) entries() []npz.Entry {
	all := []npz.Entry{npz.Bytes("head", v.Head), npz.Bytes("tail", v.Tail)}
	if v.numbers != nil {
		all = append(all, npz.Bytes("numbers", v.numbers, v.Slices, v.Bytes, 16))
	}
	return all
}

// read reads the arrays that a volume has for itself, and says how many there are.
func (v *Volume) read(arrays *npz.Archive, r *Research) (n int, err error) {
	if v.Head, _, err = arrays.Bytes("head"); err != nil {
		return 0, err
	}
	if v.Tail, _, err = arrays.Bytes("tail"); err == nil {
		_, _, err = v.pieces()
	}
	if err != nil || r.About.Takes == KeyImage {
		return 2, err
	}
	numbers, shape, err := arrays.Bytes("numbers")
	if err == nil && !slices.Equal(shape, []int{v.Slices, v.Bytes, 16}) {
		err = fmt.Errorf("array numbers has the shape %v, not that of %d slices of %d bytes", shape, v.Slices, v.Bytes)
	}
	v.numbers = numbers
	return 3, err
}

// SealVolume encrypts voxels in their place: data then has the samples of the cipher image. key makes the key image of a plane.
func (r *Research) SealVolume(v *Volume, data []byte, p Params, key func(plane *raster.Image) (*raster.Image, error)) (*KeyFile, error) {
	k := &KeyFile{Scheme: r.About.Name, Params: p, Width: v.Bytes * v.Width, Height: v.Slices * v.Height, Channels: 1, Depth: 8, Volume: v}
	if k.Width > maxSide || k.Height > maxSide {
		return nil, fmt.Errorf("%d slices would make a cipher image of %d×%d pixels; at most %d×%d are possible", v.Slices, k.Width, k.Height, maxSide, maxSide)
	}
	if err := r.Check(&raster.Image{Width: v.Width, Height: v.Height, Channels: 1, Depth: 8}, p); err != nil {
		return nil, err
	}
	if err := v.checkFiles(); err != nil {
		return nil, err
	}
	secret := 16 * v.Slices * v.Bytes // bytes
	if r.About.Takes == KeyImage {
		secret = len(data)
	}
	if v.Files != nil {
		secret += maxMeta
	}
	if n := secret + len(v.Head) + len(v.Tail); n > maxFile-otherBytes {
		return nil, fmt.Errorf("its keys and the rest of the file would take %d MB, and a key file of over %d MB cannot be read again", n>>20, maxFile>>20)
	}
	if r.About.Takes == KeyImage {
		k.Key = raster.NewImage(k.Width, k.Height, 1, 8)
	}
	for s := range v.Slices {
		slice := data[s*v.SliceBytes():][:v.SliceBytes()]
		planes := v.planes(slice)
		for j, plane := range planes {
			in := Input{Plain: plane, Params: p}
			if k.Key != nil {
				made, err := key(plane)
				if err != nil {
					return nil, err
				}
				in.Key = firstChannel(made)
				v.place(k.Key.Pix[s*v.SliceBytes():], j, in.Key)
			}
			cipherPlane, opens, err := r.Seal(in)
			if err != nil {
				return nil, err
			}
			if k.Params = opens.Params; k.Key == nil {
				v.numbers = binary.LittleEndian.AppendUint64(v.numbers, math.Float64bits(k.Params.X0))
				v.numbers = binary.LittleEndian.AppendUint64(v.numbers, math.Float64bits(k.Params.R))
				k.Params.X0, k.Params.R = 0, 0
			}
			v.place(slice, j, cipherPlane)
		}
	}
	k.SHA256 = Digest(&raster.Image{Width: k.Width, Height: k.Height, Channels: 1, Depth: 8, Pix: data})
	return k, nil
}

// OpenVolume decrypts the samples of a cipher image, a slice at a time. Each call of next writes the next file of the volume: unpacked, where
// its extension says that it is compressed. Only a nil error for the last file says that all is as it was, in every file. It wraps ErrMismatch
// if cipher image and key file do not belong together.
func (k *KeyFile) OpenVolume(samples io.Reader) (next func(w io.Writer) error, err error) {
	r, err := researchByName(k.Scheme)
	if err != nil {
		return nil, err
	}
	v := k.Volume
	heads, tails, err := v.pieces()
	if err != nil {
		return nil, err
	}
	sum, each := digestOf(k.shape()), v.Slices/len(heads)
	sealed, plain := make([]byte, v.SliceBytes()), make([]byte, v.SliceBytes())
	file := 0
	return func(w io.Writer) error {
		if _, err := w.Write(heads[file]); err != nil {
			return err
		}
		for s := range each {
			if _, err := io.ReadFull(samples, sealed); err != nil {
				return err
			}
			sum.Write(sealed)
			if err := k.openSlice(r, file*each+s, sealed, plain); err != nil {
				return err
			}
			if _, err := w.Write(plain); err != nil {
				return err
			}
		}
		if file == len(heads)-1 {
			if n, err := samples.Read(make([]byte, 1)); n != 0 || err != io.EOF { // which comes after the last checksum
				return errors.Join(err, ErrMismatch)
			}
			if [32]byte(sum.Sum(nil)) != k.SHA256 {
				return ErrMismatch
			}
		}
		_, err := w.Write(tails[file])
		file++
		return err
	}, nil
}

// openSlice decrypts slice s.
func (k *KeyFile) openSlice(r *Research, s int, sealed, plain []byte) error {
	v := k.Volume
	for j := range v.Bytes {
		secret := &researchSecret{system: r, params: k.Params}
		if k.Key != nil {
			secret.key = v.part(k.Key.Pix[s*v.SliceBytes():], j)
		} else {
			n := v.numbers[(s*v.Bytes+j)*16:]
			secret.params.X0 = math.Float64frombits(binary.LittleEndian.Uint64(n))
			secret.params.R = math.Float64frombits(binary.LittleEndian.Uint64(n[8:]))
		}
		m, err := secret.Decrypt(v.part(sealed, j))
		if err != nil {
			return err
		}
		for i, b := range m.Pix {
			plain[i*v.Bytes+j] = b
		}
	}
	return nil
}

// planes takes the voxels of a slice apart, byte by byte.
func (v *Volume) planes(slice []byte) []*raster.Image {
	all := make([]*raster.Image, v.Bytes)
	for j := range all {
		all[j] = raster.NewImage(v.Width, v.Height, 1, 8)
		for i := range all[j].Pix {
			all[j].Pix[i] = slice[i*v.Bytes+j]
		}
	}
	return all
}

// place puts plane j into the part of the cipher image that is a slice's.
func (v *Volume) place(slice []byte, j int, plane *raster.Image) {
	for y := range v.Height {
		copy(slice[(y*v.Bytes+j)*v.Width:][:v.Width], plane.Pix[y*v.Width:])
	}
}

// part takes plane j out of it.
func (v *Volume) part(slice []byte, j int) *raster.Image {
	plane := raster.NewImage(v.Width, v.Height, 1, 8)
	for y := range v.Height {
		copy(plane.Pix[y*v.Width:][:v.Width], slice[(y*v.Bytes+j)*v.Width:])
	}
	return plane
}

// firstChannel is what of a key image encrypts a grey image.
func firstChannel(key *raster.Image) *raster.Image {
	if key.Channels == 1 {
		return key
	}
	out := raster.NewImage(key.Width, key.Height, 1, 8)
	for i := range out.Pix {
		out.Pix[i] = key.Pix[i*key.Channels]
	}
	return out
}
