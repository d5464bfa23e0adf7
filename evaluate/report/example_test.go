package report_test

import (
	"fmt"
	"os"
	"time"

	"keygan/evaluate/experiment"
	"keygan/evaluate/report"
)

// A report is made of an experiment's results, here of a single row.
func Example() {
	entropy, floor := 7.2, 7.99
	xor := experiment.System{Scheme: "xor", Generator: "net"}
	results := &experiment.Results{
		Sources: []experiment.SourceInfo{{Name: "mri"}}, Systems: []experiment.SystemInfo{{System: xor}},
		Rows: []experiment.Row{{
			Source: "mri", Scheme: "xor", Generator: "net", Metric: experiment.IDEntropy, Name: "entropy", Unit: "bits",
			Measured: &entropy, Low: &floor, N: 1, Missed: 1, Verdict: experiment.Fail, Digits: 5, Brief: 4,
		}},
	}
	r, err := report.New(results, "keygan evaluate", time.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := r.WriteCSV(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// source,scheme,generator,metric,definition,unit,measured,sd,n,expected,threshold_low,threshold_high,missed,verdict,published,note,mean_low,mean_high,detects
	// mri,xor,net,entropy,,bits,7.2,,1,,7.99,,1,fail,not published,,,,
}
