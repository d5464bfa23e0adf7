package atomicfile

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// setModified sets the file's modification time.
func (t *temporary) setModified(_ directory, modified time.Time) error {
	at, err := unix.TimeToTimespec(modified)
	if err != nil {
		return err
	}
	times := [2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, at}
	// Without a path, utimensat(2) sets the times of the open file. The unix package has no function for that.
	_, _, no := unix.Syscall6(unix.SYS_UTIMENSAT, t.Fd(), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
	if no != 0 {
		return no
	}
	return nil
}
