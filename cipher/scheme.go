package cipher

import (
	"fmt"
	"slices"
	"strings"

	"keygan/data/raster"
)

// Params are the numbers that a scheme may need beside the key. A scheme ignores those it has no use for.
type Params struct {
	Iterations int // of the cat map, in [1, MaxIterations], and never a multiple of the map's period
	A, B       int // factors of the cat map's two shears; 0 means 1, which is Arnold's map

	X0, R float64 // of the logistic map: where it starts, in (0, 1), and its parameter, in (3.57, 4]
}

const (
	// DefaultIterations is the count in the published script (its user interface takes 50).
	DefaultIterations = 30

	// MaxIterations bounds what a key file can ask for. It is far beyond the longest useful count, period − 1.
	MaxIterations = 1 << 16
)

// A Scheme encrypts images. A new one is a type in a file of its own and one line in schemes.
type Scheme interface {
	// Name is what users and key files call the scheme.
	Name() string

	// Warning is the line that must be shown whenever the scheme writes a file, or "" for a scheme fit for real images.
	Warning() string

	// TakesKey says whether Encrypt takes a key image. To a scheme whose secret is in its Params, key may be nil.
	TakesKey() bool

	// Check says whether Encrypt would take this image and these parameters, so that a caller can ask before it
	// spends a second on making the key. The image's samples are not looked at. Errors may be *SizeError or *FormatError.
	Check(plain *raster.Image, p Params) error

	// Encrypt returns the cipher image, of the shape of plain, and all that is needed to open it. The key image must
	// have the width and height of plain, 8 bits, and at least as many channels. Neither argument is changed.
	Encrypt(plain, key *raster.Image, p Params) (*raster.Image, *KeyFile, error)

	// Decrypt returns the plain image, or an error wrapping ErrMismatch when k was not made with this cipher image.
	Decrypt(cipher *raster.Image, k *KeyFile) (*raster.Image, error)
}

// schemes is the registry, in the order in which people are told of them.
var schemes = []Scheme{
	paper{},
	xor{},
	logistic{},
}

// Schemes returns the names of all schemes.
func Schemes() []string {
	names := make([]string, len(schemes))
	for i, s := range schemes {
		names[i] = s.Name()
	}
	return names
}

// SchemeByName finds a scheme; its error lists the names there are.
func SchemeByName(name string) (Scheme, error) {
	i := slices.IndexFunc(schemes, func(s Scheme) bool { return s.Name() == name })
	if i < 0 {
		return nil, fmt.Errorf("unknown scheme %q: it must be one of %s", name, strings.Join(Schemes(), ", "))
	}
	return schemes[i], nil
}

// checkFormat refuses the samples for which an 8-bit grey or RGB key has no bytes.
func checkFormat(scheme string, m *raster.Image) error {
	why := ""
	switch {
	case m.Depth != 8:
		why = "its 16-bit samples need twice the key bytes there are"
	case m.Channels != 1 && m.Channels != 3:
		why = "the key has no channel for alpha"
	default:
		return nil
	}
	return &FormatError{scheme, m.String(), why}
}

// checkKey refuses a key image that does not have a byte for every byte of m.
func checkKey(m, key *raster.Image) error {
	switch {
	case key.Depth != 8:
		return fmt.Errorf("the key image has %d bits a sample, not 8", key.Depth)
	case key.Width != m.Width || key.Height != m.Height:
		return fmt.Errorf("the key image is %d×%d, the image %d×%d", key.Width, key.Height, m.Width, m.Height)
	case key.Channels < m.Channels:
		return fmt.Errorf("the key image is %s, too few channels for an image that is %s", key, m)
	}
	return nil
}
