package cli

import (
	"fmt"
	"slices"
	"strings"

	"keygan/internal/failure"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// NoArgs accepts no arguments.
func NoArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return failure.Usagef("unexpected argument %q", args[0])
	}
	return nil
}

// OneArg accepts one argument, which is a what.
func OneArg(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return failure.Hint(failure.Usagef("takes one %s, not %d", what, len(args)), c.Root().Name()+" "+c.Use)
		}
		return nil
	}
}

// SomeArgs accepts one argument or more, each of which is a what.
func SomeArgs(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return failure.Hint(failure.Usagef("no %s given", what), c.Root().Name()+" "+c.Use)
		}
		return nil
	}
}

// AddForce adds the flag --force.
func AddForce(c *cobra.Command, force *bool) {
	c.Flags().BoolVar(force, "force", false, "replace files that exist")
}

// Complete has the shell offer these values for a flag.
func Complete(c *cobra.Command, flag string, values ...string) {
	if err := c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // the flag does not exist
	}
}

// suggestion returns "did you mean …? " for the first word of a command line that names no command, or "".
func suggestion(root *cobra.Command, args []string) string {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		return ""
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	if near := nearest(args[0], names); near != "" && !slices.Contains(names, args[0]) {
		return fmt.Sprintf("did you mean %s %s? ", root.Name(), near)
	}
	return ""
}

// unknownFlag adds the flag that was probably meant to the error for one that does not exist.
func unknownFlag(c *cobra.Command, err error) error {
	word, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return &failure.UsageError{Err: err}
	}
	word, _, _ = strings.Cut(word, "=")
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := nearest(word, names); near != "" {
		err = failure.Hint(err, fmt.Sprintf("did you mean --%s? %s --help lists all", near, c.CommandPath()))
	}
	return &failure.UsageError{Err: err}
}

// nearest returns the name that a word probably stands for, by cobra's measure, or "".
func nearest(word string, names []string) string {
	c := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, name := range names {
		c.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	return append(c.SuggestionsFor(word), "")[0]
}
