//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// changeTime is when a file was last changed in any way (ctime): it tells that a file was put in the place of another, of
// whatever age its content is.
func changeTime(path string) time.Time {
	var s unix.Stat_t
	if err := unix.Stat(path, &s); err != nil {
		return time.Time{}
	}
	return time.Unix(s.Ctim.Unix())
}
