package experiment

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"keygan/data/dataset"
)

func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "experiment.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadConfig(t *testing.T) {
	got, err := ReadConfig(configFile(t, `# an experiment
name: demo
train: {batch: 4, whatever: [1, 2]}
evaluate:
  generator: runs/demo/generator.npz
  sources:
    - {name: brain, synthetic: mri, count: 3, seed: 7}
    - folder: ~/data/chest X-rays
      axis: coronal
    - {synthetic: spectrogram, count: 9}
  iterations: 50
  changes: 5
  seed: 11
`))
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Name: "evaluation", Generators: []Generator{{Name: "demo", Weights: "runs/demo/generator.npz"}}, Size: 256, Schemes: []string{"xor", "paper"}, Iterations: 50, Images: 4, Changes: 5, Seed: 11, Randomness: Randomness{60, 100_000},
		Sources: []Source{
			{Name: "brain", Spec: dataset.Spec{Synthetic: "mri", Count: 3, Seed: 7}},
			{Name: "chest X-rays", Spec: dataset.Spec{Folder: "~/data/chest X-rays", Axis: "coronal"}},
			{Name: "spectrogram", Spec: dataset.Spec{Synthetic: "spectrogram", Count: 9}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadConfigRefuses(t *testing.T) {
	const mri = "  sources: [{synthetic: mri, count: 1}]\n"
	for _, c := range []struct{ text, want string }{
		{"train: {}\n", "experiment.yaml: there is no evaluate: section"},
		{"evaluate:\n" + mri + "  sizes: 3\n", ":3: evaluate.sizes: unknown key; allowed here: changes, controls, generator, generators, images,"},
		{"evaluate:\n  sources: [{synthetic: mri, count: 1, trained_in: a, held_out_of: [b]}]\n", ":2: evaluate.sources[0]: has both"},
		{"evaluate:\n  sources: [{held_out_of: [generators]}]\n", ":2: evaluate.sources[0]: held_out_of: [generators] needs"},
		{"evaluate:\n" + mri + "  size: big\n", ":3: evaluate.size: big is not a whole number"},
		{"evaluate:\n" + mri + "  size: 8\n", ":3: evaluate.size: 8 is not possible, it must be 16 to 4096"},
		{"evaluate:\n" + mri + "  size: 128\n", `:3: evaluate.size: 128 is not possible with the scheme "paper", which takes only 256`},
		{"evaluate:\n" + mri + "  images: -1\n", ":3: evaluate.images: -1 is not possible, it must be 1 to 10000"},
		{"evaluate:\n" + mri + "  changes: 2000000\n", ":3: evaluate.changes: 2000000 is not possible"},
		{"evaluate:\n" + mri + "  iterations: 192\n", ":3: evaluate.iterations: 192 iterations of the cat map leave every pixel in place"},
		{"evaluate:\n" + mri + "  schemes: xor\n", ":3: evaluate.schemes: xor is not a list"},
		{"evaluate:\n" + mri + "  schemes: [xor, rot13]\n", `:3: evaluate.schemes[1]: unknown scheme "rot13": it must be one of paper, xor, logistic, sealed, aes-256-gcm, chaos-gan`},
		{"evaluate:\n" + mri + "  schemes: [xor, xor]\n", `:3: evaluate.schemes[1]: "xor" is there already`},
		{"evaluate:\n" + mri + "  randomness: {bits: 1001}\n", ":3: evaluate.randomness.bits: 1001 is not possible, it must be a multiple of 8"},
		{"evaluate:\n" + mri + "  randomness: {sequences: -1}\n", ":3: evaluate.randomness.sequences: -1 is not possible"},
		{"evaluate:\n" + mri + "  generators:\n  - {name: a}\n", ":4: evaluate.generators[0]: needs either weights: a generator.npz or built-in, or run:"},
		{"evaluate:\n" + mri + "  generators:\n  - {weights: a.npz, run: b}\n", ":4: evaluate.generators[0]: has both weights and run"},
		{"evaluate:\n" + mri + "  generators:\n  - {name: a/b, run: b}\n", ":4: evaluate.generators[0].name: \"a/b\" is not possible"},
		{"evaluate:\n" + mri + "  generators:\n  - {name: a b, run: b}\n  - {name: A-b, run: c}\n", `:5: evaluate.generators[1].name: "A-b" is the name of another generator`},
		{"evaluate:\n  seed: 1\n", "evaluate.sources: is missing: name at least one source"},
		{"evaluate:\n  sources:\n  - {synthetic: mri, count: 1}\n  - {name: empty}\n", ":4: evaluate.sources[1]: a data source needs either folder: a path, or synthetic: one of"},
		{"evaluate:\n  sources:\n  - {synthetic: cat, count: 1}\n", ":3: evaluate.sources[0]: "},
		{"evaluate:\n  sources:\n  - {synthetic: mri, count: 1, name: ../x}\n", ":3: evaluate.sources[0].name: \"../x\" is not possible"},
		{"evaluate:\n  sources:\n  - {synthetic: mri, count: 1}\n  - {synthetic: mri, count: 2}\n", `evaluate.sources[1].name: "mri" is the name of another source`},
		{"evaluate:\n  sources:\n  - {name: a b, synthetic: mri, count: 1}\n  - {name: A-b, synthetic: mri, count: 2}\n", `evaluate.sources[1].name: "A-b" is the name of another source`},
		{"evaluate:\n  sources:\n  - {synthetic: mri, cuont: 1}\n", ":3: evaluate.sources[0].cuont: unknown key; allowed here: axis, count, folder, held_out_of, name, seed, size, synthetic, trained_in"},
		{"evaluate: [\n", "experiment.yaml:"},
	} {
		_, err := ReadConfig(configFile(t, c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "experiment.yaml") {
			t.Errorf("%s%v\nwant %s", c.text, err, c.want)
		}
	}
	if _, err := ReadConfig(filepath.Join(t.TempDir(), "absent.yaml")); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "absent.yaml: ") {
		t.Errorf("an absent file: %v", err)
	}
}

func TestValidateNamesTheField(t *testing.T) {
	c := Config{Sources: []Source{
		{Name: "mri", Spec: dataset.Spec{Synthetic: "mri", Count: 5}}, {Name: "xray", Spec: dataset.Spec{Synthetic: "xray", Count: 1}},
	}}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c.Sources[1].Name = c.Sources[0].Name
	var at *FieldError
	if err := c.Validate(); !errors.As(err, &at) || at.Field != "sources[1].name" {
		t.Errorf("%v", err)
	}
}

func TestParseGenerator(t *testing.T) {
	run := filepath.Join(t.TempDir(), "my-run")
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]Generator{
		"built-in":                    {Name: "built-in", Weights: "built-in"},
		"GAN=built-in":                {Name: "GAN", Weights: "built-in"},
		"runs/a/generator.npz":        {Name: "a", Weights: "runs/a/generator.npz"},
		"b.npz":                       {Name: "b", Weights: "b.npz"},
		"WGAN-GP=x/y.npz":             {Name: "WGAN-GP", Weights: "x/y.npz"},
		run:                           {Name: "my-run", Run: run},
		"chaos-gan=" + run:            {Name: "chaos-gan", Run: run},
		"runs/lr=0.1/generator.npz":   {Name: "lr=0.1", Weights: "runs/lr=0.1/generator.npz"},
		"x=runs/lr=0.1/generator.npz": {Name: "x", Weights: "runs/lr=0.1/generator.npz"},
	} {
		got, err := ParseGenerator(text)
		if text == "runs/lr=0.1/generator.npz" {
			if err == nil || !strings.Contains(err.Error(), "give it a name, as in GAN=") {
				t.Errorf("%s: %+v, %v", text, got, err)
			}
			continue
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", text, err, diff)
		}
	}
	for _, text := range []string{"", "GAN="} {
		if g, err := ParseGenerator(text); err == nil {
			t.Errorf("%q: %+v", text, g)
		}
	}
	c := Config{Generators: []Generator{{Name: "a", Weights: "a"}}}.WithGenerator(Generator{Name: "b", Weights: "b"}).WithGenerator(Generator{Name: "a", Run: "r"})
	if diff := cmp.Diff([]Generator{{Name: "a", Run: "r"}, {Name: "b", Weights: "b"}}, c.Generators); diff != "" {
		t.Error(diff)
	}
}
