package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// libtorch's words for too little memory, on the CPU and on a GPU.
func TestHintForMemory(t *testing.T) {
	for _, text := range []string{"DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.", "CUDA out of memory. Tried to allocate 2.00 GiB"} {
		if hint := hintFor(errors.New(text)); !strings.Contains(hint, "train.batch") {
			t.Errorf("%s: hint %q", text, hint)
		}
	}
}
