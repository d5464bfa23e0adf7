package seeds

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keygan/evaluate/experiment"
)

// Over seeds, a value is the mean of a training over its images; over images, it is the mean of an image over the trainings.
func TestHeldOutImages(t *testing.T) {
	var trainings []Training
	for seed, text := range []string{
		`{"rows": ["plain", "encrypted", "restored"], "images": [
			{"rows": {"plain": {}, "encrypted": {"ssim": 0}, "restored": {"ssim": 0.5, "psnr": 20, "mse": 9}}},
			{"rows": {"plain": {}, "encrypted": {"ssim": 0.2}, "restored": {"ssim": 0.7, "mse": 0}}}]}`,
		`{"rows": ["plain", "encrypted", "restored"], "images": [
			{"rows": {"plain": {}, "encrypted": {"ssim": 0}, "restored": {"ssim": 0.9, "psnr": 30, "mse": 4}}},
			{"rows": {"plain": {}, "encrypted": {"ssim": 0}, "restored": {"ssim": 0.8, "psnr": 40, "mse": 1}}}]}`,
		"",
	} {
		dir := t.TempDir()
		trainings = append(trainings, Training{Row: "B", Seed: uint64(seed), Folder: dir})
		if text == "" {
			continue // not tested
		}
		if err := os.Mkdir(filepath.Join(dir, "test"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "test", "test.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := heldOutImages([]System{{Row: "A"}, {Row: "B"}}, trainings)
	if err != nil || len(found) != 2 || found[0].Made != "encrypted" || found[1].Made != "restored" {
		t.Fatalf("%+v, %v", found, err)
	}
	h := found[1]
	near(t, "SSIM", *h.SSIM.Mean, 0.725)
	near(t, "SD over seeds", *h.SSIM.SD, 0.125*math.Sqrt2)            // of 0.6 and 0.85
	near(t, "SD over images", *h.SSIMOverImages.SD, 0.025*math.Sqrt2) // of 0.7 and 0.75
	near(t, "PSNR", *h.PSNR.Mean, 27.5)                               // of 20 and 35: an exact image has none
	near(t, "MSE", *h.MSE.Mean, 3.5)
	if h.Images != 2 || h.SSIM.N != 2 {
		t.Errorf("%d images, %d trainings", h.Images, h.SSIM.N)
	}
}

// The report says of each source how many of the measured images each network was trained on: once where seeds or networks agree, apart
// where they do not.
func TestReportSaysWhatWasSeen(t *testing.T) {
	source := func(seen ...experiment.SeenBy) []experiment.SourceInfo {
		return []experiment.SourceInfo{{Name: "xray", From: "a folder", Available: 9, Images: []string{"a", "b"}, Seen: seen}}
	}
	gan, wgan := experiment.SeenBy{Generator: "GAN"}, experiment.SeenBy{Generator: "WGAN"}
	leaked := experiment.SeenBy{Generator: "WGAN", Near: 1, NearNames: []string{"b"}}
	r := &Report{evaluations: []evaluation{
		{seed: 1, Sources: source(gan, wgan)}, {seed: 2, Sources: source(gan, leaked)}, {seed: 3, Sources: source(gan, wgan)}, {seed: 4, Sources: source()},
	}}
	text := r.markdown()
	for _, want := range []string{
		"- Seeds 1, 3, xray: 2 of 9 images, 0 one-bit changes (a folder). Each of GAN, WGAN was trained on 0 of these images",
		"- Seed 2, xray: 2 of 9 images, 0 one-bit changes (a folder). GAN was trained on 0 of these images",
		"WGAN was trained on 0 of these images, and on near duplicates of 1 more: b", "- Seed 4, xray: 2 of 9 images",
	} {
		if strings.Count(text, want) != 1 {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
	r.evaluations = r.evaluations[:1]
	if text := r.markdown(); !strings.Contains(text, "\n- xray: 2 of 9 images") {
		t.Errorf("one seed:\n%s", text)
	}
}

// A report of small networks says so below its heading, and how small they are.
func TestReportSaysHowSmall(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"config.yaml": "image: {size: 64}\ngenerator: {name: resnet, width: 12}\n", "run.json": `{"steps": 300}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	systems, err := describe([]System{{Row: "A", Train: "a.yaml"}, {Row: "B", Train: "b.yaml"}}, []Training{{Row: "A", Folder: dir}})
	if err != nil {
		t.Fatal(err)
	}
	text := (&Report{Name: "tables", note: "Small twins.", Systems: systems}).markdown()
	for _, want := range []string{"# tables\n\n**Small twins.**\n", "| A | `a.yaml` | – | 64×64 | 12 | 300 | – |\n", "| B | `b.yaml` | – | – | – | – | – |\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}

// Each measure of a claim is a line of the claim's table, with its own verdict.
func TestMeasuresAreATable(t *testing.T) {
	r := &Report{Courses: []Course{
		course("Entropy", heldOut, []float64{6, 6.1}, []float64{6.5, 6.6}, []float64{6.9, 7}, []float64{7.3, 7.4}),
		course("Chi2", heldOut, []float64{9000, 9100}, []float64{9000, 9100}, []float64{20000, 20100}, []float64{20000.4, 20100.4}),
	}}
	c, _ := r.longerIsBetter(System{Row: "W"})
	r.Claims = []Claim{c}
	text := r.markdown()
	for _, want := range []string{
		"| system | measure | at a quarter | at the end | random keys | nearer to random by | verdict |\n",
		"| W | Entropy | 6.050 at step 100 | 7.350 at step 400 | 8.000 | 1.300 [1.300, 1.300] | holds |\n",
		"| W | Chi2 | 9050 at step 100 | 20050 at step 400 | 255.0 | -11000 [-11000, -11000] | does not hold |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}
