package check

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"keygan/train/config"
	"keygan/train/inputs"
)

// How many lines or words of each kind are listed. Unreadable files are all listed.
const (
	mostCopies  = 5
	mostFolders = 12
	mostSizes   = 4
	mostLeftOut = 3 // for the same reason
	mostReasons = 12
)

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
	var lines []string
	more := 0
	for _, same := range s.copies {
		lines = append(lines, strings.Join(same, " = "))
		more += len(same) - 1
	}
	if more > 0 {
		setFact(w, "duplicates", "%s the content of another", number(more, "file has", "files have"))
		list(w, lines)
	}
}

func (s checkedSpec) report(w io.Writer, as config.Image) {
	name := s.spec.String()
	if s.encrypt != "" {
		name += fmt.Sprintf(", encrypted (%s)", s.encrypt)
	}
	if s.failed == nil && s.spec.Synthetic == "" {
		name += ": " + inputs.Count(s.images, "image")
	}
	fmt.Fprintf(w, "  %s\n", name)
	if s.failed != nil {
		fact(w, "unusable", "%v", s.failed)
	}
	s.reportLeftOut(w)
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
	s.reportSeries(w)
	fact(w, "modes", "%s", frequencies(modes, len(modes)))
	if folders := s.folders(); len(folders) > 1 {
		names := slices.Sorted(maps.Keys(folders))
		fact(w, "folders", "%s", inputs.FirstFew(counted(names, folders), mostFolders, ", "))
	}
}

// reportSeries has a line on the series of slices, and one on each that is not whole. What the files say of patients is not in it.
func (s checkedSpec) reportSeries(w io.Writer) {
	if len(s.series) == 0 {
		return
	}
	least, most := len(s.series[0].Files), 0
	var lines []string
	for _, one := range s.series {
		least, most = min(least, len(one.Files)), max(most, len(one.Files))
		var wrong []string
		if len(one.Sizes) > 1 {
			wrong = append(wrong, "mixed sizes: "+inputs.FirstFew(one.Sizes, mostSizes, ", "))
		}
		if one.Gaps > 0 {
			wrong = append(wrong, number(one.Gaps, "slice is missing", "slices are missing")+" after "+inputs.FirstFew(one.Missing, mostLeftOut, ", "))
		}
		if one.Doubled > 0 {
			wrong = append(wrong, number(one.Doubled, "slice lies", "slices lie")+" where another does")
		}
		if len(wrong) > 0 {
			lines = append(lines, one.Files[0]+": "+strings.Join(wrong, "; "))
		}
	}
	slices := fmt.Sprintf("%d to %d slices", least, most)
	if least == most {
		slices = fmt.Sprintf("%d slices", most)
	}
	fact(w, "series", "%d of %s", len(s.series), slices)
	if len(lines) > 0 {
		fact(w, "", "%s", inputs.FirstFew(lines, mostReasons, "\n              "))
	}
}

// reportLeftOut has a line for each reason.
func (s checkedSpec) reportLeftOut(w io.Writer) {
	paths := map[string][]string{} // by reason
	for _, l := range s.leftOut {
		paths[l.Why] = append(paths[l.Why], l.Path)
	}
	var lines []string
	for _, why := range slices.Sorted(maps.Keys(paths)) {
		lines = append(lines, fmt.Sprintf("%s (%s): %s", why, inputs.Count(len(paths[why]), "file"), inputs.FirstFew(paths[why], mostLeftOut, ", ")))
	}
	if len(lines) > 0 {
		fact(w, "left out", "%s", inputs.FirstFew(lines, mostReasons, "\n              "))
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
	n := len(sorted)
	text := fmt.Sprintf("%s to %s, median %s; %d different", shape(sorted[0]), shape(sorted[n-1]), shape(sorted[n/2]), len(counts))
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
	return strings.Join(counted(names[:most], counts), ", ")
}

func counted(names []string, counts map[string]int) (words []string) {
	for _, name := range names {
		words = append(words, fmt.Sprintf("%s (%d)", name, counts[name]))
	}
	return words
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
	if len(shared) > 0 {
		slices.Sort(shared)
		fmt.Fprintf(w, "\nboth sets: %s in the source and in the target\n", number(len(shared), "file is", "files are"))
		list(w, shared)
	}
}

func list(w io.Writer, lines []string) {
	fmt.Fprintf(w, "    %s\n", inputs.FirstFew(lines, mostCopies, "\n    "))
}

func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
