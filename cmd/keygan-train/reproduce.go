package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"keygan/cmd/internal/cli"
	torch "keygan/gotorch"
	"keygan/internal/failure"
	"keygan/train"
	"keygan/train/config"
	"keygan/train/reproduce"
)

func reproduceCommand() *cobra.Command {
	var path string
	var seeds []uint
	var o reproduce.Options
	c := &cobra.Command{
		Use:   "reproduce -c CONFIG [-o FOLDER]",
		Short: "Train several systems with several seeds, and make the tables of a paper",
		Long: `Train each system (row) that CONFIG names with each seed, measure all of them, and put the results of the seeds together:
FOLDER/reproduced.md, .csv and .json. A ledger in FOLDER says how each training stands. The same command goes on where it was stopped
or killed; what failed is tried again. Started several times, on one machine or on several that share FOLDER, the processes take
different trainings, and the last one makes the report.

  keygan-train reproduce -c configs/reproduce-small.yaml --dry-run`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if path == "" {
				return failure.Usagef("no configuration given: use -c CONFIG, as in -c configs/reproduce-small.yaml")
			}
			if o.Jobs < 0 {
				return failure.Usagef("--jobs %d: it must be 0 or more", o.Jobs)
			}
			tables, err := reproduce.Read(path)
			if err != nil {
				return &failure.UsageError{Err: err}
			}
			for _, seed := range seeds {
				o.Seeds = append(o.Seeds, uint64(seed))
			}
			return (&flags{config: path}).withDataHint(runReproduce(cmd.Context(), tables, o))
		},
	}
	c.Flags().StringVarP(&path, "config", "c", "", "the systems, the seeds and how to measure them, a YAML file")
	c.Flags().StringVarP(&o.Folder, "output", "o", "", "the folder to work in, instead of the one that CONFIG names")
	c.Flags().StringSliceVar(&o.Rows, "rows", nil, "only these systems, as in GAN,WGAN-GP")
	c.Flags().UintSliceVar(&seeds, "seeds", nil, "only these seeds, as in 1,2")
	c.Flags().IntVar(&o.Jobs, "jobs", 0, "trainings side by side; 0: as many as the cores or the GPUs allow")
	c.Flags().BoolVar(&o.DryRun, "dry-run", false, "print what there is to do, with the time, memory and disk that it needs, and stop")
	c.Flags().BoolVar(&o.OnlyEvaluate, "only-evaluate", false, "train nothing; measure what is trained, and make the report")
	c.Flags().BoolVarP(&o.Quiet, "quiet", "q", false, "show no progress; warnings remain")
	return c
}

func runReproduce(ctx context.Context, tables reproduce.Config, o reproduce.Options) (err error) {
	if o.Program, err = os.Executable(); err != nil {
		return err
	}
	o.Log = os.Stderr
	if o.DryRun {
		o.Log, o.Quiet = os.Stdout, false
	}
	o.GPUs = torch.CUDADeviceCount()
	o.Weights = train.ExportStep
	o.Cost = func(ctx context.Context, c config.Config) (reproduce.Cost, error) {
		cost, err := train.CostOf(ctx, c)
		return reproduce.Cost(cost), err
	}
	made, err := reproduce.Run(ctx, tables, o)
	if errors.Is(err, reproduce.ErrElsewhere) {
		fmt.Fprintf(os.Stderr, "keygan-train: %s\nhint: %s\n", cli.Shown(err.Error()), failure.HintOf(err))
		return nil
	}
	if errors.Is(err, reproduce.ErrInterrupted) {
		err = failure.Hint(err, "give the same command again to go on")
	}
	if failed := (*reproduce.FailedError)(nil); errors.As(err, &failed) {
		err = &cli.Failures{Errs: failed.Errs, Inputs: failed.Of}
	}
	if made != "" {
		err = errors.Join(results(func(w io.Writer) error { _, err := fmt.Fprintln(w, made); return err }), err)
	}
	return err
}
