//go:build !purego

package catmap

import "golang.org/x/sys/cpu"

// Every amd64 processor has SSE2, which turnBytes, turnWords and turnQuads use. turnTriples takes SSSE3.
func init() {
	kernel := func(f func(out, in *byte, stride, nx, ny int)) func(t *Tiles, nx, ny int) {
		return func(t *Tiles, nx, ny int) { f(&t.out[0], &t.in[0], t.stride, nx, ny) }
	}
	turns[1], turns[2], turns[4] = kernel(turnBytes), kernel(turnWords), kernel(turnQuads)
	if cpu.X86.HasSSSE3 {
		turns[3] = kernel(turnTriples)
	}
}
