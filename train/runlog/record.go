package runlog

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Record is run.json: what a run is and was made with. It is for people and programs that look at a run; training itself never
// depends on it.
type Record struct {
	Machine
	State          string            `json:"state"` // one of the constants below
	Error          string            `json:"error,omitempty"`
	Began          time.Time         `json:"began"`
	Ended          time.Time         `json:"ended,omitzero"`
	Step           int               `json:"step"` // when this was written
	Steps          int               `json:"steps"`
	StepsPerEpoch  int               `json:"steps_per_epoch"`
	ConfigHash     string            `json:"config_sha256"`
	Source         Set               `json:"source"`
	Target         Set               `json:"target"`
	SkippedFiles   []string          `json:"skipped_files,omitempty"`
	SkippedUpdates int               `json:"skipped_updates"`
	Columns        []string          `json:"columns"`               // of metrics.csv, after the epoch
	SampleRows     []string          `json:"sample_rows,omitempty"` // of the pictures in samples/, from the top
	Resumed        []Resumption      `json:"resumed,omitempty"`
	SHA256         map[string]string `json:"sha256,omitempty"` // of a complete run: weights by model, and files
}

// The states of a run. A process that was killed leaves its run Running.
const (
	Running     = "running"
	Interrupted = "interrupted"
	Failed      = "failed"
	Finished    = "finished"
)

// Machine is what trains: the programs and what they run on.
type Machine struct {
	Version  string `json:"keygan"`
	Go       string `json:"go"`
	Libtorch string `json:"libtorch"`
	Device   string `json:"device"` // "cpu", or a GPU's name
	CPU      string `json:"cpu"`
	Threads  int    `json:"threads"` // of libtorch on the CPU
}

// Set is the source or the target set.
type Set struct {
	Images  int    `json:"images"`
	HeldOut int    `json:"held_out,omitempty"`
	Digest  string `json:"digest"`
}

// Resumption is one time that the run was gone on with.
type Resumption struct {
	Step int       `json:"step"` // of the checkpoint
	Time time.Time `json:"time"`
	Machine
}

// ReadRecord reads run.json in a run's folder.
func ReadRecord(dir string) (r Record, err error) {
	path := filepath.Join(dir, "run.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Write writes run.json in a run's folder.
func (r Record) Write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, "run.json"), append(text, '\n'))
}
