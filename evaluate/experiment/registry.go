package experiment

import (
	"math"
	"slices"
	"time"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// The identifiers of the metrics in results.csv and results.json.
const (
	IDEntropy                 = "entropy"
	IDChiSquare               = "chi2"
	IDNPCR                    = "npcr"
	IDUACI                    = "uaci"
	IDNPCRSameKey             = "npcr_same_key"
	IDUACISameKey             = "uaci_same_key"
	IDNPCRPlainCipher         = "npcr_plain_cipher"
	IDUACIPlainCipher         = "uaci_plain_cipher"
	IDNPCRKeyOneBit           = "npcr_key_one_bit"
	IDUACIKeyOneBit           = "uaci_key_one_bit"
	IDNPCRKeyKey              = "npcr_key_key"
	IDUACIKeyKey              = "uaci_key_key"
	IDNPCRGenerators          = "npcr_key_generators"
	IDUACIGenerators          = "uaci_key_generators"
	IDMSE                     = "mse_plain_cipher"
	IDPSNR                    = "psnr_plain_cipher"
	IDSSIM                    = "ssim_plain_cipher"
	IDSSIMUniform7            = "ssim_uniform7_plain_cipher"
	IDMSEDecrypted            = "mse_plain_decrypted"
	IDPSNRDecrypted           = "psnr_plain_decrypted"
	IDSSIMDecrypted           = "ssim_plain_decrypted"
	IDExact                   = "decrypted_exactly"
	IDKeySensitivityCipher    = "key_sensitivity_cipher"
	IDKeySensitivityDecrypted = "key_sensitivity_decrypted"
	IDNPCRWrongKey            = "npcr_wrong_key"
	IDSSIMWrongKey            = "ssim_wrong_key"
	IDPSNRSaltPepper          = "psnr_salt_pepper"
	IDPSNRCrop16              = "psnr_crop_16th"
	IDPSNRCrop4               = "psnr_crop_4th"
	IDKeySpace                = "key_space"
	IDKeySpacePublic          = "key_space_public"
	IDKeyBytes                = "key_bytes"
	IDKeyTime                 = "key_time"
	IDEncryptTime             = "encryption_time"
	IDDecryptTime             = "decryption_time"
	IDSpeed                   = "speed"
)

// IDCorrelation has the identifier of each direction.
var IDCorrelation = [...]string{metrics.Horizontal: "correlation_h", metrics.Vertical: "correlation_v", metrics.Diagonal: "correlation_d"}

// Metrics are all metrics in the order of the tables. A new one is one more entry.
var Metrics = []Metric{
	{
		ID: IDEntropy, Name: "entropy", Definition: "Shannon entropy of the bytes", Formula: "Shannon (1948)",
		Better: Higher, Unit: "bits", Digits: 5, Brief: 4, On: EachImage, Criterion: randomEntropy, Summary: true,
		Measure: exact(func(o Observation) float64 { return metrics.Entropy(o.A) }),
	},
	{
		ID: IDChiSquare, Name: "χ²", Formula: "Pearson (1900)",
		Definition: "histogram of the bytes against the uniform one, 255 degrees of freedom; a histogram that is too even fails as well",
		Better:     Nearer, Digits: 2, On: EachImage, Criterion: randomChiSquare, Summary: true,
		Measure: exact(func(o Observation) float64 { return metrics.ChiSquare(o.A) }),
	},
	correlation(metrics.Horizontal), correlation(metrics.Vertical), correlation(metrics.Diagonal),

	npcr(KeysOneBit, IDNPCRKeyOneBit, "NPCR one bit, keys", "ours: bytes that differ between the keys of two plain images one bit apart"),
	uaci(KeysOneBit, IDUACIKeyOneBit, "UACI one bit, keys", "ours: mean difference between the keys of two plain images one bit apart"),
	npcr(KeysOfTwoImages, IDNPCRKeyKey, "NPCR key–key", "papers': bytes that differ between the keys of two different images"),
	uaci(KeysOfTwoImages, IDUACIKeyKey, "UACI key–key", "papers': mean difference between the keys of two different images"),
	npcr(KeysOfTwoGenerators, IDNPCRGenerators, "NPCR generators",
		"bytes that differ between the keys of one image by this generator and by the first one, as after training with another seed"),
	uaci(KeysOfTwoGenerators, IDUACIGenerators, "UACI generators",
		"mean difference between the keys of one image by this generator and by the first one"),
	timed(IDKeyTime, "key generation time", "one forward pass of the generator on this machine", KeyMade, 1,
		func(o Observation) time.Duration { return o.KeyTime }),

	npcr(CiphersOneBit, IDNPCR, "NPCR one bit",
		"the field's: bytes that differ between the ciphertexts of two plain images one bit apart, key generation run again").
		with(summarized, compared),
	uaci(CiphersOneBit, IDUACI, "UACI one bit",
		"the field's: mean difference between the ciphertexts of two plain images one bit apart, key generation run again").
		with(summarized, compared),
	npcr(CiphersSameKey, IDNPCRSameKey, "NPCR one bit, same key", "the same with secret and raw key of the unchanged image kept: "+
		"what the scheme itself spreads; a scheme that never keeps a secret shows here what a broken implementation would give"),
	uaci(CiphersSameKey, IDUACISameKey, "UACI one bit, same key", "mean difference between the ciphertexts of NPCR one bit, same key"),
	npcr(PlainAndCipher, IDNPCRPlainCipher, "NPCR plain–cipher",
		"papers': bytes that differ between a plain image and its ciphertext; says nothing about one-bit changes").with(summarized, compared),
	uaci(PlainAndCipher, IDUACIPlainCipher, "UACI plain–cipher", "papers': mean difference between a plain image and its ciphertext; "+
		"expected: for a uniform cipher independent of this plain image (33.46 % only where the plain image is uniform)").
		with(independent(metrics.ExpectedUACI), compared),
	mse(PlainAndCipher, IDMSE, "MSE plain–cipher", "mean squared difference; expected: for a uniform cipher independent of the plain image").
		with(independent(metrics.ExpectedMSE), compared),
	psnr(PlainAndCipher, IDPSNR, "PSNR plain–cipher", "10 log10(MAX²/MSE); expected: for a uniform cipher independent of the plain image").
		with(independent(expectedPSNR), threeDigits),
	ssim(PlainAndCipher, IDSSIM, "SSIM plain–cipher", "11×11 Gaussian window, mean over the channels", metrics.Gaussian11).
		with(summarized, compared),
	ssim(PlainAndCipher, IDSSIMUniform7, "SSIM plain–cipher, 7×7",
		"7×7 uniform window with sample covariance (scikit-image's default)", metrics.Uniform7),
	mse(PlainAndDecrypted, IDMSEDecrypted, "MSE plain–decrypted", "mean squared difference; a lossless scheme gives 0").
		with(lossless(0), compared),
	psnr(PlainAndDecrypted, IDPSNRDecrypted, "PSNR plain–decrypted", "a lossless scheme gives ∞").with(lossless(math.Inf(1)), threeDigits),
	ssim(PlainAndDecrypted, IDSSIMDecrypted, "SSIM plain–decrypted", "11×11 Gaussian window; a lossless scheme gives 1", metrics.Gaussian11).
		with(lossless(1), summarized, compared),
	Metric{
		ID: IDExact, Name: "decrypted bit for bit", Definition: "share of the images that came back with every bit",
		Unit: "%", Digits: 1, Brief: 1, On: PlainAndDecrypted, Measure: exact(percentExact), Summary: true,
	}.with(lossless(100)),
	npcr(CiphersKeyBit, IDKeySensitivityCipher, "key sensitivity, encrypting",
		"bytes of the ciphertext that change with one bit of the key or secret, the image unchanged"),
	npcr(DecryptedKeyBit, IDKeySensitivityDecrypted, "key sensitivity, decrypting",
		"bytes of the decrypted image that change when one bit of the key is wrong"),
	npcr(PlainAndWrongKey, IDNPCRWrongKey, "NPCR wrong key", "bytes that differ between the plain image and what a wrong key decrypts"),
	ssim(PlainAndWrongKey, IDSSIMWrongKey, "SSIM wrong key",
		"plain image against what a wrong key decrypts, 11×11 Gaussian window: near 0 when it shows nothing", metrics.Gaussian11),
	psnr(AfterNoise, IDPSNRSaltPepper, "PSNR after 5 % noise",
		"decrypted image, after 5 % of the cipher image's pixels were turned black or white"),
	psnr(AfterCrop16, IDPSNRCrop16, "PSNR after 1/16 crop", "decrypted image, after the middle 1/16 of the cipher image was blackened"),
	psnr(AfterCrop4, IDPSNRCrop4, "PSNR after 1/4 crop", "decrypted image, after the middle 1/4 of the cipher image was blackened"),
	{
		ID: IDKeySpace, Name: "key space", Definition: "bits of what the receiver is sent, if every value of it were possible",
		Better: Higher, Unit: "bits", On: Transmitted,
		Measure: exact(func(o Observation) float64 { return o.KeySpace.Nominal }),
		Remark:  func(o Observation) string { return o.KeySpace.NominalHow },
	},
	{
		ID: IDKeySpacePublic, Name: "key space, weights public", Better: Higher, Unit: "bits", Digits: 1,
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
	timed(IDEncryptTime, "encryption time", "without key generation, on this machine", Transmitted, 3,
		func(o Observation) time.Duration { return o.EncryptTime }),
	timed(IDDecryptTime, "decryption time", "on this machine", Transmitted, 3, func(o Observation) time.Duration { return o.DecryptTime }),
	{
		ID: IDSpeed, Name: "speed", Definition: "plain bytes by the time of key generation and encryption together, on this machine",
		Better: Higher, Unit: "MB/s", Digits: 2, Brief: 1, On: Transmitted, Timed: true,
		Measure: exact(func(o Observation) float64 {
			return float64(len(o.A.Pix)) / 1e6 / (o.KeyTime + o.EncryptTime).Seconds()
		}),
	},
}

func threeDigits(m *Metric) { m.Digits = 3 }

func expectedPSNR(plain *raster.Image) float64 {
	return metrics.PSNROf(metrics.ExpectedMSE(plain), plain.Max())
}

func percentExact(o Observation) float64 {
	if slices.Equal(o.A.Pix, o.B.Pix) {
		return 100
	}
	return 0
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
