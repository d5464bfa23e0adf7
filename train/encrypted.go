package train

import (
	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/raster"
)

// encryptedSource is images encrypted by the scheme logistic: what the chaos GAN is to learn to make.
//
// One keystream serves all images, sample i of each being XORed with its byte i, as the published system has one key. That gives
// the XOR of two images away, but the networks are shown no secret: the parameters are the public ones.
//
// It does not say which files it is of. What it holds is not to be cached, and can be made again faster than it can be read.
type encryptedSource struct {
	dataset.Source
	keystream []byte
}

// encrypted gives the images of src encrypted. They must be size×size with so many channels of 8 bits, as openDataset has them.
func encrypted(src dataset.Source, size, channels int) dataset.Source {
	keystream, err := cipher.LogisticKeystream(size*size*channels, cipher.LogisticX0, cipher.LogisticR)
	if err != nil {
		panic(err) // of constants
	}
	return encryptedSource{src, keystream}
}

func (e encryptedSource) Image(i int) (*raster.Image, error) {
	m, err := e.Source.Image(i)
	if err != nil {
		return nil, err
	}
	m = m.Clone()
	cipher.XOR(m.Pix, m.Pix, e.keystream)
	return m, nil
}
