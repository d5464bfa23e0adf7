package seeds

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
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

	Guess *Guess `json:"guess,omitempty"` // of what should be the plain image again
}

// Guess is what guessing without the cipher image gives, beside what was restored from it.
type Guess struct {
	MeanSSIM    Summary `json:"mean_image_ssim"`              // of the mean training image
	MeanPSNR    Summary `json:"mean_image_psnr"`              // decibels
	AnotherSSIM Summary `json:"another_ssim"`                 // of what is restored from the next image's cipher image
	Gain        Summary `json:"gain"`                         // SSIM restored, less that of the better of both guesses: a value for each training
	Leak        Summary `json:"leak"`                         // SSIM restored, less that from another cipher image: 0 if nothing of the image gets through
	Better      Verdict `json:"better"`                       // whether what is restored is better than both
	Learnt      []bool  `json:"learnt_from_victim,omitempty"` // whether each training has learnt from the network that it is tried on
}

// meanRow is how an assessment calls the mean training image.
const meanRow = "mean image"

// assessment is what is read of a run's test/test.json, which keygan-train test writes.
type assessment struct {
	Rows     []string `json:"rows"`
	Restored []string `json:"restored"`
	Learnt   bool     `json:"learnt_from_victim"`
	Images   []struct {
		Rows map[string]assessed `json:"rows"`
	} `json:"images"`
}

type assessed struct {
	MSE, PSNR, SSIM *float64
	Another         *float64 `json:"another_ssim"`
}

// mean of a value over the images that have it; NaN if none has.
func (a assessment) mean(row string, value func(assessed) *float64) float64 {
	return mean(a.values(row, value))
}

func (a assessment) values(row string, value func(assessed) *float64) (values []float64) {
	for _, image := range a.Images {
		if v := value(image.Rows[row]); v != nil {
			values = append(values, *v)
		}
	}
	return values
}

func ofSSIM(v assessed) *float64 { return v.SSIM }
func ofPSNR(v assessed) *float64 { return v.PSNR }

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
			if !slices.Contains([]string{"plain", "noisy", meanRow}, made) {
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
		ssim, psnr = append(ssim, a.mean(made, ofSSIM)), append(psnr, a.mean(made, ofPSNR))
		mse = append(mse, a.mean(made, func(v assessed) *float64 { return v.MSE }))
		images = append(images, a.values(made, ofSSIM))
	}
	h := HeldOut{Row: row, Made: made, Images: len(tests[0].Images), SSIM: Summarize(ssim), PSNR: Summarize(psnr), MSE: Summarize(mse),
		SSIMOverImages: Summarize(acrossTrainings(images))}
	if slices.Contains(tests[0].Restored, made) && slices.Contains(tests[0].Rows, meanRow) {
		h.Guess = guessOf(made, tests)
	}
	return h
}

// guessOf compares what is restored with two guesses, training by training.
func guessOf(made string, tests []assessment) *Guess {
	var means, psnr, others, gains, leaks []float64
	for _, a := range tests {
		guess, other := a.mean(meanRow, ofSSIM), a.mean(made, func(v assessed) *float64 { return v.Another })
		leaks = append(leaks, a.mean(made, ofSSIM)-other)
		means, psnr, others = append(means, guess), append(psnr, a.mean(meanRow, ofPSNR)), append(others, other)
		if math.IsNaN(other) { // of a single image there is no other
			other = guess
		}
		gains = append(gains, a.mean(made, ofSSIM)-max(guess, other))
	}
	g := &Guess{MeanSSIM: Summarize(means), MeanPSNR: Summarize(psnr), AnotherSSIM: Summarize(others), Gain: Summarize(gains), Leak: Summarize(leaks)}
	for _, a := range tests {
		g.Learnt = append(g.Learnt, a.Learnt)
	}
	g.Better = within(g.Gain, math.SmallestNonzeroFloat64, math.Inf(1), 1)
	return g
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
		"images should be like it, and more so than two guesses that need nothing of the cipher image: the mean of the training images, and what " +
		"the same network makes of another cipher image. The last column says whether they are, with the whole 95 %% interval over seeds.\n\n")
	p("| system | image | images | SSIM over seeds | SSIM, IQM | SSIM over images | PSNR dB | MSE | SSIM of the mean image | … from another | better than both |\n" +
		"|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, h := range r.HeldOut {
		if r.system(h.Row).Victim != "" {
			continue // in a table of their own
		}
		c := Cell{digits: 4}
		p("| %s | %s | %d | %s | %s | %s | %s | %s | %s |\n", h.Row, h.Made, h.Images, plusMinus(h.SSIM, 4), c.iqmText(h.SSIM), plusMinus(h.SSIMOverImages, 4),
			plusMinus(h.PSNR, 2), plusMinus(h.MSE, 1), h.Guess.text())
	}
	p("\n")
	if r.tradeOff != nil {
		p("![hiding against reconstructing](%s)\n\nA dot is a system, a bar the range over the seeds. Best is the upper left.\n\n", tradeOffFile)
	}
	r.writeAttackers(p)
}

// text is three cells.
func (g *Guess) text() string {
	if g == nil {
		return "– | – | –"
	}
	return fmt.Sprintf("%s | %s | %s: %s", plusMinus(g.MeanSSIM, 4), plusMinus(g.AnotherSSIM, 4),
		map[Verdict]string{Holds: "yes", Fails: "no", NotDecidable: "not decidable"}[g.Better], "by "+g.Gain.text(4))
}

// system finds a system by its row; there is one.
func (r *Report) system(row string) System {
	i := slices.IndexFunc(r.Systems, func(s System) bool { return s.Row == row })
	if i < 0 {
		return System{Row: row}
	}
	return r.Systems[i]
}
