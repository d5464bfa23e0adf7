//go:build unix

package atomicfile

import (
	"io/fs"
	"syscall"
)

// umask holds the permissions that the user gives to no file. It is read once, before anything is written, because reading it means setting
// it.
var umask = readUmask()

func readUmask() fs.FileMode {
	was := syscall.Umask(0o077)
	syscall.Umask(was)
	return fs.FileMode(was)
}
