//go:build unix

package regularfile

import "syscall"

// withoutWaiting opens a pipe at once, and not when somebody writes to it.
const withoutWaiting = syscall.O_NONBLOCK
