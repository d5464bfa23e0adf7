package evaluate

import (
	"path/filepath"
	"strings"
	"testing"

	"keygan/data/dataset"
	"keygan/evaluate/experiment"
	"keygan/evaluate/report"
	"keygan/infer"
)

// noiseReport evaluates a generator that makes keys of noise alone.
func noiseReport(t *testing.T, g experiment.Generator, seed uint64) *report.Report {
	t.Helper()
	cfg := experiment.Config{
		Sources: []experiment.Source{{Name: "mri", Spec: dataset.Spec{Synthetic: "mri", Count: 3}}, {Name: "xray", Spec: dataset.Spec{Synthetic: "xray", Count: 2}}},
		Size:    32, Schemes: []string{"xor"}, Images: 3, Changes: 3, Seed: seed,
		Generators: []experiment.Generator{g}, Randomness: experiment.Randomness{Sequences: 1, Bits: 1000}, Quick: true,
	}
	r, err := Run(t.Context(), cfg, filepath.Join(t.TempDir(), "out"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Noise comes from the seed of the configuration: the same run gives the same keys. Every image has noise of its own, and its
// one-bit changes have the same, which such a generator, blind to the image, answers with the same key.
func TestNoiseOfKeys(t *testing.T) {
	m := weightsOf(t, infer.DCGAN(8, 20, 3, 32))
	value := func(r *report.Report, source, id string) float64 {
		return *r.Row(source, experiment.System{Scheme: experiment.RawKey, Generator: "net"}, id).Measured
	}
	first, again, other := noiseReport(t, m, 1), noiseReport(t, m, 1), noiseReport(t, m, 2)
	for _, source := range []string{"mri", "xray"} {
		if v := value(first, source, experiment.IDNPCRKeyOneBit); v != 0 {
			t.Errorf("%s: %v %% of the key's bytes change with one bit of the image", source, v)
		}
		if v := value(first, source, experiment.IDNPCRKeyKey); v < 50 {
			t.Errorf("%s: only %v %% of the bytes of two images' keys differ", source, v)
		}
		if a, b := value(first, source, experiment.IDEntropy), value(again, source, experiment.IDEntropy); a != b {
			t.Errorf("%s: entropies of %v and %v from the same seed", source, a, b)
		}
		if a, b := value(first, source, experiment.IDEntropy), value(other, source, experiment.IDEntropy); a == b {
			t.Errorf("%s: the same entropy, %v, from different seeds", source, a)
		}
	}
	if a, b := value(first, "mri", experiment.IDEntropy), value(first, "xray", experiment.IDEntropy); a == b {
		t.Errorf("the keys of both sources have an entropy of %v", a)
	}
	var text strings.Builder
	if err := first.WriteMarkdown(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "The generator takes noise.") {
		t.Error("the tables do not say that the generator takes noise")
	}
}

// A generator whose keys have one size cannot be measured at another.
func TestSizeOfKeys(t *testing.T) {
	m := weightsOf(t, infer.DCGAN(4, 20, 3, 32))
	cfg := experiment.Config{Sources: []experiment.Source{{Name: "mri", Spec: dataset.Spec{Synthetic: "mri", Count: 1}}}, Size: 64, Schemes: []string{"xor"}, Generators: []experiment.Generator{m}}
	out := filepath.Join(t.TempDir(), "out")
	if _, err := Run(t.Context(), cfg, out, Options{}); err == nil || !strings.Contains(err.Error(), "evaluate.size: 64 is not possible with the generator net, whose keys are 32×32") {
		t.Errorf("the error is %v", err)
	}
}
