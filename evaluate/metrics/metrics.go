// Package metrics measures one image, or compares two. Other functions compute what random data of the same size would give, and the
// critical values at a significance level.
//
//	h := metrics.Entropy(cipher)             // bits per byte
//	n, err := metrics.NPCR(cipher1, cipher2) // percent
//	s, err := metrics.SSIM(plain, decrypted, metrics.Gaussian11)
//
// [Measure] takes all metrics of one image and [Compare] those of two; what they return can be written as JSON.
//
// Entropies, χ² and histograms are over the bytes of an image: an RGB pixel of 8 bits is three bytes, one of 16 bits six. NPCR, UACI,
// fidelity (MSE, PSNR, SSIM) and correlation are over samples, in the range 0 to 255 or 0 to 65535. Alpha is a channel like any other.
//
// What is undefined (the correlation of a constant image, the SSIM of one smaller than its window) is an error that wraps
// [ErrUndefined], never NaN. The PSNR of identical images is +Inf.
package metrics

import (
	"fmt"
	"math"

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

// Single holds the metrics of one image. What is undefined is nil, null in JSON, and Undefined says why under the same name.
type Single struct {
	Bytes       int               `json:"bytes"`   // n in the formulas of the critical values
	Entropy     float64           `json:"entropy"` // bits per byte
	ChiSquare   float64           `json:"chi2"`    // 255 degrees of freedom
	Correlation Correlations      `json:"correlation"`
	Undefined   map[string]string `json:"undefined,omitempty"`
}

// Detailed holds what takes longer to measure of one image.
type Detailed struct {
	Single
	LocalEntropy      *float64 `json:"local_entropy"` // bits per byte
	HistogramVariance float64  `json:"histogram_variance"`
	FloatingFrequency *float64 `json:"floating_frequency"`
	GLCM              *GLCM    `json:"glcm"` // mean over the channels
}

// Correlations holds Pearson's r of adjacent samples in three directions, each the mean over the channels that have one.
type Correlations struct {
	Horizontal *float64 `json:"h"`
	Vertical   *float64 `json:"v"`
	Diagonal   *float64 `json:"d"`
}

// Comparison holds the metrics of a pair of images and of each by itself. What is undefined is nil, null in JSON, and
// Undefined says why under the same name. NPCR and UACI are those of the two images as they are: to judge a cipher by
// them, give two ciphertexts of plain images that differ in one bit.
type Comparison struct {
	Identical    bool              `json:"identical"`
	Depth        int               `json:"depth"` // bits of each of the samples that NPCR, UACI and MSE are over
	NPCR         float64           `json:"npcr"`  // percent of the samples
	UACI         float64           `json:"uaci"`  // percent of the largest sample
	MSE          float64           `json:"mse"`
	PSNR         *float64          `json:"psnr"` // decibels; nil when the images are identical
	SSIM         *float64          `json:"ssim"` // 11×11 Gaussian window
	SSIMUniform7 *float64          `json:"ssim_uniform7"`
	MAE          float64           `json:"mae"`
	MSSSIM       *float64          `json:"ms_ssim"` // multi-scale SSIM
	A            Detailed          `json:"a"`
	B            Detailed          `json:"b"`
	Undefined    map[string]string `json:"undefined,omitempty"`
}

// Measure takes the metrics of one image.
func Measure(m *raster.Image) Single {
	s := Single{Bytes: len(m.Pix), Entropy: Entropy(m), ChiSquare: ChiSquare(m), Undefined: map[string]string{}}
	var values [3][]float64 // by direction
	var why [3]error
	for c := range m.Channels { // one plane at a time: it takes eight bytes a sample
		p := plane(m, c)
		for _, d := range Directions {
			if r, err := correlate(p, m.Width, m.Height, d); err != nil {
				why[d] = err
			} else {
				values[d] = append(values[d], r)
			}
		}
	}
	for d, to := range []**float64{&s.Correlation.Horizontal, &s.Correlation.Vertical, &s.Correlation.Diagonal} {
		if len(values[d]) == 0 {
			s.Undefined["correlation."+Direction(d).String()[:1]] = why[d].Error()
			continue
		}
		sum := 0.0
		for _, r := range values[d] {
			sum += r
		}
		mean := sum / float64(len(values[d]))
		*to = &mean
	}
	return s
}

// detail takes all metrics of one image.
func detail(m *raster.Image) Detailed {
	d := Detailed{Single: Measure(m), HistogramVariance: HistogramVariance(m)}
	for _, to := range []struct {
		name    string
		value   **float64
		measure func(*raster.Image) (float64, error)
	}{{"local_entropy", &d.LocalEntropy, LocalEntropy}, {"floating_frequency", &d.FloatingFrequency, FloatingFrequency}} {
		if v, err := to.measure(m); err != nil {
			d.Undefined[to.name] = err.Error()
		} else {
			*to.value = &v
		}
	}
	var mean GLCM
	for c := range m.Channels {
		g, err := Texture(m, c)
		if err != nil {
			d.Undefined["glcm"] = err.Error()
			return d
		}
		n := float64(m.Channels)
		mean.Contrast, mean.Homogeneity, mean.Energy = mean.Contrast+g.Contrast/n, mean.Homogeneity+g.Homogeneity/n, mean.Energy+g.Energy/n
	}
	d.GLCM = &mean
	return d
}

// Compare takes the metrics of a pair of images of the same shape and of each by itself.
func Compare(a, b *raster.Image) (Comparison, error) {
	if err := sameShape(a, b); err != nil {
		return Comparison{}, err
	}
	c := Comparison{Depth: a.Depth, A: detail(a), B: detail(b), Undefined: map[string]string{}}
	c.NPCR, _ = NPCR(a, b)
	c.UACI, _ = UACI(a, b)
	c.MSE, _ = MSE(a, b)
	c.MAE, _ = MAE(a, b)
	c.Identical = c.NPCR == 0
	if p := PSNROf(c.MSE, a.Max()); math.IsInf(p, 0) {
		c.Undefined["psnr"] = "infinite: the images are identical"
	} else {
		c.PSNR = &p
	}
	for _, to := range []struct {
		name    string
		value   **float64
		measure func() (float64, error)
	}{
		{"ssim", &c.SSIM, func() (float64, error) { return SSIM(a, b, Gaussian11) }},
		{"ssim_uniform7", &c.SSIMUniform7, func() (float64, error) { return SSIM(a, b, Uniform7) }},
		{"ms_ssim", &c.MSSSIM, func() (float64, error) { return MSSSIM(a, b) }},
	} {
		if v, err := to.measure(); err != nil {
			c.Undefined[to.name] = err.Error()
		} else {
			*to.value = &v
		}
	}
	return c, nil
}
