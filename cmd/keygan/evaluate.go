package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"keygan/batch"
	"keygan/batch/job"
	"keygan/cmd/internal/cli"
	"keygan/evaluate"
	"keygan/evaluate/experiment"
	"keygan/evaluate/report"
	"keygan/infer/statedict"
	"keygan/internal/failure"

	"github.com/spf13/cobra"
)

type evaluation struct {
	app                  *app
	config, out          string
	weights              []string
	quick, asJSON, force bool
}

func (a *app) evaluateCommand() *cobra.Command {
	e := evaluation{app: a}
	c := &cobra.Command{
		Use:   "evaluate -c CONFIG -o DIR [-w [NAME=]PATH]... [--quick]",
		Short: "Measure the schemes and write the result tables",
		Long: `Measure the schemes on the images that the evaluate: section of CONFIG names. DIR gets results.md, .csv and .json, a report
and pictures. A summary goes to standard output.

  keygan evaluate -c configs/demo.yaml -o results

-w names a generator: a file of weights, the folder of a training run, or built-in for the one inside the program. Without NAME= it
is the only generator. With NAME= it stands beside those that CONFIG names, or replaces the one called NAME. A run's folder also gives
the training curves, and the second network of a chaos GAN, which the scheme chaos-gan takes:

  keygan evaluate -c configs/paper-demo.yaml -o results -w chaos-gan=runs/chaos-gan-small

Images and generators that cannot be read are named and left out. The rest is measured, and the exit code is 1.`,
		Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd) },
	}
	c.Flags().StringVarP(&e.config, "config", "c", "", "a YAML file with an evaluate: section")
	c.Flags().StringVarP(&e.out, "output", "o", "", "the folder to write to")
	c.Flags().StringArrayVarP(&e.weights, "weights", "w", nil,
		"a generator, `[NAME=]PATH`; may be repeated; default: those that CONFIG names, else the one built in")
	c.Flags().BoolVar(&e.quick, "quick", false,
		"measure one image, with a few one-bit changes and short bit sequences: too little to rely on")
	c.Flags().BoolVar(&e.asJSON, "json", false, "print results.json, not the summary")
	cli.AddForce(c, &e.force)
	return c
}

func (e *evaluation) run(cmd *cobra.Command) error {
	cfg, err := e.configuration()
	if err != nil {
		return err
	}
	const permille = 1000 // the length of the bar
	p := e.app.NewProgress("evaluate", permille)
	o := evaluate.Options{Overwrite: e.force, Command: commandLine(os.Args), Progress: func(s experiment.Progress) {
		p.Set(int(s.Share*permille), permille, withTimeLeft(s), "", 0)
	}}
	// Run heeds an interrupt and writes at its end only; it is waited for.
	var made *report.Report
	err = e.app.Guard(cmd.Context(), func() (err error) {
		made, err = evaluate.Run(cmd.Context(), cfg, e.out, o)
		return err
	})
	p.Close()
	if errors.Is(err, experiment.ErrGenerator) {
		err = failure.Hint(err, batch.WeightsHint(firstUnread(made)))
	}
	if made != nil {
		err = errors.Join(err, e.print(made))
	}
	return err
}

// configuration reads the configuration and the flags.
func (e *evaluation) configuration() (cfg experiment.Config, err error) {
	if e.config == "" {
		return cfg, failure.Usagef("no configuration given: use -c CONFIG, as in -c configs/demo.yaml")
	}
	if e.out == "" {
		return cfg, job.ErrNoOutput
	}
	if cfg, err = experiment.ReadConfig(e.config); err != nil {
		return cfg, &failure.UsageError{Err: err}
	}
	var unnamed, named []experiment.Generator
	for _, w := range e.weights {
		g, err := experiment.ParseGenerator(w)
		if err != nil {
			return cfg, &failure.UsageError{Err: err}
		}
		if strings.HasPrefix(w, g.Name+"=") {
			named = append(named, g)
		} else {
			unnamed = append(unnamed, g)
		}
	}
	if len(unnamed) > 0 {
		cfg.Generators = unnamed
	}
	for _, g := range named {
		cfg = cfg.WithGenerator(g)
	}
	if e.quick {
		cfg = cfg.Quickened()
	}
	if err := cfg.Validate(); err != nil {
		return cfg, failure.Usagef("%s: %w", e.config, err)
	}
	return cfg, nil
}

// print writes to standard output what a reader wants first; everything is in the files.
func (e *evaluation) print(r *report.Report) error {
	if e.asJSON {
		return r.WriteJSON(e.app.Stdout)
	}
	_, err := fmt.Fprintf(e.app.Stdout, "%sWhat it means, and every value: %s\n", r.Summary(), filepath.Join(e.out, "results.md"))
	return err
}

// firstUnread returns the file of a generator that could not be read: a PyTorch file if there is one, as its hint says most.
func firstUnread(r *report.Report) (first string) {
	for _, g := range r.Generators {
		if g.Missing != "" && (first == "" || statedict.IsFile(g.File)) {
			first = g.File
		}
	}
	return first
}

// withTimeLeft says what is being done and about how long everything will take.
func withTimeLeft(s experiment.Progress) string {
	if s.Left < time.Second || s.Share < 0.02 {
		return s.What
	}
	return fmt.Sprintf("%s (about %s left)", s.What, s.Left.Round(time.Second))
}

// commandLine returns a command as it can be given to a shell again.
func commandLine(args []string) string {
	words := []string{cli.ShellWord(filepath.Base(args[0]))}
	for _, a := range args[1:] {
		words = append(words, cli.ShellWord(a))
	}
	return strings.Join(words, " ")
}
