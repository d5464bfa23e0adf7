package train

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	torch "keygan/gotorch"
	"keygan/version"
)

// record is run.json: what a run is and was made with. It is for people and programs that look at a run; training itself
// never depends on it.
type record struct {
	Machine
	State          string            `json:"state"` // one of the constants below
	Error          string            `json:"error,omitempty"`
	Began          time.Time         `json:"began"`
	Ended          time.Time         `json:"ended,omitzero"`
	Step           int               `json:"step"` // when this was written
	Steps          int               `json:"steps"`
	StepsPerEpoch  int               `json:"steps_per_epoch"`
	ConfigHash     string            `json:"config_sha256"`
	Source         dataRecord        `json:"source"`
	Target         dataRecord        `json:"target"`
	SkippedFiles   []string          `json:"skipped_files,omitempty"`
	SkippedUpdates int               `json:"skipped_updates"`
	Columns        []string          `json:"columns"`               // of metrics.csv, after the epoch
	SampleRows     []string          `json:"sample_rows,omitempty"` // of the pictures in samples/, from the top
	Resumed        []resumption      `json:"resumed,omitempty"`
	SHA256         map[string]string `json:"sha256,omitempty"` // of a complete run: weights by model, and files
}

// The states of a run. A process that was killed leaves its run stateRunning.
const (
	stateRunning     = "running"
	stateInterrupted = "interrupted"
	stateFailed      = "failed"
	stateFinished    = "finished"
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

type dataRecord struct {
	Images  int    `json:"images"`
	HeldOut int    `json:"held_out,omitempty"`
	Digest  string `json:"digest"`
}

// resumption is one time that the run was gone on with.
type resumption struct {
	Step int       `json:"step"` // of the checkpoint
	Time time.Time `json:"time"`
	Machine
}

// recorder is the hook that keeps run.json.
type recorder struct {
	record
	path    string
	samples *samples
}

// newRecorder begins run.json, or goes on with that of a run that is resumed.
func newRecorder(t *Training, s *samples) (*recorder, error) {
	r := &recorder{path: filepath.Join(t.Dir, "run.json"), samples: s}
	now := time.Now().Truncate(time.Millisecond)
	machine := t.machine()
	old, err := readRecord(t.Dir)
	if t.resumedFrom != "" && err == nil {
		r.record = old
		r.Error, r.Ended, r.SHA256 = "", time.Time{}, nil
	} else { // a run.json that cannot be read is no reason not to go on
		r.Began, r.Machine = now, machine
	}
	if t.resumedFrom != "" {
		r.Resumed = append(r.Resumed, resumption{t.Step, now, machine})
	}
	r.Steps, r.StepsPerEpoch, r.ConfigHash = t.Total, t.StepsPerEpoch, t.Config.Hash()
	r.Columns = t.Objective.Columns()
	r.Source = dataRecord{t.images[0], t.trainingData.heldOut, t.trainingData.sourceDigest}
	r.Target = dataRecord{t.images[1], 0, t.trainingData.targetDigest}
	r.SkippedFiles = nil
	for _, bad := range t.trainingData.skipped {
		r.SkippedFiles = append(r.SkippedFiles, bad.String())
	}
	return r, r.write(t, stateRunning)
}

// readRecord reads run.json in a run's folder.
func readRecord(run string) (r record, err error) {
	path := filepath.Join(run, "run.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func (r *recorder) write(t *Training, state string) error {
	r.State, r.Step, r.SkippedUpdates = state, t.Step, t.skipped()
	text, err := json.MarshalIndent(r.record, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(r.path, append(text, '\n'))
}

// afterStep writes the names of a sample's rows as soon as there is one.
func (r *recorder) afterStep(t *Training, _ []float64) error {
	if len(r.SampleRows) == len(r.samples.rows) {
		return nil
	}
	r.SampleRows = r.samples.rows
	return r.write(t, stateRunning)
}

func (r *recorder) finish(t *Training) error {
	r.Ended = time.Now().Truncate(time.Millisecond)
	if t.Step < t.Total {
		return r.write(t, stateInterrupted)
	}
	r.SHA256 = map[string]string{}
	for _, m := range t.Objective.Models() {
		r.SHA256[m.Name+" weights"] = m.sum()
	}
	for _, o := range t.Objective.Outputs() {
		sum, err := fileSum(filepath.Join(t.Dir, o.File))
		if err != nil {
			return err
		}
		r.SHA256[o.File] = sum
	}
	return r.write(t, stateFinished)
}

// completeRecord ends the run.json of a run whose process ended after the last step, and before it could.
func completeRecord(t *Training) error {
	if r, err := readRecord(t.Dir); err != nil || r.State == stateFinished {
		return nil
	}
	r, err := newRecorder(t, &samples{})
	if err != nil {
		return err
	}
	return r.finish(t)
}

// failed records why a run has ended before its time.
func (r *recorder) failed(t *Training, err error) error {
	r.Ended, r.Error = time.Now().Truncate(time.Millisecond), err.Error()
	return r.write(t, stateFailed)
}

// sum is the SHA-256 of the weights, and of what batch norms have counted, as little-endian float32 in the order of the
// network.
func (m *Model) sum() string {
	h := sha256.New()
	for _, p := range m.Network.state() {
		writeFloats(h, p.Tensor.Floats())
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writeFloats(h hash.Hash, x []float32) {
	b := make([]byte, 4*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(v))
	}
	h.Write(b)
}

func fileSum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (t *Training) machine() Machine {
	device := t.device.String()
	if number, cuda := strings.CutPrefix(device, "cuda:"); cuda {
		if i, err := strconv.Atoi(number); err == nil {
			device = torch.CUDADeviceName(i)
		}
	}
	return Machine{version.String(), runtime.Version(), torch.Version(), device, cpuModel(), int(torch.NumThreads())}
}

// cpuModel is the processor's name and how many of its cores there are to use.
func cpuModel() string {
	name := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if key, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores", name, runtime.NumCPU())
}
