package train

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	torch "keygan/gotorch"
	"keygan/internal/cpumodel"
	"keygan/internal/version"
	"keygan/train/runlog"
)

// recorder is the hook that keeps run.json.
type recorder struct {
	runlog.Record
	t       *Training
	samples *samples
	written time.Time
}

// newRecorder begins run.json, or goes on with that of a run that is resumed.
func newRecorder(t *Training, s *samples) (*recorder, error) {
	r := &recorder{t: t, samples: s}
	now, machine := time.Now().Truncate(time.Millisecond), t.machine()
	old, err := runlog.ReadRecord(t.Dir)
	if t.resumedFrom != "" && err == nil {
		r.Record = old
		r.Error, r.Ended, r.SHA256, r.Waiting = "", time.Time{}, nil, nil
	} else { // the run goes on without a run.json that can be read
		r.Began, r.Machine = now, machine
	}
	if t.resumedFrom != "" {
		r.Resumed = append(r.Resumed, runlog.Resumption{Step: t.Step, Time: now, Machine: machine})
	}
	r.Steps, r.StepsPerEpoch, r.ConfigHash, r.Columns = t.Total, t.StepsPerEpoch, t.Config.Hash(), t.logged().All()
	r.SkippedFiles = t.sets.Skipped
	r.Source = runlog.Set{Images: t.sets.Source.Len(), HeldOut: t.sets.HeldOut.Len(), Digest: t.sets.SourceDigest}
	r.Target = runlog.Set{Images: t.sets.Target.Len(), Digest: t.sets.TargetDigest}
	return r, r.write(runlog.Running)
}

func (r *recorder) write(state string) error {
	r.written = time.Now()
	r.State, r.Step, r.SkippedUpdates = state, r.t.Step, r.t.skipped()
	if share := r.t.waiting(); !r.t.began.IsZero() {
		r.Waiting = &share
	}
	return r.Record.Write(r.t.Dir)
}

// recordEvery is how often run.json is written while a run goes on.
const recordEvery = 10 * time.Second

// AfterStep writes run.json every few seconds, and as soon as there are names of a sample's rows.
func (r *recorder) AfterStep(runlog.Step) error {
	if len(r.SampleRows) == len(r.samples.rows) && time.Since(r.written) < recordEvery {
		return nil
	}
	r.SampleRows = r.samples.rows
	return r.write(runlog.Running)
}

func (r *recorder) Finish() error {
	r.Ended = time.Now().Truncate(time.Millisecond)
	if r.t.Step < r.t.Total {
		return r.write(runlog.Interrupted)
	}
	r.SHA256 = map[string]string{}
	for _, m := range r.t.Objective.Models() {
		h := sha256.New() // of little-endian float32 in the order of the network
		for _, p := range m.Network.state() {
			binary.Write(h, binary.LittleEndian, p.Tensor.Floats())
		}
		r.SHA256[m.Name+" weights"] = fmt.Sprintf("%x", h.Sum(nil))
	}
	for _, o := range r.t.Objective.Outputs() {
		content, err := os.ReadFile(filepath.Join(r.t.Dir, o.File))
		if err != nil {
			return err
		}
		r.SHA256[o.File] = fmt.Sprintf("%x", sha256.Sum256(content))
	}
	return r.write(runlog.Finished)
}

// completeRecord ends the run.json of a run whose process ended after the last step, and before it could.
func (t *Training) completeRecord() error {
	if r, err := runlog.ReadRecord(t.Dir); err != nil || r.State == runlog.Finished {
		return nil
	}
	r, err := newRecorder(t, &samples{})
	if err != nil {
		return err
	}
	return r.Finish()
}

// failed records why a run has ended before its time.
func (r *recorder) failed(err error) error {
	r.Ended, r.Error = time.Now().Truncate(time.Millisecond), err.Error()
	return r.write(runlog.Failed)
}

func (t *Training) machine() runlog.Machine {
	device := t.device.String()
	if i, err := strconv.Atoi(strings.TrimPrefix(device, "cuda:")); err == nil {
		device = torch.CUDADeviceName(i)
	}
	return runlog.Machine{
		Version: version.String(), Go: runtime.Version(), Libtorch: torch.Version(),
		Device: device, CPU: fmt.Sprintf("%s, %d cores", cpumodel.Name(), runtime.NumCPU()), Threads: int(torch.NumThreads()), MemoryFormat: t.layout,
		Processes: t.team.Processes(),
	}
}
