package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"keygan-train": main})
}

// TestScripts runs the command as a user does; testdata/*.txtar read like its documentation.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, ".cache"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"waitfor":  waitFor,
			"truncate": truncate,
			"image":    writeImage,
		},
	})
}

// waitFor waits until a file is there and not empty.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	for range 600 {
		if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() > 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s did not appear", args[0])
}

// truncate cuts files to half their length.
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		matches, err := filepath.Glob(ts.MkAbs(name))
		ts.Check(err)
		if len(matches) == 0 {
			ts.Fatalf("no file matches %s", name)
		}
		for _, file := range matches {
			info, err := os.Stat(file)
			ts.Check(err)
			ts.Check(os.Truncate(file, info.Size()/2))
		}
	}
}
