package train

import (
	"fmt"
	"io"
	"path/filepath"

	"keygan/data/atomicfile"
	"keygan/infer"
)

// exportGenerator writes the generator as it is now to path, for package infer.
func (t *Training) exportGenerator(path string) error {
	models := t.Objective.Models()
	return writeGenerator(path, true, t.Config.arch(), models[0].Network.arrays())
}

func writeGenerator(path string, overwrite bool, arch infer.Arch, params map[string]infer.Array) error {
	return atomicfile.Write(path, 0o644, overwrite, func(w io.Writer) error { return infer.Write(w, arch, params) })
}

// Export writes the generator of the newest checkpoint of the run in folder run to path, and returns that checkpoint's
// step. It needs no libtorch at work: the weights are copied as they are.
func Export(run, path string, overwrite bool) (step int, err error) {
	config, err := ReadConfig(filepath.Join(run, "config.yaml"))
	if err != nil {
		return 0, fmt.Errorf("%s: holds no run: %w", run, err)
	}
	checkpoint, err := newestCheckpoint(run)
	if err != nil {
		return 0, err
	}
	a, meta, err := readMeta(checkpoint)
	if err != nil {
		return 0, err
	}
	arch := config.arch()
	params := map[string]infer.Array{}
	for _, p := range arch.Params() {
		weights, err := a.Floats("generator/"+p.Name, p.Shape)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", checkpoint, err)
		}
		params[p.Name] = infer.Array{Shape: p.Shape, Data: weights}
	}
	return meta.Step, writeGenerator(path, overwrite, arch, params)
}
