// Command keygan-train trains the network that makes keys from medical images. It needs libtorch; what it exports,
// generator.npz, is used by the command keygan, which does not.
//
//	keygan-train -c configs/demo.yaml                    train, into runs/demo
//	keygan-train -c configs/demo.yaml --resume           go on where it was stopped
//	keygan-train -c configs/demo.yaml --set train.batch=8
//	keygan-train check -c configs/demo.yaml              what the data sets hold, and what is wrong in them
//	keygan-train watch runs/demo                         how a run stands, while it goes on
//	keygan-train test runs/demo                          what the networks make of images that were held out
//	keygan-train export runs/demo -o generator.npz       the generator of the newest checkpoint
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"keygan/cmd/internal/cli"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/train"
	"keygan/train/check"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/runlog"
	"keygan/train/watch"
)

func main() { os.Exit(program().Main(command())) }

// program ends after the step that is under way when the first signal comes.
func program() *cli.Program {
	return &cli.Program{Name: "keygan-train", Hint: hintFor, Patient: true, Joined: true}
}

// hintFor names the likely fix.
func hintFor(err error) string {
	switch {
	case errors.Is(err, train.ErrRunExists):
		return "--resume goes on with it, --force trains anew in its place, --set name=... uses another folder"
	case errors.Is(err, watch.ErrNoRun):
		return "name the folder of a run, as in: keygan-train watch runs/demo"
	case errors.Is(err, runlog.ErrInUse):
		return "wait until it has ended, or stop it with Ctrl-C; --set name=... uses another folder"
	case errors.Is(err, atomicfile.ErrExists):
		return "--force replaces it"
	case errors.Is(err, inputs.ErrUnreadable):
		return "keygan-train check lists all of them; --set data.on_bad_file=skip leaves them out"
	case errors.Is(err, inputs.ErrCache):
		return "--set data.cache=off goes without one, data.cache=FOLDER keeps it elsewhere"
	case errors.Is(err, inputs.ErrNoneHeldOut):
		return "--source FOLDER names other images; or set data.held_out, as in 0.1, and train anew: what was trained with tests nothing"
	case errors.Is(err, train.ErrOtherConfig):
		return "-c with the run's own config.yaml goes on with it; another configuration needs another name (--set name=...) or --force"
	case errors.Is(err, train.ErrOtherData):
		return "put back the images that it began with, or train anew: --set name=... in another folder, --force in its place"
	case errors.Is(err, runlog.ErrNoCheckpoint):
		return "--force trains anew in its place"
	case errors.Is(err, train.ErrAllSkipped):
		return "train anew (--force) with a lower optimizer.learning_rate or a longer optimizer.warmup"
	case errors.Is(err, train.ErrDiverged):
		return "train anew (--force) with a lower optimizer.learning_rate, or go on with --resume --set train.on_nan=skip, which leaves such updates out"
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full; free some space and go on with --resume"
	case errors.Is(err, syscall.EFBIG):
		return "the size of files is limited here (ulimit -f); go on with --resume where it is not"
	case strings.Contains(err.Error(), "device:"):
		return "make doctor says what this machine and this libtorch offer; device: cpu always works"
	}
	return ""
}

// flags are those of the root command; check shares the first two.
type flags struct {
	config         string
	set            []string
	resume, dryRun bool
	force, quiet   bool
}

func command() *cobra.Command {
	var f flags
	root := &cobra.Command{
		Use:   "keygan-train -c CONFIG",
		Short: "Train the network that makes keys from medical images",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.train(cmd.Context()) },
	}
	f.addConfig(root)
	root.Flags().BoolVar(&f.resume, "resume", false, "go on from the newest checkpoint")
	root.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the resolved configuration and what a run would take, and stop")
	root.Flags().BoolVar(&f.force, "force", false, "replace a run that is already there")
	root.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	root.AddCommand(checkCommand(), testCommand(), exportCommand(), watchCommand(), doctorCommand())
	return root
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return failure.Usagef("unknown command or argument %q; see keygan-train --help", args[0])
	}
	return nil
}

// oneRun accepts one argument, the folder of a run.
func oneRun(example string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return failure.Usagef("%s takes one run folder, as in: %s %s", c.Name(), c.CommandPath(), example)
		}
		return nil
	}
}

func (f *flags) addConfig(c *cobra.Command) {
	c.Flags().StringVarP(&f.config, "config", "c", "", "the experiment, a YAML file")
	c.Flags().StringArrayVar(&f.set, "set", nil, "override one key of the experiment, as in train.batch=8 (repeatable)")
}

func (f *flags) read() (config.Config, error) {
	if f.config == "" {
		return config.Config{}, failure.Usagef("no experiment given: use -c CONFIG, as in -c configs/demo.yaml")
	}
	c, err := config.Read(f.config, f.set...)
	if err != nil {
		return c, &failure.UsageError{Err: err}
	}
	return c, nil
}

func (f *flags) train(ctx context.Context) error {
	c, err := f.read()
	if err != nil {
		return err
	}
	if f.resume && f.force {
		return failure.Usagef("--resume and --force cannot be combined")
	}
	if f.dryRun {
		return results(func(w io.Writer) error { return train.Plan(c, w) })
	}
	err = train.Run(ctx, c, f.options())
	switch {
	case errors.Is(err, train.ErrInterrupted):
		fmt.Fprintf(os.Stderr, "stopped and saved; go on with: keygan-train -c %s%s --resume\n", cli.ShellWord(f.config), f.setArgs())
		return nil
	case errors.Is(err, train.ErrFinished):
		fmt.Fprintf(os.Stderr, "%v; train.epochs or train.steps can be raised\n", err)
		return nil
	case err != nil:
		return err
	}
	return results(func(w io.Writer) error { _, err := fmt.Fprintln(w, c.GeneratorPath()); return err })
}

// options say where progress goes, and what is to become of a run that is there.
func (f *flags) options() train.Options {
	o := train.Options{Resume: f.resume, Force: f.force}
	if !f.quiet {
		o.Log, o.Terminal = os.Stderr, cli.IsTerminal(os.Stderr)
	}
	return o
}

// results writes to standard output. What cannot be printed is a failure.
func results(write func(io.Writer) error) error {
	w := bufio.NewWriter(os.Stdout)
	err := write(w)
	if flushed := w.Flush(); flushed != nil {
		err = errors.Join(err, fmt.Errorf("standard output: %v", fileerr.Reason(flushed))) // not for the hints on a run's disk
	}
	return err
}

func (f *flags) setArgs() string {
	var b strings.Builder
	for _, s := range f.set {
		b.WriteString(" --set " + cli.ShellWord(s))
	}
	return b.String()
}

func checkCommand() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "check -c CONFIG",
		Short: "Say what the data sets hold and what is wrong in them",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.read()
			if err != nil {
				return err
			}
			o := f.options()
			return results(func(w io.Writer) error {
				return check.Report(cmd.Context(), c, runlog.NewConsole(o.Log, o.Terminal), w)
			})
		},
	}
	f.addConfig(c)
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	return c
}

func exportCommand() *cobra.Command {
	var out string
	var force bool
	c := &cobra.Command{
		Use:   "export RUN [-o generator.npz]",
		Short: "Write the generator of a run's newest checkpoint",
		Args:  oneRun("runs/demo"),
		RunE: func(_ *cobra.Command, args []string) error {
			step, err := train.Export(args[0], out, force)
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "the generator of step %d\n", step)
			return results(func(w io.Writer) error { _, err := fmt.Fprintln(w, out); return err })
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "generator.npz", "the file to write")
	c.Flags().BoolVar(&force, "force", false, "replace an existing file")
	return c
}
