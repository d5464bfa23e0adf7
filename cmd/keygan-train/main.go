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
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"keygan/internal/atomicfile"
	"keygan/train"
	"keygan/train/check"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/runlog"
	"keygan/train/watch"
)

func main() { os.Exit(run()) }

// usageError is a mistake on the command line or in the configuration, which ends with exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func run() int {
	// The first signal lets the step under way finish; a second one ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	err := command().ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "keygan-train: %s\n", oneLine(err))
	if hint := hintFor(err); hint != "" {
		fmt.Fprintf(os.Stderr, "hint: %s\n", hint)
	}
	if usage := (usageError{}); errors.As(err, &usage) {
		return 2
	}
	return 1
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

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
		Use:           "keygan-train -c CONFIG",
		Short:         "Train the network that makes keys from medical images",
		Args:          noArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return f.train(cmd.Context()) },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
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
		return usageError{fmt.Errorf("unknown command or argument %q; see keygan-train --help", args[0])}
	}
	return nil
}

func (f *flags) addConfig(c *cobra.Command) {
	c.Flags().StringVarP(&f.config, "config", "c", "", "the experiment, a YAML file")
	c.Flags().StringArrayVar(&f.set, "set", nil, "override one key of the experiment, as in train.batch=8 (repeatable)")
}

func (f *flags) read() (config.Config, error) {
	if f.config == "" {
		return config.Config{}, usageError{errors.New("no experiment given: use -c CONFIG, as in -c configs/demo.yaml")}
	}
	c, err := config.Read(f.config, f.set...)
	if err != nil {
		return c, usageError{err}
	}
	return c, nil
}

func (f *flags) train(ctx context.Context) error {
	c, err := f.read()
	if err != nil {
		return err
	}
	if f.resume && f.force {
		return usageError{errors.New("--resume and --force exclude each other")}
	}
	if f.dryRun {
		return results(func(w io.Writer) error { return train.Plan(c, w) })
	}
	err = train.Run(ctx, c, f.options())
	switch {
	case errors.Is(err, train.ErrInterrupted):
		fmt.Fprintf(os.Stderr, "stopped and saved; go on with: keygan-train -c %s%s --resume\n", shellWord(f.config), f.setArgs())
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
		_, err := unix.IoctlGetTermios(int(os.Stderr.Fd()), unix.TCGETS)
		o.Log, o.Terminal = os.Stderr, err == nil
	}
	return o
}

// results writes to standard output. What cannot be printed is a failure, too.
func results(write func(io.Writer) error) error {
	w := bufio.NewWriter(os.Stdout)
	err := write(w)
	var pe *fs.PathError
	if flushed := w.Flush(); errors.As(flushed, &pe) {
		err = errors.Join(err, fmt.Errorf("standard output: %v", pe.Err)) // not for the hints on a run's disk
	}
	return err
}

func (f *flags) setArgs() string {
	var b strings.Builder
	for _, s := range f.set {
		b.WriteString(" --set " + shellWord(s))
	}
	return b.String()
}

// shellWord quotes s for a shell where it must be.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_./=+:,@%", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
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
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("export takes one run folder, as in: keygan-train export runs/demo")}
			}
			return nil
		},
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
