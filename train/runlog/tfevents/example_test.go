package tfevents_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"keygan/train/runlog/tfevents"
)

func Example() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	w, err := tfevents.Create(dir, time.Unix(1700000000, 0), 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(w.Scalar(1, "Critic Loss", 0.25), w.Close())
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	fmt.Println(len(files), strings.HasPrefix(filepath.Base(files[0]), "events.out.tfevents.1700000000."))
	// Output:
	// <nil> <nil>
	// 1 true
}
