package evaluate

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"keygan/data"
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
		Name: "evaluation", Generator: "runs/demo/generator.npz", Size: 256, Schemes: []string{"xor", "paper"}, Iterations: 50, Images: 4, Changes: 5, Seed: 11,
		Sources: []Source{
			{"brain", data.Spec{Synthetic: "mri", Count: 3, Seed: 7}},
			{"chest X-rays", data.Spec{Folder: "~/data/chest X-rays", Axis: "coronal"}},
			{"spectrogram", data.Spec{Synthetic: "spectrogram", Count: 9}},
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
		{"evaluate:\n" + mri + "  sizes: 3\n", ":3: evaluate.sizes: unknown key; allowed here: changes, generator, images,"},
		{"evaluate:\n" + mri + "  size: big\n", ":3: evaluate.size: big is not a whole number"},
		{"evaluate:\n" + mri + "  size: 8\n", ":3: evaluate.size: 8 is not possible, it must be 16 to 4096"},
		{"evaluate:\n" + mri + "  size: 128\n", `:3: evaluate.size: 128 is not possible with the scheme "paper", which takes only 256`},
		{"evaluate:\n" + mri + "  images: -1\n", ":3: evaluate.images: -1 is not possible, it must be 1 to 10000"},
		{"evaluate:\n" + mri + "  changes: 2000000\n", ":3: evaluate.changes: 2000000 is not possible"},
		{"evaluate:\n" + mri + "  iterations: 192\n", ":3: evaluate.iterations: 192 iterations of the cat map leave every pixel in place"},
		{"evaluate:\n" + mri + "  schemes: xor\n", ":3: evaluate.schemes: xor is not a list"},
		{"evaluate:\n" + mri + "  schemes: [xor, rot13]\n", `:3: evaluate.schemes[1]: unknown scheme "rot13": it must be one of paper, xor`},
		{"evaluate:\n" + mri + "  schemes: [xor, xor]\n", `:3: evaluate.schemes[1]: "xor" is there already`},
		{"evaluate:\n  seed: 1\n", "evaluate.sources: is missing: name at least one source"},
		{"evaluate:\n  sources:\n  - {synthetic: mri, count: 1}\n  - {name: empty}\n", ":4: evaluate.sources[1]: a data source needs either folder: a path, or synthetic: one of"},
		{"evaluate:\n  sources:\n  - {synthetic: cat, count: 1}\n", ":3: evaluate.sources[0]: "},
		{"evaluate:\n  sources:\n  - {synthetic: mri, count: 1, name: ../x}\n", ":3: evaluate.sources[0].name: \"../x\" is not possible"},
		{"evaluate:\n  sources:\n  - {synthetic: mri, count: 1}\n  - {synthetic: mri, count: 2}\n", `evaluate.sources[1].name: "mri" is the name of another source`},
		{"evaluate:\n  sources:\n  - {name: a b, synthetic: mri, count: 1}\n  - {name: A-b, synthetic: mri, count: 2}\n", `evaluate.sources[1].name: "A-b" is the name of another source`},
		{"evaluate:\n  sources:\n  - {synthetic: mri, cuont: 1}\n", ":3: evaluate.sources[0].cuont: unknown key; allowed here: axis, count, folder, name, seed, size, synthetic"},
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
	c := smallConfig()
	c.Sources[1].Name = c.Sources[0].Name
	var at *FieldError
	if err := c.Validate(); !errors.As(err, &at) || at.Field != "sources[1].name" {
		t.Errorf("%v", err)
	}
	if err := smallConfig().Validate(); err != nil {
		t.Error(err)
	}
}
