package volume

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/batch/job"
	"keygan/data/imagefile"
)

// Series are told apart by folder, name and shape. Their slices are in order, whatever the files are called. They are named after their
// folder, and take its place in the tree; all other files stay as they were.
func TestFind(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	places := map[string]Slice{}
	add := func(path, series string, along float64, number int, shape ...int) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		s := Slice{Place: &imagefile.Place{Series: series, Along: along, Number: number}, Shape: [4]int{1, 2, 2, 2}}
		copy(s.Shape[:], shape)
		places[path] = s
	}
	nan := math.NaN()
	add("in/ct/c.dcm", "A", -2, 1)
	add("in/ct/a.dcm", "A", 7, 2)
	add("in/ct/b.DCM", "A", 1, 3)
	add("in/ct/d.png", "A", 2, 4)     // not called as a slice is
	add("in/ct/sub/e.dcm", "A", 3, 5) // in another folder
	add("in/ct/f.dcm", "", 4, 6)      // of no series
	add("in/x/1.dcm", "B", nan, 9)
	add("in/x/2.dcm", "B", nan, 8)
	add("in/x/3.dcm", "B", nan, 9, 1, 2, 2, 1) // of another shape
	add("in/x/4.dcm", "C", nan, 1)
	add("in/x/5.dcm", "C", nan, 1)
	add(".hidden/1.dcm", "D", 1, 1)
	add(".hidden/2.dcm", "D", 2, 2)
	all, _, failed := job.Collect([]string{"in", ".hidden", "./in/ct/a.dcm", "in/x/3.dcm", "in/x/3.dcm"}, func(string) string { return "" })
	if len(failed) > 0 {
		t.Fatal(failed)
	}
	alone := slices.IndexFunc(all, func(in job.Input) bool { return in.Path == "./in/ct/a.dcm" })
	if alone < 0 {
		t.Fatal(all)
	}
	all[alone].Folder = "ct" // as if it had been found below the folder again
	var got []string
	for _, in := range Find(t.Context(), all, func(path string) Slice { return places[filepath.Clean(path)] }) {
		got = append(got, fmt.Sprintf("%s %s %s %v", filepath.ToSlash(in.Path), filepath.ToSlash(in.Folder), in.Name, in.Series))
	}
	want := []string{
		"in/ct/c.dcm . ct [in/ct/c.dcm in/ct/b.DCM in/ct/a.dcm]", "in/ct/d.png ct  []", "in/ct/f.dcm ct  []", "in/ct/sub/e.dcm ct/sub  []",
		"in/x/2.dcm . x-1 [in/x/2.dcm in/x/1.dcm]", "in/x/3.dcm x  []", "in/x/4.dcm . x-4 [in/x/4.dcm in/x/5.dcm]",
		".hidden/1.dcm . hidden [.hidden/1.dcm .hidden/2.dcm]", "in/x/3.dcm .  []", "in/x/3.dcm .  []",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// The current folder has a name, which "." does not tell.
	t.Chdir("in/ct")
	all, _, _ = job.Collect([]string{"a.dcm", "b.DCM"}, nil)
	found := Find(t.Context(), all, func(path string) Slice { return places["in/ct/"+path] })
	if len(found) != 1 || found[0].Name != "ct" || found[0].Folder != "." || !found[0].Named {
		t.Errorf("%+v", found)
	}
}
