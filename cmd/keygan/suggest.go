package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// nearEnough is how many letters may be wrong, missing or too many in a word for it to be taken for another.
const nearEnough = 2

// suggestion is "did you mean …? " for the first word of a command line that names no command, or "".
func suggestion(args []string) string {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return ""
	}
	var names []string
	for _, c := range (&app{}).command().Commands() {
		names = append(names, c.Name())
	}
	if slices.Contains(names, args[0]) {
		return ""
	}
	if near := nearest(args[0], names); near != "" {
		return fmt.Sprintf("did you mean keygan %s? ", near)
	}
	return ""
}

// unknownFlag adds the flag that was probably meant to the error for one that does not exist.
func unknownFlag(c *cobra.Command, err error) error {
	word, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return err
	}
	word, _, _ = strings.Cut(word, "=")
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := nearest(word, names); near != "" {
		return hinted{err, fmt.Sprintf("did you mean --%s? keygan %s --help lists all", near, c.Name())}
	}
	return err
}

// nearest is the name that takes the fewest edits to get from a word, or "" if none is near enough.
func nearest(word string, names []string) (best string) {
	least := nearEnough + 1
	for _, name := range names {
		if d := edits(word, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// edits is how many letters must be put in, left out or replaced to make b of a (Levenshtein's distance).
func edits(a, b string) int {
	row := make([]int, len(b)+1) // distances of a's first letters to all beginnings of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := corner
			if a[i] != b[j] {
				d = 1 + min(corner, row[j], row[j+1])
			}
			corner, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}

// complete has the shell offer these values for a flag.
func complete(c *cobra.Command, flag string, values ...string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag does not exist
	}
}
