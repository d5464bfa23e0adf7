// Command keygan-train trains the network that makes keys from medical images. It needs libtorch; what it exports,
// generator.npz, is used by the command keygan, which does not.
//
//	keygan-train -c configs/demo.yaml                    train, into runs/demo
//	keygan-train -c configs/demo.yaml --resume           continue a run that was stopped
//	keygan-train -c configs/demo.yaml --set train.batch=8
//	keygan-train -c configs/demo.yaml --nproc 2          in two processes of this machine
//	keygan-train check -c configs/demo.yaml              the contents of the data sets, and bad files
//	keygan-train watch runs/demo                         the progress of a run
//	keygan-train test runs/demo                          the networks' results on held-out images
//	keygan-train export runs/demo -o generator.npz       the generator of the newest checkpoint
//	keygan-train reproduce -c configs/reproduce.yaml     systems × seeds, then the tables of a paper
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"keygan/cmd/internal/cli"
	"keygan/data/dataset"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/train"
	"keygan/train/check"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/launch"
	"keygan/train/runlog"
)

func main() {
	p := &cli.Program{Name: "keygan-train", Hint: hintFor, Patient: true, Joined: true}
	os.Exit(p.Main(command()))
}

// hints name the likely fixes.
var hints = []struct {
	of  error
	fix string
}{
	{train.ErrRunExists, "--resume goes on with it, --force trains anew in its place, --set name=... uses another folder"},
	{runlog.ErrInUse, "wait until it has ended, or stop it with Ctrl-C; --set name=... uses another folder"},
	{atomicfile.ErrExists, "--force replaces it"},
	{inputs.ErrUnreadable, "keygan-train check lists all of them; --set data.on_bad_file=skip leaves them out"},
	{dataset.ErrNoImages, "name a folder that holds images; keygan-train check lists what it leaves out of a folder, and why"},
	{inputs.ErrCache, "--set data.cache=off works without a cache, data.cache=FOLDER keeps it elsewhere"},
	{inputs.ErrNoneHeldOut, "--source FOLDER names other images; or set data.held_out, as in 0.1, and train again"},
	{train.ErrOtherConfig, "-c with the run's own config.yaml goes on with it; another configuration needs --set name=... or --force"},
	{train.ErrOtherData, "restore the images it began with, or train again: --set name=... in another folder, --force in its place"},
	{runlog.ErrNoCheckpoint, "--force trains anew in its place"},
	{train.ErrNotJudged, "a run judges keys every train.sample_every epochs, unless that is 0; without --best, export writes the newest generator"},
	{train.ErrAllSkipped, "train again (--force) with a lower optimizer.learning_rate or a longer optimizer.warmup"},
	{train.ErrDiverged, "train again (--force) with a lower optimizer.learning_rate, or skip such steps: --resume --set train.on_nan=skip"},
	{syscall.ENOSPC, "the disk is full; free some space and go on with --resume"},
	{syscall.EDQUOT, "your share of the disk is used up; free some space and go on with --resume"},
	{syscall.EFBIG, "the size of files is limited here (ulimit -f); go on with --resume where it is not"},
	{train.ErrNotBegun, "--set output=FOLDER keeps runs elsewhere"},
}

func hintFor(err error) string {
	for _, h := range hints {
		if errors.Is(err, h.of) {
			if errors.Is(err, train.ErrNotBegun) { // nothing to resume
				return strings.Replace(h.fix, "go on with --resume", "give the same command again", 1)
			}
			return h.fix
		}
	}
	if text := err.Error(); strings.Contains(text, "allocate memory") || strings.Contains(text, "out of memory") { // libtorch's, on CPU and GPU
		return "a smaller train.batch needs less memory, and a larger train.accumulate makes up for it; --dry-run estimates what a run needs"
	}
	if strings.Contains(err.Error(), "device:") {
		return "make doctor shows what this machine and this libtorch offer; device: cpu always works"
	}
	return ""
}

// flags are those of the root command. Subcommands use some of them.
type flags struct {
	config         string
	set            []string
	resume, dryRun bool
	nproc          int
	force, quiet   bool
}

func command() *cobra.Command {
	var f flags
	root := &cobra.Command{
		Use:   "keygan-train -c CONFIG",
		Short: "Train the network that makes keys from medical images",
		Args:  cli.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.train(cmd.Context()) },
	}
	f.addConfig(root)
	root.Flags().BoolVar(&f.resume, "resume", false, "continue from the newest checkpoint")
	root.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the resolved configuration and the time and memory that a run needs, and stop")
	root.Flags().BoolVar(&f.force, "force", false, "replace an existing run")
	root.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "show no progress; warnings remain")
	root.Flags().IntVar(&f.nproc, "nproc", 0, "train in this many processes, which divide each batch among them")
	root.AddCommand(checkCommand(), testCommand(), exportCommand(), watchCommand(), reproduceCommand(), doctorCommand())
	return root
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
	o := f.options()
	if o.Part, err = launch.FromEnvironment(os.Getenv); err != nil {
		return &failure.UsageError{Err: err}
	}
	switch {
	case f.nproc > 0 && !o.Part.Alone():
		return failure.Usagef("--nproc starts processes, but a launcher has already started this one as one of %d", o.Part.World)
	case f.dryRun && o.Part.Rank > 0:
		return nil
	case f.dryRun:
		return f.withDataHint(results(func(w io.Writer) error { return train.Plan(c, w) }))
	case f.nproc > 1:
		return f.launch(ctx, c)
	}
	o.Abort = func(err error) {
		fmt.Fprintf(os.Stderr, "keygan-train: %s\n", cli.Shown(err.Error()))
		os.Exit(1)
	}
	waitPassively(ctx, c)
	err = train.Run(ctx, c, o)
	switch {
	case errors.Is(err, train.ErrInterrupted) && o.Part.World > 1:
		return failure.Hint(err, "give the same command again, with --resume, to go on in as many processes")
	case errors.Is(err, train.ErrInterrupted):
		return failure.Hint(err, fmt.Sprintf("go on with: keygan-train -c %s%s --resume", cli.ShellWord(f.config), f.setArgs()))
	case errors.Is(err, train.ErrFinished) && !failure.IsTold(err):
		fmt.Fprintf(os.Stderr, "%v; train.epochs or train.steps can be raised\n", err)
		return nil
	case errors.Is(err, train.ErrFinished):
		return nil
	case err != nil:
		return f.withDataHint(err)
	case o.Part.Rank > 0:
		return nil
	}
	return results(func(w io.Writer) error { _, err := fmt.Fprintln(w, c.GeneratorPath()); return err })
}

func (f *flags) options() train.Options {
	return train.Options{Resume: f.resume, Force: f.force, Log: os.Stderr, Terminal: cli.IsTerminal(os.Stderr), Quiet: f.quiet}
}

// results writes to standard output and reports what cannot be printed.
func results(write func(io.Writer) error) error {
	w := bufio.NewWriter(os.Stdout)
	err := write(w)
	if flushed := w.Flush(); flushed != nil {
		err = errors.Join(err, fmt.Errorf("standard output: %v", fileerr.Reason(flushed))) // %v: the hint about full disks is for runs
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
		Short: "Show what the data sets hold and list the files that cannot be used",
		Args:  cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.read()
			if err != nil {
				return err
			}
			return f.withDataHint(results(func(w io.Writer) error { return check.Report(cmd.Context(), c, f.options().Console(), w) }))
		},
	}
	f.addConfig(c)
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "show no progress; warnings remain")
	return c
}

func exportCommand() *cobra.Command {
	var out, best string
	var force bool
	measures := strings.Join(train.BestMeasures(), "|")
	c := &cobra.Command{
		Use:   "export RUN [-o generator.npz] [--best " + measures + "]",
		Short: "Write the generator of a run's newest checkpoint, or of the one with the best keys",
		Args:  cli.OneArg("run folder"),
		RunE: func(_ *cobra.Command, args []string) error {
			if best != "" && !slices.Contains(train.BestMeasures(), best) {
				return failure.Usagef("--best %s: it must be one of %s", best, measures)
			}
			step, keys, err := train.Export(args[0], out, best, force)
			if err != nil {
				return withRunsHint(args[0], err)
			}
			if keys != "" {
				keys = ", the best by " + best + ": " + keys
			}
			fmt.Fprintf(os.Stderr, "the generator of step %d%s\n", step, keys)
			return results(func(w io.Writer) error { _, err := fmt.Fprintln(w, out); return err })
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "generator.npz", "the file to write")
	c.Flags().StringVar(&best, "best", "", "the checkpoint whose keys were the best by "+measures)
	c.Flags().BoolVar(&force, "force", false, "replace an existing file")
	return c
}
