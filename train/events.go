package train

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"keygan/train/tfevents"
)

// events writes what TensorBoard shows: each column of metrics.csv at each step, and each sample image.
type events struct {
	file *tfevents.Writer
}

func newEvents(t *Training) (*events, error) {
	var options []tfevents.Option
	if t.Step > 0 {
		options = append(options, tfevents.Resumed(int64(t.Step)+1)) // what an earlier process logged after its checkpoint is void
	}
	file, err := tfevents.Create(t.Dir, time.Now(), options...)
	return &events{file}, err
}

func (e *events) afterStep(t *Training, values []float64) error {
	for i, name := range t.Objective.Columns() {
		if !finite(values[i]) {
			continue
		}
		if err := e.file.Scalar(int64(t.Step), name, values[i]); err != nil {
			return err
		}
	}
	if !t.EpochDone() {
		return nil
	}
	path := samplePath(t.Dir, t.Epoch())
	sample, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // not every epoch has one
	}
	if err != nil {
		return err
	}
	size, err := png.DecodeConfig(bytes.NewReader(sample))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return e.file.Image(int64(t.Step), "samples", sample, size.Width, size.Height, t.Config.Image.Channels)
}

func (e *events) finish(*Training) error { return e.file.Close() }

// eventFiles are the files of dir that TensorBoard looks for.
func eventFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var files []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "events.out.tfevents.") {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, err
}
