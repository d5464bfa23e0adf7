package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"

	"keygan/cipher"
	"keygan/data"
	"keygan/infer"
	"keygan/infer/builtin"

	"github.com/spf13/cobra"
)

// loadGenerator reads the weights at path; without a path it gives the generator built into the program.
func loadGenerator(path string) (*infer.Model, error) {
	if path == "" {
		return builtin.Generator(), nil
	}
	m, err := infer.ReadFile(path)
	if err != nil {
		return nil, hinted{err, weightsHint(path)}
	}
	return m, nil
}

// generator makes the keys of a command's images, each with noise of its own where the model takes any.
type generator struct {
	model     *infer.Model
	weights   string
	noiseSeed uint64
	seeded    bool // --noise-seed was given
}

func (g *generator) addFlags(c *cobra.Command) {
	c.Flags().StringVarP(&g.weights, "weights", "w", "", "the generator, made by keygan-train; default: the one built in")
	c.Flags().Uint64Var(&g.noiseSeed, "noise-seed", 0,
		"repeatable noise, for experiments only, where the generator takes noise: a number; default: fresh noise for each key")
}

// load reads the weights that the command line names.
func (g *generator) load(c *cobra.Command) (err error) {
	g.seeded = c.Flags().Changed("noise-seed")
	if g.model, err = loadGenerator(g.weights); err != nil {
		return err
	}
	if g.seeded && !g.model.TakesNoise() {
		return usagef("%s: the generator takes no noise, so --noise-seed has no meaning", c.Name())
	}
	return nil
}

// key makes the key of an image.
func (g *generator) key(img *data.Image) (*data.Image, error) {
	return g.model.KeyFrom(img, g.seed(img))
}

// seed is that of the noise in an image's key: fresh, so that no key is made twice; or with --noise-seed, SHA-256 of
// "keygan noise seed 1\n", the number as 64 bits, big-endian, and cipher.Digest of the image. So the image alone decides, not
// its name or its place among others, and two images that differ never share a key, in one run or in several.
func (g *generator) seed(img *data.Image) (seed infer.Seed) {
	switch {
	case !g.model.TakesNoise():
	case g.seeded:
		b := binary.BigEndian.AppendUint64([]byte("keygan noise seed 1\n"), g.noiseSeed)
		digest := cipher.Digest(img)
		seed = sha256.Sum256(append(b, digest[:]...))
	default:
		rand.Read(seed[:]) // it ends the program rather than fail
	}
	return seed
}

// note is what the user should know about the keys, or "".
func (g *generator) note() string {
	if g.model == nil || !g.model.TakesNoise() || g.seeded {
		return ""
	}
	return "each key is drawn with fresh noise: it cannot be made again from its image"
}
