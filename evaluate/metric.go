package evaluate

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

	idKeyBytes    = "key_bytes"
	idKeyTime     = "key_time"
	idEncryptTime = "encryption_time"
)

// idCorrelation has the identifier of each direction.
var idCorrelation = [...]string{Horizontal: "correlation_h", Vertical: "correlation_v", Diagonal: "correlation_d"}

// A metric is one line of the tables.
type metric struct {
	id         string
	name       string // in results.md
	definition string // what exactly is compared, and how
	unit       string
	digits     int // decimals in the tables
	brief      int // decimals in the summary
}

// statistics are the metrics of a single image, be it plain, key or cipher.
var statistics = []metric{
	{idEntropy, "entropy", "Shannon entropy of the bytes", "bits", 5, 4},
	{idChiSquare, "χ²", "histogram of the bytes against the uniform one, 255 degrees of freedom; too even fails, too", "", 2, 0},
	{idCorrelation[Horizontal], "correlation, horizontal", "Pearson r over all pairs of horizontal neighbours, each channel by itself", "", 4, 3},
	{idCorrelation[Vertical], "correlation, vertical", "Pearson r over all pairs of vertical neighbours, each channel by itself", "", 4, 3},
	{idCorrelation[Diagonal], "correlation, diagonal", "Pearson r over all pairs of diagonal neighbours, each channel by itself", "", 4, 3},
}

// keyMetrics are those of the raw key, which do not depend on the scheme.
var keyMetrics = append(statistics[:len(statistics):len(statistics)], []metric{
	{idNPCRKeyOneBit, "NPCR one bit, keys", "ours: bytes that differ between the keys of two plain images one bit apart", "%", 4, 2},
	{idUACIKeyOneBit, "UACI one bit, keys", "ours: mean difference between the keys of two plain images one bit apart", "%", 4, 2},
	{idNPCRKeyKey, "NPCR key–key", "papers': bytes that differ between the keys of two different images", "%", 4, 2},
	{idUACIKeyKey, "UACI key–key", "papers': mean difference between the keys of two different images", "%", 4, 2},
	{idKeyTime, "key generation time", "one forward pass of the generator on this machine", "ms", 1, 1},
}...)

// schemeMetrics are those of a scheme's cipher images.
var schemeMetrics = append(statistics[:len(statistics):len(statistics)], []metric{
	{idNPCR, "NPCR one bit", "the field's: bytes that differ between the ciphertexts of two plain images one bit apart, key generation run again", "%", 4, 2},
	{idUACI, "UACI one bit", "the field's: mean difference between the ciphertexts of two plain images one bit apart, key generation run again", "%", 4, 2},
	{idNPCRPlainCipher, "NPCR plain–cipher", "papers': bytes that differ between a plain image and its ciphertext; says nothing about one-bit changes", "%", 4, 2},
	{idUACIPlainCipher, "UACI plain–cipher", "papers': mean difference between a plain image and its ciphertext; expected: for a uniform cipher independent of this plain image (33.46 % only where that is uniform, too)", "%", 4, 2},
	{idMSE, "MSE plain–cipher", "mean squared difference; expected: for a uniform cipher independent of the plain image", "", 1, 1},
	{idPSNR, "PSNR plain–cipher", "10 log10(MAX²/MSE); expected: for a uniform cipher independent of the plain image", "dB", 3, 1},
	{idSSIM, "SSIM plain–cipher", "Wang 2004, 11×11 Gaussian window, mean over the channels", "", 4, 3},
	{idSSIMUniform7, "SSIM plain–cipher, 7×7", "7×7 uniform window with sample covariance (scikit-image's default)", "", 4, 3},
	{idMSEDecrypted, "MSE plain–decrypted", "mean squared difference; a lossless scheme gives 0", "", 1, 1},
	{idPSNRDecrypted, "PSNR plain–decrypted", "a lossless scheme gives ∞", "dB", 3, 1},
	{idSSIMDecrypted, "SSIM plain–decrypted", "Wang 2004, 11×11 Gaussian window; a lossless scheme gives 1", "", 4, 3},
	{idExact, "decrypted bit for bit", "share of the images that came back with every bit", "%", 1, 1},
	{idKeyBytes, "key bytes to transmit", "size of the key file that the receiver needs for one image", "bytes", 0, 0},
	{idEncryptTime, "encryption time", "without key generation, on this machine", "ms", 3, 1},
}...)

// A PublishedFigure is what a publication reports, as it reports it.
type PublishedFigure struct {
	Scheme string `json:"scheme"`
	System string `json:"system"` // the publication's name for the scheme
	Metric string `json:"metric"` // beside which of ours it stands
	Value  string `json:"value"`
}

// Published lists the published figures. They come without the definition behind them. An NPCR of 99.5 % for a scheme
// that is a permutation and an XOR can only compare a plain image with its ciphertext or two keys; an SSIM that is meant
// to be high can only be that of the decrypted image.
var Published = []PublishedFigure{
	{"xor", "GAN + XOR", idNPCRPlainCipher, "~78 %"},
	{"xor", "GAN + XOR", idSSIMDecrypted, "~0.61"},
	{"paper", "WGAN-GP + ACM + XOR", idNPCRPlainCipher, "99.5 %"},
	{"paper", "WGAN-GP + ACM + XOR", idSSIMDecrypted, "~0.92"},
}

// published finds the figure of a scheme and metric, or "".
func published(scheme, id string) string {
	for _, p := range Published {
		if p.Scheme == scheme && p.Metric == id {
			return p.Value
		}
	}
	return ""
}
