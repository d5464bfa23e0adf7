package experiment

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"keygan/data/raster"
)

// Targets come from the run's configuration, without those that are encrypted; no target is a control.
func TestTargets(t *testing.T) {
	run := t.TempDir()
	g := &generator{info: GeneratorInfo{Name: "g", File: filepath.Join(run, runWeights)}}
	shape := raster.NewImage(24, 24, 3, 8)
	config := func(targets string) {
		if err := os.WriteFile(filepath.Join(run, runConfig), []byte("name: x\ntarget:\n"+targets), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := g.targetsFor(3, shape); err == nil {
		t.Error("a run without a configuration has targets")
	}
	config("  - {encrypt: logistic}\n")
	if _, _, err := g.targetsFor(3, shape); err == nil {
		t.Error("encrypted targets are taken for images")
	}
	config("  - {synthetic: mri, count: 4, size: 24, seed: 1}\n  - {synthetic: spectrogram, count: 40, size: 24, seed: 2, unknown: 1}\n")
	targets, controls, err := g.targetsFor(5, shape)
	if err != nil || len(targets) != 22 || len(controls) != 5 {
		t.Fatal(len(targets), len(controls), err)
	}
	seen := map[string]bool{}
	for _, m := range append(targets, controls...) {
		if pix := fmt.Sprint(m.Pix); seen[pix] || m.Width != 24 || m.Channels != 3 {
			t.Errorf("%s twice, or of another shape", m)
		} else {
			seen[pix] = true
		}
	}
	if _, _, err := g.targetsFor(40, shape); err == nil {
		t.Error("44 images serve as 22 targets and 40 controls")
	}
}

// A key that is the plain image shows all of it, and one that is its negative as well.
func TestPlainAndKey(t *testing.T) {
	plain := raster.NewImage(32, 32, 1, 8)
	for i := range plain.Pix {
		plain.Pix[i] = byte(i * i / 7)
	}
	negative := plain.Clone()
	for i, v := range plain.Pix {
		negative.Pix[i] = 255 - v
	}
	for want, key := range map[float64]*raster.Image{1: plain, -1: negative} {
		if r, err := plainKeyCorrelation.Measure(Observation{A: plain, B: key}); err != nil || r != want {
			t.Errorf("%v, want %v: %v", r, want, err)
		}
	}
}
