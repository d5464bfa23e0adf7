package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/synthetic"
	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"keygan/train/runlog"
)

func readRun(t *testing.T, c config.Config) runlog.Record {
	t.Helper()
	r, err := runlog.ReadRecord(filepath.Join(c.Output, c.Name))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRecord(t *testing.T) {
	c := traintest.SmallConfig(t)
	if err := trainUntil(t, c, Options{}, 5); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	r := readRun(t, c)
	if r.State != runlog.Interrupted || r.Step != 5 || r.Steps != 16 || r.StepsPerEpoch != 8 || r.ConfigHash != c.Hash() || r.SHA256 != nil || r.Resumed != nil {
		t.Errorf("interrupted: %+v", r)
	}
	if r.Go != runtime.Version() || r.Libtorch != torch.Version() || r.Device != "cpu" || r.Threads != 1 || r.CPU == "" || r.Version == "" {
		t.Errorf("made with %+v", r.Machine)
	}
	if r.Source.Images != 16 || r.Target.Images != 12 || len(r.Source.Digest) != 64 || r.Source.Digest == r.Target.Digest {
		t.Errorf("data: %+v, %+v", r.Source, r.Target)
	}
	began := r.Began
	if err := Run(context.Background(), c, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	r = readRun(t, c)
	if r.State != runlog.Finished || r.Step != 16 || !r.Began.Equal(began) || r.Ended.Before(began) {
		t.Errorf("finished: %+v", r)
	}
	if len(r.Resumed) != 1 || r.Resumed[0].Step != 5 || r.Resumed[0].Machine != r.Machine {
		t.Errorf("resumed: %+v", r.Resumed)
	}
	if want := []string{"source images", "keys", "target images"}; !slices.Equal(r.SampleRows, want) {
		t.Errorf("rows of samples: %v, want %v", r.SampleRows, want)
	}
	sum := sha256.Sum256(read(t, c.GeneratorPath()))
	if got := r.SHA256["generator.npz"]; got != hex.EncodeToString(sum[:]) {
		t.Errorf("generator.npz: %s, want %x", got, sum)
	}
	if r.SHA256["generator weights"] == r.SHA256["critic weights"] || len(r.SHA256["critic weights"]) != 64 {
		t.Errorf("weights: %v", r.SHA256)
	}

	// The process may end between the generator and run.json.
	want := r.SHA256
	if err := os.Remove(filepath.Join(c.Output, c.Name, "run.json")); err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(c.Output, c.Name, "run.json"), []byte(`{"state": "running"}`))
	if err := Run(context.Background(), c, Options{Resume: true}); !errors.Is(err, ErrFinished) {
		t.Fatal(err)
	}
	if r := readRun(t, c); r.State != runlog.Finished || r.SHA256["generator.npz"] != want["generator.npz"] || r.SHA256["critic weights"] != want["critic weights"] {
		t.Errorf("completed: %+v", r)
	}
}

func TestRecordOfTrouble(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Optimizer.LearningRate = 1e30
	err := Run(context.Background(), c, Options{})
	if r := readRun(t, c); err == nil || r.State != runlog.Failed || r.Error != err.Error() || r.Step != 1 {
		t.Errorf("%v, recorded as %+v", err, r)
	}

	c = traintest.SmallConfig(t)
	folder := t.TempDir()
	set, err := synthetic.New("xray", 4, 24, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"a.png", "b.png", "c.png", "d.png"} {
		m, err := set.Image(i)
		if err == nil {
			err = imagefile.WritePNG(filepath.Join(folder, name), m, false)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(folder, "c.png"), 100); err != nil {
		t.Fatal(err)
	}
	c.Source, c.Data.OnBadFile, c.Train.OnNaN = []dataset.Spec{{Folder: folder}}, "skip", "skip"
	if err := trainSpoiled(c, Options{}, 2, func(step int) bool { return step == 1 }); err != nil {
		t.Fatal(err)
	}
	r := readRun(t, c)
	if len(r.SkippedFiles) != 1 || !filepath.IsAbs(r.SkippedFiles[0][:len(folder)]) || r.Source.Images != 3 || r.SkippedUpdates != 3 {
		t.Errorf("skipped: %q, %d updates, %d images left", r.SkippedFiles, r.SkippedUpdates, r.Source.Images)
	}

	// What cannot be read is written anew.
	overwrite(t, filepath.Join(c.Output, c.Name, "run.json"), []byte("{half a fi"))
	c.Train.Epochs = 3
	if err := Run(context.Background(), c, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	if r := readRun(t, c); r.State != runlog.Finished || len(r.Resumed) != 1 || r.Began.IsZero() {
		t.Errorf("after a damaged run.json: %+v", r)
	}
}
