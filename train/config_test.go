package train

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"keygan/infer"
)

const minimal = "source:\n- {synthetic: xray, count: 8}\ntarget:\n- {synthetic: spectrogram, count: 8}\n"

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadConfigDefaultsAndOverrides(t *testing.T) {
	path := writeConfig(t, minimal+"train:\n  batch: 2\n")
	c, err := ReadConfig(path, "train.epochs=7", "generator.width=8", "source=[{synthetic: mri, count: 3}]")
	if err != nil {
		t.Fatal(err)
	}
	if c.Name != "small" || c.Train.Batch != 2 || c.Train.Epochs != 7 || c.Generator.Width != 8 || c.Generator.Blocks != 6 {
		t.Errorf("%+v", c)
	}
	if len(c.Source) != 1 || c.Source[0].Synthetic != "mri" {
		t.Errorf("source is %+v", c.Source)
	}
}

// The resolved configuration in a run folder must read back as what it was.
func TestResolvedConfigReadsBack(t *testing.T) {
	names, err := filepath.Glob("../configs/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no configurations found", err)
	}
	for _, name := range names {
		if text := read(t, name); !bytes.Contains(text, []byte("\nsource:")) {
			continue // for keygan evaluate alone
		}
		c, err := ReadConfig(name)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ReadConfig(writeConfig(t, string(c.YAML())))
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, c.YAML())
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if c.Hash() != again.Hash() {
			t.Errorf("%s: another hash", name)
		}
	}
}

func TestReadConfigRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{minimal + "batch: 3\n", "small.yaml:5: batch: unknown key; allowed here: critic, data, device,"},
		{minimal + "train:\n  batch: x\n", "small.yaml:6: train.batch: x is not a whole number"},
		{minimal + "train:\n  batch: 0\n", "small.yaml:6: train.batch: must be from 1 to 65536, not 0"},
		{minimal + "image: {size: 50}\n", "small.yaml:5: image.size: must be a multiple of 4 from 24 to 4096, not 50"},
		{minimal + "image: {channels: 2}\n", "image.channels: must be 1 (grey) or 3 (RGB), not 2"},
		{minimal + "objective:\n  name: wgan\n", "small.yaml:6: objective.name: must be one of "},
		{minimal + "generator: {name: unet}\n", "generator.name: must be one of chaos, dcgan, resnet, not unet"},
		{minimal + "device: gpu\n", "small.yaml:5: device: must be auto, cpu, cuda or cuda:N, not gpu"},
		{minimal + "optimizer: {learning_rate: 0}\n", "optimizer.learning_rate: must be a number above 0, not 0"},
		{minimal + "optimizer: {learning_rate: .nan}\n", "optimizer.learning_rate: must be a number above 0, not NaN"},
		{minimal + "optimizer: {beta2: 1}\n", "optimizer.beta2: must be from 0 to below 1, not 1"},
		{minimal + "name: ../elsewhere\n", "small.yaml:5: name: must be a folder's name below output"},
		{"target:\n- {synthetic: mri, count: 1}\n", "small.yaml: source: must name at least one folder or synthetic set"},
		{"source:\n- {synthetic: ct, count: 1}\ntarget:\n- {synthetic: mri, count: 1}\n", "small.yaml:2: source[0]: "},
		{"source:\n- {folder: a, synthetic: mri, count: 1}\ntarget:\n- {synthetic: mri, count: 1}\n", "small.yaml:2: source[0]: "},
		{minimal + "evaluate: {schemas: [xor]}\n", "small.yaml:5: evaluate.schemas: unknown key; allowed here: "},
		{minimal + "train: [\n", "small.yaml:5: "},
	} {
		_, err := ReadConfig(writeConfig(t, c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q\n got  %v\n want %s", strings.TrimPrefix(c.text, minimal), err, c.want)
		}
	}
	if _, err := ReadConfig("no/such.yaml"); err == nil || !strings.Contains(err.Error(), "no/such.yaml") {
		t.Errorf("%v", err)
	}
	path := writeConfig(t, minimal)
	for override, want := range map[string]string{
		"train.batch":                "--set train.batch: expected key=value",
		"train.bacth=3":              "--set train.bacth=3: train.bacth: unknown key",
		"train.batch=-":              "is not a whole number",
		"train.batch=":               "--set train.batch=: train.batch: has no value",
		"train.batch=0":              "--set train.batch=0: train.batch: must be from 1 to 65536, not 0",
		"train={batch: 0}":           "--set train={batch: 0}: train.batch: must be",
		"generator.width=4000000000": "generator.width: must be from 1 to 4096",
		"threads=1000000":            "threads: must be from 0 to 1024",
		"seed=-1":                    "0 or more",
		"name=.":                     "must be a folder's name below output",
		"a b=3":                      "expected key=value",
	} {
		if _, err := ReadConfig(path, override); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--set %s: %v, want %s", override, err, want)
		}
	}
	// What the file says is the file's mistake, whatever else is set; and an override can mend it.
	wrong := writeConfig(t, minimal+"train:\n  batch: 0\n")
	if _, err := ReadConfig(wrong, "seed=3"); err == nil || !strings.Contains(err.Error(), "small.yaml:6: train.batch:") {
		t.Errorf("with another key set: %v", err)
	}
	if _, err := ReadConfig(wrong, "train.batch=2"); err != nil {
		t.Errorf("mended: %v", err)
	}
}

// What does not change the weights must not change the hash, or a run could not be lengthened.
func TestHash(t *testing.T) {
	base := DefaultConfig()
	same, other := base, base
	same.Name, same.Train.Epochs, same.Device, same.Evaluate.Size = "x", 7, "cpu", 64
	same.Data = DataConfig{Cache: "off", OnBadFile: "skip"}
	other.Generator.Width = 8
	if base.Hash() != same.Hash() || base.Hash() == other.Hash() {
		t.Error("the hash follows the wrong keys")
	}
}

// The published networks have these many weights.
func TestPublishedSizes(t *testing.T) {
	for _, test := range []struct {
		generator         string
		weights, ofCritic int
	}{
		{"resnet", 7_833_984, 2_763_776},
		{"dcgan", 3_613_440, 136_192},
	} {
		c := defaults("wgan-gp", test.generator, "")
		count := func(a infer.Arch) (n int) { // without what norms have learnt, as published
			for _, l := range a.Layers {
				n += l.In * l.Out * l.Kernel * l.Kernel
			}
			return n
		}
		if n, m := count(c.arch()), count(c.criticArch()); n != test.weights || m != test.ofCritic {
			t.Errorf("%s: %d weights in the generator, %d in its critic, want %d and %d", test.generator, n, m, test.weights, test.ofCritic)
		}
	}
}

// What a file does not say follows from the objective and the networks that it names.
func TestDefaultsFollowNames(t *testing.T) {
	path := writeConfig(t, minimal+"image: {size: 64}\ngenerator: {name: dcgan}\n")
	c, err := ReadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Critic.Name != "dcgan" || c.Generator.Width != 16 || c.Generator.Latent != 100 || c.Generator.Norm != "batch" {
		t.Errorf("generator %+v, critic %+v", c.Generator, c.Critic)
	}
	if c, err = ReadConfig(path, "generator.name=resnet", "generator.blocks=2"); err != nil || c.Critic.Name != "patch" || c.Generator.Width != 64 {
		t.Errorf("an override: generator %+v, critic %+v, %v", c.Generator, c.Critic, err)
	}
}
