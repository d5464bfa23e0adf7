package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"keygan/data/imagefile"
	"keygan/evaluate/sp80022"

	"github.com/spf13/cobra"
)

// maxBits bounds a sequence: the tests take about 8 bytes of memory a bit.
const maxBits = 1 << 28

// maxBytes bounds a regular file, which is read as a whole because it may be an image.
const maxBytes = 1 << 31

func (a *app) randomnessCommand() *cobra.Command {
	var n int
	var asJSON bool
	c := &cobra.Command{
		Use:   "randomness FILE... [--bits N] [--json]",
		Short: "Test a file's bits for randomness: the 15 tests of NIST SP 800-22",
		Long: `Test for randomness by the 15 tests of NIST SP 800-22 rev. 1a, with the parameters of NIST's program: of an image file the
samples (row by row, the high byte of 16 bits first), of any other file the bytes, each from its highest bit down. A file
is an image when its content is. What a file is too short for is skipped, with the reason; a million bits are enough for all,
but the excursions, which not every sequence is fit for.

A p-value below 0.01 is evidence against randomness. A test with several p-values passes while the smallest is at least
0.01 divided by their number: a test fails about one of 100 random files. A verdict on one file says little, and no
verdict changes the exit code. After 55 files or more, of one length, comes the standard's assessment over many sequences:
for each p-value the share of files that have at least 0.01, which should lie inside the interval, and the uniformity of
the p-values, which should be 0.0001 or more. Of the 148 templates a few lie outside by chance.

The tests are made for about a million bits. Of far longer files --bits takes the beginning; from 10⁸ bits on the
approximations in NIST's OverlappingTemplate fail random files, too.

--json prints {"file", "bits", "tests": [{"name", "p_values", "skipped"}]} for one file, for more an array of these, without the
assessment. The names and the order are those of NIST's program. "p_values" is empty where "skipped" says why, and "skipped" is
empty elsewhere.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("randomness takes at least one file, as in: keygan randomness scan.key.png")
			}
			if c.Flags().Changed("bits") && (n < 1 || n > maxBits) {
				return usagef("--bits %d: it must be 1 to %d", n, maxBits)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return a.randomness(c.Context(), args, n, asJSON) },
	}
	c.Flags().IntVar(&n, "bits", 0, "test only the first `N` bits of each file (default all)")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// tested is what the tests say of one file.
type tested struct {
	File  string           `json:"file"`
	Bits  int              `json:"bits"`
	Tests []sp80022.Result `json:"tests"`
	what  string           // the bits are
}

// randomness tests each file and goes on after one that cannot be read.
func (a *app) randomness(ctx context.Context, files []string, n int, asJSON bool) error {
	all := []tested{}
	failed := &failures{what: "randomness", inputs: len(files)}
	p := a.newProgress("randomness", len(files))
	for i, file := range files {
		if ctx.Err() != nil {
			return errInterrupted
		}
		b, what, err := readBits(file, n)
		if err != nil {
			failed.errs = append(failed.errs, fmt.Errorf("randomness: %w", err))
			continue
		}
		t := tested{file, b.Len(), sp80022.Run(b), what}
		all = append(all, t)
		p.set(i+1, len(files), "randomness")
		if !asJSON {
			p.interrupted(func() { t.print(a.stdout) })
		}
	}
	p.close()
	err := error(nil)
	switch {
	case asJSON && len(files) > 1:
		err = writeJSON(a.stdout, all)
	case asJSON && len(all) == 1:
		err = writeJSON(a.stdout, all[0])
	case len(all) >= sp80022.FewestSequences:
		printAssessment(a.stdout, all)
	}
	if len(failed.errs) > 0 {
		return failed
	}
	return err
}

// readBits reads the first n bits of a file, all when n is 0, and says what they are.
func readBits(path string, n int) (*sp80022.Bits, string, error) {
	p, what, err := readSamples(path, n)
	if err != nil {
		return nil, "", err
	}
	have := 8 * len(p)
	switch {
	case have == 0:
		return nil, "", fmt.Errorf("%s: is empty: there are no bits to test", path)
	case have < n:
		return nil, "", fmt.Errorf("%s: has %d bits, fewer than --bits %d", path, have, n)
	case n == 0 && have > maxBits:
		return nil, "", hinted{
			fmt.Errorf("%s: more bits than can be tested at once (%d)", path, maxBits), "--bits 1000000 tests the first million",
		}
	case n == 0:
		n = have
	}
	return sp80022.FromBytes(p[:(n+7)/8]).Prefix(n), what, nil
}

// readSamples is the samples of an image file and the bytes of any other. A file that has the name of an image but is none is
// an error: its bytes are not what was meant. Of a device or a pipe no more is read than n bits, or than can be tested.
func readSamples(path string, n int) (p []byte, what string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", named(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, "", named(path, err)
	}
	limit := int64(maxBytes)
	switch {
	case info.IsDir():
		return nil, "", fmt.Errorf("%s: is a folder", path)
	case !info.Mode().IsRegular() && n > 0:
		limit = int64(n+7) / 8
	case !info.Mode().IsRegular():
		limit = maxBits/8 + 1
	case info.Size() > limit:
		return nil, "", fmt.Errorf("%s: %d bytes, more than can be read (%d)", path, info.Size(), limit)
	}
	p, err = io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, "", named(path, err)
	}
	m, err := imagefile.Decode(p)
	switch {
	case err == nil:
		return m.Pix, "samples of an image, " + m.String(), nil
	case len(p) > 0 && imagefile.ImageName(path):
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return p, "bytes", nil
}

func (t tested) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %d bits (%s)\n", shown(t.File), t.Bits, t.what)
	fmt.Fprintf(w, "  %-24s %8s %10s %8s  %s\n", "test", "p-values", "smallest", "≥ 0.01", "verdict")
	passed, skipped := 0, 0
	for _, r := range t.Tests {
		if r.Skipped != "" {
			skipped++
			fmt.Fprintf(w, "  %-24s skipped: %s\n", r.Name, r.Skipped)
			continue
		}
		verdict := "fail"
		if r.Passed() {
			verdict = "pass"
			passed++
		}
		fmt.Fprintf(w, "  %-24s %8d %10.6f %8d  %s\n", r.Name, len(r.PValues), r.Smallest(), r.Passing(), verdict)
	}
	fmt.Fprintf(w, "  %d passed, %d failed, %d skipped\n", passed, len(t.Tests)-passed-skipped, skipped)
}

// printAssessment prints a line a test: of its p-values the lowest share and the lowest uniformity, and how many are as they
// should be.
func printAssessment(w io.Writer, all []tested) {
	fmt.Fprintf(w, "all %d files\n", len(all))
	if slices.ContainsFunc(all, func(t tested) bool { return t.Bits != all[0].Bits }) {
		fmt.Fprintln(w, "  not assessed together, as they are of different lengths: --bits N takes the first N bits of each")
		return
	}
	sequences := make([][]sp80022.Result, len(all))
	for i, t := range all {
		sequences[i] = t.Tests
	}
	byTest := map[string][]sp80022.Assessment{}
	for _, s := range sp80022.Assess(sequences) {
		byTest[s.Name] = append(byTest[s.Name], s)
	}
	fmt.Fprintf(w, "  %-24s %5s %12s %17s %10s %10s %10s\n", "test", "files", "lowest share", "interval", "inside", "uniformity", "uniform")
	for _, r := range all[0].Tests {
		list := byTest[r.Name]
		if len(list) == 0 {
			fmt.Fprintf(w, "  %-24s fewer than %d files have a p-value\n", r.Name, sp80022.FewestSequences)
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
		fmt.Fprintf(w, "  %-24s %5d %12.4f %17s %10s %10.6f %10s\n", r.Name, worst.Sequences, worst.Proportion(),
			fmt.Sprintf("%.4f–%.4f", worst.Low, worst.High), of(inside, len(list)), least, of(uniform, len(list)))
	}
}

func of(n, all int) string { return fmt.Sprintf("%d of %d", n, all) }
