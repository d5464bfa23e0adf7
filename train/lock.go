package train

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// ErrInUse reports a run folder in which another process is training.
var ErrInUse = errors.New("another process is training in this folder")

// lock makes the run's folder, which must be there, this process's own until unlock, or until the process ends in whatever way:
// the kernel forgets the lock then.
func (t *Training) lock() error {
	f, err := os.Open(t.Dir)
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) || try == 10 {
			break
		}
		time.Sleep(20 * time.Millisecond) // running looks at the lock by holding it for an instant
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		f.Close()
		return fmt.Errorf("%s: %w", t.Dir, ErrInUse)
	}
	// Some network file systems have no locks for folders. There the run goes on unprotected.
	t.locked = f
	return nil
}

func (t *Training) unlock() {
	if t.locked != nil {
		t.locked.Close()
		t.locked = nil
	}
}

// running says whether a process is training in a folder.
func running(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
}
