package train

import (
	"context"
	"errors"
	"keygan/train/internal/traintest"
	"keygan/train/runlog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Of two trainings in one folder the second is refused, whether the folder was there before or not, until the first has ended.
func TestOneTrainingAFolder(t *testing.T) {
	c := traintest.SmallConfig(t)
	dir := filepath.Join(c.Output, c.Name)
	refused := func(o Options) {
		t.Helper()
		if err := Run(context.Background(), c, o); !errors.Is(err, runlog.ErrInUse) || !strings.HasPrefix(err.Error(), dir+": ") {
			t.Errorf("%+v: %v, want %v", o, err, runlog.ErrInUse)
		}
	}
	first, err := start(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {Resume: true}, {Force: true}} {
		refused(o)
	}
	if !runlog.Locked(dir) {
		t.Error("the folder does not look in use")
	}
	first.close()
	if runlog.Locked(dir) {
		t.Error("the folder looks in use after the run")
	}
	if err := trainUntil(t, c, Options{Force: true}, 2); !errors.Is(err, ErrInterrupted) {
		t.Error(err)
	}

	// A refusal for another reason gives the folder free again.
	if err := Run(context.Background(), c, Options{}); !errors.Is(err, ErrRunExists) {
		t.Error(err)
	}
	other := c
	other.Generator.Width = 4
	if err := Run(context.Background(), other, Options{Resume: true}); !errors.Is(err, ErrOtherConfig) {
		t.Error(err)
	}
	if runlog.Locked(dir) {
		t.Error("the folder looks in use after a refusal")
	}
}

// Two that find no folder both go on to open their data; the slower one must not wipe out what the other has begun.
func TestOvertakenTraining(t *testing.T) {
	c := traintest.SmallConfig(t)
	slow := &Training{Config: c, Dir: filepath.Join(c.Output, c.Name)}
	if err := slow.claimFolder(Options{}); err != nil {
		t.Fatal(err)
	}
	if err := trainUntil(t, c, Options{}, 1); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	defer slow.unlock()
	if err := slow.makeFolder(Options{}); !errors.Is(err, ErrRunExists) {
		t.Errorf("%v, want %v", err, ErrRunExists)
	}
	if _, err := os.Stat(filepath.Join(slow.Dir, "checkpoints", "latest")); err != nil {
		t.Error(err)
	}
}
