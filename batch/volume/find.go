package volume

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"keygan/batch/job"
	"keygan/data/imagefile"

	"golang.org/x/sync/errgroup"
)

// A Slice is what a file has to do with a series. Slices of other shapes cannot lie in one volume.
type Slice struct {
	Place *imagefile.Place // nil if the file is no slice of a series
	Shape [4]int
}

// Stored looks at the voxels in a file, as they lie there. Those of a compressed slice do not.
func Stored(path string) Slice {
	v, err := imagefile.ReadVoxels(path)
	if err != nil || v == nil {
		return Slice{}
	}
	return Slice{v.Place, [4]int{v.Slices, v.Height, v.Width, v.Bytes}}
}

// Shown looks at the picture that a file shows, compressed or not.
func Shown(path string) Slice {
	o, err := imagefile.ReadOutline(path)
	if err != nil || o == nil || !o.Single {
		return Slice{}
	}
	return Slice{o.Place, [4]int{1, o.Height, o.Width, o.Channels}}
}

// largest bounds the length of a file that is looked at, in bytes: no slice has as many. beside are looked at at a time, each in memory.
const largest, beside = 64 << 20, 4

// Find makes one input of the files of each series of two and more slices. They lie in the same folder, and their slices have the same shape.
// A series has the name of the folder, in the place of the folder. Where several are in one folder, the name of the first file
// follows, in the order of names.
func Find(ctx context.Context, inputs []job.Input, look func(path string) Slice) []job.Input {
	found := make([]Slice, len(inputs))
	var work errgroup.Group
	work.SetLimit(beside)
	for i, in := range inputs {
		work.Go(func() error {
			info, err := os.Stat(in.Path)
			if err == nil && ctx.Err() == nil && imagefile.PlacedName(in.Path) && info.Mode().IsRegular() && info.Size() <= largest {
				found[i] = look(in.Path) // what cannot be read is reported where it is worked on
			}
			return nil
		})
	}
	work.Wait()

	type volume struct {
		dir, folder, series string
		shape               [4]int
	}
	members, several := map[volume][]int{}, map[string]int{} // inputs; series in a folder
	of := func(i int) volume {
		return volume{filepath.Dir(inputs[i].Path), inputs[i].Folder, found[i].Place.Series, found[i].Shape}
	}
	seen := map[string]bool{}
	for i, in := range inputs {
		if path := filepath.Clean(in.Path); found[i].Place != nil && found[i].Place.Series != "" && !seen[path] {
			seen[path] = true
			members[of(i)] = append(members[of(i)], i)
		}
	}
	for v, all := range members {
		if len(all) > 1 {
			several[v.dir]++
		}
	}
	var out []job.Input
	done := map[volume]bool{}
	for i, in := range inputs {
		if found[i].Place == nil || len(members[of(i)]) < 2 {
			out = append(out, in)
		} else if !done[of(i)] {
			all := members[of(i)]
			done[of(i)] = true
			slices.SortStableFunc(all, func(a, b int) int { return found[a].Place.Compare(found[b].Place) })
			out = append(out, inputOf(inputs, all, several[filepath.Dir(in.Path)] > 1))
		}
	}
	return out
}

// inputOf makes one input of those at the indexes of, which are in the order of the slices.
func inputOf(inputs []job.Input, of []int, several bool) job.Input {
	in := inputs[of[0]]
	for _, i := range of {
		in.Series = append(in.Series, inputs[i].Path)
	}
	first := filepath.Base(slices.Min(in.Series))
	first = strings.TrimSuffix(first, filepath.Ext(first))
	dir := filepath.Dir(in.Path)
	if path, err := filepath.Abs(dir); err == nil {
		dir = path
	}
	in.Name = strings.TrimLeft(filepath.Base(dir), ".") // decrypt looks for no hidden files
	switch {
	case strings.Trim(in.Name, `/\`) == "": // at the top of a disk
		in.Name = first
	case several:
		in.Name += "-" + first
	}
	in.Folder = filepath.Dir(in.Folder)
	return in
}
