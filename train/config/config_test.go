package config

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/infer"
)

// The descriptions of the objectives are in package train; here is one like them.
func init() {
	Register(Objective{
		Name: "wgan-gp", Generators: []string{"resnet", "dcgan"}, Critics: []string{"patch", "dcgan"},
		Params: []Param{{Name: "critic_steps", Default: 5, Min: 1, Max: 1000, Whole: true}, {Name: "penalty_weight", Default: 10, Max: math.Inf(1)}},
	})
}

const minimal = "source:\n- {synthetic: xray, count: 8}\ntarget:\n- {synthetic: spectrogram, count: 8}\n"

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadDefaultsAndOverrides(t *testing.T) {
	path := writeConfig(t, minimal+"train:\n  batch: 2\n")
	c, err := Read(path, "train.epochs=7", "generator.width=8", "source=[{synthetic: mri, count: 3}]")
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

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{minimal + "batch: 3\n", "small.yaml:5: batch: unknown key; allowed here: bf16, critic, cuda_graphs, data, device,"},
		{minimal + "train:\n  batch: x\n", "small.yaml:6: train.batch: x is not a whole number"},
		{minimal + "train:\n  batch: 0\n", "small.yaml:6: train.batch: must be from 1 to 65536, not 0"},
		{minimal + "image: {size: 50}\n", "small.yaml:5: image.size: must be a multiple of 4 from 24 to 4096, not 50"},
		{minimal + "image: {channels: 2}\n", "image.channels: must be 1 (grey) or 3 (RGB), not 2"},
		{minimal + "objective:\n  name: wgan\n", "small.yaml:6: objective.name: must be one of "},
		{minimal + "generator: {name: unet}\n", "generator.name: must be one of chaos, dcgan, resnet, not unet"},
		{minimal + "data: {augment: {rotate: 46}}\n", "small.yaml:5: data.augment.rotate: must be from 0 to 45, not 46"},
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
		_, err := Read(writeConfig(t, c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q\n got  %v\n want %s", strings.TrimPrefix(c.text, minimal), err, c.want)
		}
	}
	if _, err := Read("no/such.yaml"); err == nil || !strings.Contains(err.Error(), "no/such.yaml") {
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
		"source.2.seed=9":            "--set source.2.seed=9: source has no item 2; the first of its 1 is source.0",
		"source.seed=9":              "expected the number of an item",
		"target.0.sead=9":            "--set target.0.sead=9: sead: unknown key",
		"source.0.count=-1":          "--set source.0.count=-1: source[0]: count is -1",
		"source.0.axis=axial":        "--set source.0.axis=axial: source[0]: axis is for folders",
		"source.0={synthetic: mri}":  "synthetic: mri needs a count",
	} {
		if _, err := Read(path, override); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--set %s: %v, want %s", override, err, want)
		}
	}
	c, err := Read(path, "source.0.seed=9", "target.0={folder: x, encrypt: logistic}")
	if err != nil || c.Source[0].Seed != 9 || c.Source[0].Count == 0 || c.Target[0].Folder != "x" || c.Target[0].Synthetic != "" {
		t.Errorf("items of lists: %v, %+v, %+v", err, c.Source, c.Target)
	}
	// What the file says is the file's mistake, whatever else is set; and an override can mend it.
	wrong := writeConfig(t, minimal+"train:\n  batch: 0\n")
	if _, err := Read(wrong, "seed=3"); err == nil || !strings.Contains(err.Error(), "small.yaml:6: train.batch:") {
		t.Errorf("with another key set: %v", err)
	}
	if _, err := Read(wrong, "train.batch=2"); err != nil {
		t.Errorf("mended: %v", err)
	}
}

// What does not change the weights must not change the hash, or a run could not be lengthened.
func TestHash(t *testing.T) {
	base := Default()
	same, other := base, base
	same.Name, same.Train.Epochs, same.Device, same.Evaluate.Size = "x", 7, "cpu", 64
	same.Data = Data{Cache: "off", OnBadFile: "skip"}
	other.Generator.Width = 8
	augmented := base
	augmented.Data.Augment.Flip = 0.5
	if augmented.Hash() == base.Hash() || strings.Contains(string(base.YAML()), "augment") || !strings.Contains(string(augmented.YAML()), "flip: 0.5") {
		t.Errorf("augmentation is in the hash and in config.yaml where it is on, and only there:\n%s", augmented.YAML())
	}
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
		c := DefaultOf("wgan-gp", test.generator, "")
		count := func(a infer.Arch) (n int) { // without what norms have learnt, as published
			for _, l := range a.Layers {
				n += l.In * l.Out * l.Kernel * l.Kernel
			}
			return n
		}
		if n, m := count(c.Arch()), count(c.CriticArch()); n != test.weights || m != test.ofCritic {
			t.Errorf("%s: %d weights in the generator, %d in its critic, want %d and %d", test.generator, n, m, test.weights, test.ofCritic)
		}
	}
}

// What a file does not say follows from the objective and the networks that it names.
func TestDefaultsFollowNames(t *testing.T) {
	path := writeConfig(t, minimal+"image: {size: 64}\ngenerator: {name: dcgan}\n")
	c, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Critic.Name != "dcgan" || c.Generator.Width != 16 || c.Generator.Latent != 100 || c.Generator.Norm != "batch" {
		t.Errorf("generator %+v, critic %+v", c.Generator, c.Critic)
	}
	if c, err = Read(path, "generator.name=resnet", "generator.blocks=2"); err != nil || c.Critic.Name != "patch" || c.Generator.Width != 64 {
		t.Errorf("an override: generator %+v, critic %+v, %v", c.Generator, c.Critic, err)
	}
}

func TestLearningRate(t *testing.T) {
	o := Optimizer{LearningRate: 1, Schedule: "linear", Warmup: 3, DecayFrom: 0.5, Final: 0.2}
	var got []float64
	for step := range 10 {
		got = append(got, math.Round(1000*o.RateAt(step, 10))/1000)
	}
	if want := []float64{0.25, 0.5, 0.75, 1, 1, 1, 0.84, 0.68, 0.52, 0.36}; !slices.Equal(got, want) {
		t.Errorf("linear: %v, want %v", got, want)
	}
	o = Optimizer{LearningRate: 2, Schedule: "cosine"}
	if got := []float64{o.RateAt(0, 4), math.Round(1000*o.RateAt(2, 4)) / 1000}; !slices.Equal(got, []float64{2, 1}) {
		t.Errorf("cosine: %v", got)
	}
	o.Schedule = "constant"
	if got := o.RateAt(3, 4); got != 2 {
		t.Errorf("constant: %v", got)
	}
}

// A schedule other than constant makes the weights depend on the length of the run.
func TestHashFollowsTheSchedule(t *testing.T) {
	c := Default()
	longer := c
	longer.Train.Epochs *= 2
	if c.Hash() != longer.Hash() {
		t.Error("a longer run of a constant learning rate has another hash")
	}
	c.Optimizer.Schedule, longer.Optimizer.Schedule = "linear", "linear"
	if c.Hash() == longer.Hash() {
		t.Error("a longer run of a falling learning rate has the same hash")
	}
}
