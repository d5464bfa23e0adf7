package dataset

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"keygan/data/imagefile"
	"keygan/internal/listing"
)

// inSeriesOrder puts the files of each series into the order of their slices, in the places that these files have in the list.
func inSeriesOrder(items []item) {
	places := map[string][]int{} // of a series
	for i, it := range items {
		if it.place != nil && it.place.Series != "" {
			places[it.place.Series] = append(places[it.place.Series], i)
		}
	}
	for _, at := range places {
		var sorted []item
		for _, i := range at {
			sorted = append(sorted, items[i])
		}
		slices.SortStableFunc(sorted, func(a, b item) int { return a.place.Compare(b.place) })
		for k, i := range at {
			items[i] = sorted[k]
		}
	}
}

// A Series is what a folder has of the slices of one volume, each in a file of its own.
type Series struct {
	Files   []string // in the order of the slices
	Sizes   []string // as "512×512", each once
	Missing []string // the files before a gap
	Gaps    int      // how many slices are missing there
	Doubled int      // how many slices lie where another does
}

// Series finds the series of two and more slices below a folder.
func (s Spec) Series() ([]Series, error) {
	path, err := expandHome(s.Folder)
	if err != nil || s.Folder == "" {
		return nil, err
	}
	files, _ := listing.Files(path, imagefile.StackName)
	outlines := make([]*imagefile.Stack, len(files))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range files {
		work.Go(func() error {
			outlines[i], _ = imagefile.ReadOutline(path) // what cannot be read is reported elsewhere
			return nil
		})
	}
	work.Wait()
	bySeries := map[string][]int{}
	for i, o := range outlines {
		if o != nil && o.Single && o.Place != nil && o.Place.Series != "" {
			bySeries[o.Place.Series] = append(bySeries[o.Place.Series], i)
		}
	}
	var all []Series
	for _, slicesOf := range bySeries {
		if len(slicesOf) > 1 {
			slices.SortStableFunc(slicesOf, func(a, b int) int { return outlines[a].Place.Compare(outlines[b].Place) })
			all = append(all, seriesOf(files, outlines, slicesOf))
		}
	}
	slices.SortFunc(all, func(a, b Series) int { return cmp.Compare(a.Files[0], b.Files[0]) })
	return all, nil
}

// seriesOf describes the slices at the indexes of, which are in order. A gap is a step of more than one and a half times the median.
func seriesOf(files []string, outlines []*imagefile.Stack, of []int) (s Series) {
	var steps []float64
	for k, i := range of {
		s.Files = append(s.Files, files[i])
		if size := fmt.Sprintf("%d×%d", outlines[i].Width, outlines[i].Height); !slices.Contains(s.Sizes, size) {
			s.Sizes = append(s.Sizes, size)
		}
		if k > 0 {
			steps = append(steps, outlines[i].Place.Along-outlines[of[k-1]].Place.Along)
		}
	}
	const same = 1e-3 // millimetres
	sorted := slices.DeleteFunc(slices.Clone(steps), func(step float64) bool { return !(step > same) })
	s.Doubled = len(steps) - len(sorted) - countNaN(steps)
	if len(sorted) == 0 {
		return s
	}
	slices.Sort(sorted)
	median := sorted[(len(sorted)-1)/2]
	for k, step := range steps {
		if step > 1.5*median {
			s.Missing = append(s.Missing, s.Files[k])
			s.Gaps += int(math.Round(step/median)) - 1
		}
	}
	return s
}

func countNaN(values []float64) (n int) {
	for _, v := range values {
		if v != v {
			n++
		}
	}
	return n
}
