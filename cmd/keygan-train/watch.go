package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"keygan/cmd/internal/cli"
	"keygan/internal/failure"
	"keygan/train/watch"
)

func watchCommand() *cobra.Command {
	o := watch.Options{Width: func() int { return cli.TerminalWidth(os.Stdout) }}
	c := &cobra.Command{
		Use:   "watch RUN [--once] [--interval 2s]",
		Short: "Show the progress of a run while another process trains it",
		Args:  cli.OneArg("run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.Interval < 100*time.Millisecond {
				return failure.Usagef("--interval %v: it must be 100ms or more", o.Interval)
			}
			o.Terminal = cli.IsTerminal(os.Stdout)
			return withRunsHint(args[0], watch.Show(cmd.Context(), args[0], os.Stdout, o))
		},
	}
	c.Flags().BoolVar(&o.Once, "once", false, "show the progress once and stop")
	c.Flags().DurationVar(&o.Interval, "interval", 2*time.Second, "time between updates")
	return c
}
