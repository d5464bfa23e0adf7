//go:build !amd64 || purego

package catmap

func (t *Tiles) turn1(nx, ny int) { t.turn1Go(nx, ny) }
func (t *Tiles) turn2(nx, ny int) { t.turn2Go(nx, ny) }
func (t *Tiles) turn3(nx, ny int) { t.turn3Go(nx, ny) }
func (t *Tiles) turn4(nx, ny int) { t.turn4Go(nx, ny) }
