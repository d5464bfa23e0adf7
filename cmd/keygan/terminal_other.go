//go:build !windows

package main

// The terminal of the process, even when its input and output are redirected.
const terminalIn, terminalOut = "/dev/tty", "/dev/tty"
