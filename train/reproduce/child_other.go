//go:build !linux

package reproduce

import "syscall"

// attributes of a child: a process group of its own, so that a Ctrl-C comes to it from this process and only once. If this process is
// killed, the child goes on to its end, and keeps its unit locked.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
