//go:build !purego

package catmap

import "golang.org/x/sys/cpu"

// Every amd64 processor has SSE2, which turnBytes, turnWords and turnQuads use.

func (t *Tiles) turn1(nx, ny int) { turnBytes(&t.out[0], &t.in[0], t.stride, nx, ny) }
func (t *Tiles) turn2(nx, ny int) { turnWords(&t.out[0], &t.in[0], t.stride, nx, ny) }
func (t *Tiles) turn4(nx, ny int) { turnQuads(&t.out[0], &t.in[0], t.stride, nx, ny) }

func (t *Tiles) turn3(nx, ny int) {
	if !cpu.X86.HasSSSE3 {
		t.turn3Go(nx, ny)
		return
	}
	turnTriples(&t.out[0], &t.in[0], t.stride, nx, ny)
}
