package evaluate

import (
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// The metrics are those of package metrics, which documents them; here they have the same names.
type (
	Single       = metrics.Single
	Comparison   = metrics.Comparison
	Correlations = metrics.Correlations
	Direction    = metrics.Direction
	Window       = metrics.Window
)

const (
	Horizontal = metrics.Horizontal
	Vertical   = metrics.Vertical
	Diagonal   = metrics.Diagonal
	Gaussian11 = metrics.Gaussian11
	Uniform7   = metrics.Uniform7
)

var (
	ErrUndefined = metrics.ErrUndefined
	Directions   = metrics.Directions
)

// Measure takes the metrics of one image, Compare those of a pair.
func Measure(m *raster.Image) Single                 { return metrics.Measure(m) }
func Compare(a, b *raster.Image) (Comparison, error) { return metrics.Compare(a, b) }

// The functions of one image.
func Entropy(m *raster.Image) float64   { return metrics.Entropy(m) }
func ChiSquare(m *raster.Image) float64 { return metrics.ChiSquare(m) }
func Correlation(m *raster.Image, channel int, d Direction) (float64, error) {
	return metrics.Correlation(m, channel, d)
}

// The functions of two.
func NPCR(a, b *raster.Image) (float64, error)                { return metrics.NPCR(a, b) }
func UACI(a, b *raster.Image) (float64, error)                { return metrics.UACI(a, b) }
func MSE(a, b *raster.Image) (float64, error)                 { return metrics.MSE(a, b) }
func PSNR(a, b *raster.Image) (float64, error)                { return metrics.PSNR(a, b) }
func SSIM(a, b *raster.Image, window Window) (float64, error) { return metrics.SSIM(a, b, window) }

// What random data would give.
func EntropyExpected(n int) (mean, sd float64)           { return metrics.EntropyExpected(n) }
func EntropyFloor(n int, alpha float64) float64          { return metrics.EntropyFloor(n, alpha) }
func ChiSquareBand(alpha float64) (lower, upper float64) { return metrics.ChiSquareBand(alpha) }
func CorrelationBand(pairs int, alpha float64) float64   { return metrics.CorrelationBand(pairs, alpha) }
func NPCRExpected(samples, top int) (mean, sd float64)   { return metrics.NPCRExpected(samples, top) }
func NPCRCritical(samples, top int, alpha float64) float64 {
	return metrics.NPCRCritical(samples, top, alpha)
}
func UACIExpected(samples, top int) (mean, sd float64) { return metrics.UACIExpected(samples, top) }
func UACIBand(samples, top int, alpha float64) (low, high float64) {
	return metrics.UACIBand(samples, top, alpha)
}
func ExpectedMSE(plain *raster.Image) float64  { return metrics.ExpectedMSE(plain) }
func ExpectedUACI(plain *raster.Image) float64 { return metrics.ExpectedUACI(plain) }
