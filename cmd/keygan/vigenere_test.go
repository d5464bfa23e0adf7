package main

import (
	"os"

	"keygan/cipher"
	"keygan/data/raster"
)

// vigenere is a toy: it adds the first row of the network's key to every row of the image. With its line of registration it is all that a
// new cryptosystem takes. testdata/vigenere.txtar finds it in the commands, tables and attacks.
var vigenere = &cipher.Research{
	About: cipher.Info{
		Name: "vigenere", Warning: `the scheme "vigenere" is a toy`, Takes: cipher.KeyImage, KeyFile: cipher.ClearKeyFile,
		Keystream: cipher.OwnKeystream,
	},
	Encrypt: addFirstRow(1), Decrypt: addFirstRow(255),
	Space: func(shape *raster.Image, _ *cipher.Network) cipher.KeySpace {
		return cipher.KeySpace{
			Nominal: float64(8 * shape.Width * shape.Channels), NominalHow: "the bits of the key's first row",
			EffectiveHow: "none: the weights and the image give it",
		}
	},
}

func init() {
	if os.Getenv("KEYGAN_TOYS") != "" {
		cipher.Register(vigenere)
	}
}

func addFirstRow(times byte) func(m, key *raster.Image, _ cipher.Params) (*raster.Image, error) {
	return func(m, key *raster.Image, _ cipher.Params) (*raster.Image, error) {
		out := m.Clone()
		for p := range m.Width * m.Height {
			for c := range m.Channels {
				out.Pix[p*m.Channels+c] += times * key.Pix[p%m.Width*key.Channels+c]
			}
		}
		return out, nil
	}
}
