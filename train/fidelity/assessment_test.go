package fidelity

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"keygan/data/raster"
	"keygan/data/synthetic"
	"keygan/evaluate/metrics"
)

// The table has each image with its metrics, and their means and standard deviations, which for 1, 2 and 6 are 3 and √7.
func TestAssessmentTable(t *testing.T) {
	number := func(v float64) *float64 { return &v }
	found := Assessment{Run: "runs/x", Step: 7, Objective: "gan", Rows: []string{PlainRow, "keys"}}
	for i, mse := range []float64{1, 2, 6} {
		f := Values{MSE: &mse, SSIM: number(0.5), Entropy: number(7), ChiSquare: number(300), Correlation: number(float64(i))}
		if i > 0 {
			f.PSNR = number(30) // the first is equal to the plain image, to the eye of this test
		}
		found.Images = append(found.Images, AssessedImage{
			Name: "a.png", Rows: map[string]Values{PlainRow: {Entropy: number(5)}, "keys": f}, pictures: []*raster.Image{raster.NewImage(48, 48, 1, 8)},
		})
	}
	var b bytes.Buffer
	if err := found.Print(&b); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range strings.Split(b.String(), "\n") {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	for i, want := range map[int]string{
		0: "runs/x, step 7, gan: 3 images",
		2: "a.png plain - - - 5.0000 - -",
		3: "a.png keys 1.0 - 0.5000 7.0000 300 0.0000",
		7: "a.png keys 6.0 30.00 0.5000 7.0000 300 2.0000",
		8: "mean ± sd plain - - - 5.0000 ± 0.0000 - -",
		9: "mean ± sd keys 3.0 ± 2.6 30.00 ± 0.00 0.5000 ± 0.0000 7.0000 ± 0.0000 300 ± 0 1.0000 ± 1.0000",
	} {
		if got[i] != want {
			t.Errorf("line %d: %q, want %q", i, got[i], want)
		}
	}
	csv, err := found.csv()
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(string(csv), "\n"); lines[1] != "a.png,plain,,,,,5,,,,," || lines[4] != "a.png,keys,2,30,0.5,,7,300,1,,," {
		t.Errorf("csv:\n%s", csv)
	}
}

// What is restored stands beside two guesses: who knows the images beats both, who returns the mean image beats none, and who draws any
// image of their kind is as good from another cipher image as from the right one.
func TestGuesses(t *testing.T) {
	src, err := synthetic.New("mri", 6, 32, 1)
	if err != nil {
		t.Fatal(err)
	}
	var plain []*raster.Image
	var names []string
	sum := make([]float64, 32*32)
	for i := range src.Len() {
		m, err := src.Image(i)
		if err != nil {
			t.Fatal(err)
		}
		m = m.Convert(1)
		plain, names = append(plain, m), append(names, src.Name(i))
		for k, level := range m.Pix {
			sum[k] += float64(level) / float64(src.Len())
		}
	}
	mean := raster.NewImage(32, 32, 1, 8)
	for k := range sum {
		mean.Pix[k] = byte(sum[k] + 0.5)
	}
	means := slices.Repeat([]*raster.Image{mean}, len(plain))
	shifted := append(slices.Clone(plain[2:]), plain[:2]...) // images of their kind, but the wrong ones
	a := Assessment{Run: "r"}
	a.Add(names, plain, []MadeRow{{"encrypted", means, false}, {"knows", plain, true}, {"means", means, true}, {"draws", shifted, true}})
	a.Guess(mean)
	if err := a.Measure(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Restored, []string{"knows", "means", "draws"}) || a.Rows[len(a.Rows)-1] != MeanRow {
		t.Errorf("rows %v, restored %v", a.Rows, a.Restored)
	}
	total := map[string]float64{}
	for i, image := range a.Images {
		guess, err := metrics.SSIM(plain[i], mean, metrics.Gaussian11)
		if err != nil {
			t.Fatal(err)
		}
		if got := *image.Rows[MeanRow].SSIM; got != guess {
			t.Errorf("the mean image has SSIM %v, not %v", got, guess)
		}
		if *image.Rows["means"].SSIM != guess || *image.Rows["means"].Another != guess {
			t.Errorf("who returns the mean image: %v, %v, not %v", *image.Rows["means"].SSIM, *image.Rows["means"].Another, guess)
		}
		if *image.Rows["knows"].SSIM != 1 || *image.Rows["knows"].Another > 0.9 {
			t.Errorf("who knows the images: %v, from another %v", *image.Rows["knows"].SSIM, *image.Rows["knows"].Another)
		}
		if image.Rows["encrypted"].Another != nil {
			t.Error("a cipher image is compared with a guess")
		}
		total["own"] += *image.Rows["draws"].SSIM
		total["another"] += *image.Rows["draws"].Another
	}
	if d := (total["own"] - total["another"]) / 6; d > 0.1 || d < -0.1 {
		t.Errorf("who draws any image is better from the right cipher image by %v", d)
	}
}
