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

// The report says of each source and seed how many of the measured images each network was trained on.
func TestReportSaysWhatWasSeen(t *testing.T) {
	r := &Report{evaluations: []evaluation{
		{seed: 1, Sources: []experiment.SourceInfo{{Name: "xray", From: "a folder", Available: 9, Images: []string{"a", "b"},
			Seen: []experiment.SeenBy{{Generator: "GAN", Images: 2}, {Generator: "WGAN", Images: 0, Near: 1, NearNames: []string{"b"}}}}}},
		{seed: 2, Sources: []experiment.SourceInfo{{Name: "xray"}}},
	}}
	text := r.markdown()
	for _, want := range []string{
		"Seed 1, xray: 2 of 9 images, 0 one-bit changes (a folder). GAN was trained on 2 of these images",
		"WGAN was trained on 0 of these images, and on near duplicates of 1 more: b", "Seed 2, xray: 0 of 0 images", "Nothing is known",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q:\n%s", want, text)
		}
	}
}
