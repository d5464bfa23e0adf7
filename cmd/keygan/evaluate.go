package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"keygan/evaluate"
	"keygan/evaluate/experiment"
	"keygan/evaluate/report"
	"keygan/infer/statedict"

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
		Long: `Measure the schemes on the images that the evaluate: section of CONFIG names, and write results.md, .csv and .json,
a report and pictures into DIR. A summary goes to standard output, too.

-w names a generator: a file of weights, the folder of a training run, or built-in for the one inside the program. With
NAME= it stands beside those that CONFIG names, or in the place of the one called NAME; without, it is the only one. A run's
folder gives the training curves, too, and the second network of a chaos GAN, which the scheme chaos-gan takes:

  keygan evaluate -c configs/paper-demo.yaml -o results -w chaos-gan=runs/chaos-gan-small

Images and generators that cannot be read are named and left out; the rest is measured, and the exit code is 1.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd) },
	}
	c.Flags().StringVarP(&e.config, "config", "c", "", "a YAML file with an evaluate: section")
	c.Flags().StringVarP(&e.out, "output", "o", "", "the folder to write to")
	c.Flags().StringArrayVarP(&e.weights, "weights", "w", nil, "a generator, `[NAME=]PATH`; may be repeated; default: those that CONFIG names, else the one built in")
	c.Flags().BoolVar(&e.quick, "quick", false, "one image, a few one-bit changes and short bit sequences of each source: too few to rest on")
	c.Flags().BoolVar(&e.asJSON, "json", false, "print results.json, not the summary")
	addForce(c, &e.force)
	return c
}

func (e *evaluation) run(cmd *cobra.Command) error {
	cfg, err := e.prepare()
	if err != nil {
		return err
	}
	p := e.app.newProgress("evaluate", permille)
	options := evaluate.Options{Overwrite: e.force, Command: commandLine(os.Args), Progress: func(s experiment.Progress) { p.set(int(s.Share*permille), permille, withTimeLeft(s)) }}
	// Run heeds an interrupt and writes at its end only; it is waited for.
	var made *report.Report
	err = e.app.locked(cmd.Context(), func() (err error) {
		made, err = evaluate.Run(cmd.Context(), cfg, e.out, options)
		return err
	})
	p.close()
	if err != nil {
		err = fmt.Errorf("evaluate: %w", err)
	}
	if errors.Is(err, experiment.ErrGenerator) {
		err = hinted{err, weightsHint(unread(made))}
	}
	if made != nil {
		err = errors.Join(err, e.print(made))
	}
	return err
}

// unread is the file of the first generator that could not be read, where a PyTorch file comes before others: its hint says most.
func unread(r *report.Report) string {
	var first string
	for _, g := range r.Generators {
		if g.Missing != "" && (first == "" || statedict.IsFile(g.File)) {
			first = g.File
		}
	}
	return first
}

// permille is the whole of an evaluation on its bar.
const permille = 1000

// withTimeLeft is what is being done and about how long all will take.
func withTimeLeft(s experiment.Progress) string {
	if s.Left < time.Second || s.Share < 0.02 {
		return s.What
	}
	return fmt.Sprintf("%s (about %s left)", s.What, s.Left.Round(time.Second))
}

// commandLine is a command as it can be given to a shell again.
func commandLine(args []string) string {
	var out []string
	for i, a := range args {
		if i == 0 {
			a = filepath.Base(a)
		}
		if a == "" || strings.ContainsAny(a, " \t\n'\"\\$`*?;&|<>()[]{}~#!") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		out = append(out, a)
	}
	return strings.Join(out, " ")
}

// print writes to standard output what a reader wants first; everything is in the files.
func (e *evaluation) print(r *report.Report) error {
	if e.asJSON {
		return r.WriteJSON(e.app.stdout)
	}
	if err := r.WriteSummary(e.app.stdout); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.app.stdout, "What it means, and every value: %s\n", filepath.Join(e.out, "results.md"))
	return err
}

func (e *evaluation) prepare() (cfg experiment.Config, err error) {
	if e.config == "" {
		return cfg, usagef("evaluate: no configuration given: use -c CONFIG, as in -c configs/demo.yaml")
	}
	if e.out == "" {
		return cfg, usageError{errNoOutput}
	}
	if cfg, err = experiment.ReadConfig(e.config); err != nil {
		return cfg, usageError{fmt.Errorf("evaluate: %w", err)}
	}
	var unnamed, named []experiment.Generator
	for _, w := range e.weights {
		g, err := experiment.ParseGenerator(w)
		if err != nil {
			return cfg, usageError{fmt.Errorf("evaluate: %w", err)}
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
		return cfg, usageError{fmt.Errorf("evaluate: %s: %w", e.config, err)}
	}
	return cfg, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
