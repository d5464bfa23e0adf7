package reproduce

import "syscall"

// attributes of a child: a process group of its own, so that a Ctrl-C comes to it from this process and only once, and a SIGTERM when this
// process is gone.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
