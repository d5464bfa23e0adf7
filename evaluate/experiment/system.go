package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/data/seen"
	"keygan/evaluate/attack"
	"keygan/infer"
	"keygan/infer/builtin"
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
				System: System{Scheme: name}, Channels: main, Control: c.Info().Control, Research: c.Info().Warning, NotMeasured: missing,
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

// network is the generator as cryptosystems see it. All its keys are made with the same noise; who wants other noise asks for it.
func (g *generator) network(noise infer.Seed) *cipher.Network {
	n := &cipher.Network{
		Name: g.info.Name, Hash: g.info.Hash, Channels: g.info.Channels, TakesNoise: g.info.TakesNoise,
		Key: func(plain *raster.Image) (*raster.Image, error) { return g.keys.KeyFrom(plain, noise) },
	}
	if g.info.TakesNoise {
		n.WithNoise = func(random io.Reader) (*cipher.Network, error) {
			var seed infer.Seed
			if _, err := io.ReadFull(random, seed[:]); err != nil {
				return nil, fmt.Errorf("noise: %w", err)
			}
			return g.network(seed), nil
		}
	}
	if g.chaos() {
		n.Encryptor = &chaosSecret{models: g.models, encryptor: g.keys, reconstructor: g.reconstructor, noise: noise}
	}
	return n
}

// OpenNetwork opens a generator outside an evaluation: a run, a file of weights, or built-in. What it returns gives the network as
// cryptosystems see it, with noise from a seed.
func OpenNetwork(path string) (func(noise infer.Seed) *cipher.Network, error) {
	from, err := ParseGenerator(path)
	if err != nil {
		return nil, err
	}
	g := open(from)
	return g.network, g.err
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

// Generator names a network that makes keys or encrypts by itself, and says where its weights are.
type Generator struct {
	Name    string `yaml:"name,omitempty" json:"name"`                 // in the tables; default: the folder's name
	Weights string `yaml:"weights,omitempty" json:"weights,omitempty"` // generator.npz, or built-in for the generator inside the program
	Run     string `yaml:"run,omitempty" json:"run,omitempty"`         // the folder of a training run, in the place of weights: with training curves, and the reconstruction network of a chaos GAN
}

// BuiltIn stands for the weights inside the program.
const BuiltIn = "built-in"

// The files of a run's folder.
const (
	runWeights       = "generator.npz"
	runReconstructor = "reconstructor.npz"
	runMetrics       = "metrics.csv"
	runConfig        = "config.yaml"
)

// ParseGenerator parses [NAME=]PATH: a file of weights, the folder of a run, or built-in. Without NAME the folder gives the name.
func ParseGenerator(s string) (Generator, error) {
	var g Generator
	path := s
	if name, rest, found := strings.Cut(s, "="); found && generatorName.MatchString(name) {
		g.Name, path = name, rest
	}
	if path == "" {
		return g, fmt.Errorf("%q names no generator: it must be [NAME=]PATH", s)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		g.Run = path
	} else {
		g.Weights = path
	}
	g = g.resolved()
	if !generatorName.MatchString(g.Name) {
		return g, fmt.Errorf("%q: a generator cannot be called %q: give it a name, as in GAN=%s", s, g.Name, path)
	}
	return g, nil
}

// WithGenerator is c with one more generator. It replaces the one of the same name.
func (c Config) WithGenerator(g Generator) Config {
	c = c.Resolved()
	for i := range c.Generators {
		if c.Generators[i].Name == g.Name {
			c.Generators[i] = g
			return c
		}
	}
	c.Generators = append(c.Generators, g)
	return c
}

// generatorName is what a name may be: it stands in tables and file names.
var generatorName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}_. +-]{0,39}$`)

// resolved fills in the name.
func (g Generator) resolved() Generator {
	if g.Name != "" {
		return g
	}
	switch folder := filepath.Base(filepath.Dir(g.Weights)); {
	case g.Run != "":
		g.Name = filepath.Base(g.Run)
	case g.Weights == BuiltIn:
		g.Name = BuiltIn
	case filepath.Base(g.Weights) == runWeights && folder != "." && folder != "/":
		g.Name = folder
	default:
		g.Name = strings.TrimSuffix(filepath.Base(g.Weights), filepath.Ext(g.Weights))
	}
	return g
}

// generator is a generator that was read, or the reason why it was not.
type generator struct {
	info          GeneratorInfo
	keys          keyGenerator // nil: it could not be read
	reconstructor keyGenerator // only of a chaos GAN
	models        [2]*infer.Model
	attacker      *attack.Learned // nil: it makes keys or encrypts
	seen          *seen.Index     // what it was trained on; nil: notSeen says why that is not known
	notSeen       error
	notNear       string // why near duplicates cannot be found
	err           error
	cost          float64 // of a key, see tracker
}

// A keyGenerator makes a key image of an image, and of noise if it takes any; *infer.Model is one.
type keyGenerator interface {
	KeyFrom(img *raster.Image, seed infer.Seed) (*raster.Image, error)
}

// chaos says whether the generator encrypts by itself and makes no keys. If it could not be read, its name decides.
func (g *generator) chaos() bool {
	return g.info.Network == infer.NetworkChaos || (g.info.Network == "" && g.info.Name == SchemeChaosGAN)
}

// ErrGenerator is wrapped by the error of a run in which a generator could not be read. What needs it is marked as not measured.
var ErrGenerator = errors.New("some generators could not be read")

// open reads a generator, or notes why it cannot be read.
func open(from Generator) *generator {
	g := &generator{info: GeneratorInfo{Name: from.Name}}
	if from.Weights == BuiltIn {
		g.describe(builtin.Generator())
		g.info.Objective, g.info.Seed = builtin.Objective, builtin.Seed
		g.seen, g.notSeen = builtin.Seen()
		g.notNear = "its drawn training images are known by kind and seed"
		return g
	}
	path := cmp.Or(from.Weights, filepath.Join(from.Run, runWeights))
	g.info.File, g.info.Run = path, from.Run
	m, err := infer.ReadFile(path)
	if err != nil {
		g.err, g.info.Missing = err, err.Error()
		return g
	}
	g.describe(m)
	folder := filepath.Dir(path)
	g.seen, g.notSeen = readSeen(folder)
	curves := filepath.Join(folder, runMetrics)
	if info, err := os.Stat(curves); err == nil && info.Mode().IsRegular() {
		g.info.Run, g.info.Metrics = folder, curves
	}
	g.info.Objective, g.info.Seed = trainedWith(folder)
	if g.learn(folder, m); g.attacker != nil || g.err != nil || !g.chaos() {
		return g
	}
	path = filepath.Join(folder, runReconstructor)
	inverse, err := infer.ReadFile(path)
	if err == nil && inverse.Arch().Channels != g.info.Channels {
		err = fmt.Errorf("%s: it has %d channels, the other network %d", path, inverse.Arch().Channels, g.info.Channels)
	}
	if err != nil {
		g.err, g.keys = fmt.Errorf("the network that undoes the encryption: %w", err), nil
		g.info.Missing = g.err.Error()
		return g
	}
	g.reconstructor, g.models[1], g.info.Reconstructor = inverse, inverse, inverse.Hash()
	return g
}

// trainedWith reads the objective and the seed out of a run's configuration, and nothing else, for other versions may have written it.
func trainedWith(run string) (objective string, seed uint64) {
	src, err := os.ReadFile(filepath.Join(run, runConfig))
	if err != nil {
		return "", 0
	}
	var c struct {
		Seed      uint64
		Objective struct{ Name string }
	}
	if yaml.Unmarshal(src, &c) != nil {
		return "", 0
	}
	return c.Objective.Name, c.Seed
}

func (g *generator) describe(m *infer.Model) {
	a := m.Arch()
	g.keys, g.models[0] = m, m
	g.info.Network, g.info.Parameters, g.info.Channels, g.info.ImageSize = a.Network, a.Parameters(), a.Channels, a.ImageSize
	g.info.TakesNoise, g.info.Hash, g.info.ConfigHash = m.TakesNoise(), m.Hash(), a.ConfigHash
}
