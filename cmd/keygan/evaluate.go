package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"keygan/data/atomicfile"
	"keygan/evaluate"
	"keygan/infer"

	"github.com/spf13/cobra"
)

type evaluation struct {
	app                  *app
	config, out, weights string
	quick, asJSON, force bool
}

// With --quick an evaluation takes at most so many images and one-bit changes of each source.
const quickImages, quickChanges = 1, 4

func (a *app) evaluateCommand() *cobra.Command {
	e := evaluation{app: a}
	c := &cobra.Command{
		Use:   "evaluate -c CONFIG -o DIR [-w generator.npz] [--quick]",
		Short: "Measure the schemes and write the result tables",
		Long: `Measure the schemes on the images that the evaluate: section of CONFIG names, and write results.md, results.csv,
results.json and pictures into DIR. A summary goes to standard output, too.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.run(cmd) },
	}
	c.Flags().StringVarP(&e.config, "config", "c", "", "a YAML file with an evaluate: section")
	c.Flags().StringVarP(&e.out, "output", "o", "", "the folder to write to")
	c.Flags().StringVarP(&e.weights, "weights", "w", "", "the generator; default: the one that CONFIG names, else the one built in")
	c.Flags().BoolVar(&e.quick, "quick", false, fmt.Sprintf("at most %d image and %d one-bit changes of each source", quickImages, quickChanges))
	c.Flags().BoolVar(&e.asJSON, "json", false, "print results.json, not the summary")
	addForce(c, &e.force)
	return c
}

func (e *evaluation) run(cmd *cobra.Command) error {
	cfg, model, err := e.prepare()
	if err != nil {
		return err
	}
	if e.quick {
		cfg.Images, cfg.Changes = min(cfg.Images, quickImages), min(cfg.Changes, quickChanges)
	}
	p := e.app.newProgress("evaluate", 1)
	// Run heeds an interrupt and writes at its end only; it is waited for.
	var report *evaluate.Report
	err = e.app.locked(cmd.Context(), func() (err error) {
		report, err = evaluate.Run(cmd.Context(), cfg, model, e.out, p.set)
		return err
	})
	p.close()
	if err != nil {
		err = fmt.Errorf("evaluate: %w", err)
	}
	if report != nil {
		err = errors.Join(err, e.print(report))
	}
	return err
}

// print writes to standard output what a reader wants first; everything is in the files.
func (e *evaluation) print(report *evaluate.Report) error {
	if e.asJSON {
		return report.WriteJSON(e.app.stdout)
	}
	if err := report.WriteSummary(e.app.stdout); err != nil {
		return err
	}
	_, err := fmt.Fprintf(e.app.stdout, "\nWhat it means, and every value: %s\n", filepath.Join(e.out, "results.md"))
	return err
}

func (e *evaluation) prepare() (evaluate.Config, *infer.Model, error) {
	fail := func(err error) (evaluate.Config, *infer.Model, error) { return evaluate.Config{}, nil, err }
	if e.config == "" {
		return fail(usagef("evaluate: no configuration given: use -c CONFIG, as in -c configs/demo.yaml"))
	}
	if e.out == "" {
		return fail(usageError{errNoOutput})
	}
	cfg, err := evaluate.ReadConfig(e.config)
	if err != nil {
		return fail(usageError{fmt.Errorf("evaluate: %w", err)})
	}
	if !e.force {
		for _, name := range cfg.Outputs() {
			if path := filepath.Join(e.out, name); exists(path) {
				return fail(fmt.Errorf("evaluate: %s: %w", path, atomicfile.ErrExists))
			}
		}
	}
	model, err := loadGenerator(cmp.Or(e.weights, cfg.Generator))
	return cfg, model, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
