package watch_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"keygan/train/runlog"
	"keygan/train/watch"
)

func ExampleShow() {
	run, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(run)
	os.WriteFile(filepath.Join(run, "config.yaml"), []byte("objective:\n  name: gan\n"), 0o644)
	runlog.Record{State: runlog.Interrupted, Step: 300, Steps: 1200, StepsPerEpoch: 100}.Write(run)

	var picture strings.Builder
	err = watch.Show(context.Background(), run, &picture, watch.Options{Once: true, Width: func() int { return 60 }})
	lines := strings.Split(picture.String(), "\n")
	fmt.Println(strings.TrimPrefix(lines[0], run), err)
	fmt.Println(lines[1])
	fmt.Println(lines[2])
	// Output:
	// : gan, interrupted <nil>
	// [██████░░░░░░░░░░░░░░░░░░░]  25%  step 300/1200  epoch 3/12
	// --resume goes on
}
