//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package dataset

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockFile waits until no other process and no other goroutine holds the lock, and takes it. The lock ends with the process at the
// latest. On a file system without locks there is none, and the same work may be done twice. If it has to wait, it calls waiting first,
// and waits no longer than ctx.
func lockFile(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err != unix.EINTR && err != unix.EWOULDBLOCK {
			return func() { f.Close() }, nil
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
