package main

import (
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"keygan/train/watch"
)

// watchCommand shows a run while another process trains it.
func watchCommand() *cobra.Command {
	o := watch.Options{Width: terminalWidth}
	c := &cobra.Command{
		Use:   "watch RUN [--once] [--interval 2s]",
		Short: "Show how a run stands, while it goes on",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("watch takes one run folder, as in: keygan-train watch runs/demo")}
			}
			if o.Interval < 100*time.Millisecond {
				return usageError{errors.New("--interval: must be 100ms or more")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS)
			o.Terminal = err == nil
			return watch.Show(cmd.Context(), args[0], os.Stdout, o)
		},
	}
	c.Flags().BoolVar(&o.Once, "once", false, "show it once and stop")
	c.Flags().DurationVar(&o.Interval, "interval", 2*time.Second, "time between two looks")
	return c
}

// terminalWidth is that of standard output, in characters; 100 where it is no terminal.
func terminalWidth() int {
	if size, err := unix.IoctlGetWinsize(int(os.Stdout.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 {
		return int(size.Col)
	}
	return 100
}
