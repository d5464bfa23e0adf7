package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"keygan/evaluate/figure"
)

// A View reads a run's folder, while a process trains in it or after it was killed. Of no file does it take more than a limit far above
// what a run of ours writes, so that a folder from anywhere can be looked at.
type View struct {
	Files fs.FS
	Name  string // stands for the folder in errors
}

// In is the view of a folder. It follows links.
func In(dir string) View { return View{os.DirFS(dir), dir} }

// Limits of what is read.
const (
	tailBytes   = 1 << 16  // of the end of metrics.jsonl: the lines of about 200 steps
	mostTable   = 8 << 20  // bytes of metrics.csv: 30,000 epochs of 25 columns
	mostText    = 1 << 20  // bytes of run.json and of config.yaml
	mostSamples = 10_000   // files in samples/
	mostImage   = 64 << 20 // bytes of a sample
)

// ReadRecord reads run.json in a run's folder.
func ReadRecord(dir string) (Record, error) { return In(dir).Record() }

// ReadCurves reads the columns of a run's metrics.csv; nothing where there is none. Epochs in which a column has no value are left
// out of its curve.
func ReadCurves(dir string) ([]figure.Curve, error) { return In(dir).Curves() }

// ReadTail reads the last whole lines of a run's metrics.jsonl, and says when the file was written to. It passes over parts of lines:
// the first is cut where reading begins, the last may be half-written. Without the file it returns nothing.
func ReadTail(dir string) (lines []Line, written time.Time) { return In(dir).Tail() }

// read reads a file of at most limit bytes. Its errors name it.
func (v View) read(name string, limit int64) ([]byte, error) {
	f, err := v.Files.Open(name)
	if err != nil {
		return nil, v.named(name, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("is larger than %d bytes", limit)
	}
	return b, v.named(name, err)
}

func (v View) named(name string, err error) error {
	var reason *fs.PathError
	if errors.As(err, &reason) {
		err = reason.Err
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(v.Name, filepath.FromSlash(name)), err)
	}
	return nil
}

// Config is the text of config.yaml.
func (v View) Config() ([]byte, error) { return v.read("config.yaml", mostText) }

// Record reads run.json.
func (v View) Record() (r Record, err error) {
	b, err := v.read("run.json", mostText)
	if err == nil {
		err = v.named("run.json", json.Unmarshal(b, &r))
	}
	return r, err
}

// Curves is ReadCurves.
func (v View) Curves() ([]figure.Curve, error) {
	b, err := v.read("metrics.csv", mostTable)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	curves, err := figure.ReadCurves(bytes.NewReader(b))
	return curves, v.named("metrics.csv", err)
}

// Tail is ReadTail.
func (v View) Tail() (lines []Line, written time.Time) {
	f, err := v.Files.Open("metrics.jsonl")
	if err != nil {
		return nil, written
	}
	defer f.Close()
	info, err := f.Stat()
	r, ok := f.(io.ReaderAt)
	if err != nil || !ok {
		return nil, written
	}
	b, _ := io.ReadAll(io.NewSectionReader(r, max(info.Size()-tailBytes, 0), tailBytes))
	for text := range bytes.Lines(b) {
		var l Line
		if bytes.HasSuffix(text, []byte("\n")) && json.Unmarshal(text, &l) == nil && l.Step > 0 {
			lines = append(lines, l)
		}
	}
	return lines, info.ModTime()
}

// NewestCheckpoint is the path in the folder of the file that checkpoints/latest names. The error is ErrNoCheckpoint if there is none.
func (v View) NewestCheckpoint() (string, error) {
	const latest = "checkpoints/latest"
	b, err := v.read(latest, 1<<10)
	name := strings.TrimSpace(string(b))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: %w", v.Name, ErrNoCheckpoint)
	case err != nil:
		return "", err
	case !IsCheckpoint(name):
		return "", v.named(latest, fmt.Errorf("names no checkpoint: %.40q", name))
	}
	return path.Join("checkpoints", name), nil
}

// Samples are the epochs that have a sample, in order.
func (v View) Samples() (epochs []int) {
	f, err := v.Files.Open("samples")
	if err != nil {
		return nil
	}
	defer f.Close()
	folder, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil
	}
	entries, _ := folder.ReadDir(mostSamples)
	for _, e := range entries {
		digits := strings.TrimSuffix(strings.TrimPrefix(e.Name(), "epoch-"), ".png")
		if epoch, err := strconv.Atoi(digits); err == nil && e.Name() == sampleName(epoch) {
			epochs = append(epochs, epoch)
		}
	}
	slices.Sort(epochs)
	return epochs
}

// Sample is the file of an epoch's sample, a PNG.
func (v View) Sample(epoch int) ([]byte, error) {
	return v.read("samples/"+sampleName(epoch), mostImage)
}

func sampleName(epoch int) string { return fmt.Sprintf("epoch-%04d.png", epoch) }
