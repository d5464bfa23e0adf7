package train

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"keygan/infer"
	"keygan/internal/atomicfile"
)

// export writes the networks as they are now into the run's folder, for package infer.
func (t *Training) export() error {
	for _, e := range t.Objective.Outputs() {
		if err := writeGenerator(filepath.Join(t.Dir, e.File), true, e.Arch, t.model(e.Model).best().arrays()); err != nil {
			return err
		}
	}
	return nil
}

// model is the one called name.
func (t *Training) model(name string) *Model {
	models := t.Objective.Models()
	return models[slices.IndexFunc(models, func(m *Model) bool { return m.Name == name })]
}

func writeGenerator(path string, overwrite bool, arch infer.Arch, params map[string]infer.Array) error {
	return atomicfile.Write(path, 0o666, overwrite, func(w io.Writer) error { return infer.Write(w, arch, params) })
}

// Export writes the generator of the newest checkpoint of the run in folder run to path, and returns that checkpoint's
// step. It needs no libtorch at work: the weights are copied as they are.
func Export(run, path string, overwrite bool) (step int, err error) {
	config, err := ReadConfig(filepath.Join(run, "config.yaml"))
	if err != nil {
		return 0, fmt.Errorf("%s: holds no run: %w", run, err)
	}
	c, _, err := newestWhole(run)
	if err != nil {
		return 0, err
	}
	arch := config.arch()
	params := map[string]infer.Array{}
	for _, p := range arch.Params() {
		name := "generator/ema/" + p.Name
		if !slices.Contains(c.arrays.Names(), name) { // no mean was asked for, or this is counted rather than trained
			name = "generator/" + p.Name
		}
		weights, err := c.arrays.Floats(name, p.Shape)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", c.path, err)
		}
		params[p.Name] = infer.Array{Shape: p.Shape, Data: weights}
	}
	return c.meta.Step, writeGenerator(path, overwrite, arch, params)
}
