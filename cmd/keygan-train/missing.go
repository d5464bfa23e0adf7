package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"keygan/cmd/internal/cli"
	"keygan/internal/failure"
	"keygan/train/inputs"
	"keygan/train/watch"
)

// fetchers are the scripts that get public data sets, by a folder in whose path each set is looked for.
var fetchers = []struct{ folder, script string }{
	{"montgomery", "scripts/get-data montgomery"},
	{"brain-tumor-mri", "scripts/get-data brain-tumor-mri"},
	{"hms-spectrogram-images", "scripts/get-data hms-spectrograms"},
	{"mricron", "scripts/get-sample-mri"},
}

// withDataHint adds to the error of a data set that is not there how to get it, and which experiment needs none.
func (f *flags) withDataHint(err error) error {
	var missing *inputs.MissingError
	if !errors.As(err, &missing) {
		return err
	}
	var ways []string
	for _, get := range fetchers {
		if slices.Contains(strings.Split(missing.Folder, "/"), get.folder) {
			ways = append(ways, get.script+" gets it")
		}
	}
	twin := strings.TrimSuffix(f.config, ".yaml") + "-small.yaml"
	if _, err := os.Stat(twin); err == nil {
		ways = append(ways, fmt.Sprintf("-c %s trains a small version on images that keygan draws", cli.ShellWord(twin)))
	}
	return failure.Hint(err, strings.Join(append(ways, "--set source=… and target=… name other folders"), "; "))
}

// withRunsHint adds to the error of a folder that holds no run which runs there are near it.
func withRunsHint(folder string, err error) error {
	if err == nil {
		return nil
	}
	if _, missing := os.Stat(filepath.Join(folder, "config.yaml")); missing == nil {
		return err
	}
	runs := watch.Runs(folder, filepath.Dir(folder), "runs")
	if len(runs) == 0 {
		return failure.Hint(err, "name the folder of a run, as in runs/demo")
	}
	return failure.Hint(err, "the runs here: "+inputs.FirstFew(runs, 12, ", "))
}
