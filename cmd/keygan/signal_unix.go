//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// Beyond a limit on the size of files (ulimit -f) a write should fail like one on a full disk, not end the process midway.
func init() { signal.Ignore(syscall.SIGXFSZ) }
