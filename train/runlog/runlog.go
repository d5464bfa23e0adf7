// Package runlog keeps and reads what a training run writes down about itself, in the run's folder:
//
//	config.yaml              the resolved configuration; tells that the folder is a run's
//	run.json                 what the run is and was made with (Record)
//	images.csv               which images it has seen (package seen)
//	metrics.jsonl            a line a step (Line)
//	metrics.csv              a row an epoch: the means of its steps
//	events.out.tfevents.*    the same for TensorBoard
//	plots/*.png              the columns of metrics.csv over the epochs
//	samples/epoch-0003.png   images and what the networks make of them
//	checkpoints/             step-00001200.npz, and latest, which names the newest
//
// Logs, Events and Plots are told of each step; a View reads the files again, while a process trains and after it was killed. All but the growing logs are written whole or not at all. Lock makes a folder one process's own.
//
// The package needs no libtorch.
package runlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"keygan/internal/atomicfile"
)

// Step is one step of a training.
type Step struct {
	Step, Epoch int       // both from 1 on
	EpochDone   bool      // the step is its epoch's last, or the run's
	Values      []float64 // of the columns
	Keys        []float64 // of the columns that judge keys; nil: not measured after this step
	Skipped     int       // updates left out since the run began
	Waiting     float64   // share of the process's time until now that went by waiting for data, from 0 to 1
}

var (
	// ErrNoCheckpoint reports a run that left nothing to resume or export.
	ErrNoCheckpoint = errors.New("this run was stopped before its first checkpoint")
	// ErrInUse reports a run folder in which another process is training.
	ErrInUse = errors.New("another process is training in this folder")
)

// SamplePath is the file of an epoch's sample in a run's folder.
func SamplePath(dir string, epoch int) string {
	return filepath.Join(dir, "samples", sampleName(epoch))
}

// CheckpointName is the name of a step's checkpoint. Names sort as steps do.
func CheckpointName(step int) string { return fmt.Sprintf("step-%08d.npz", step) }

// IsCheckpoint reports whether a file's name is a checkpoint's.
func IsCheckpoint(name string) bool {
	match, _ := filepath.Match("step-*.npz", name)
	return match && filepath.IsLocal(name)
}

// NewestCheckpoint is the file that checkpoints/latest names. The error is ErrNoCheckpoint if there is none.
func NewestCheckpoint(dir string) (string, error) {
	name, err := In(dir).NewestCheckpoint()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, filepath.FromSlash(name)), nil
}

// Lock makes a run's folder, which must exist, this process's own until the returned file is closed, or until the process ends in
// whatever way: the kernel forgets the lock then. The error is ErrInUse if another process has it.
func Lock(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for range 10 {
		if !taken(f, true) {
			return f, nil
		}
		time.Sleep(20 * time.Millisecond) // Locked looks at the lock by holding it for an instant
	}
	f.Close()
	return nil, fmt.Errorf("%s: %w", dir, ErrInUse)
}

// Locked reports whether a process is training in a folder.
func Locked(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	return LockedFolder(f)
}

// LockedFolder is Locked for a folder that is open.
func LockedFolder(folder *os.File) bool { return taken(folder, false) }

// readIfThere reads a file. The content of one that is not there is nil.
func readIfThere(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// WriteFile puts content at path whole, replacing what was there.
func WriteFile(path string, content []byte) error {
	return atomicfile.Write(path, 0o666, true, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// Finite reports whether v is a number: neither infinite nor NaN.
func Finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

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
	Waiting        *float64          `json:"waiting_for_data,omitempty"` // share of the last process's time; nil before its first step
	Columns        []string          `json:"columns"`                    // of metrics.csv, after the epoch
	SampleRows     []string          `json:"sample_rows,omitempty"`      // of the pictures in samples/, from the top
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
	// MemoryFormat is the order of samples in a GPU's memory.
	MemoryFormat string `json:"memory_format,omitempty"`
	// Processes is how many train together. What stands above is about the one of rank 0.
	Processes int `json:"processes,omitempty"`
}

// Set is the source or the target set.
type Set struct {
	Images  int    `json:"images"`
	HeldOut int    `json:"held_out,omitempty"`
	Digest  string `json:"digest"`
}

// Latest is the last time that a process began to train: a resumption, or the beginning.
func (r Record) Latest() Resumption {
	if n := len(r.Resumed); n > 0 {
		return r.Resumed[n-1]
	}
	return Resumption{Time: r.Began, Machine: r.Machine}
}

// Resumption is one time that the run was gone on with.
type Resumption struct {
	Step int       `json:"step"` // of the checkpoint
	Time time.Time `json:"time"`
	Machine
}

// Write writes run.json in a run's folder.
func (r Record) Write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(dir, "run.json"), append(text, '\n'))
}
