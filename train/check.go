package train

import (
	"fmt"
	"io"
	"runtime"
	"sort"
	"strings"
	"sync"

	"keygan/data"
)

// Check reads every image that the configuration names and writes to w what there is: how many, of what shapes, and each
// that cannot be read. It returns an error when training would fail.
func Check(c Config, w io.Writer) error {
	bad := 0
	for _, set := range []struct {
		name  string
		specs []data.Spec
	}{{"source", c.Source}, {"target", specsOf(c.Target)}} {
		for _, spec := range set.specs {
			source, err := data.Open(spec)
			if err != nil {
				fmt.Fprintf(w, "%s: cannot be opened: %v\n", set.name, err)
				bad++
				continue
			}
			shapes, failures := readAll(source)
			fmt.Fprintf(w, "%s: %s: %d images\n", set.name, describe(spec), source.Len())
			for _, line := range shapes {
				fmt.Fprintf(w, "    %s\n", line)
			}
			for _, err := range failures {
				fmt.Fprintf(w, "    cannot be read: %v\n", err)
			}
			bad += len(failures)
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d problems in the data sets", bad)
	}
	return nil
}

func describe(s data.Spec) string {
	if s.Synthetic != "" {
		return "synthetic " + s.Synthetic
	}
	return s.Folder
}

// readAll reads every image on all cores; it returns a line for each shape, the most frequent first, and the failures in
// the order of the set.
func readAll(source data.Source) (shapes []string, failures []error) {
	n := source.Len()
	found, errs := make([]string, n), make([]error, n)
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				if m, err := source.Image(i); err != nil {
					errs[i] = err
				} else {
					found[i] = m.String()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	counts := map[string]int{}
	for i := range n {
		if errs[i] != nil {
			failures = append(failures, errs[i])
		} else {
			counts[found[i]]++
		}
	}
	for shape, count := range counts {
		shapes = append(shapes, fmt.Sprintf("%6d of %s", count, shape))
	}
	sort.Sort(sort.Reverse(sort.StringSlice(shapes)))
	return shapes, failures
}

// Plan says what Run would do: the resolved configuration, the size of the networks, and the number of steps. Nothing is
// written but to w. Data that is not there is an error, after all that can be said without it.
func Plan(c Config, w io.Writer) error {
	fmt.Fprint(w, strings.TrimRight(string(c.YAML()), "\n"), "\n")
	fmt.Fprintf(w, "# generator: %d weights, critic: %d weights\n", c.arch().Parameters(), c.criticArch().Parameters())
	source, err := data.OpenAll(c.Source)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if _, err := data.OpenAll(specsOf(c.Target)); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	steps := c.stepsPerEpoch(source.Len())
	fmt.Fprintf(w, "# %d source images, %d steps an epoch, %d steps in all\n", source.Len(), steps, c.totalSteps(steps))
	return nil
}
