package runlog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"keygan/train/runlog/tfevents"
)

// Events writes what TensorBoard shows: each column of metrics.csv at each step, and each sample image.
type Events struct {
	*tfevents.Writer
	dir      string
	columns  []string
	channels int
}

// OpenEvents begins an event file of a run that has made some steps. What earlier files hold of later steps is void. channels is that
// of the samples.
func OpenEvents(dir string, columns []string, step, channels int) (*Events, error) {
	first := int64(0)
	if step > 0 {
		first = int64(step) + 1
	}
	w, err := tfevents.Create(dir, time.Now(), first)
	return &Events{w, dir, columns, channels}, err
}

// AfterStep logs a step.
func (e *Events) AfterStep(s Step) error {
	for i, name := range e.columns {
		if !Finite(s.Values[i]) {
			continue
		}
		if err := e.Scalar(int64(s.Step), name, s.Values[i]); err != nil {
			return err
		}
	}
	if !s.EpochDone {
		return nil
	}
	sample, err := os.ReadFile(SamplePath(e.dir, s.Epoch))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // not every epoch has one
	}
	if err != nil {
		return err
	}
	return e.Image(int64(s.Step), "samples", sample, e.channels)
}

// Finish closes the file.
func (e *Events) Finish() error { return e.Close() }

// EventFiles lists the files of a folder that TensorBoard looks for.
func EventFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var files []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tfevents.NamePrefix) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, err
}
