package runlog_test

import (
	"fmt"
	"os"

	"keygan/train/runlog"
)

// Two epochs of two steps are logged, and read again as a program would that watches the run.
func Example() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	columns := runlog.Columns{Step: []string{"Generator Loss", "Critic Loss"}}
	logs, err := runlog.OpenLogs(dir, columns, runlog.NewMeans(2), 0, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for step := 1; step <= 4; step++ {
		values := []float64{1 / float64(step), float64(step)}
		if err := logs.AfterStep(runlog.Step{Step: step, Epoch: (step + 1) / 2, EpochDone: step%2 == 0, Values: values}); err != nil {
			fmt.Println(err)
		}
	}
	logs.Close()

	lines, _ := runlog.ReadTail(dir)
	curves, err := runlog.ReadCurves(dir)
	fmt.Println(len(lines), *lines[3].Values["Critic Loss"])
	fmt.Println(curves[1].Name, curves[1].Points, err)
	fmt.Println(runlog.Sparkline([]float64{1, 2, 3, 4, 3, 2}, 40))
	// Output:
	// 4 4
	// Critic Loss [{1 1.5} {2 3.5}] <nil>
	// ▁▃▆█▆▃
}
