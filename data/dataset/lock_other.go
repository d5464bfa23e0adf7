//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package dataset

import "context"

// lockFile does nothing: two processes may do the same work.
func lockFile(context.Context, string, func()) (unlock func(), err error) { return func() {}, nil }
