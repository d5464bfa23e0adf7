package train

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	torch "keygan/gotorch"
	"keygan/infer"
	"keygan/internal/atomicfile"
	"keygan/train/config"
)

// export writes the networks as they are now into the run's folder, for package infer.
func (t *Training) export() error {
	for _, o := range t.Objective.Outputs() {
		if err := writeOutput(t.Objective, o, filepath.Join(t.Dir, o.File), true); err != nil {
			return err
		}
	}
	return nil
}

// writeOutput writes one network, for package infer.
func writeOutput(of Objective, o Output, path string, overwrite bool) error {
	models := of.Models()
	m := models[slices.IndexFunc(models, func(m *Model) bool { return m.Name == o.Model })]
	return atomicfile.Write(path, 0o666, overwrite, func(w io.Writer) error {
		return infer.Write(w, o.Arch, m.best().arrays())
	})
}

// Export writes the generator of the newest checkpoint of the run in folder run to path, and returns that checkpoint's step.
func Export(run, path string, overwrite bool) (step int, err error) {
	c, err := readRunConfig(run)
	if err != nil {
		return 0, err
	}
	c.Device = "cpu"
	err = guarded(func() error {
		o, at, _, err := restored(run, c)
		if err != nil {
			return err
		}
		defer closeModels(o)
		step = at
		return writeOutput(o, o.Outputs()[0], path, overwrite)
	})
	return step, err
}

// readRunConfig reads the configuration of a run.
func readRunConfig(run string) (config.Config, error) {
	c, err := config.Read(filepath.Join(run, "config.yaml"))
	if err != nil {
		return c, fmt.Errorf("%s: holds no run: %w", run, err)
	}
	return c, nil
}

// restored is the objective of a run as its newest checkpoint has it. The caller closes its models.
func restored(run string, c config.Config) (o Objective, step int, device torch.Device, err error) {
	if strings.HasPrefix(c.Device, "cuda") && !torch.IsCUDAAvailable() {
		c.Device = "cpu" // trained elsewhere
	}
	if device, err = useDevice(c); err != nil {
		return nil, 0, device, err
	}
	saved, _, err := newestWhole(run)
	if err != nil {
		return nil, 0, device, err
	}
	o = newObjective(c, device)
	for _, m := range o.Models() {
		if err := m.restore(saved.arrays, 0); err != nil {
			closeModels(o)
			return nil, 0, device, fmt.Errorf("%s: %w", saved.path, err)
		}
	}
	return o, saved.meta.Step, device, nil
}

func closeModels(o Objective) {
	for _, m := range o.Models() {
		m.close()
	}
}
