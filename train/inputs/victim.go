package inputs

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"keygan/evaluate/experiment"
	"keygan/infer"
	"keygan/train/config"
	"keygan/train/runlog"
)

// A Victim encrypts images, as Config.Encrypt says, for a network that learns to restore them.
//
// With fresh keys, each image gets a new secret each time that it is drawn. Where the scheme takes the key that a network makes of the
// image, that key is the image's own, with fresh noise if the network draws any. With a kept key, there is one secret for each network.
// All draws come from the seed of the configuration and the place of the image, so that a resumed run sees the same.
//
// The nil Victim leaves images as they are.
type Victim struct {
	config.Encrypt
	system   cipher.Cryptosystem
	networks []func(noise infer.Seed) *cipher.Network // the scheme takes one of them at a time; one nil: it takes none
	hashes   []string
	image    config.Image
	seed     uint64

	mu   sync.Mutex      // of kept
	kept []cipher.Secret // of each network; nil: keys are fresh
}

// shownPlace is the place of the first image that is shown. Training never comes to it.
const shownPlace = 1 << 63

// OpenVictim opens the networks that c.Encrypt names. It returns nil where the images are not encrypted.
func OpenVictim(c config.Config) (*Victim, error) {
	if !c.Restores() {
		return nil, nil
	}
	system, err := cipher.ByName(c.Encrypt.Scheme)
	if err != nil {
		return nil, err
	}
	v := &Victim{Encrypt: c.Encrypt, system: system, image: c.Image, seed: c.Seed}
	shape := raster.NewImage(c.Image.Size, c.Image.Size, c.Image.Channels, 8)
	if err := system.Check(shape, v.params()); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	if err := v.openNetworks(); err != nil {
		return nil, err
	}
	if c.Encrypt.Key == config.KeyKept {
		err = v.keepKeys()
	}
	return v, err
}

func (v *Victim) openNetworks() error {
	takes := v.system.Info().Takes
	if takes == cipher.Nothing {
		v.networks = []func(infer.Seed) *cipher.Network{nil}
		return nil
	}
	for _, path := range v.Generators {
		network, err := experiment.OpenNetwork(path)
		if err != nil {
			return fmt.Errorf("encrypt.generators: %w", err)
		}
		n := network(infer.Seed{})
		if !takes.Fits(n) {
			return fmt.Errorf("encrypt.generators: %s is not a network that the scheme %s takes", path, v.Scheme)
		}
		v.networks, v.hashes = append(v.networks, network), append(v.hashes, n.Hash)
	}
	if len(v.networks) == 0 {
		return fmt.Errorf("encrypt.generators: the scheme %s takes a network, and none is named", v.Scheme)
	}
	return nil
}

// keepKeys makes the kept secrets, of an image that the seed draws.
func (v *Victim) keepKeys() error {
	src, err := synthetic.New("mri", 1, v.image.Size, v.seed)
	if err != nil {
		return err
	}
	m, err := src.Image(0)
	if err != nil {
		return err
	}
	m = m.Convert(v.image.Channels)
	random := v.random(1<<63 - 1)
	for _, network := range v.networks {
		s, err := v.newSecret(network, m, random)
		if err != nil {
			return err
		}
		v.kept = append(v.kept, s)
	}
	return nil
}

func (v *Victim) params() cipher.Params { return cipher.Params{Iterations: cipher.DefaultIterations} }

// random are the draws for the image at a place.
func (v *Victim) random(place uint64) *rand.ChaCha8 {
	b := binary.BigEndian.AppendUint64([]byte("keygan restore 1\n"), v.seed)
	return rand.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64(b, place)))
}

// newSecret is what m is encrypted with.
func (v *Victim) newSecret(network func(infer.Seed) *cipher.Network, m *raster.Image, random io.Reader) (cipher.Secret, error) {
	in := cipher.Input{Plain: m, Params: v.params(), Random: random}
	if network != nil {
		var noise infer.Seed
		if _, err := io.ReadFull(random, noise[:]); err != nil {
			return nil, err
		}
		if in.Network = network(noise); in.Network.Encryptor == nil {
			var err error
			if in.Key, err = in.Network.Key(m); err != nil {
				return nil, err
			}
		}
	}
	return v.system.NewSecret(in)
}

// encrypt is what the networks see of m at a place.
func (v *Victim) encrypt(m *raster.Image, place uint64) (*raster.Image, error) {
	random := v.random(place)
	which := int(random.Uint64() % uint64(len(v.networks)))
	var out *raster.Image
	var err error
	if v.kept != nil {
		v.mu.Lock() // a secret may note what it needs to decrypt
		defer v.mu.Unlock()
		out, err = v.kept[which].Encrypt(m)
	} else {
		var s cipher.Secret
		if s, err = v.newSecret(v.networks[which], m, random); err == nil {
			out, err = s.Encrypt(m)
		}
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("encrypt: %w", err)
	case out.Channels != m.Channels:
		return nil, fmt.Errorf("encrypt: the scheme %s makes images of %s of those of %s; set image.channels to %d",
			v.Scheme, Count(out.Channels, "channel"), Count(m.Channels, "channel"), out.Channels)
	}
	return out, nil
}

// Last encrypts the images of a dataset.Loader; nil: they stay as they are.
func (v *Victim) Last() func(m *raster.Image, place uint64) (*raster.Image, error) {
	if v == nil {
		return nil
	}
	return v.encrypt
}

// Show is what the networks see of images that they are not trained with: always the same.
func (v *Victim) Show(images []*raster.Image) ([]*raster.Image, error) {
	if v == nil {
		return images, nil
	}
	out := make([]*raster.Image, len(images))
	for i, m := range images {
		var err error
		if out[i], err = v.encrypt(m, shownPlace+uint64(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Record leaves in a run's folder what an evaluation must know of an attacker who has learnt from the victim's images of plain ones.
func (v *Victim) Record(folder string, plain dataset.Source) error {
	if v == nil {
		return nil
	}
	mean, err := Mean(plain, v.image)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(experiment.Attacker{Scheme: v.Scheme, Key: v.Key, Networks: v.hashes, Images: plain.Len()}, "", "  ")
	return errors.Join(err,
		imagefile.WritePNG(filepath.Join(folder, experiment.MeanFile), mean, true),
		runlog.WriteFile(filepath.Join(folder, experiment.AttackerFile), append(text, '\n')))
}

// Mean is the mean of images, as the networks see them.
func Mean(src dataset.Source, as config.Image) (*raster.Image, error) {
	sums := make([]float64, as.Size*as.Size*as.Channels)
	for i := range src.Len() {
		m, err := src.Image(i)
		if err != nil {
			return nil, err
		}
		for k, level := range m.Fit(as.Size, as.Channels).EightBits().Pix {
			sums[k] += float64(level)
		}
	}
	mean := raster.NewImage(as.Size, as.Size, as.Channels, 8)
	for k, sum := range sums {
		mean.Pix[k] = byte(sum/float64(src.Len()) + 0.5)
	}
	return mean, nil
}

// Learnt reports whether the run in a folder, an attacker's, has learnt from one of the victim's networks: by their weights, whatever the
// files are called.
func (v *Victim) Learnt(folder string) (bool, error) {
	text, err := os.ReadFile(filepath.Join(folder, experiment.AttackerFile))
	if err != nil {
		return false, err
	}
	var a experiment.Attacker
	if err := json.Unmarshal(text, &a); err != nil {
		return false, fmt.Errorf("%s: %w", filepath.Join(folder, experiment.AttackerFile), err)
	}
	return slices.ContainsFunc(a.Networks, func(hash string) bool { return slices.Contains(v.hashes, hash) }), nil
}

// digest identifies encrypted images by those of the plain ones and the networks.
func (v *Victim) digest(plain string) string {
	if len(v.hashes) == 0 {
		return plain
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(slices.Concat([]string{plain}, v.hashes), "\n"))))
}

// String is the victim in words: "xor, fresh keys".
func (v *Victim) String() string {
	if v.kept != nil {
		return v.Scheme + ", a kept key"
	}
	return v.Scheme + ", fresh keys"
}
