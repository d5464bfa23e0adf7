package train

import (
	"bytes"
	"strings"
	"testing"

	"keygan/data/raster"
	"keygan/train/fidelity"
)

// The table has each image with its metrics, and their means and standard deviations, which for 1, 2 and 6 are 3 and √7.
func TestAssessmentTable(t *testing.T) {
	number := func(v float64) *float64 { return &v }
	found := Assessment{Run: "runs/x", Step: 7, Objective: "gan", Rows: []string{plainRow, "keys"}}
	for i, mse := range []float64{1, 2, 6} {
		f := fidelity.Values{MSE: &mse, SSIM: number(0.5), Entropy: number(7), ChiSquare: number(300), Correlation: number(float64(i))}
		if i > 0 {
			f.PSNR = number(30) // the first is equal to the plain image, to the eye of this test
		}
		found.Images = append(found.Images, AssessedImage{
			Name: "a.png", Rows: map[string]fidelity.Values{plainRow: {Entropy: number(5)}, "keys": f}, pictures: []*raster.Image{raster.NewImage(48, 48, 1, 8)},
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
	if lines := strings.Split(string(csv), "\n"); lines[1] != "a.png,plain,,,,,5,,,," || lines[4] != "a.png,keys,2,30,0.5,,7,300,1,," {
		t.Errorf("csv:\n%s", csv)
	}
}
