package experiment

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/attack"
)

// attackerRun is the folder of a run that restores images, with the built-in generator for its network.
func attackerRun(t *testing.T, about string) string {
	t.Helper()
	dir := t.TempDir()
	weights, err := os.ReadFile("../../infer/builtin/generator.npz")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(runWeights, weights)
	if about != "" {
		write(AttackerFile, []byte(about))
		if err := imagefile.WritePNG(filepath.Join(dir, MeanFile), raster.NewImage(64, 64, 3, 8), false); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A run that says from what it has learnt attacks its scheme with many images, and is no generator of keys. One that is meant to be an
// attacker and is not is named, as a generator that cannot be read is.
func TestAttackersAreNoGenerators(t *testing.T) {
	cfg := Config{Size: 32, Schemes: []string{"xor", "logistic"}, Sources: []Source{
		{Name: "a", Spec: dataset.Spec{Synthetic: "mri", Count: 6, Size: 32}}, {Name: "b", Spec: dataset.Spec{Synthetic: "xray", Count: 2, Size: 32}},
	}}.Quickened()
	cfg = cfg.WithGenerator(Generator{Name: "spy", Run: attackerRun(t, `{"scheme": "xor", "key": "fresh", "networks": ["a"], "images": 3}`)})
	r, err := Run(t.Context(), cfg, nil)
	if err != nil || r.Incomplete() != nil {
		t.Fatal(err, r.Incomplete())
	}
	if len(r.Generators) != 1 || r.Generators[0].Name != BuiltIn {
		t.Errorf("the generators are %+v", r.Generators)
	}
	made := map[string]attack.Result{}
	for _, a := range r.Attacks {
		if a.Number == 16 && a.NotRun == "" {
			made[a.Scheme] = a
		}
	}
	if images, _ := made["xor"].Value("images"); len(made) != 1 || images != 6 || !strings.HasPrefix(made["xor"].Conclusion, "spy restores") {
		t.Errorf("%+v", made)
	}

	cfg = cfg.WithGenerator(Generator{Name: "attacker", Run: attackerRun(t, "")})
	if r, err = Run(t.Context(), cfg, nil); err != nil || !errors.Is(r.Incomplete(), ErrGenerator) || !strings.Contains(r.Incomplete().Error(), AttackerFile) {
		t.Errorf("%v, %v", err, r.Incomplete())
	}
}
