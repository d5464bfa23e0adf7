package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"keygan/batch"
	"keygan/cmd/internal/cli"
	"keygan/evaluate/sp80022"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
)

// assessed is what many sequences of the files say together.
type assessed struct {
	Files      []string             `json:"files"`
	Bits       int                  `json:"bits"`
	Sequences  int                  `json:"sequences"`
	Made       map[string]int       `json:"made"`       // sequences that a test applied to
	Assessment []sp80022.Assessment `json:"assessment"` // of the p-values of 55 sequences and more
}

// together prints and writes what is said of all sequences.
func (a *app) together(files []string, all []tested, o randomnessOptions) error {
	sequences := make([][]sp80022.Result, len(all))
	for i, t := range all {
		sequences[i] = t.Tests
	}
	alike := !slices.ContainsFunc(all, func(t tested) bool { return t.Bits != all[0].Bits })
	what := "files"
	if o.sequences > 0 {
		what = "sequences"
	}
	switch many := len(all) >= sp80022.FewestSequences || o.sequences > 0; {
	case len(all) == 0 && (!o.asJSON || len(files) == 1):
		return nil
	case o.asJSON:
		if err := cli.WriteJSON(a.Stdout, asJSON(files, all, sequences, o)); err != nil {
			return err
		}
	case many && !alike:
		fmt.Fprintf(a.Stdout, "all %d files\n  not assessed together, because their lengths differ: --bits N takes the first N bits of each\n", len(all))
	case many:
		printAssessment(a.Stdout, all, sequences, what)
	}
	if o.report == "" || len(all) == 0 {
		return nil
	}
	if !alike {
		return failure.Hint(errors.New("no report, because the lengths of the files differ"), "--bits N takes the first N bits of each")
	}
	return atomicfile.Write(o.report, batch.Public, o.force, func(w io.Writer) error {
		generator := files[0]
		if len(files) > 1 {
			generator = fmt.Sprintf("%d files", len(files))
		}
		return sp80022.WriteReport(w, generator, sequences)
	})
}

// asJSON is one object for the sequences of files, and one for each file otherwise.
func asJSON(files []string, all []tested, sequences [][]sp80022.Result, o randomnessOptions) any {
	switch {
	case o.sequences > 0:
		return assessed{files, o.bits, len(all), made(sequences), append([]sp80022.Assessment{}, sp80022.Assess(sequences)...)}
	case len(files) == 1:
		return all[0]
	}
	return all
}

// made counts the sequences that each test applied to.
func made(sequences [][]sp80022.Result) map[string]int {
	n := map[string]int{}
	for _, results := range sequences {
		for _, r := range results {
			n[r.Name] += min(1, len(r.PValues))
		}
	}
	return n
}

// printAssessment prints for each test the lowest share and the lowest uniformity of its p-values, and how many are as they should be.
func printAssessment(w io.Writer, all []tested, sequences [][]sp80022.Result, what string) {
	fmt.Fprintf(w, "all %d %s\n", len(all), what)
	byTest := map[string][]sp80022.Assessment{}
	for _, s := range sp80022.Assess(sequences) {
		byTest[s.Name] = append(byTest[s.Name], s)
	}
	fmt.Fprintf(w, "  %-24s %9s %12s %17s %10s %10s %10s\n", "test", what, "lowest share", "interval", "inside", "uniformity", "uniform")
	for _, r := range all[0].Tests {
		list := byTest[r.Name]
		if len(list) == 0 {
			fmt.Fprintf(w, "  %-24s %9d have a p-value: fewer than %d\n", r.Name, made(sequences)[r.Name], sp80022.FewestSequences)
			continue
		}
		worst, inside, uniform, least := list[0], 0, 0, 1.0
		for _, s := range list {
			if s.Proportion() < worst.Proportion() {
				worst = s
			}
			if s.ProportionPassed() {
				inside++
			}
			if s.UniformityPassed() {
				uniform++
			}
			least = min(least, s.Uniformity)
		}
		share := func(n int) string { return fmt.Sprintf("%d of %d", n, len(list)) }
		fmt.Fprintf(w, "  %-24s %9d %12.4f %17s %10s %10.6f %10s\n", r.Name, worst.Sequences, worst.Proportion(),
			fmt.Sprintf("%.4f–%.4f", worst.Low, worst.High), share(inside), least, share(uniform))
	}
}
