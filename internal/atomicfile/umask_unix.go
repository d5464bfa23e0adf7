//go:build unix

package atomicfile

import (
	"io/fs"
	"syscall"
)

// umask holds the permissions that the user gives to no file. Reading it means setting it, so it is read once, before any writing.
var umask = readUmask()

func readUmask() fs.FileMode {
	was := syscall.Umask(0o077)
	syscall.Umask(was)
	return fs.FileMode(was)
}
