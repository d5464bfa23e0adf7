//go:build !purego

package cipher

import "golang.org/x/sys/cpu"

// xorFast does as many bytes from the start as it is good for, and returns their number. The standard library's registers have half the
// width, which in place costs a fifth of the speed.
func xorFast(dst, a, b []byte) int {
	n := len(dst) &^ 127
	if n == 0 || !cpu.X86.HasAVX2 {
		return 0
	}
	xorBlocks(&dst[0], &a[0], &b[0], n)
	return n
}
