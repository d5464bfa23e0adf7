package seeds

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"keygan/evaluate/figure"
)

// HeldOut is what the networks of one system make of images that were held out of their training, at the size that they were trained with.
type HeldOut struct {
	Row    string `json:"row"`
	Made   string `json:"made"` // as in "reconstructed"
	Images int    `json:"images"`

	// Each compares what was made with the plain image. A value is the mean over the images of one training.
	SSIM Summary `json:"ssim"`
	PSNR Summary `json:"psnr"` // decibels
	MSE  Summary `json:"mse"`

	SSIMOverImages Summary `json:"ssim_over_images"`
}

// assessment is what is read of a run's test/test.json, which keygan-train test writes.
type assessment struct {
	Rows   []string `json:"rows"`
	Images []struct {
		Rows map[string]struct{ MSE, PSNR, SSIM *float64 } `json:"rows"`
	} `json:"images"`
}

// heldOutImages reads the tests of all runs. Runs without one are left out.
func heldOutImages(systems []System, trainings []Training) (out []HeldOut, err error) {
	for _, s := range systems {
		var tests []assessment
		for _, t := range trainings {
			if t.Row != s.Row {
				continue
			}
			path := filepath.Join(t.Folder, "test", "test.json")
			b, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			var a assessment
			if err == nil {
				err = json.Unmarshal(b, &a)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			tests = append(tests, a)
		}
		if len(tests) == 0 {
			continue
		}
		for _, made := range tests[0].Rows {
			if !slices.Contains([]string{"plain", "noisy"}, made) {
				out = append(out, heldOutOf(s.Row, made, tests))
			}
		}
	}
	return out, nil
}

func heldOutOf(row, made string, tests []assessment) HeldOut {
	var ssim, psnr, mse []float64
	var images [][]float64
	for _, a := range tests {
		var s, p, m []float64
		for _, image := range a.Images {
			v := image.Rows[made]
			for _, to := range []struct {
				list  *[]float64
				value *float64
			}{{&s, v.SSIM}, {&p, v.PSNR}, {&m, v.MSE}} {
				if to.value != nil {
					*to.list = append(*to.list, *to.value)
				}
			}
		}
		ssim, psnr, mse = append(ssim, mean(s)), append(psnr, mean(p)), append(mse, mean(m))
		images = append(images, s)
	}
	return HeldOut{Row: row, Made: made, Images: len(tests[0].Images), SSIM: Summarize(ssim), PSNR: Summarize(psnr), MSE: Summarize(mse),
		SSIMOverImages: Summarize(acrossTrainings(images))}
}

// heldOutOf finds what a system makes, or returns nil.
func (r *Report) heldOutOf(row, made string) *HeldOut {
	i := slices.IndexFunc(r.HeldOut, func(h HeldOut) bool { return h.Row == row && h.Made == made })
	if i < 0 {
		return nil
	}
	return &r.HeldOut[i]
}

// drawTradeOff draws what the systems that encrypt by themselves hide, against what they give back. It takes two of them.
func (r *Report) drawTradeOff() ([]byte, error) {
	var points []figure.Point
	for _, s := range r.Systems {
		e, back := r.heldOutOf(s.Row, "encrypted"), r.heldOutOf(s.Row, "reconstructed")
		if e == nil || back == nil || e.SSIM.N == 0 || back.SSIM.N == 0 {
			continue
		}
		points = append(points, figure.Point{
			Name: s.Row, X: *e.SSIM.Mean, XLow: slices.Min(e.SSIM.Values), XHigh: slices.Max(e.SSIM.Values),
			Y: *back.SSIM.Mean, YLow: slices.Min(back.SSIM.Values), YHigh: slices.Max(back.SSIM.Values),
		})
	}
	if len(points) < 2 {
		return nil, nil
	}
	return figure.TradeOff("Hiding and reconstructing, held-out images", "SSIM of the cipher image with the plain one",
		"SSIM of the reconstruction with the plain image", points)
}

// mean of no values is NaN, which Summarize leaves out.
func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// writeHeldOut writes the table.
func (r *Report) writeHeldOut(p printer) {
	if len(r.HeldOut) == 0 {
		return
	}
	p("## Images held out of training, at the size of training\n\n")
	p("What each network makes of them, beside the plain image. Keys and cipher images should have nothing of it; reconstructed and restored " +
		"images should be like it.\n\n")
	p("| system | image | images | SSIM over seeds | SSIM, IQM | SSIM over images | PSNR dB | MSE |\n|---|---|---|---|---|---|---|---|\n")
	for _, h := range r.HeldOut {
		c := Cell{digits: 4}
		p("| %s | %s | %d | %s | %s | %s | %s | %s |\n", h.Row, h.Made, h.Images, plusMinus(h.SSIM, 4), c.iqmText(h.SSIM), plusMinus(h.SSIMOverImages, 4),
			plusMinus(h.PSNR, 2), plusMinus(h.MSE, 1))
	}
	p("\n")
	if r.tradeOff != nil {
		p("![hiding against reconstructing](%s)\n\nA dot is a system, a bar the range over the seeds. Best is the upper left.\n\n", tradeOffFile)
	}
}
