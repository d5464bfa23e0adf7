package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"keygan/gotorch/dist"
	"keygan/internal/failure"
	"keygan/train"
	"keygan/train/config"
)

// afterFirst is how long the processes have to end by themselves once one of them has failed.
const afterFirst = 30 * time.Second

// ended is how one of the processes ended.
type ended struct {
	rank  int
	state *os.ProcessState
}

// launch trains in several processes of this machine, as torchrun does: it holds the store in which they meet, tells each its part, and
// waits for all.
func (f *flags) launch(ctx context.Context, c config.Config) error {
	if f.nproc > c.Train.Batch {
		return failure.Usagef("--nproc %d: a batch has only %d images (train.batch)", f.nproc, c.Train.Batch)
	}
	// Port 0 is a free one, so that runs beside each other do not meet.
	store, err := dist.Open("127.0.0.1", 0, true, "keygan//0/", time.Minute)
	if err != nil {
		return err
	}
	defer store.Close()
	all := make([]*exec.Cmd, f.nproc)
	done := make(chan ended, f.nproc)
	for rank := range all {
		p, err := f.start(rank, store.Port())
		if err != nil {
			for _, p := range all[:rank] {
				p.Process.Kill()
			}
			return fmt.Errorf("rank %d: %w", rank, err)
		}
		all[rank] = p
		go func() {
			p.Wait()
			done <- ended{rank, p.ProcessState}
		}()
	}
	return await(ctx, store, all, done)
}

// start starts one process, in a process group of its own: a Ctrl-C comes to it from this process, and only once.
func (f *flags) start(rank, port int) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := exec.Command(program, withoutNproc(os.Args[1:])...)
	p.Stdout, p.Stderr = os.Stdout, os.Stderr
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Env = append(os.Environ(), "MASTER_ADDR=127.0.0.1", "MASTER_PORT="+strconv.Itoa(port), "TORCHELASTIC_USE_AGENT_STORE=True",
		fmt.Sprintf("RANK=%d", rank), fmt.Sprintf("LOCAL_RANK=%d", rank),
		fmt.Sprintf("WORLD_SIZE=%d", f.nproc), fmt.Sprintf("LOCAL_WORLD_SIZE=%d", f.nproc))
	return p, p.Start()
}

// withoutNproc leaves --nproc out of arguments.
func withoutNproc(args []string) (rest []string) {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--nproc":
			i++
		case !strings.HasPrefix(args[i], "--nproc="):
			rest = append(rest, args[i])
		}
	}
	return rest
}

// stopped reports whether a process ended by the SIGTERM that was passed on to it, having saved.
func stopped(s *os.ProcessState) bool { return s.ExitCode() == 128+int(syscall.SIGTERM) }

// await waits for all processes. It passes a signal on to them, and does not let them wait for one that is gone.
func await(ctx context.Context, store *dist.Store, all []*exec.Cmd, done chan ended) error {
	var first *ended // that failed
	stop, late := ctx.Done(), (<-chan time.Time)(nil)
	for left := len(all); left > 0; {
		select {
		case <-stop:
			stop = nil
			for _, p := range all {
				p.Process.Signal(syscall.SIGTERM)
			}
		case <-late:
			for _, p := range all {
				p.Process.Kill()
			}
		case e := <-done:
			left--
			if e.state.Success() || first != nil && (!stopped(first.state) || stopped(e.state)) {
				continue // a failure says more than a process that was stopped
			}
			if first == nil {
				late = time.After(afterFirst)
			}
			first = &e
			if status := e.state.Sys().(syscall.WaitStatus); status.Signaled() {
				store.Blame(e.rank, "was ended by a signal: "+status.Signal().String())
			}
		}
	}
	switch {
	case first == nil:
		return nil
	case ctx.Err() != nil && stopped(first.state):
		return failure.Told(train.ErrInterrupted)
	case first.state.ExitCode() == 2:
		return failure.Told(failure.Usagef("rank %d: %v", first.rank, first.state))
	case first.state.Exited():
		return failure.Told(errors.New(first.state.String()))
	}
	return fmt.Errorf("rank %d: %v", first.rank, first.state)
}
