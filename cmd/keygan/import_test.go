package main

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// pytorch FILE... copies files that PyTorch saved to the folder of the script.
func pyTorch(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		b, err := os.ReadFile(filepath.Join(modelFolder, name))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(name), b, 0o644))
	}
}

// modelFolder is absolute: commands of scripts may run in any folder.
var modelFolder = func() string {
	dir, err := filepath.Abs(filepath.Join("..", "..", "infer", "statedict", "testdata"))
	if err != nil {
		panic(err)
	}
	return dir
}()
