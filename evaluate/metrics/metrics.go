// Package metrics measures images: plain functions of one or two of them, and beside each what random data would give and the
// critical values at a significance level, computed for the number of bytes or samples at hand.
//
//	h := metrics.Entropy(cipher)             // bits per byte
//	n, err := metrics.NPCR(cipher1, cipher2) // percent
//	s, err := metrics.SSIM(plain, decrypted, metrics.Gaussian11)
//
// [Measure] and [Compare] gather them for one and for two images, in a form that goes to JSON.
//
// Entropies, χ² and histograms are over the bytes of an image: an RGB pixel of 8 bits is three bytes, one of 16 bits six. NPCR, UACI,
// fidelity (MSE, PSNR, SSIM) and correlation are over samples, in the range 0 to 255 or 0 to 65535. Alpha is a channel like any other.
//
// What is undefined (the correlation of a constant image, the SSIM of one smaller than its window) is an error that wraps
// [ErrUndefined], never NaN. The PSNR of identical images is +Inf.
package metrics

import (
	"fmt"

	"keygan/data/raster"
)

// sameShape says how two images that are to be compared differ in shape.
func sameShape(a, b *raster.Image) error {
	if a.Width != b.Width || a.Height != b.Height || a.Channels != b.Channels || a.Depth != b.Depth {
		return fmt.Errorf("images of different shape cannot be compared: %s and %s", a, b)
	}
	return nil
}

// plane copies one channel out of the interleaved samples, row by row.
func plane(m *raster.Image, channel int) []float64 { return planeRows(m, channel, 0, m.Height) }

// planeRows is plane for the rows [from, to).
func planeRows(m *raster.Image, channel, from, to int) []float64 {
	out := make([]float64, m.Width*(to-from))
	at := from*m.Width*m.Channels + channel
	if m.Depth == 8 {
		for i := range out {
			out[i] = float64(m.Pix[at+i*m.Channels])
		}
		return out
	}
	for i := range out {
		out[i] = float64(m.Sample(at + i*m.Channels))
	}
	return out
}
