package dataset

import (
	"errors"
	"fmt"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

// A Spec is one source of images as a configuration file describes it: either a folder or a built-in synthetic set.
//
//   - folder: ~/.cache/kagglehub/datasets/masoudnickparvar/brain-tumor-mri-dataset/versions/1
//   - synthetic: xray
//     count: 200
//     seed: 7
type Spec struct {
	Folder    string `yaml:"folder,omitempty"`    // a folder, searched recursively, or a single file; ~ is the home folder
	Axis      string `yaml:"axis,omitempty"`      // how a folder's volumes are sliced: axial (default), coronal or sagittal
	Synthetic string `yaml:"synthetic,omitempty"` // xray, mri, spectrogram or noise
	Size      int    `yaml:"size,omitempty"`      // synthetic: width and height; 0 is 256
	Seed      uint64 `yaml:"seed,omitempty"`      // synthetic: another seed, other images

	// Count is how many synthetic images there are. Of a folder, 0 takes all; else at most Count, evenly spaced over the
	// sorted list, so that every class folder is represented.
	Count int `yaml:"count,omitempty"`
}

// A Source is a fixed, ordered collection of images. Its methods may be called from several goroutines at once, and
// Image(i) is the same image each time.
type Source interface {
	Len() int
	Name(i int) string // the file, "file#slice" for one image of several in a file, or "xray-00012"
	Image(i int) (*raster.Image, error)
}

// A Located source can say which file an image is decoded from, "" for none, and which part of the file it is, "" for one that
// is the whole: the same part of the same bytes is always the same image. The sources of Open, OpenAll, Split and Cached can.
// One that wraps another and does not change its images should pass Locate on, or Cached will not cache them.
type Located interface {
	Source
	Locate(i int) (path, part string)
}

// locate is Locate for a source that may not have it.
func locate(src Source, i int) (path, part string) {
	if l, ok := src.(Located); ok {
		return l.Locate(i)
	}
	return "", ""
}

// Validate says what is wrong with a spec that can be seen without looking at files.
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
	case s.Folder != "" && (s.Size != 0 || s.Seed != 0):
		return fmt.Errorf("size and seed are for synthetic images, not for folder: %s", s.Folder)
	}
	if s.Synthetic == "" {
		return nil
	}
	if s.Count == 0 {
		return fmt.Errorf("synthetic: %s needs a count of at least 1", s.Synthetic)
	}
	return synthetic.Check(s.Synthetic, s.Count, s.pixels())
}

func (s Spec) pixels() int {
	if s.Size == 0 {
		return 256
	}
	return s.Size
}

// String names the source in a line of a log.
func (s Spec) String() string {
	if s.Synthetic != "" {
		return fmt.Sprintf("%d synthetic %s images, seed %d", s.Count, s.Synthetic, s.Seed)
	}
	return s.Folder
}

// Open makes the source that a spec describes. A folder is listed, and its volumes are read once to find the slices that
// show something; the other files are read when they are asked for.
func Open(spec Spec) (Source, error) { return open(spec, false) }

func open(spec Spec, keepBad bool) (Source, error) {
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	if spec.Synthetic != "" {
		return synthetic.New(spec.Synthetic, spec.Count, spec.pixels(), spec.Seed)
	}
	path, err := expandHome(spec.Folder)
	if err != nil {
		return nil, err
	}
	axis := spec.Axis
	if axis == "" {
		axis = imagefile.Axial
	}
	return openFolder(path, axis, spec.Count, keepBad)
}

// OpenAll joins the sources of several specs into one, in their order; a loader shuffles them together.
func OpenAll(specs []Spec) (Source, error) { return openAll(specs, false) }

// OpenUnchecked is OpenAll for data that may be bad in places: a volume that cannot be read and a folder that cannot be looked
// into are in the source as one image each, whose Image gives the error. Readable leaves them out.
func OpenUnchecked(specs []Spec) (Source, error) { return openAll(specs, true) }

func openAll(specs []Spec, keepBad bool) (Source, error) {
	if len(specs) == 0 {
		return nil, errors.New("no data source is given")
	}
	var all []Source
	for i, spec := range specs {
		src, err := open(spec, keepBad)
		if err != nil {
			if len(specs) > 1 {
				err = fmt.Errorf("data source %d: %w", i+1, err)
			}
			return nil, err
		}
		all = append(all, src)
	}
	return Join(all...), nil
}

// Join puts the images of several sources one after the other.
func Join(sources ...Source) Source {
	j := &joined{sources: sources}
	total := 0
	for _, src := range sources {
		total += src.Len()
		j.ends = append(j.ends, total)
	}
	return j
}

// joined is several sources one after the other; ends[k] is the number of images up to and with source k.
type joined struct {
	sources []Source
	ends    []int
}

func (j *joined) Len() int {
	if len(j.ends) == 0 {
		return 0
	}
	return j.ends[len(j.ends)-1]
}

func (j *joined) find(i int) (Source, int) {
	k := sort.SearchInts(j.ends, i+1)
	if k > 0 {
		i -= j.ends[k-1]
	}
	return j.sources[k], i
}

func (j *joined) Name(i int) string {
	src, i := j.find(i)
	return src.Name(i)
}

func (j *joined) Locate(i int) (path, part string) {
	src, i := j.find(i)
	return locate(src, i)
}

func (j *joined) Readable(i int) bool {
	src, i := j.find(i)
	return isReadable(src, i)
}

func (j *joined) Image(i int) (*raster.Image, error) {
	src, i := j.find(i)
	return src.Image(i)
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
