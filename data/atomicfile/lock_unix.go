//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package atomicfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// errNoLocks is ErrBusy where nobody can tell whether the process that holds a lock is still there.
var errNoLocks = errors.New("no locks")

// tryLock locks a file for as long as it is open, if nobody else has locked it. On a file system without locks it belongs to
// the one who created it.
func tryLock(f *os.File, created bool) error {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil:
			return nil
		case err == unix.EINTR:
		case err == unix.EWOULDBLOCK:
			return ErrBusy
		case created:
			return nil
		default:
			return errNoLocks
		}
	}
}
