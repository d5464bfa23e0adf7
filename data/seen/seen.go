// Package seen keeps which images a training run has seen, so that nobody measures a network on them by mistake.
//
//	list, err := seen.Of(ctx, source, seen.Train)  // what a run writes down, in images.csv
//	list, err := seen.Read("runs/paper")           // what it wrote
//	trained := seen.NewIndex(list)
//	trained.Has(image)                             // the same file, drawn image or patient
//	name := trained.Near(image)                    // an image that looks the same
//
// Files are known by their SHA-256, drawn images by kind, seed and number, patients by the names of files that tell them. Near duplicates,
// which are stored or sized anew, are found by a perceptual hash ([HashOf]).
package seen

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/internal/boundedfile"
)

// File is the name of the list in a run's folder.
const File = "images.csv"

// What a run did with an image.
const (
	Train   = "train"    // a source image that it trained with
	HeldOut = "held_out" // a source image that it kept out
	Target  = "target"   // an image whose look the keys take on
)

// ErrNoList reports a run that has no list of its images.
var ErrNoList = errors.New("no list of the images that it was trained on")

// An Image is a line of the list.
type Image struct {
	Split string // Train, HeldOut or Target
	Name  string // where it was
	dataset.Identity
	Hash Hash
}

// Of lists the images of a source. It reads them all; those that cannot be read are left out.
func Of(ctx context.Context, src dataset.Source, split string) ([]Image, error) {
	identities, err := dataset.Identities(ctx, src)
	if err != nil {
		return nil, err
	}
	list, every := make([]Image, src.Len()), make([]int, src.Len())
	for i := range every {
		every[i] = i
	}
	err = dataset.Each(ctx, src, every, func(i int, m *raster.Image, err error) {
		if err == nil {
			list[i] = Image{split, src.Name(i), identities[i], HashOf(m)}
		}
	})
	return readable(list), err
}

func readable(list []Image) (out []Image) {
	for _, m := range list {
		if m.SHA256 != "" {
			out = append(out, m)
		}
	}
	return out
}

var head = []string{"split", "sha256", "part", "patient", "perceptual_hash", "name"}

// CSV is the list as a file.
func CSV(list []Image) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(head)
	for _, m := range list {
		w.Write([]string{m.Split, m.SHA256, m.Part, m.Patient, m.Hash.String(), m.Name})
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// mostBytes bounds the list: a million images or so.
const mostBytes = 1 << 28

// Read reads the list in a run's folder. The error wraps [ErrNoList] if there is a folder and no list in it.
func Read(run string) ([]Image, error) {
	path := filepath.Join(run, File)
	b, err := boundedfile.Read(path, "list of images", mostBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", run, ErrNoList)
	}
	if err != nil {
		return nil, err
	}
	lines, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err == nil && (len(lines) == 0 || fmt.Sprint(lines[0]) != fmt.Sprint(head)) {
		err = fmt.Errorf("its columns are not %v", head)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: not a list of images: %w", path, err)
	}
	list := make([]Image, len(lines)-1)
	for i, l := range lines[1:] {
		hash, err := parseHash(l[4])
		if _, bad := hex.DecodeString(l[1]); err != nil || bad != nil || l[1] == "" {
			return nil, fmt.Errorf("%s: not a list of images: line %d", path, i+2)
		}
		list[i] = Image{l[0], l[5], dataset.Identity{SHA256: l[1], Part: l[2], Patient: l[3]}, hash}
	}
	return list, nil
}

// An Index finds images among those that a run was trained on, as source or as target.
type Index struct {
	files, patients map[string]bool
	parts           map[string]bool // of the source images, each with its file
	held            map[string]bool // the same of those that were kept out
	trained         []Image
}

// NewIndex is the index of a list.
func NewIndex(list []Image) *Index {
	x := &Index{files: map[string]bool{}, patients: map[string]bool{}, parts: map[string]bool{}, held: map[string]bool{}}
	for _, m := range list {
		switch m.Split {
		case HeldOut:
			x.held[part(m.Identity)] = true
			continue
		case Train:
			x.parts[part(m.Identity)] = true
		}
		x.trained = append(x.trained, m)
		x.files[m.SHA256], x.patients[m.Patient] = true, m.Patient != ""
	}
	return x
}

func part(id dataset.Identity) string { return id.SHA256 + " " + id.Part }

// Has says whether the run was trained on an image, on another part of its file, or on another image of its patient.
func (x *Index) Has(id dataset.Identity) bool { return x.files[id.SHA256] || x.patients[id.Patient] }

// TrainedOn says whether an image itself was among the source images.
func (x *Index) TrainedOn(id dataset.Identity) bool { return x.parts[part(id)] }

// KeptOut says whether an image itself was among the source images that were held out.
func (x *Index) KeptOut(id dataset.Identity) bool { return x.held[part(id)] }

// Near is the name of an image that the run was trained on, looks the same, and is not of the same file: the nearest of them, or "".
func (x *Index) Near(m Image) (name string) {
	nearest := NearBits + 1
	for _, t := range x.trained {
		if d := t.Hash.Distance(m.Hash); d < nearest && t.SHA256 != m.SHA256 {
			name, nearest = t.Name, d
		}
	}
	return name
}
