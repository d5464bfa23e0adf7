package experiment

import (
	"cmp"
	"fmt"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/infer"
)

// A system is a cryptosystem with the generator that takes part in it.
type system struct {
	SystemInfo
	cryptosystem cipher.Cryptosystem
	generator    *generator // nil where none takes part
	keySpace     cipher.KeySpace

	cost, changeCost float64 // of an image and of a one-bit change, see tracker
}

// systemsOf lists the systems of cfg: each cryptosystem with each generator that fits it.
func systemsOf(cfg Config, generators []*generator) ([]*system, error) {
	main := mainChannels(generators)
	var out []*system
	for _, name := range cfg.Schemes {
		c, err := cipher.ByName(name)
		if err != nil {
			return nil, err
		}
		add := func(g *generator, missing string) {
			s := &system{cryptosystem: c, generator: g, SystemInfo: SystemInfo{
				System: System{Scheme: name}, Channels: main, Research: c.Info().Warning, NotMeasured: missing,
			}}
			var n *cipher.Network
			if g != nil {
				s.Generator, n = g.info.Name, g.network(infer.Seed{})
				if g.keys != nil {
					s.Channels = g.info.Channels
				}
			}
			if missing == "" {
				s.keySpace = c.KeySpace(&raster.Image{Width: cfg.Size, Height: cfg.Size, Channels: s.Channels, Depth: 8}, n)
			}
			out = append(out, s)
		}
		takes, fitting := c.Info().Takes, 0
		for _, g := range generators {
			if !takes.Fits(g.network(infer.Seed{})) {
				continue
			}
			fitting++
			missing := ""
			if g.keys == nil {
				missing = "not measured: the generator could not be read: " + g.err.Error()
			}
			add(g, missing)
		}
		switch {
		case takes == cipher.Nothing:
			add(nil, "")
		case fitting == 0:
			add(nil, "not measured: "+missingGenerator(takes))
		}
	}
	return out, nil
}

// missingGenerator says what a cryptosystem lacks where no generator fits it.
func missingGenerator(takes cipher.Takes) string {
	if takes == cipher.EncryptingNetwork {
		return "no chaos GAN was given; name the folder of its run, as in -w chaos-gan=runs/chaos-gan-small"
	}
	return fmt.Sprintf("no generator that makes keys was given: it takes one, as in -w %s", BuiltIn)
}

// network is the generator as cryptosystems see it. All its keys are made with the same noise.
func (g *generator) network(noise infer.Seed) *cipher.Network {
	n := &cipher.Network{
		Name: g.info.Name, Hash: g.info.Hash, Channels: g.info.Channels, TakesNoise: g.info.TakesNoise,
		Key: func(plain *raster.Image) (*raster.Image, error) { return g.keys.KeyFrom(plain, noise) },
	}
	if g.chaos() {
		n.Encryptor = &chaosSecret{models: g.models, encryptor: g.keys, reconstructor: g.reconstructor, noise: noise}
	}
	return n
}

// mainChannels are those of the images wherever no generator asks for others.
func mainChannels(generators []*generator) int {
	channels := 0
	for _, g := range generators {
		if g.keys != nil && !g.chaos() {
			channels = max(channels, g.info.Channels)
		}
	}
	return cmp.Or(channels, 3)
}
