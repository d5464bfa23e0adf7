package check

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"keygan/data/dataset"
	"keygan/train/config"
	"keygan/train/inputs"
)

// What is counted is listed up to these many lines or words; the unreadable files, all of them.
const (
	mostCopies  = 5
	mostFolders = 12
	mostSizes   = 4
)

// report writes what is in a set.
func (s *checkedSet) report(w io.Writer, c config.Config) {
	fmt.Fprintf(w, "%s: %s\n", s.name, inputs.Count(s.images, "image"))
	for _, spec := range s.specs {
		spec.report(w, c.Image)
	}
	if len(s.bad) > 0 {
		what := "training would fail: data.on_bad_file is fail"
		if c.Data.OnBadFile == "skip" {
			what = "left out: data.on_bad_file is skip"
		}
		setFact(w, "unreadable", "%s (%s)", inputs.Count(len(s.bad), "image"), what)
		for _, b := range s.bad {
			fmt.Fprintf(w, "    %v\n", b)
		}
	}
	if len(s.copies) > 0 {
		more := 0
		for _, same := range s.copies {
			more += len(same) - 1
		}
		setFact(w, "duplicates", "%s the content of another", countHave(more))
		for _, same := range s.copies[:min(mostCopies, len(s.copies))] {
			fmt.Fprintf(w, "    %s\n", strings.Join(same, " = "))
		}
		andMore(w, len(s.copies)-mostCopies)
	}
}

// report writes what one folder or synthetic set holds.
func (s checkedSpec) report(w io.Writer, as config.Image) {
	name := s.spec.String()
	if s.encrypt != "" {
		name += fmt.Sprintf(", encrypted (%s)", s.encrypt)
	}
	if s.failed != nil {
		fmt.Fprintf(w, "  %s\n", name)
		fact(w, "unusable", "%v", s.failed)
		return
	}
	if s.spec.Synthetic != "" {
		fmt.Fprintf(w, "  %s\n", name)
	} else {
		fmt.Fprintf(w, "  %s: %s\n", name, inputs.Count(s.images, "image"))
	}
	if len(s.good) == 0 {
		return
	}
	fact(w, "sizes", "%s", sizes(s.good))
	if size := s.good[0].width; s.spec.Synthetic == "noise" && size != as.Size {
		fact(w, "note", "resized to %d×%d, the noise is not uniform any more: leave out its size", as.Size, as.Size)
	}
	modes := map[string]int{}
	for _, f := range s.good {
		modes[f.mode]++
	}
	fact(w, "modes", "%s", frequencies(modes, len(modes)))
	if folders := s.folders(); len(folders) > 1 {
		names := slices.Sorted(maps.Keys(folders))
		var words []string
		for _, name := range names[:min(mostFolders, len(names))] {
			words = append(words, fmt.Sprintf("%s (%d)", name, folders[name]))
		}
		if more := len(names) - mostFolders; more > 0 {
			words = append(words, fmt.Sprintf("and %d more", more))
		}
		fact(w, "folders", "%s", strings.Join(words, ", "))
	}
}

// fact is a line on one folder or synthetic set, setFact one on all of a set.
func fact(w io.Writer, key, format string, args ...any) {
	fmt.Fprintf(w, "    %-10s%s\n", key, fmt.Sprintf(format, args...))
}

func setFact(w io.Writer, key, format string, args ...any) {
	fmt.Fprintf(w, "  %-12s%s\n", key, fmt.Sprintf(format, args...))
}

// sizes names each size where there are few; else the extremes and the median by number of pixels, and the most frequent.
func sizes(images []imageFact) string {
	shape := func(f imageFact) string { return fmt.Sprintf("%d×%d", f.width, f.height) }
	counts := map[string]int{}
	for _, f := range images {
		counts[shape(f)]++
	}
	if len(counts) <= mostSizes {
		return frequencies(counts, len(counts))
	}
	sorted := slices.Clone(images)
	slices.SortStableFunc(sorted, func(a, b imageFact) int {
		return cmp.Or(cmp.Compare(a.width*a.height, b.width*b.height), cmp.Compare(a.width, b.width))
	})
	text := fmt.Sprintf("%s to %s, median %s; %d different", shape(sorted[0]), shape(sorted[len(sorted)-1]), shape(sorted[len(sorted)/2]), len(counts))
	if len(counts) < len(images) {
		text += ", most often " + frequencies(counts, 1)
	}
	return text
}

// frequencies lists the most frequent of what was counted, as "8-bit RGB (12)".
func frequencies(counts map[string]int, most int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(-cmp.Compare(counts[a], counts[b]), cmp.Compare(a, b))
	})
	var words []string
	for _, name := range names[:most] {
		words = append(words, fmt.Sprintf("%s (%d)", name, counts[name]))
	}
	return strings.Join(words, ", ")
}

// folders counts the images in each folder, named from the folder that all of them have in common.
func (s checkedSpec) folders() map[string]int {
	if s.spec.Synthetic != "" {
		return nil
	}
	separator := string(filepath.Separator)
	common := filepath.Dir(s.good[0].name) + separator
	for _, f := range s.good {
		for !strings.HasPrefix(f.name, common) {
			common = strings.TrimSuffix(filepath.Dir(filepath.Clean(common)), separator) + separator
		}
	}
	counts := map[string]int{}
	for _, f := range s.good {
		counts[filepath.Dir(strings.TrimPrefix(f.name, common))]++
	}
	return counts
}

// reportHeldOut writes what would be held out of the source set, and returns it; nil when nothing is to be, or can be.
func (s *checkedSet) reportHeldOut(w io.Writer, r *reader, problems *[]string) dataset.Source {
	share := r.Config.Data.HeldOut
	if share == 0 || len(s.good) == 0 {
		return nil
	}
	_, held, err := r.Split(s.src)
	if err != nil {
		*problems = append(*problems, err.Error())
		return nil
	}
	setFact(w, "held out", "%d of %s, by the content of the files (data.held_out: %v)", held.Len(), inputs.Count(len(s.good), "readable image"), share)
	return held
}

// reportShared writes which files are in both sets.
func reportShared(w io.Writer, source, target *checkedSet) {
	var shared []string
	for h, path := range source.files {
		if other, there := target.files[h]; there && other == path {
			shared = append(shared, path)
		} else if there {
			shared = append(shared, path+" = "+other)
		}
	}
	if len(shared) == 0 {
		return
	}
	slices.Sort(shared)
	fmt.Fprintf(w, "\nboth sets: %s in the source and in the target\n", countAre(len(shared)))
	for _, pair := range shared[:min(mostCopies, len(shared))] {
		fmt.Fprintf(w, "    %s\n", pair)
	}
	andMore(w, len(shared)-mostCopies)
}

func andMore(w io.Writer, more int) {
	if more > 0 {
		fmt.Fprintf(w, "    and %d more\n", more)
	}
}

func countHave(n int) string {
	if n == 1 {
		return "1 file has"
	}
	return fmt.Sprintf("%d files have", n)
}

func countAre(n int) string {
	if n == 1 {
		return "1 file is"
	}
	return fmt.Sprintf("%d files are", n)
}
