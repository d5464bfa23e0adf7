//go:build !amd64 || purego

package cipher

func (t *tiles) turn1(nx, ny int) { t.turn1Go(nx, ny) }
func (t *tiles) turn2(nx, ny int) { t.turn2Go(nx, ny) }
func (t *tiles) turn3(nx, ny int) { t.turn3Go(nx, ny) }
func (t *tiles) turn4(nx, ny int) { t.turn4Go(nx, ny) }
