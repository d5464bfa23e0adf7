package experiment

import (
	"math"
	"slices"
	"time"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// A Metric is one line of the tables. Tables, report, CSV, TeX and JSON follow from its entry in [Metrics].
type Metric struct {
	ID         string // in results.csv and results.json
	Name       string
	Definition string // what exactly is compared, and how
	Formula    string // where the formula comes from; "" where the definition is all of it
	Better     string // which values are good: Higher, Lower, Nearer or ""
	Unit       string
	Digits     int // decimals in the tables
	Brief      int // decimals in the summary

	On          Occasion
	Measure     func(Observation) (float64, error) // an error that wraps metrics.ErrUndefined leaves a value out
	EachChannel bool                               // Measure is called for each channel of A
	Expected    func(Observation) float64          // what random data gives, where that depends on the image
	Criterion   func(*raster.Image) Criterion      // the threshold for images of this shape; nil: there is none
	Remark      func(Observation) string           // on how the value comes about

	Summary  bool // it stands in the short tables and, with a criterion, in the table of verdicts
	Compared bool // it stands in the tables of published systems
	Timed    bool // a time or a speed: of this machine and this run
}

// About is the definition, where the formula comes from, and which values are good.
func (m Metric) About() string {
	text := m.Definition
	for _, more := range []string{m.Formula, m.Better} {
		if more != "" {
			text += "; " + more
		}
	}
	return text
}

// What Better can be.
const (
	Higher = "higher is better"
	Lower  = "lower is better"
	Nearer = "the nearer to the expected value the better"
)

// An Occasion is what the experiment has just made, and so what a metric can look at. Each metric is taken on one.
type Occasion int

// The occasions. A and B are the images of the [Observation].
const (
	EachImage           Occasion = iota // A: a plain image, a raw key or a cipher image
	KeysOneBit                          // A, B: raw keys of plain images that differ in one bit
	KeysOfTwoImages                     // A, B: raw keys of different images
	KeysOfTwoGenerators                 // A, B: raw keys of one image by the first generator and by this one
	EachKey                             // A: the raw key of a plain image, once for each image
	PlainAndKey                         // A: plain, B: its raw key
	EveryTwoKeys                        // A, B: raw keys of two images, once for each pair
	AllKeys                             // Set: the raw keys of a source, once
	KeysAndTargets                      // the same, with Targets and Controls
	KeyMade                             // KeyTime
	CiphersOneBit                       // A, B: ciphertexts of plain images that differ in one bit, each with its own key
	CiphersSameKey                      // A, B: the same under the key of the unchanged image
	CiphersAsUsed                       // A, B: as CiphersOneBit, with noise of its own for the changed image
	CiphersBit0                         // A, B: as CiphersOneBit, where the lowest bit was changed; bit k is CiphersBit0 + k
	_
	_
	_
	_
	_
	_
	_
	PlainAndCipher    // A: plain, B: cipher
	PlainAndDecrypted // A: plain, B: decrypted
	CiphersKeyBit     // A, B: ciphertexts of one image under keys that differ in one bit
	DecryptedKeyBit   // A: decrypted, B: decrypted with a key that is wrong in one bit
	PlainAndWrongKey  // A: plain, B: decrypted with a wrong key
	AfterNoise        // A: plain, B: decrypted after salt and pepper on the cipher image
	AfterCrop16       // A: plain, B: decrypted after the middle 1/16 of the cipher image was lost
	AfterCrop4        // A: plain, B: decrypted after the middle 1/4 of the cipher image was lost
	AfterNoise1       // the same after salt and pepper on 1 % of the pixels
	AfterNoise10      // the same after salt and pepper on 10 %
	AfterCrop2        // the same after the middle half was lost
	Transmitted       // A: plain, B: cipher, with KeyBytes and the times
)

// An Observation is what a metric looks at on its occasion.
type Observation struct {
	A, B    *raster.Image
	Channel int // of A, for metrics of each channel

	KeyTime, EncryptTime, DecryptTime time.Duration
	KeyBytes                          int // that the receiver needs in secret

	KeySpace cipher.KeySpace

	Set               []*raster.Image // raw keys
	Targets, Controls []*raster.Image // target images of the training, and as many others as there are keys
}

// PlainMetrics are the metrics of plain images: those of a single image.
func PlainMetrics() []Metric { return metricsOn(func(on Occasion) bool { return on == EachImage }) }

// KeyMetrics are the metrics of raw keys, which do not depend on the scheme.
func KeyMetrics() []Metric { return metricsOn(func(on Occasion) bool { return on <= KeyMade }) }

// SchemeMetrics are the metrics of a scheme's cipher images.
func SchemeMetrics() []Metric {
	return metricsOn(func(on Occasion) bool { return on == EachImage || on > KeyMade })
}

func metricsOn(wanted func(Occasion) bool) []Metric {
	return slices.DeleteFunc(slices.Clone(Metrics), func(m Metric) bool { return !wanted(m.On) })
}

// pair measures two images.
func pair(measure func(a, b *raster.Image) (float64, error)) func(Observation) (float64, error) {
	return func(o Observation) (float64, error) { return measure(o.A, o.B) }
}

// exact is a measure that cannot fail.
func exact(measure func(Observation) float64) func(Observation) (float64, error) {
	return func(o Observation) (float64, error) { return measure(o), nil }
}

const wu2011 = "Wu, Noonan and Agaian (2011)"

func npcr(on Occasion, id, name, definition string) Metric {
	return Metric{
		ID: id, Name: name, Definition: definition, Formula: wu2011, Better: Nearer, Unit: "%", Digits: 4, Brief: 2,
		On: on, Measure: pair(metrics.NPCR), Criterion: randomNPCR,
	}
}

func uaci(on Occasion, id, name, definition string) Metric {
	return Metric{
		ID: id, Name: name, Definition: definition, Formula: wu2011, Better: Nearer, Unit: "%", Digits: 4, Brief: 2,
		On: on, Measure: pair(metrics.UACI), Criterion: randomUACI,
	}
}

func correlation(d metrics.Direction) Metric {
	return Metric{
		ID: IDCorrelation[d], Name: "correlation, " + d.String(), Formula: "Pearson (1895)", Better: Nearer, Digits: 4, Brief: 3,
		Definition: "Pearson r over all pairs of " + d.String() + " neighbours, separately for each channel",
		On:         EachImage, EachChannel: true, Criterion: randomCorrelation(d), Summary: true, Compared: true,
		Measure: func(o Observation) (float64, error) { return metrics.Correlation(o.A, o.Channel, d) },
	}
}

func mse(on Occasion, id, name, definition string) Metric {
	return Metric{ID: id, Name: name, Definition: definition, Better: Nearer, Digits: 1, Brief: 1, On: on, Measure: pair(metrics.MSE)}
}

func psnr(on Occasion, id, name, definition string) Metric {
	return Metric{
		ID: id, Name: name, Definition: definition, Better: Higher, Unit: "dB", Digits: 2, Brief: 1, On: on, Measure: pair(metrics.PSNR),
	}
}

func ssim(on Occasion, id, name, definition string, window metrics.Window) Metric {
	return Metric{
		ID: id, Name: name, Definition: definition, Formula: "Wang, Bovik, Sheikh and Simoncelli (2004)",
		Better: Lower, Digits: 4, Brief: 3, On: on,
		Measure: func(o Observation) (float64, error) { return metrics.SSIM(o.A, o.B, window) },
	}
}

// with is a metric changed by some of the functions below.
func (m Metric) with(changes ...func(*Metric)) Metric {
	for _, change := range changes {
		change(&m)
	}
	return m
}

func summarized(m *Metric) { m.Summary = true }
func compared(m *Metric)   { m.Compared = true }

// lossless demands the value that an exact decryption gives.
func lossless(v float64) func(*Metric) {
	return func(m *Metric) {
		m.Better, m.Criterion = Nearer, func(*raster.Image) Criterion { return Criterion{Expected: v, Low: v, High: v} }
	}
}

// independent states what a uniform cipher that does not depend on the plain image gives. It is no threshold.
func independent(expected func(plain *raster.Image) float64) func(*Metric) {
	return func(m *Metric) {
		m.Better, m.Criterion = Nearer, nil
		m.Expected = func(o Observation) float64 { return expected(o.A) }
	}
}

func timed(id, name, definition string, on Occasion, digits int, took func(Observation) time.Duration) Metric {
	return Metric{
		ID: id, Name: name, Definition: definition, Better: Lower, Unit: "ms", Digits: digits, Brief: 1, On: on, Timed: true,
		Measure: exact(func(o Observation) float64 { return milliseconds(took(o)) }),
	}
}

// The identifiers of the metrics, in results.csv and results.json, that are asked for by name.
const (
	IDEntropy         = "entropy"
	IDChiSquare       = "chi2"
	IDNPCR            = "npcr"
	IDUACI            = "uaci"
	IDNPCRSameKey     = "npcr_same_key"
	IDUACISameKey     = "uaci_same_key"
	IDNPCRPlainCipher = "npcr_plain_cipher"
	IDUACIPlainCipher = "uaci_plain_cipher"
	IDNPCRKeyOneBit   = "npcr_key_one_bit"
	IDNPCRKeyKey      = "npcr_key_key"
	IDNPCRGenerators  = "npcr_key_generators"
	IDMSEDecrypted    = "mse_plain_decrypted"
	IDSSIMDecrypted   = "ssim_plain_decrypted"
	IDExact           = "decrypted_exactly"
	IDSSIMWrongKey    = "ssim_wrong_key"
	IDKeyBytes        = "key_bytes"
	IDMinEntropy      = "min_entropy"
	IDKeyLevels       = "key_levels"
)

// IDCorrelation has the identifier of each direction.
var IDCorrelation = [...]string{metrics.Horizontal: "correlation_h", metrics.Vertical: "correlation_v", metrics.Diagonal: "correlation_d"}

// Metrics are all metrics in the order of the tables. A new one is one more entry.
var Metrics = []Metric{
	{
		ID: IDEntropy, Name: "entropy", Definition: "Shannon entropy of the bytes", Formula: "Shannon (1948)",
		Better: Nearer, Unit: "bits", Digits: 5, Brief: 4, On: EachImage, Criterion: randomEntropy, Summary: true,
		Measure: exact(func(o Observation) float64 { return metrics.Entropy(o.A) }),
	},
	{
		ID: IDChiSquare, Name: "χ²", Formula: "Pearson (1900)",
		Definition: "histogram of the bytes against the uniform one, 255 degrees of freedom; a histogram that is too even fails as well",
		Better:     Nearer, Digits: 2, On: EachImage, Criterion: randomChiSquare, Summary: true,
		Measure: exact(func(o Observation) float64 { return metrics.ChiSquare(o.A) }),
	},
	correlation(metrics.Horizontal), correlation(metrics.Vertical), correlation(metrics.Diagonal),
	localEntropy, histogramVariance, floatingFrequency,
	texture("contrast", "Σ p (i − j)²", 1, func(g metrics.GLCM) float64 { return g.Contrast }),
	texture("homogeneity", "Σ p / (1 + (i − j)²)", 5, func(g metrics.GLCM) float64 { return g.Homogeneity }),
	texture("energy", "√Σ p²", 5, func(g metrics.GLCM) float64 { return g.Energy }),

	npcr(KeysOneBit, IDNPCRKeyOneBit, "NPCR one bit, keys", "ours: bytes that differ between the keys of two plain images one bit apart, both made with the same noise where there is any"),
	uaci(KeysOneBit, "uaci_key_one_bit", "UACI one bit, keys", "ours: mean difference between the keys of two plain images one bit apart"),
	npcr(KeysOfTwoImages, IDNPCRKeyKey, "NPCR key–key", "papers': bytes that differ between the keys of two different images"),
	uaci(KeysOfTwoImages, "uaci_key_key", "UACI key–key", "papers': mean difference between the keys of two different images"),
	npcr(KeysOfTwoGenerators, IDNPCRGenerators, "NPCR generators",
		"bytes that differ between the keys of one image by this generator and by the first one, as after training with another seed"),
	uaci(KeysOfTwoGenerators, "uaci_key_generators", "UACI generators",
		"mean difference between the keys of one image by this generator and by the first one"),
	overPairs(npcr(EveryTwoKeys, "npcr_all_keys", "NPCR of all pairs of keys", "bytes that differ between the keys of two images, over all pairs of "+
		"the first 64"), metrics.NPCRExpected),
	overPairs(uaci(EveryTwoKeys, "uaci_all_keys", "UACI of all pairs of keys", "mean difference between the keys of two images, over the same pairs"),
		metrics.UACIExpected),
	effectiveKeys, plainKeyCorrelation,
	ssim(PlainAndKey, "ssim_plain_key", "SSIM plain–key", "plain image against its key, 11×11 Gaussian window", metrics.Gaussian11),
	keysToTargets,
	{
		ID: IDMinEntropy, Name: "min-entropy of keys", Formula: "NIST SP 800-90B (2018), ten estimators of the non-IID track",
		Definition: "bits of each byte of the key that nobody can guess, even knowing the bytes before it; " +
			"expected: of as many random bytes, which get less than 8 because the estimates are cautious",
		Better: Higher, Unit: "bits", Digits: 4, Brief: 3, On: EachKey, Measure: minEntropy,
		Expected: func(o Observation) float64 { return randomMinEntropy(len(o.A.Pix)) },
	},
	{
		ID: IDKeyLevels, Name: "byte values in a key", Definition: "how many of the 256 byte values occur in a key",
		Better: Nearer, Digits: 1, Brief: 0, On: EachKey,
		Measure: exact(func(o Observation) float64 {
			n := 0
			for _, count := range metrics.Histogram(o.A) {
				n += min(count, 1)
			}
			return float64(n)
		}),
		Expected: func(o Observation) float64 { return 256 * (1 - math.Pow(255./256, float64(len(o.A.Pix)))) },
	},
	timed("key_time", "key generation time", "one forward pass of the generator on this machine", KeyMade, 1,
		func(o Observation) time.Duration { return o.KeyTime }),

	npcr(CiphersOneBit, IDNPCR, "NPCR one bit",
		"the field's: bytes that differ between the ciphertexts of two plain images one bit apart, key generation run again with the same noise").
		with(summarized, compared),
	uaci(CiphersOneBit, IDUACI, "UACI one bit",
		"the field's: mean difference between the ciphertexts of two plain images one bit apart, key generation run again").
		with(summarized, compared),
	npcr(CiphersSameKey, IDNPCRSameKey, "NPCR one bit, same key", "the same with secret and raw key of the unchanged image kept: "+
		"what the scheme itself spreads; a scheme that draws a new secret each time shows here what a broken implementation would give"),
	uaci(CiphersSameKey, IDUACISameKey, "UACI one bit, same key", "mean difference between the ciphertexts of NPCR one bit, same key"),
	npcr(PlainAndCipher, IDNPCRPlainCipher, "NPCR plain–cipher",
		"papers': bytes that differ between a plain image and its ciphertext; says nothing about one-bit changes").with(summarized, compared),
	uaci(PlainAndCipher, IDUACIPlainCipher, "UACI plain–cipher", "papers': mean difference between a plain image and its ciphertext; "+
		"expected: for a uniform cipher independent of this plain image (33.46 % only where the plain image is uniform)").
		with(independent(metrics.ExpectedUACI), compared),
	mse(PlainAndCipher, "mse_plain_cipher", "MSE plain–cipher",
		"mean squared difference; expected: for a uniform cipher independent of the plain image").
		with(independent(metrics.ExpectedMSE), compared),
	psnr(PlainAndCipher, "psnr_plain_cipher", "PSNR plain–cipher",
		"10 log10(MAX²/MSE); expected: for a uniform cipher independent of the plain image").
		with(independent(func(m *raster.Image) float64 { return metrics.PSNROf(metrics.ExpectedMSE(m), m.Max()) }), threeDigits),
	ssim(PlainAndCipher, "ssim_plain_cipher", "SSIM plain–cipher", "11×11 Gaussian window, mean over the channels", metrics.Gaussian11).
		with(summarized, compared),
	ssim(PlainAndCipher, "ssim_uniform7_plain_cipher", "SSIM plain–cipher, 7×7",
		"7×7 uniform window with sample covariance (scikit-image's default)", metrics.Uniform7),
	msssim(PlainAndCipher, "ms_ssim_plain_cipher", "MS-SSIM plain–cipher", "plain image against cipher image"),
	mae(PlainAndCipher, "mae_plain_cipher", "MAE plain–cipher", "mean absolute difference; expected: for a uniform cipher independent of the plain image").
		with(independent(metrics.ExpectedMAE)),
	mae(PlainAndDecrypted, "mae_plain_decrypted", "MAE plain–decrypted", "mean absolute difference; a lossless scheme gives 0").with(expects(0)),
	msssim(PlainAndDecrypted, "ms_ssim_plain_decrypted", "MS-SSIM plain–decrypted", "plain image against decrypted image; a lossless scheme gives 1").
		with(expects(1)),
	mse(PlainAndDecrypted, IDMSEDecrypted, "MSE plain–decrypted", "mean squared difference; a lossless scheme gives 0").
		with(lossless(0), compared),
	psnr(PlainAndDecrypted, "psnr_plain_decrypted", "PSNR plain–decrypted", "a lossless scheme gives ∞").
		with(lossless(math.Inf(1)), threeDigits),
	ssim(PlainAndDecrypted, IDSSIMDecrypted, "SSIM plain–decrypted", "11×11 Gaussian window; a lossless scheme gives 1", metrics.Gaussian11).
		with(lossless(1), summarized, compared),
	Metric{
		ID: IDExact, Name: "decrypted bit for bit", Definition: "share of the images that came back with every bit",
		Unit: "%", Digits: 1, Brief: 1, On: PlainAndDecrypted, Measure: exact(percentExact), Summary: true,
	}.with(lossless(100)),
	npcr(CiphersKeyBit, "key_sensitivity_cipher", "key sensitivity, encrypting",
		"bytes of the ciphertext that change with one bit of the key or secret, the image unchanged"),
	npcr(DecryptedKeyBit, "key_sensitivity_decrypted", "key sensitivity, decrypting",
		"bytes of the decrypted image that change when one bit of the key is wrong"),
	npcr(PlainAndWrongKey, "npcr_wrong_key", "NPCR wrong key", "bytes that differ between the plain image and what a wrong key decrypts"),
	ssim(PlainAndWrongKey, IDSSIMWrongKey, "SSIM wrong key",
		"plain image against what a wrong key decrypts, 11×11 Gaussian window: near 0 when it shows nothing", metrics.Gaussian11),
	psnr(AfterNoise, "psnr_salt_pepper", "PSNR after 5 % noise",
		"decrypted image, after 5 % of the cipher image's pixels were turned black or white"),
	psnr(AfterNoise1, "psnr_salt_pepper_1", "PSNR after 1 % noise", "the same with 1 % of the pixels"),
	psnr(AfterNoise10, "psnr_salt_pepper_10", "PSNR after 10 % noise", "the same with 10 % of the pixels"),
	psnr(AfterCrop16, "psnr_crop_16th", "PSNR after 1/16 crop", "decrypted image, after the middle 1/16 of the cipher image was blackened"),
	psnr(AfterCrop4, "psnr_crop_4th", "PSNR after 1/4 crop", "decrypted image, after the middle 1/4 of the cipher image was blackened"),
	psnr(AfterCrop2, "psnr_crop_half", "PSNR after 1/2 crop", "decrypted image, after the middle half of the cipher image was blackened"),
	{
		ID: "key_space", Name: "key space", Definition: "bits of what the receiver is sent, if every value of it were possible",
		Better: Higher, Unit: "bits", On: Transmitted,
		Measure: exact(func(o Observation) float64 { return o.KeySpace.Nominal }),
		Remark:  func(o Observation) string { return o.KeySpace.NominalHow },
	},
	{
		ID: "key_space_public", Name: "key space, weights public", Better: Higher, Unit: "bits", Digits: 1,
		Definition: "bits that are left to guess for whoever has program and weights and knows or guesses the plain image",
		On:         Transmitted,
		Measure:    exact(func(o Observation) float64 { return o.KeySpace.Effective }),
		Remark:     func(o Observation) string { return o.KeySpace.EffectiveHow },
	},
	{
		ID: IDKeyBytes, Name: "key bytes to transmit", Better: Lower, Unit: "bytes",
		Definition: "what the receiver needs in secret for one image: the key file; of aes-256-gcm key, nonce and tag; " +
			"of chaos-gan the reconstruction network, once for all images",
		On: Transmitted, Measure: exact(func(o Observation) float64 { return float64(o.KeyBytes) }), Summary: true,
	},
	timed("encryption_time", "encryption time", "without key generation, on this machine", Transmitted, 3,
		func(o Observation) time.Duration { return o.EncryptTime }),
	timed("decryption_time", "decryption time", "on this machine", Transmitted, 3, func(o Observation) time.Duration { return o.DecryptTime }),
	{
		ID: "speed", Name: "speed", Definition: "plain bytes by the time of key generation and encryption together, on this machine",
		Better: Higher, Unit: "MB/s", Digits: 2, Brief: 1, On: Transmitted, Timed: true,
		Measure: exact(func(o Observation) float64 {
			return float64(len(o.A.Pix)) / 1e6 / (o.KeyTime + o.EncryptTime).Seconds()
		}),
	},
}

func threeDigits(m *Metric) { m.Digits = 3 }

func percentExact(o Observation) float64 {
	if slices.Equal(o.A.Pix, o.B.Pix) {
		return 100
	}
	return 0
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
