package inputs

import (
	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/train/config"
)

// encryptedSource is images encrypted by the scheme logistic: what the chaos GAN learns to make.
//
// One keystream serves all images, as the published system has one key: sample i of each image is XORed with byte i. That gives the
// XOR of two images away, but the networks are shown no secret: the parameters are the public ones.
//
// It does not say from which files its images are, so it is not cached: encrypting them again is faster than reading them.
type encryptedSource struct {
	dataset.Source
	keystream []byte
}

// encrypted gives the images of src encrypted. They must have the shape that the networks see, with 8 bits.
func encrypted(src dataset.Source, as config.Image) dataset.Source {
	keystream, err := cipher.LogisticKeystream(as.Size*as.Size*as.Channels, cipher.LogisticX0, cipher.LogisticR)
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
