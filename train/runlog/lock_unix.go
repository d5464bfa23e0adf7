//go:build unix

package runlog

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// taken locks a folder, and reports whether another process has a lock that stands against it. Some network file systems have no locks
// for folders: there a run goes on unprotected.
func taken(folder *os.File, exclusive bool) bool {
	how := unix.LOCK_SH
	if exclusive {
		how = unix.LOCK_EX
	}
	return errors.Is(unix.Flock(int(folder.Fd()), how|unix.LOCK_NB), unix.EWOULDBLOCK)
}
