package sp80022

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"
)

// RunMany makes the 15 tests on n sequences of the given number of bits, a multiple of 8, that follow each other in p, on as many processors as
// Go may use. It calls done, if it is not nil, after each, from several goroutines.
func RunMany(p []byte, n, bits int, done func()) [][]Result {
	results := make([][]Result, n)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range results {
		group.Go(func() error {
			results[i] = Run(FromBytes(p[i*bits/8:][:bits/8]))
			if done != nil {
				done()
			}
			return nil
		})
	}
	group.Wait()
	return results
}

// valuesOf is how many p-values a test has; the others have one.
var valuesOf = map[string]int{
	"CumulativeSums": 2, "NonOverlappingTemplate": len(aperiodic(templateLength)),
	"RandomExcursions": 2 * nearest, "RandomExcursionsVariant": 2 * farthest, "Serial": 2,
}

// WriteReport writes the results of Run for many sequences as NIST's program does in finalAnalysisReport.txt: a line for each of the 188
// p-values with their distribution, its uniformity, and how many sequences pass of those that the test was made on.
//
// As in the program, p-values have six decimals, uniformity compares with a tenth of the sequences rounded down (Assess does not
// round), and the limits for the passing sequences are rounded down. Unlike it, an excursion p-value below 0.0000005 counts as one that fails: the
// program takes it for a test that was not made.
func WriteReport(w io.Writer, generator string, sequences [][]Result) error {
	out := bufio.NewWriter(w)
	line := strings.Repeat("-", 78) + "\n"
	fmt.Fprintf(out, "%sRESULTS FOR THE UNIFORMITY OF P-VALUES AND THE PROPORTION OF PASSING SEQUENCES\n%s   generator is <%s>\n%s"+
		" C1  C2  C3  C4  C5  C6  C7  C8  C9 C10  P-VALUE  PROPORTION  STATISTICAL TEST\n%s", line, line, generator, line, line)
	made := map[string]int{}
	for t, test := range battery {
		for i := range max(1, valuesOf[test.name]) {
			var p []float64
			for _, results := range sequences {
				if values := results[t].PValues; len(values) > 0 {
					p = append(p, math.Round(values[i]*1e6)/1e6)
				}
			}
			made[test.name] = len(p)
			fmt.Fprintln(out, reportLine(assess(test.name, i, p)))
		}
	}
	rule := strings.Repeat("- ", 40) + "-\n"
	fmt.Fprintf(out, "\n\n%sThe minimum pass rate for each statistical test with the exception of the\nrandom excursion (variant) test is %s\n"+
		"The minimum pass rate for the random excursion (variant) test%s\nFor further guidelines construct a probability table using the "+
		"MAPLE program\nprovided in the addendum section of the documentation.\n%s", rule,
		passRate(len(sequences), "approximately = %d for a\nsample size = %d binary sequences.\n", "undefined.\n"),
		passRate(made["RandomExcursions"], "\nis approximately = %d for a sample size = %d binary sequences.\n", " is undefined.\n"), rule)
	return out.Flush()
}

// reportLine is one line of the table, for p-values of any number of sequences.
func reportLine(a Assessment) string {
	var line strings.Builder
	for _, n := range a.Bins {
		fmt.Fprintf(&line, "%3d ", n)
	}
	uniformity, mark := "   ----", " "
	if tenth := a.Sequences / uniformBins; tenth > 0 {
		sum := 0.0
		for _, n := range a.Bins {
			sum += float64((n-tenth)*(n-tenth)) / float64(tenth)
		}
		p := igamc(float64(uniformBins-1)/2, sum/2)
		if uniformity = fmt.Sprintf("%.6f", p); p < UniformAlpha {
			mark = "*"
		}
	}
	fmt.Fprintf(&line, " %-8s %s ", uniformity, mark)
	share, mark := " ------", " "
	if a.Sequences > 0 {
		share = fmt.Sprintf("%4d/%-4d", a.Passed, a.Sequences)
		if least, most := passLimits(a.Sequences); a.Passed < least || a.Passed > most {
			mark = "*"
		}
	}
	fmt.Fprintf(&line, "%-9s %s  %s", share, mark, a.Name)
	return line.String()
}

// passLimits are the least and the largest number of n sequences that should pass.
func passLimits(n int) (least, most int) {
	mean, spread := (1-Alpha)*float64(n), 3*math.Sqrt((1-Alpha)*Alpha*float64(n))
	return int(mean - spread), int(mean + spread)
}

func passRate(n int, defined, undefined string) string {
	if n == 0 {
		return undefined
	}
	least, _ := passLimits(n)
	return fmt.Sprintf(defined, least, n)
}
