package reproduce

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"keygan/internal/failure"
	"keygan/train/runlog"
)

// trainAll trains every unit that no other process has taken, some side by side, until none is left. Failures are in the ledger.
func (r *run) trainAll(ctx context.Context) error {
	var all sync.WaitGroup
	errs := make(chan error, r.jobs)
	for slot := range r.jobs {
		all.Go(func() { errs <- r.trainSome(ctx, slot) })
	}
	watched := make(chan struct{})
	go func() {
		all.Wait()
		close(watched)
	}()
	r.showProgress(watched)
	close(errs)
	var err error
	for e := range errs {
		err = errors.Join(err, e)
	}
	if err == nil && ctx.Err() != nil {
		err = ErrInterrupted
	}
	return err
}

// trainSome trains one unit after the other.
func (r *run) trainSome(ctx context.Context, slot int) error {
	for ctx.Err() == nil {
		u, lock, err := r.next(ctx)
		if err != nil || lock == nil {
			return err
		}
		err = r.trainOne(ctx, u, lock, slot)
		lock.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// orphanPatience is how often to look again for a unit whose training is about to end, and attackerPatience for one whose victims are still
// being trained.
const (
	orphanPatience   = 200 * time.Millisecond
	attackerPatience = time.Second
)

// next takes a unit that is left to train; without one the lock is nil.
func (r *run) next(ctx context.Context) (u unit, lock *os.File, err error) {
	for {
		patience := time.Duration(0)
		for _, u := range r.units {
			e, err := r.ledger.read(u.name())
			if err != nil {
				return u, nil, err
			}
			if !r.toTrain(u, e) {
				continue
			}
			ready, err := r.victimsTrained(u)
			if err != nil {
				return u, nil, err
			}
			if !ready {
				patience = max(patience, attackerPatience)
				continue
			}
			lock, taken, err := r.ledger.lock(u.name())
			if err != nil {
				return u, nil, err
			}
			if !taken {
				if e.orphaned() {
					patience = orphanPatience
				}
				continue
			}
			if e, err = r.ledger.read(u.name()); err != nil || r.toTrain(u, e) { // it may have ended meanwhile
				return u, lock, err
			}
			lock.Close()
		}
		if patience == 0 || ctx.Err() != nil {
			return u, nil, nil
		}
		select {
		case <-time.After(patience):
		case <-ctx.Done():
		}
	}
}

// toTrain reports whether a unit is left to train. One that failed is tried again by a process that was started later.
func (r *run) toTrain(u unit, e Entry) bool {
	switch e.State {
	case runlog.Finished:
		_, err := os.Stat(u.config.GeneratorPath())
		return err != nil
	case runlog.Failed:
		return e.Ended.Before(r.began)
	}
	return true
}

// trainOne trains a unit whose lock is held. The error is one that ends everything; a training that fails is in the ledger.
func (r *run) trainOne(ctx context.Context, u unit, lock *os.File, slot int) error {
	if err := r.ledger.begin(u.name(), u.inputs()); err != nil {
		return err
	}
	if reason := r.cannotAttack(u); reason != "" {
		r.console.Warnf("%s failed: %s", u.name(), reason)
		return r.ledger.end(u.name(), runlog.Failed, reason)
	}
	how := howToGoOn(u.config.Dir())
	r.console.Printf("%s: training%s, its output goes to %s\n", u.name(), map[string]string{"--resume": " goes on"}[how], r.ledger.path(u.name(), ".log"))
	began := time.Now()
	args := []string{"-c", r.ledger.path(u.name(), ".yaml"), "--set", "output=" + strconv.Quote(u.config.Output)}
	args = append(args, r.c.victimArgs(u)...)
	if how != "" {
		args = append(args, how)
	}
	code, err := r.child(ctx, u, args, lock, slot)
	if err == nil && code == 0 && (u.config.Data.HeldOut > 0 || u.attacked != "") { // what the networks make of images that they have not seen
		code, err = r.child(ctx, u, r.c.testArgs(u), lock, slot)
	}
	switch {
	case err != nil:
		return errors.Join(err, r.ledger.end(u.name(), runlog.Failed, err.Error()))
	case code == 0:
		r.console.Printf("%s: trained in %s\n", u.name(), runlog.Roughly(time.Since(began)))
		return r.ledger.end(u.name(), runlog.Finished, "")
	case ctx.Err() != nil:
		return r.ledger.end(u.name(), runlog.Interrupted, "")
	}
	reason := lastError(r.ledger.path(u.name(), ".log"), code)
	r.console.Warnf("%s failed: %s", u.name(), reason)
	return r.ledger.end(u.name(), runlog.Failed, reason)
}

// howToGoOn is the option with which to train in a folder that may hold a run.
func howToGoOn(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, "config.yaml")); err != nil {
		return ""
	}
	if saved, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.npz")); len(saved) == 0 {
		return "--force" // killed before its first checkpoint
	}
	return "--resume"
}

// child starts the program for a unit, in a process of its own, so that a training that crashes or runs out of memory ends no other. It holds
// the unit's lock as well. When ctx ends it gets SIGTERM, and saves. The code is its exit code, or −1 for a signal.
func (r *run) child(ctx context.Context, u unit, args []string, lock *os.File, slot int) (code int, err error) {
	out, err := os.OpenFile(r.ledger.path(u.name(), ".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	p := exec.Command(r.Program, args...)
	p.Stdout, p.Stderr, p.ExtraFiles, p.SysProcAttr = out, out, []*os.File{lock}, attributes()
	p.Env = environment(os.Environ(), slot, r.gpus)
	runtime.LockOSThread() // the kernel looks after the thread that starts a child, not after the process
	defer runtime.UnlockOSThread()
	if err := p.Start(); err != nil {
		return 0, err
	}
	stop := context.AfterFunc(ctx, func() { p.Process.Signal(syscall.SIGTERM) })
	defer stop()
	if err := p.Wait(); err != nil && p.ProcessState == nil {
		return 0, err
	}
	return p.ProcessState.ExitCode(), nil
}

// environment is that of a child: without the variables by which a launcher's processes find each other, since each training is one
// process, and with a GPU of its own where there are several.
func environment(parent []string, slot, gpus int) (env []string) {
	visible := []string{}
	for _, v := range parent {
		name, value, _ := strings.Cut(v, "=")
		switch name {
		case "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "SLURM_PROCID", "SLURM_STEP_ID":
			continue
		case "CUDA_VISIBLE_DEVICES":
			visible = strings.Split(value, ",")
		}
		env = append(env, v)
	}
	if gpus < 2 {
		return env
	}
	gpu := strconv.Itoa(slot % gpus)
	if len(visible) == gpus {
		gpu = visible[slot%gpus]
	}
	return append(env, "CUDA_VISIBLE_DEVICES="+gpu) // of two, the last counts
}

// lastError is why a training ended, as it said it in the last such line of its log.
func lastError(path string, code int) string {
	reason := fmt.Sprintf("exit code %d; see %s", code, path)
	if code < 0 {
		reason = "ended by a signal; see " + path
	}
	f, err := os.Open(path)
	if err != nil {
		return reason
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "keygan-train: "); ok && code >= 0 {
			reason = text
		}
	}
	return reason
}

// progressEvery is how often the progress of the trainings is shown.
const progressEvery = 30 * time.Second

// showProgress says now and then how far the trainings are, until ended is closed.
func (r *run) showProgress(ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case <-time.After(progressEvery):
		}
		done, under := 0, []string(nil)
		for _, u := range r.units {
			switch e, _ := r.ledger.read(u.name()); e.State {
			case runlog.Finished:
				done++
			case runlog.Running:
				if record, err := runlog.ReadRecord(u.config.Dir()); err == nil && record.Steps > 0 {
					under = append(under, fmt.Sprintf("%s %d %%", u.name(), 100*record.Step/record.Steps))
				}
			}
		}
		r.console.Printf("%d of %d trained; %s\n", done, len(r.units), strings.Join(under, ", "))
	}
}

// ErrInterrupted reports that everything was stopped, and can be gone on with.
var ErrInterrupted = failure.Interrupted("interrupted: what was trained is saved")
