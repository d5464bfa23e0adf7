package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync/atomic"

	"keygan/batch/job"
	"keygan/cmd/internal/cli"
	"keygan/data/imagefile"
	"keygan/evaluate/sp80022"
	"keygan/evaluate/sp80090b"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"

	"github.com/spf13/cobra"
)

const (
	maxBits  = 1 << 28 // of a sequence: the tests take about 8 bytes of memory a bit
	maxBytes = 1 << 31 // of a regular file, which is read whole because it may be an image
)

func (a *app) randomnessCommand() *cobra.Command {
	var o randomnessOptions
	c := &cobra.Command{
		Use:   "randomness FILE... [--bits N] [--sequences N] [--report FILE] [--min-entropy] [--json]",
		Short: "Test a file's bits for randomness: the 15 tests of NIST SP 800-22",
		Long: `Test for randomness with the 15 tests of NIST SP 800-22 rev. 1a and the parameters of NIST's program. An image file is
tested by its samples (row by row, the high byte of 16 bits first), any other file by its bytes, each from its highest bit down. The
content decides whether a file is an image. A test is skipped, with the reason, if a file is too short for it. A million bits are enough
for all tests but the excursions, which do not suit every sequence.

  keygan randomness scan.key.png
  keygan randomness stream.bin --bits 1000000

A p-value below 0.01 is evidence against randomness. A test with several p-values passes if the smallest is at least
0.01 divided by their number: one of 100 random files fails a test. A verdict on one file says little, and no verdict changes the exit
code. For 55 files or more of one length, the standard's assessment over many sequences follows: for each p-value the share
of files that have at least 0.01, which should lie inside the interval, and the uniformity of the p-values, which should be 0.0001 or
more. A few of the 148 templates lie outside by chance.

--sequences N takes N sequences of --bits bits from each file, one after the other, and prints only the assessment over all of them. NIST
advises 1,000,000 bits and more than 100 sequences. The excursion tests apply to about six of ten random sequences of that length. The
table shows the number of sequences that a test applied to. --report writes the 188 lines of NIST's finalAnalysisReport.txt, with the program's layout and rounding.

  keygan keystream --scheme logistic | keygan randomness /dev/stdin --bits 1000000 --sequences 120 --report report.txt

The tests are made for about a million bits. --bits takes the beginning of a longer file. From 10⁸ bits on, the approximations in
NIST's OverlappingTemplate fail random files as well.

--min-entropy adds the ten estimators of NIST SP 800-90B for data that are not known to be independent. They estimate how many bits of
each sample or byte nobody can guess; the smallest estimate counts. Estimates are made on the samples and on their bits; those on the bits
are multiplied by the bits of a sample. A 16-bit sample counts as two. A million perfect random bytes get about 7.2 of 8 bits, because each
estimate is cautious. keygan refuses fewer than 4096 bytes; the standard wants a million. A million bytes take some seconds.

--json prints {"file", "bits", "tests": [{"name", "p_values", "skipped"}], "min_entropy": {"h_original", "h_bitstring",
"min_entropy", "estimators": {NAME: {"original", "bitstring"}}, …}} for one file, and an array of these for more, without the
assessment. With --sequences it prints {"files", "bits", "sequences", "made": {NAME: SEQUENCES}, "assessment": […]}. The names and the
order are those of NIST's program. "p_values" is empty if "skipped" says why, and "skipped" is empty otherwise.`,
		Args: cli.SomeArgs("file"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.check(c.Flags().Changed); err != nil {
				return err
			}
			return a.randomness(c.Context(), args, o)
		},
	}
	c.Flags().IntVar(&o.bits, "bits", 0, "test only the first `N` bits of each file (default all)")
	c.Flags().IntVar(&o.sequences, "sequences", 0, "test `N` sequences of --bits bits from each file, together")
	c.Flags().StringVar(&o.report, "report", "", "write the assessment to `FILE` in the layout of NIST's program")
	c.Flags().BoolVar(&o.minEntropy, "min-entropy", false, "also estimate the min-entropy, by NIST SP 800-90B")
	c.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	cli.AddForce(c, &o.force)
	return c
}

type randomnessOptions struct {
	bits       int // of each sequence; 0: all of each file
	sequences  int // of each file; 0: the file is one
	minEntropy bool
	report     string
	asJSON     bool
	force      bool
}

func (o randomnessOptions) check(changed func(string) bool) error {
	switch {
	case changed("bits") && (o.bits < 1 || o.bits > maxBits):
		return failure.Usagef("--bits %d: it must be 1 to %d", o.bits, maxBits)
	case !changed("sequences"):
		return nil
	case o.bits == 0 || o.bits%8 != 0:
		return failure.Usagef("--sequences: give --bits as well, a multiple of 8")
	case o.sequences < 1 || int64(o.sequences) > 8*maxBytes/int64(o.bits):
		return failure.Usagef("--sequences %d: it must be 1 to %d for --bits %d", o.sequences, 8*maxBytes/int64(o.bits), o.bits)
	case o.minEntropy:
		return failure.Usagef("--sequences and --min-entropy cannot be combined")
	}
	return nil
}

// tested is what the tests say of one sequence.
type tested struct {
	File       string           `json:"file"`
	Bits       int              `json:"bits"`
	Tests      []sp80022.Result `json:"tests"`
	MinEntropy *sp80090b.Result `json:"min_entropy,omitempty"`
	what       string           // the bits are
}

// randomness tests each file and goes on after one that cannot be read.
func (a *app) randomness(ctx context.Context, files []string, o randomnessOptions) error {
	if o.report != "" && !o.force && job.Exists(o.report) {
		return fmt.Errorf("%s: %w", o.report, atomicfile.ErrExists)
	}
	all := []tested{}
	failed := &cli.Failures{Inputs: len(files)}
	steps := len(files) * max(1, o.sequences)
	progress := a.NewProgress("randomness", steps)
	var done atomic.Int64
	step := func() { progress.Set(int(done.Add(1)), steps, "randomness", "", 0) }
	for _, file := range files {
		if ctx.Err() != nil {
			return failure.ErrInterrupted
		}
		p, n, what, err := readBits(file, o)
		if err != nil {
			failed.Errs = append(failed.Errs, fileerr.Named(file, err))
			continue
		}
		if o.sequences > 0 {
			for _, results := range sp80022.RunMany(p, o.sequences, o.bits, step) {
				all = append(all, tested{File: file, Bits: o.bits, Tests: results})
			}
			continue
		}
		t := tested{File: file, Bits: n, Tests: sp80022.Run(sp80022.FromBytes(p).Prefix(n)), what: what}
		if o.minEntropy {
			if t.MinEntropy, err = sp80090b.Assess(p[:n/8], sp80090b.Options{}); err != nil {
				failed.Errs = append(failed.Errs, fileerr.Named(file, err))
			}
		}
		all = append(all, t)
		step()
		if !o.asJSON {
			progress.Pause()
			t.print(a.Stdout)
		}
	}
	progress.Close()
	if err := a.together(files, all, o); err != nil {
		failed.Errs = append(failed.Errs, err)
	}
	return failed.Or(nil)
}

// readBits reads the bytes that hold the first bits of a file, as many as o says, and says how many bits there are and what they are.
func readBits(path string, o randomnessOptions) (p []byte, bits int, what string, err error) {
	n := o.bits * max(1, o.sequences)
	p, what, err = readSamples(path, n)
	have := 8 * len(p)
	switch {
	case err != nil:
		return nil, 0, "", err
	case have == 0:
		return nil, 0, "", errors.New("is empty: there are no bits to test")
	case have < n && o.sequences > 0:
		return nil, 0, "", fmt.Errorf("has %d bits, which make %d sequences of --bits %d, not --sequences %d", have, have/o.bits, o.bits, o.sequences)
	case have < n:
		return nil, 0, "", fmt.Errorf("has %d bits, fewer than --bits %d", have, n)
	case n == 0 && have > maxBits:
		return nil, 0, "", failure.Hint(fmt.Errorf("more bits than can be tested at once (%d)", maxBits),
			"--bits 1000000 tests the first million")
	case n == 0:
		n = have
	}
	return p[:(n+7)/8], n, what, nil
}

// readSamples is imagefile.SamplesOrBytes of a file. From a device or a pipe it reads n bits, or as many as can be tested.
func readSamples(path string, n int) (p []byte, what string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, "", err
	}
	limit := int64(maxBytes)
	switch {
	case info.IsDir():
		return nil, "", errors.New("is a folder")
	case !info.Mode().IsRegular() && n > 0:
		limit = int64(n+7) / 8
	case !info.Mode().IsRegular():
		limit = maxBits/8 + 1
	case info.Size() > limit:
		return nil, "", fmt.Errorf("%d bytes, more than can be read (%d)", info.Size(), limit)
	}
	if p, err = io.ReadAll(io.LimitReader(f, limit)); err != nil {
		return nil, "", err
	}
	return imagefile.SamplesOrBytes(path, p)
}

func (t tested) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %d bits (%s)\n", cli.Shown(t.File), t.Bits, t.what)
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
	if t.MinEntropy != nil {
		printMinEntropy(w, t.MinEntropy)
	}
}

// printMinEntropy prints the estimates of the literal string in bits a symbol, and those of the bit string in bits a bit.
func printMinEntropy(w io.Writer, r *sp80090b.Result) {
	number := func(v float64) string {
		if math.IsNaN(v) {
			return "–"
		}
		return fmt.Sprintf("%.6f", v)
	}
	fmt.Fprintf(w, "  %-24s %9s %9s\n", "min-entropy", fmt.Sprintf("of %d bits", r.SymbolBits), "of 1 bit")
	for _, e := range r.Estimates {
		line := fmt.Sprintf("  %-24s %9s %9s  %s", e.Name, number(e.Original), number(e.Bitstring), e.Skipped)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	fmt.Fprintf(w, "  %-24s %9s %9s\n", "smallest", number(r.HOriginal), number(r.HBitstring))
	fmt.Fprintf(w, "  %.6f bits of min-entropy in each %d bits\n", r.MinEntropy, r.SymbolBits)
}
