package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"keygan/internal/listing"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Spec is a source of images as a configuration file describes it: a folder or a built-in synthetic set.
//
//   - folder: ~/.cache/kagglehub/datasets/masoudnickparvar/brain-tumor-mri-dataset/versions/1
//   - synthetic: xray
//     count: 200
//     seed: 7
type Spec struct {
	Folder    string `yaml:"folder,omitempty"`    // a folder, searched recursively, or a single file; ~ is the home folder
	Axis      string `yaml:"axis,omitempty"`      // how a folder's volumes are sliced: axial (default), coronal or sagittal
	Window    string `yaml:"window,omitempty"`    // center/width of the values that a folder's DICOM files show, such as 40/400; empty: each file's own
	Synthetic string `yaml:"synthetic,omitempty"` // xray, mri, spectrogram or noise
	Size      int    `yaml:"size,omitempty"`      // synthetic: width and height; 0 is 256
	Seed      uint64 `yaml:"seed,omitempty"`      // synthetic: another seed, other images

	// Count is the number of synthetic images. A folder gives at most Count images, evenly spaced over the sorted list, or all if it is 0.
	Count int `yaml:"count,omitempty"`
}

// A Source is a fixed, ordered collection of images, for use by several goroutines at once. Image(i) is the same image each time.
type Source interface {
	Len() int
	Name(i int) string // the file, "file#slice" for one image of several in a file, or "xray-00012"
	Image(i int) (*raster.Image, error)
}

// A Located source can say which file an image is decoded from, "" for none, and which part of the file it is, "" for the whole. The same
// part of the same bytes is always the same image. All sources of this package are Located. A source that wraps another and does not
// change its images should pass Locate on, or Cached will not cache them.
type Located interface {
	Source
	Locate(i int) (path, part string)
}

// locate is Locate for any source.
func locate(src Source, i int) (path, part string) {
	if l, ok := src.(Located); ok {
		return l.Locate(i)
	}
	return "", ""
}

// Validate returns what is wrong with a spec, as far as that shows without looking at files.
func (s Spec) Validate() error {
	switch {
	case s.Folder == "" && s.Synthetic == "":
		return fmt.Errorf("a data source needs either folder: a path, or synthetic: one of %s", strings.Join(synthetic.Kinds, ", "))
	case s.Folder != "" && s.Synthetic != "":
		return fmt.Errorf("a data source is either a folder (%s) or synthetic (%s), not both", s.Folder, s.Synthetic)
	case s.Count < 0:
		return fmt.Errorf("count is %d: it must not be negative", s.Count)
	case s.Axis != "" && !slices.Contains(imagefile.AxisNames, s.Axis):
		return fmt.Errorf("axis is %q: it must be one of %s", s.Axis, strings.Join(imagefile.AxisNames, ", "))
	case s.Synthetic != "" && s.Axis != "":
		return fmt.Errorf("axis is for folders with volumes, not for synthetic: %s", s.Synthetic)
	case s.Synthetic != "" && s.Window != "":
		return fmt.Errorf("window is for folders with DICOM files, not for synthetic: %s", s.Synthetic)
	case s.Folder != "" && (s.Size != 0 || s.Seed != 0):
		return fmt.Errorf("size and seed are for synthetic images, not for folder: %s", s.Folder)
	}
	if _, err := s.readStack(); err != nil || s.Synthetic == "" {
		return err
	}
	if s.Count == 0 {
		return fmt.Errorf("synthetic: %s needs a count of at least 1", s.Synthetic)
	}
	return synthetic.Check(s.Synthetic, s.Count, s.pixels())
}

func (s Spec) pixels() int { return cmp.Or(s.Size, 256) }

// LeftOut lists what lies below a folder and is not an image of the source, with the reason, and the files of which only the first picture
// is. Images that cannot be read are another matter: see Readable.
func (s Spec) LeftOut() ([]listing.LeftOut, error) {
	path, err := expandHome(s.Folder)
	if err != nil || s.Synthetic != "" {
		return nil, err
	}
	found := listing.Listing{Files: []string{path}}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		found = listing.List(path, func(name string) string {
			if imagefile.ImageName(name) {
				return ""
			}
			if ext := filepath.Ext(name); ext != "" {
				return "keygan reads no " + ext
			}
			return "its name has no ending"
		})
	}
	all := found.LeftOut
	for _, err := range found.Errors {
		if listing.Dangling(err) { // the others stand among the images
			at := err.(*listing.UnreadablePath)
			all = append(all, listing.LeftOut{Path: at.Path, Why: at.Err.Error()})
		}
	}
	for _, path := range found.Files {
		var only *imagefile.NotPixelsError
		if _, err := imagefile.LeftBehind(path); errors.As(err, &only) && only.First {
			all = append(all, listing.LeftOut{Path: path, Why: only.Why + ", of which the first is used"})
		}
	}
	return all, nil
}

// String names the source in a line of a log.
func (s Spec) String() string {
	if s.Synthetic != "" {
		return fmt.Sprintf("%d synthetic %s images, seed %d", s.Count, s.Synthetic, s.Seed)
	}
	return s.Folder
}

// Open makes the source that specs describe, one after the other; a loader shuffles them together. It lists folders and reads volumes once
// to find the slices that show something. Other files are read when an image of them is asked for.
func Open(specs ...Spec) (Source, error) { return open(specs, false) }

// OpenUnchecked is Open for data that may be bad in places. A volume that cannot be read, or a folder that cannot be looked into, stands
// in the source as one image; reading that image returns the error. Readable leaves it out.
func OpenUnchecked(specs ...Spec) (Source, error) { return open(specs, true) }

func open(specs []Spec, keepBad bool) (Source, error) {
	if len(specs) == 0 {
		return nil, errors.New("no data source is given")
	}
	var all []Source
	for i, spec := range specs {
		src, err := spec.open(keepBad)
		if err != nil {
			if len(specs) > 1 {
				err = fmt.Errorf("data source %d: %w", i+1, err)
			}
			return nil, err
		}
		all = append(all, src)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return Join(all...), nil
}

func (s Spec) open(keepBad bool) (Source, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if s.Synthetic != "" {
		return synthetic.New(s.Synthetic, s.Count, s.pixels(), s.Seed)
	}
	path, err := expandHome(s.Folder)
	if err != nil {
		return nil, err
	}
	read, err := s.readStack()
	if err != nil {
		return nil, err
	}
	return openFolder(path, strings.TrimSpace(cmp.Or(s.Axis, imagefile.Axial)+" "+s.Window), s.Count, keepBad, read)
}

// readStack returns the way to read a stack, along the axis and in the window.
func (s Spec) readStack() (func(path string) (*imagefile.Stack, error), error) {
	axis := cmp.Or(s.Axis, imagefile.Axial)
	if s.Window == "" {
		return func(path string) (*imagefile.Stack, error) { return imagefile.ReadStack(path, axis) }, nil
	}
	left, right, _ := strings.Cut(s.Window, "/")
	center, err1 := strconv.ParseFloat(strings.TrimSpace(left), 64)
	width, err2 := strconv.ParseFloat(strings.TrimSpace(right), 64)
	if err1 != nil || err2 != nil || !(width > 1 && width < math.MaxFloat32 && math.Abs(center) < math.MaxFloat32) {
		return nil, fmt.Errorf("window is %q: it must be center/width, such as 40/400, with a width above 1", s.Window)
	}
	return func(path string) (*imagefile.Stack, error) {
		return imagefile.ReadStackInWindow(path, axis, center, width)
	}, nil
}

// expandHome replaces a leading ~ by the user's home folder.
func expandHome(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || rest != "" && rest[0] != filepath.Separator {
		return path, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return filepath.Join(home, rest), nil
}
