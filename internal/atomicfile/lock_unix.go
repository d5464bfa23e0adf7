//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package atomicfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// TryLock locks a file or folder for as long as it is open. The error is ErrBusy if somebody else has locked it. Any other error means
// that it cannot be locked.
func TryLock(f *os.File) error {
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
		case unix.EINTR:
		case unix.EWOULDBLOCK:
			return ErrBusy
		default:
			return err
		}
	}
}
