// Package timing measures how long keys and encryption take at several image sizes, for a plot. Times are of this machine and this run:
// nothing is compared with them.
package timing

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"keygan/cipher"
	"keygan/data/raster"
)

// Sizes are the sides of the images, in pixels.
var Sizes = []int{64, 128, 256, 512, 1024}

// longest is how long a network may take at the next size, by what it took at the last one. A wide network takes minutes at the largest.
const longest = 3 * time.Second

// repeats is how often an encryption is timed; the shortest counts.
const repeats = 3

// A Row is what was measured at one size: the key of a network, or the encryption under a scheme with the key ready.
type Row struct {
	Scheme  string  `json:"scheme,omitempty"`  // "": the key
	Network string  `json:"network,omitempty"` // its name
	Size    int     `json:"size"`              // width and height
	Time    float64 `json:"time_ms"`
}

// Run times each network's keys and each scheme, on plain at several sizes. A scheme that takes a key image is timed with the first
// network, since the key is ready by then; one that a network carries out is timed with each.
func Run(ctx context.Context, plain *raster.Image, schemes []string, networks []*cipher.Network, p cipher.Params, sizes []int) ([]Row, error) {
	var rows []Row
	slow := map[string]bool{} // what would take too long at the next size
	for _, size := range sizes {
		m := plain.Fit(size, plain.Channels)
		var key *raster.Image // of the first network that makes one
		var maker *cipher.Network
		for _, n := range networks {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if n.Encryptor != nil || slow[n.Name] {
				continue
			}
			start := time.Now()
			k, err := n.Key(fitted(m, n))
			if err != nil {
				continue // a network that makes keys of one size only
			}
			took := time.Since(start)
			slow[n.Name] = tooSlow(took)
			rows = append(rows, Row{Network: n.Name, Size: size, Time: milliseconds(took)})
			if key == nil {
				key, maker = k, n
			}
		}
		for _, name := range schemes {
			c, err := cipher.ByName(name)
			if err != nil {
				return nil, err
			}
			more, err := timeScheme(ctx, c, cipher.Input{Plain: m, Network: maker, Key: key, Params: p}, networks, slow)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
	}
	return rows, nil
}

// timeScheme times one scheme at one size; in has the key, if there is one.
func timeScheme(ctx context.Context, c cipher.Cryptosystem, in cipher.Input, networks []*cipher.Network, slow map[string]bool) ([]Row, error) {
	in.Random = rand.NewChaCha8([32]byte{1})
	info, m := c.Info(), in.Plain
	with := []*cipher.Network{nil} // the one of the key, if any
	switch {
	case info.Takes == cipher.EncryptingNetwork:
		with, in.Key = networks, nil
	case info.Takes == cipher.Nothing:
		in.Key, in.Network = nil, nil
	case in.Key != nil:
		in.Plain = fitted(m, in.Network)
	case info.Takes == cipher.KeyImage:
		return nil, nil
	}
	var rows []Row
	for _, n := range with {
		row := Row{Scheme: info.Name, Size: m.Width}
		if n != nil {
			if row.Network = n.Name; !info.Takes.Fits(n) || slow[n.Name] {
				continue
			}
			in.Network, in.Plain = n, fitted(m, n)
		}
		if c.Check(in.Plain, in.Params) != nil {
			continue // a size or an iteration count that the scheme does not take
		}
		secret, err := c.NewSecret(in)
		if err != nil {
			return nil, err
		}
		took, err := shortest(ctx, func() error {
			_, err := secret.Encrypt(in.Plain)
			return err
		})
		if err != nil {
			return nil, err
		}
		if n != nil {
			slow[n.Name] = tooSlow(took)
		}
		row.Time = milliseconds(took)
		rows = append(rows, row)
	}
	return rows, nil
}

// shortest is the shortest of several runs; a run of more than a tenth of a second is the only one.
func shortest(ctx context.Context, run func() error) (best time.Duration, err error) {
	for i := range repeats {
		start := time.Now()
		if err := errors.Join(ctx.Err(), run()); err != nil {
			return 0, err
		}
		if took := time.Since(start); i == 0 || took < best {
			best = took
		}
		if best > time.Second/10 {
			break
		}
	}
	return best, nil
}

// tooSlow says whether the next size, of four times as many pixels, would take too long.
func tooSlow(took time.Duration) bool { return 4*took > longest }

// fitted has the channels that a network takes.
func fitted(m *raster.Image, n *cipher.Network) *raster.Image {
	if n.Channels == 0 {
		return m
	}
	return m.Fit(m.Width, n.Channels)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
