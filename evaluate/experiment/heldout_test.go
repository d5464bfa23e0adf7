package experiment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/seen"
	"keygan/data/synthetic"
)

// films makes a folder of drawn X-rays as PNG files, two of each of n patients.
func films(t *testing.T, n int) string {
	t.Helper()
	folder := t.TempDir()
	src, err := synthetic.New("xray", 2*n, 64, 9)
	if err != nil {
		t.Fatal(err)
	}
	for i := range src.Len() {
		m, err := src.Image(i)
		if err == nil {
			err = imagefile.WritePNG(filepath.Join(folder, fmt.Sprintf("MCUCXR_%04d_%d.png", i/2, i%2)), m, false)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// runOn makes what a training run on a folder leaves of its images, a share of them held out.
func runOn(t *testing.T, folder string, share float64) (run string, trained, held []string) {
	t.Helper()
	run = t.TempDir()
	src, err := dataset.Open(dataset.Spec{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	var list []seen.Image
	for _, side := range []struct {
		split string
		out   bool
		names *[]string
	}{{seen.Train, false, &trained}, {seen.HeldOut, true, &held}} {
		part, err := dataset.Split(t.Context(), src, share, side.out)
		if err != nil {
			t.Fatal(err)
		}
		images, err := seen.Of(t.Context(), part, side.split)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range images {
			*side.names = append(*side.names, m.Name)
		}
		list = append(list, images...)
	}
	text, err := seen.CSV(list)
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("name: x\nsource:\n  - {folder: %q}\nother: [1, 2]\n", folder)
	for name, content := range map[string]string{seen.File: string(text), "config.yaml": config} {
		if err := os.WriteFile(filepath.Join(run, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return run, trained, held
}

func opened(s Source, generators ...*generator) ([]string, error) {
	e := &experiment{generators: generators}
	src, err := e.openSource(context.Background(), s)
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range src.Len() {
		names = append(names, src.Name(i))
	}
	return names, nil
}

// A source gives what a run held out, or what it was trained on, and nothing else.
func TestSourcesByWhatRunsHaveSeen(t *testing.T) {
	folder := films(t, 12)
	run, trained, held := runOn(t, folder, 0.3)
	other, otherTrained, _ := runOn(t, folder, 0.6)
	if len(held) == 0 || len(otherTrained) == len(trained) {
		t.Fatal(len(held), len(otherTrained))
	}
	g := &generator{info: GeneratorInfo{Name: "g"}, keys: IdealKeys{}}
	if g.seen, g.notSeen = readSeen(other); g.notSeen != nil {
		t.Fatal(g.notSeen)
	}
	// A new file of a patient that was trained on, and one of a new patient.
	for name, from := range map[string]string{trained[0][:len(trained[0])-5] + "9.png": held[0], filepath.Join(folder, "MCUCXR_9999_0.png"): held[1]} {
		m, err := imagefile.ReadImage(from)
		if err == nil {
			m.Pix[0] ^= 1
			err = imagefile.WritePNG(name, m, false)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	fresh := append(slices.Clone(held), filepath.Join(folder, "MCUCXR_9999_0.png"))
	ofOther := slices.DeleteFunc(slices.Clone(fresh), func(name string) bool { return slices.Contains(otherTrained, name) })
	spec := dataset.Spec{Folder: folder}
	for name, c := range map[string]struct {
		source Source
		want   []string
	}{
		"what the run held out": {Source{HeldOutOf: []string{run}}, held},
		"a folder without it":   {Source{Spec: spec, HeldOutOf: []string{run}}, fresh},
		"without two":           {Source{Spec: spec, HeldOutOf: []string{run, other}}, ofOther},
		"without generators":    {Source{Spec: spec, HeldOutOf: []string{run, OfGenerators}}, ofOther},
		"trained on":            {Source{TrainedIn: run}, trained},
		"a folder's trained on": {Source{Spec: spec, TrainedIn: run}, trained},
	} {
		if got, err := opened(c.source, g); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v\n%s", name, err, cmp.Diff(c.want, got))
		}
	}
}

// Nobody can tell what a run without a list was trained on, and so it is refused; so is a source of which nothing is left.
func TestSourcesThatAreRefused(t *testing.T) {
	folder := films(t, 4)
	run, trained, _ := runOn(t, folder, 0.3)
	empty, unknown := t.TempDir(), &generator{info: GeneratorInfo{Name: "g"}, keys: IdealKeys{}}
	_, unknown.notSeen = readSeen(empty)
	for want, s := range map[string]Source{
		empty + ": no list of the images":                   {Spec: dataset.Spec{Folder: folder}, HeldOutOf: []string{empty}},
		filepath.Join(empty, "nowhere") + ": no such file":  {TrainedIn: filepath.Join(empty, "nowhere")},
		"generator g: " + empty + ": no list of the images": {Spec: dataset.Spec{Folder: folder}, HeldOutOf: []string{OfGenerators}},
		"none of its 1 images is left":                      {Spec: dataset.Spec{Folder: trained[0]}, HeldOutOf: []string{run}},
		"no data source is given":                           {TrainedIn: run},
	} {
		if strings.Contains(want, "data source") {
			if err := os.WriteFile(filepath.Join(run, "config.yaml"), []byte("name: x\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := opened(s, unknown); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// The count is by the file, wherever it lies; a copy that was sized anew is a near duplicate of the image that was trained on.
func TestSeenBy(t *testing.T) {
	folder := films(t, 8)
	run, trained, held := runOn(t, folder, 0.3)
	g := &generator{info: GeneratorInfo{Name: "g"}, keys: IdealKeys{}}
	g.seen, g.notSeen = readSeen(run)
	m, err := imagefile.ReadImage(trained[0])
	if err != nil {
		t.Fatal(err)
	}
	measured := t.TempDir()
	if err := imagefile.WritePNG(filepath.Join(measured, "resized.png"), m.Resize(90, 80), false); err != nil {
		t.Fatal(err)
	}
	for i, from := range []string{trained[1], trained[2], held[0]} {
		content, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(measured, fmt.Sprintf("%d.png", i)), content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	src, err := dataset.Open(dataset.Spec{Folder: measured})
	if err != nil {
		t.Fatal(err)
	}
	unknown := &generator{info: GeneratorInfo{Name: "old"}, keys: IdealKeys{}, notSeen: seen.ErrNoList}
	tr := &trial{experiment: &experiment{generators: []*generator{g, unknown, {info: GeneratorInfo{Name: "missing"}}}}, source: src, indices: []int{0, 1, 2, 3}}
	got, err := tr.seenBy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []SeenBy{
		{Generator: "g", Images: 2, Near: 1, NearNames: []string{filepath.Join(measured, "resized.png") + " looks like " + trained[0]}},
		{Generator: "old", Unknown: seen.ErrNoList.Error()},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The experiments on the public data sets train on the folders that they measure. Each says of every such source that its images are
// those that were held out, or that they are the training's.
func TestConfigurationsMeasureHeldOutImages(t *testing.T) {
	paths, err := filepath.Glob("../../configs/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sources := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Evaluate struct{ Sources []Source }
		}
		if err := yaml.Unmarshal(text, &c); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for _, s := range c.Evaluate.Sources {
			if !strings.HasPrefix(s.Folder, "~/datasets/") {
				continue
			}
			if sources++; s.TrainedIn == "" && !slices.Contains(s.HeldOutOf, OfGenerators) {
				t.Errorf("%s measures %s, on which its networks may have been trained", path, s.Folder)
			}
		}
	}
	if sources < 6 {
		t.Errorf("only %d sources were found", sources)
	}
}
