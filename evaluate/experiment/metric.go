package experiment

import "keygan/evaluate/metrics"

// The identifiers of the metrics in results.csv and results.json.
const (
	IDEntropy   = "entropy"
	IDChiSquare = "chi2"

	IDNPCR            = "npcr"
	IDUACI            = "uaci"
	IDNPCRPlainCipher = "npcr_plain_cipher"
	IDUACIPlainCipher = "uaci_plain_cipher"
	IDNPCRKeyKey      = "npcr_key_key"
	IDUACIKeyKey      = "uaci_key_key"
	IDNPCRKeyOneBit   = "npcr_key_one_bit"
	IDUACIKeyOneBit   = "uaci_key_one_bit"

	IDMSE           = "mse_plain_cipher"
	IDPSNR          = "psnr_plain_cipher"
	IDSSIM          = "ssim_plain_cipher"
	IDSSIMUniform7  = "ssim_uniform7_plain_cipher"
	IDMSEDecrypted  = "mse_plain_decrypted"
	IDPSNRDecrypted = "psnr_plain_decrypted"
	IDSSIMDecrypted = "ssim_plain_decrypted"
	IDExact         = "decrypted_exactly"

	IDNPCRSameKey    = "npcr_same_key"
	IDUACISameKey    = "uaci_same_key"
	IDNPCRGenerators = "npcr_key_generators"
	IDUACIGenerators = "uaci_key_generators"

	IDKeySensitivityCipher    = "key_sensitivity_cipher"
	IDKeySensitivityDecrypted = "key_sensitivity_decrypted"
	IDNPCRWrongKey            = "npcr_wrong_key"
	IDSSIMWrongKey            = "ssim_wrong_key"
	IDPSNRSaltPepper          = "psnr_salt_pepper"
	IDPSNRCrop16              = "psnr_crop_16th"
	IDPSNRCrop4               = "psnr_crop_4th"

	IDKeySpace       = "key_space"
	IDKeySpacePublic = "key_space_public"
	IDKeyBytes       = "key_bytes"
	IDKeyTime        = "key_time"
	IDEncryptTime    = "encryption_time"
	IDDecryptTime    = "decryption_time"
	IDSpeed          = "speed"
)

// idCorrelation has the identifier of each direction.
var IDCorrelation = [...]string{metrics.Horizontal: "correlation_h", metrics.Vertical: "correlation_v", metrics.Diagonal: "correlation_d"}

// A Metric is one line of the tables.
type Metric struct {
	ID         string
	Name       string // in results.md
	Definition string // what exactly is compared, and how
	Unit       string
	Digits     int // decimals in the tables
	Brief      int // decimals in the summary
	timed      bool
}

// Statistics are the metrics of a single image, be it plain, key or cipher.
var Statistics = []Metric{
	{IDEntropy, "entropy", "Shannon entropy of the bytes", "bits", 5, 4, false},
	{IDChiSquare, "χ²", "histogram of the bytes against the uniform one, 255 degrees of freedom; too even fails, too", "", 2, 0, false},
	{IDCorrelation[metrics.Horizontal], "correlation, horizontal", "Pearson r over all pairs of horizontal neighbours, each channel by itself", "", 4, 3, false},
	{IDCorrelation[metrics.Vertical], "correlation, vertical", "Pearson r over all pairs of vertical neighbours, each channel by itself", "", 4, 3, false},
	{IDCorrelation[metrics.Diagonal], "correlation, diagonal", "Pearson r over all pairs of diagonal neighbours, each channel by itself", "", 4, 3, false},
}

// KeyMetrics are those of the raw key, which do not depend on the scheme.
var KeyMetrics = append(Statistics[:len(Statistics):len(Statistics)], []Metric{
	{IDNPCRKeyOneBit, "NPCR one bit, keys", "ours: bytes that differ between the keys of two plain images one bit apart", "%", 4, 2, false},
	{IDUACIKeyOneBit, "UACI one bit, keys", "ours: mean difference between the keys of two plain images one bit apart", "%", 4, 2, false},
	{IDNPCRKeyKey, "NPCR key–key", "papers': bytes that differ between the keys of two different images", "%", 4, 2, false},
	{IDUACIKeyKey, "UACI key–key", "papers': mean difference between the keys of two different images", "%", 4, 2, false},
	{IDNPCRGenerators, "NPCR generators", "bytes that differ between the keys of one image by this generator and by the first one, as after training with another seed", "%", 4, 2, false},
	{IDUACIGenerators, "UACI generators", "mean difference between the keys of one image by this generator and by the first one", "%", 4, 2, false},
	{IDKeyTime, "key generation time", "one forward pass of the generator on this machine", "ms", 1, 1, true},
}...)

// SchemeMetrics are those of a scheme's cipher images.
var SchemeMetrics = append(Statistics[:len(Statistics):len(Statistics)], []Metric{
	{IDNPCR, "NPCR one bit", "the field's: bytes that differ between the ciphertexts of two plain images one bit apart, key generation run again", "%", 4, 2, false},
	{IDUACI, "UACI one bit", "the field's: mean difference between the ciphertexts of two plain images one bit apart, key generation run again", "%", 4, 2, false},
	{IDNPCRSameKey, "NPCR one bit, same key", "the same with secret and raw key of the unchanged image kept: what the scheme itself spreads; sealed and aes-256-gcm never keep one, so there it is what a broken implementation would show", "%", 4, 2, false},
	{IDUACISameKey, "UACI one bit, same key", "mean difference between the ciphertexts of NPCR one bit, same key", "%", 4, 2, false},
	{IDNPCRPlainCipher, "NPCR plain–cipher", "papers': bytes that differ between a plain image and its ciphertext; says nothing about one-bit changes", "%", 4, 2, false},
	{IDUACIPlainCipher, "UACI plain–cipher", "papers': mean difference between a plain image and its ciphertext; expected: for a uniform cipher independent of this plain image (33.46 % only where that is uniform, too)", "%", 4, 2, false},
	{IDMSE, "MSE plain–cipher", "mean squared difference; expected: for a uniform cipher independent of the plain image", "", 1, 1, false},
	{IDPSNR, "PSNR plain–cipher", "10 log10(MAX²/MSE); expected: for a uniform cipher independent of the plain image", "dB", 3, 1, false},
	{IDSSIM, "SSIM plain–cipher", "Wang 2004, 11×11 Gaussian window, mean over the channels", "", 4, 3, false},
	{IDSSIMUniform7, "SSIM plain–cipher, 7×7", "7×7 uniform window with sample covariance (scikit-image's default)", "", 4, 3, false},
	{IDMSEDecrypted, "MSE plain–decrypted", "mean squared difference; a lossless scheme gives 0", "", 1, 1, false},
	{IDPSNRDecrypted, "PSNR plain–decrypted", "a lossless scheme gives ∞", "dB", 3, 1, false},
	{IDSSIMDecrypted, "SSIM plain–decrypted", "Wang 2004, 11×11 Gaussian window; a lossless scheme gives 1", "", 4, 3, false},
	{IDExact, "decrypted bit for bit", "share of the images that came back with every bit", "%", 1, 1, false},
	{IDKeySensitivityCipher, "key sensitivity, encrypting", "bytes of the ciphertext that change with one bit of the key or secret, the image unchanged", "%", 4, 2, false},
	{IDKeySensitivityDecrypted, "key sensitivity, decrypting", "bytes of the decrypted image that change when one bit of the key is wrong", "%", 4, 2, false},
	{IDNPCRWrongKey, "NPCR wrong key", "bytes that differ between the plain image and what a wrong key decrypts", "%", 4, 2, false},
	{IDSSIMWrongKey, "SSIM wrong key", "plain image against what a wrong key decrypts, 11×11 Gaussian window: near 0 when it shows nothing", "", 4, 3, false},
	{IDPSNRSaltPepper, "PSNR after 5 % noise", "decrypted image, after 5 % of the cipher image's pixels were turned black or white", "dB", 2, 1, false},
	{IDPSNRCrop16, "PSNR after 1/16 crop", "decrypted image, after the middle 1/16 of the cipher image was blackened", "dB", 2, 1, false},
	{IDPSNRCrop4, "PSNR after 1/4 crop", "decrypted image, after the middle 1/4 of the cipher image was blackened", "dB", 2, 1, false},
	{IDKeySpace, "key space", "bits of what the receiver is sent, were all values of it possible", "bits", 0, 0, false},
	{IDKeySpacePublic, "key space, weights public", "bits that are left to guess for whoever has program and weights and knows or guesses the plain image", "bits", 1, 0, false},
	{IDKeyBytes, "key bytes to transmit", "what the receiver needs in secret for one image: the key file; of aes-256-gcm key, nonce and tag; of chaos-gan the reconstruction network, once for all images", "bytes", 0, 0, false},
	{IDEncryptTime, "encryption time", "without key generation, on this machine", "ms", 3, 1, true},
	{IDDecryptTime, "decryption time", "on this machine", "ms", 3, 1, true},
	{IDSpeed, "speed", "plain bytes by the time of key generation and encryption together, on this machine", "MB/s", 2, 1, true},
}...)
