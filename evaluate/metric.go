package evaluate

import "keygan/evaluate/metrics"

// The identifiers of the metrics in results.csv and results.json.
const (
	idEntropy   = "entropy"
	idChiSquare = "chi2"

	idNPCR            = "npcr"
	idUACI            = "uaci"
	idNPCRPlainCipher = "npcr_plain_cipher"
	idUACIPlainCipher = "uaci_plain_cipher"
	idNPCRKeyKey      = "npcr_key_key"
	idUACIKeyKey      = "uaci_key_key"
	idNPCRKeyOneBit   = "npcr_key_one_bit"
	idUACIKeyOneBit   = "uaci_key_one_bit"

	idMSE           = "mse_plain_cipher"
	idPSNR          = "psnr_plain_cipher"
	idSSIM          = "ssim_plain_cipher"
	idSSIMUniform7  = "ssim_uniform7_plain_cipher"
	idMSEDecrypted  = "mse_plain_decrypted"
	idPSNRDecrypted = "psnr_plain_decrypted"
	idSSIMDecrypted = "ssim_plain_decrypted"
	idExact         = "decrypted_exactly"

	idNPCRSameKey    = "npcr_same_key"
	idUACISameKey    = "uaci_same_key"
	idNPCRGenerators = "npcr_key_generators"
	idUACIGenerators = "uaci_key_generators"

	idKeySensitivityCipher    = "key_sensitivity_cipher"
	idKeySensitivityDecrypted = "key_sensitivity_decrypted"
	idNPCRWrongKey            = "npcr_wrong_key"
	idSSIMWrongKey            = "ssim_wrong_key"
	idPSNRSaltPepper          = "psnr_salt_pepper"
	idPSNRCrop16              = "psnr_crop_16th"
	idPSNRCrop4               = "psnr_crop_4th"

	idKeySpace       = "key_space"
	idKeySpacePublic = "key_space_public"
	idKeyBytes       = "key_bytes"
	idKeyTime        = "key_time"
	idEncryptTime    = "encryption_time"
	idDecryptTime    = "decryption_time"
	idSpeed          = "speed"
)

// idCorrelation has the identifier of each direction.
var idCorrelation = [...]string{metrics.Horizontal: "correlation_h", metrics.Vertical: "correlation_v", metrics.Diagonal: "correlation_d"}

// A metric is one line of the tables.
type metric struct {
	id         string
	name       string // in results.md
	definition string // what exactly is compared, and how
	unit       string
	digits     int // decimals in the tables
	brief      int // decimals in the summary
	timed      bool
}

// statistics are the metrics of a single image, be it plain, key or cipher.
var statistics = []metric{
	{idEntropy, "entropy", "Shannon entropy of the bytes", "bits", 5, 4, false},
	{idChiSquare, "χ²", "histogram of the bytes against the uniform one, 255 degrees of freedom; too even fails, too", "", 2, 0, false},
	{idCorrelation[metrics.Horizontal], "correlation, horizontal", "Pearson r over all pairs of horizontal neighbours, each channel by itself", "", 4, 3, false},
	{idCorrelation[metrics.Vertical], "correlation, vertical", "Pearson r over all pairs of vertical neighbours, each channel by itself", "", 4, 3, false},
	{idCorrelation[metrics.Diagonal], "correlation, diagonal", "Pearson r over all pairs of diagonal neighbours, each channel by itself", "", 4, 3, false},
}

// keyMetrics are those of the raw key, which do not depend on the scheme.
var keyMetrics = append(statistics[:len(statistics):len(statistics)], []metric{
	{idNPCRKeyOneBit, "NPCR one bit, keys", "ours: bytes that differ between the keys of two plain images one bit apart", "%", 4, 2, false},
	{idUACIKeyOneBit, "UACI one bit, keys", "ours: mean difference between the keys of two plain images one bit apart", "%", 4, 2, false},
	{idNPCRKeyKey, "NPCR key–key", "papers': bytes that differ between the keys of two different images", "%", 4, 2, false},
	{idUACIKeyKey, "UACI key–key", "papers': mean difference between the keys of two different images", "%", 4, 2, false},
	{idNPCRGenerators, "NPCR generators", "bytes that differ between the keys of one image by this generator and by the first one, as after training with another seed", "%", 4, 2, false},
	{idUACIGenerators, "UACI generators", "mean difference between the keys of one image by this generator and by the first one", "%", 4, 2, false},
	{idKeyTime, "key generation time", "one forward pass of the generator on this machine", "ms", 1, 1, true},
}...)

// schemeMetrics are those of a scheme's cipher images.
var schemeMetrics = append(statistics[:len(statistics):len(statistics)], []metric{
	{idNPCR, "NPCR one bit", "the field's: bytes that differ between the ciphertexts of two plain images one bit apart, key generation run again", "%", 4, 2, false},
	{idUACI, "UACI one bit", "the field's: mean difference between the ciphertexts of two plain images one bit apart, key generation run again", "%", 4, 2, false},
	{idNPCRSameKey, "NPCR one bit, same key", "the same with secret and raw key of the unchanged image kept: what the scheme itself spreads; sealed and aes-256-gcm never keep one, so there it is what a broken implementation would show", "%", 4, 2, false},
	{idUACISameKey, "UACI one bit, same key", "mean difference between the ciphertexts of NPCR one bit, same key", "%", 4, 2, false},
	{idNPCRPlainCipher, "NPCR plain–cipher", "papers': bytes that differ between a plain image and its ciphertext; says nothing about one-bit changes", "%", 4, 2, false},
	{idUACIPlainCipher, "UACI plain–cipher", "papers': mean difference between a plain image and its ciphertext; expected: for a uniform cipher independent of this plain image (33.46 % only where that is uniform, too)", "%", 4, 2, false},
	{idMSE, "MSE plain–cipher", "mean squared difference; expected: for a uniform cipher independent of the plain image", "", 1, 1, false},
	{idPSNR, "PSNR plain–cipher", "10 log10(MAX²/MSE); expected: for a uniform cipher independent of the plain image", "dB", 3, 1, false},
	{idSSIM, "SSIM plain–cipher", "Wang 2004, 11×11 Gaussian window, mean over the channels", "", 4, 3, false},
	{idSSIMUniform7, "SSIM plain–cipher, 7×7", "7×7 uniform window with sample covariance (scikit-image's default)", "", 4, 3, false},
	{idMSEDecrypted, "MSE plain–decrypted", "mean squared difference; a lossless scheme gives 0", "", 1, 1, false},
	{idPSNRDecrypted, "PSNR plain–decrypted", "a lossless scheme gives ∞", "dB", 3, 1, false},
	{idSSIMDecrypted, "SSIM plain–decrypted", "Wang 2004, 11×11 Gaussian window; a lossless scheme gives 1", "", 4, 3, false},
	{idExact, "decrypted bit for bit", "share of the images that came back with every bit", "%", 1, 1, false},
	{idKeySensitivityCipher, "key sensitivity, encrypting", "bytes of the ciphertext that change with one bit of the key or secret, the image unchanged", "%", 4, 2, false},
	{idKeySensitivityDecrypted, "key sensitivity, decrypting", "bytes of the decrypted image that change when one bit of the key is wrong", "%", 4, 2, false},
	{idNPCRWrongKey, "NPCR wrong key", "bytes that differ between the plain image and what a wrong key decrypts", "%", 4, 2, false},
	{idSSIMWrongKey, "SSIM wrong key", "plain image against what a wrong key decrypts, 11×11 Gaussian window: near 0 when it shows nothing", "", 4, 3, false},
	{idPSNRSaltPepper, "PSNR after 5 % noise", "decrypted image, after 5 % of the cipher image's pixels were turned black or white", "dB", 2, 1, false},
	{idPSNRCrop16, "PSNR after 1/16 crop", "decrypted image, after the middle 1/16 of the cipher image was blackened", "dB", 2, 1, false},
	{idPSNRCrop4, "PSNR after 1/4 crop", "decrypted image, after the middle 1/4 of the cipher image was blackened", "dB", 2, 1, false},
	{idKeySpace, "key space", "bits of what the receiver is sent, were all values of it possible", "bits", 0, 0, false},
	{idKeySpacePublic, "key space, weights public", "bits that are left to guess for whoever has program and weights and knows or guesses the plain image", "bits", 1, 0, false},
	{idKeyBytes, "key bytes to transmit", "what the receiver needs in secret for one image: the key file; of aes-256-gcm key, nonce and tag; of chaos-gan the reconstruction network, once for all images", "bytes", 0, 0, false},
	{idEncryptTime, "encryption time", "without key generation, on this machine", "ms", 3, 1, true},
	{idDecryptTime, "decryption time", "on this machine", "ms", 3, 1, true},
	{idSpeed, "speed", "plain bytes by the time of key generation and encryption together, on this machine", "MB/s", 2, 1, true},
}...)
