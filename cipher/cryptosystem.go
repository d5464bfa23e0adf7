package cipher

import (
	"io"

	"keygan/cipher/sealed"
	"keygan/data/raster"

	"filippo.io/age"
)

// A Cryptosystem encrypts images. A new one is one file and one line: an entry of the registry, or a call of Register from a package
// above. Commands, tables and attacks know it by its Info only. Research implements one from two functions.
type Cryptosystem interface {
	Info() Info

	// Check says whether images of a shape can be encrypted with these parameters. It does not look at samples, so a caller can ask
	// before it spends a second on a key. Errors may be *SizeError or *FormatError.
	Check(shape *raster.Image, p Params) error

	// NewSecret makes the secret for one image.
	NewSecret(in Input) (Secret, error)

	// KeySpace counts the keys for images of a shape. n is nil where no network takes part.
	KeySpace(shape *raster.Image, n *Network) KeySpace
}

// Info describes a cryptosystem.
type Info struct {
	Name     string // what users, tables and key files call it
	Warning  string // the line to show whenever it writes a file; "" for a system that is fit for real images, or writes none
	Weakness string // why there is a warning, in a sentence or two

	Takes         Takes
	Iterations    bool // Params.Iterations has a meaning
	KeyFile       KeyFileFormat
	Authenticates string // what notices a change; "" for nothing

	// What attacks and tables ask about.
	Fresh       bool      // each encryption draws a new secret, whatever the image
	MovesPixels bool      // it moves pixels about
	Keystream   Keystream // what it encrypts a black image to
	FloatBits   int       // size of the floating-point numbers that the keystream is made of; 0 for whole numbers
	Claims      Claims

	// A system with OnlyAttacks, even with none, is not offered to users. A variant is there for some attacks only. VariantOf names the
	// system that it belongs to, "" for a variant that is always attacked.
	OnlyAttacks []int
	VariantOf   string

	Control bool // its verdicts are known beforehand: tables have it beside the others, as a measure of the tests
}

// Kept says whether one secret serves many images.
func (i Info) Kept() bool { return !i.Fresh && (i.Takes == Nothing || i.Takes == EncryptingNetwork) }

// Takes says which network a cryptosystem needs.
type Takes int

const (
	Nothing           Takes = iota // no network
	KeyImage                       // the key image that a network makes of the plain image
	OptionalKeyImage               // the same, but it does without
	EncryptingNetwork              // networks that encrypt and decrypt by themselves, from the run of a chaos GAN
)

// Fits says whether n is a network of this kind.
func (t Takes) Fits(n *Network) bool {
	if n.Encryptor != nil {
		return t == EncryptingNetwork
	}
	return t == KeyImage || t == OptionalKeyImage
}

// KeyFileFormat says how a secret is written to a file.
type KeyFileFormat int

const (
	NoKeyFile    KeyFileFormat = iota // it is not: the system is there for measurements
	ClearKeyFile                      // a KeyFile, in the clear
	AgeKeyFile                        // an age file, encrypted to recipients; see package sealed
)

// Keystream says what a cryptosystem makes of a black image.
type Keystream int

const (
	NoKeystream  Keystream = iota // nothing that serves other images
	RawKeystream                  // the network's key image, or a permutation of it
	OwnKeystream                  // bytes that it makes itself
)

// Params are the numbers that a cryptosystem may need beside the key. A system ignores those it has no use for.
type Params struct {
	Iterations int // of the cat map, in [1, MaxIterations], and never a multiple of the map's period
	A, B       int // factors of the cat map's two shears; 0 means 1, which is Arnold's map

	X0, R float64 // of the logistic map: where it starts, in (0, 1), and its parameter, in (3.57, 4]; both 0: they are drawn
}

const (
	// DefaultIterations is the count in the published script. Its user interface takes 50.
	DefaultIterations = 30

	// MaxIterations bounds what a key file can ask for. It is far beyond the longest useful count, period − 1.
	MaxIterations = 1 << 16
)

// A Network is known by what it gives: key images, or ready cipher images.
type Network struct {
	Name       string
	Hash       string // SHA-256 of architecture and weights, 64 hexadecimal digits
	Channels   int    // of the images that it takes; 0 for any
	TakesNoise bool   // its keys also depend on random numbers

	// Key makes the key image of an image: the same width and height, at least as many channels, the same key for the same image.
	Key func(plain *raster.Image) (*raster.Image, error)

	// WithNoise returns the same network with other noise, drawn from random, in all that it makes. Nil where it takes none.
	WithNoise func(random io.Reader) (*Network, error)

	Encryptor any // for a system of Takes EncryptingNetwork: its networks; nil for a network that makes keys
}

// Input is what the secret of one image is made of.
type Input struct {
	Plain   *raster.Image // only its shape is looked at
	Network *Network      // nil where none takes part
	Key     *raster.Image // what the network makes of the image; nil where it makes no keys
	Params  Params
	Random  io.Reader // nil for crypto/rand. An evaluation that must be repeatable gives a seeded stream.
}

// A Secret is all that encrypts and decrypts one image.
type Secret interface {
	// Encrypt returns the cipher image, of the shape of plain. One secret gives the same cipher image each time.
	Encrypt(plain *raster.Image) (*raster.Image, error)

	// Decrypt is what the receiver does, and comes after Encrypt. The error of a system that notices a damaged cipher image or a wrong
	// secret wraps ErrRefused.
	Decrypt(cipherImage *raster.Image) (*raster.Image, error)

	// Bits is the number of bits that Flip chooses from.
	Bits() int

	// Flip returns the secret with one bit changed. choose picks a number in [0, n); rng.IntN picks at random.
	Flip(choose func(n int) int) (Secret, error)

	// Stranger returns an unrelated secret of the same kind, made from in, which is of another image, and says what it is.
	Stranger(in Input) (Secret, string, error)

	// Sent returns the bytes that must reach the receiver in secret. It comes after Encrypt.
	Sent() ([]byte, error)
}

// A LayeredSecret can show what it is made of.
type LayeredSecret interface {
	// Layers returns the key, or keystream, as an image, and plain after the permutation of pixels; nil where there is none.
	Layers(plain *raster.Image) (key, scrambled *raster.Image)
}

// A FiledSecret is written to a KeyFile. Its system is a *Research.
type FiledSecret interface {
	KeyFile(cipherImage *raster.Image) *KeyFile
}

// A WrappedSecret is written to an age file.
type WrappedSecret interface {
	// Wrap encrypts the key file. It comes after Encrypt.
	Wrap(w io.Writer, to ...age.Recipient) error

	// Unwrap returns the secret in another key file of the same system.
	Unwrap(r io.Reader, identities ...age.Identity) (Secret, error)
}

// ErrRefused reports a cipher image and a secret that do not belong together, or a change of one of them.
var ErrRefused = sealed.ErrRefused

// KeySpace is the number of keys of a cryptosystem, as powers of two, and how it is counted.
type KeySpace struct {
	Nominal      float64 // bits of what the receiver must be sent
	NominalHow   string
	Effective    float64 // bits left to guess for whoever has the program, the weights, and the plain image or a guess at it
	EffectiveHow string
}

// Claims are what a cryptosystem says of itself under the rules of Alvarez and Li (2006).
type Claims struct{ Described, Precise, KeysCounted, NoWeakKeys Claim }

// A Claim holds unless the attack of its number succeeds.
type Claim struct {
	Verdict  Verdict // "" says nothing
	Evidence string  // a sentence or two
	Attack   int     // 0 where the claim follows from the construction
}

// Verdict says whether a rule holds.
type Verdict string

const (
	Holds       Verdict = "holds"
	Fails       Verdict = "fails"
	NotShown    Verdict = "not shown"    // neither could be shown
	NotMeasured Verdict = "not measured" // none of the attacks that it takes was made
)
