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
func OneArg(what string) cobra.PositionalArgs { return exactArgs(1, "one "+what) }

// TwoArgs accepts two arguments, which are whats.
func TwoArgs(whats string) cobra.PositionalArgs { return exactArgs(2, "two "+whats) }

func exactArgs(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return failure.Hint(failure.Usagef("takes %s, not %d", what, len(args)), c.Root().Name()+" "+c.Use)
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
	near := append(root.SuggestionsFor(args[0]), args[0])[0]
	if near == args[0] || slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == args[0] }) {
		return ""
	}
	return fmt.Sprintf("did you mean %s %s? ", root.Name(), near)
}

// unknownFlag adds the flag that was probably meant, by cobra's measure, to the error for one that does not exist.
func unknownFlag(c *cobra.Command, err error) error {
	word, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return &failure.UsageError{Err: err}
	}
	word, _, _ = strings.Cut(word, "=")
	flags := &cobra.Command{SuggestionsMinimumDistance: 2}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	if near := flags.SuggestionsFor(word); len(near) > 0 {
		err = failure.Hint(err, fmt.Sprintf("did you mean --%s? %s --help lists all", near[0], c.CommandPath()))
	}
	return &failure.UsageError{Err: err}
}
