//go:build !amd64 || purego

package cipher

// xorFast leaves everything to the standard library.
func xorFast(_, _, _ []byte) int { return 0 }
