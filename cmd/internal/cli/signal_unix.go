//go:build unix

package cli

import (
	"os/signal"
	"syscall"
)

// Two signals would end the process in the middle of a file. Ignored, they make a write fail instead: one beyond a limit on
// the size of files (ulimit -f) like one on a full disk, one to a reader that has gone (| head) as any failed output does.
func init() { signal.Ignore(syscall.SIGXFSZ, syscall.SIGPIPE) }
