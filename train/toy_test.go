package train

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	torch "keygan/gotorch"
	"keygan/infer"
	"keygan/train/config"
	"keygan/train/internal/traintest"
)

// toyKind is an objective as a newcomer would add it: a generator that learns by least squares, without a critic.
var toyKind = kind{config.Objective{
	Name:       "toy",
	Doc:        "least squares",
	Params:     []config.Param{{Name: "toy_weight", Doc: "of the squared difference", Default: 0.5, Min: 0.125, Max: 8}},
	Generators: []string{"resnet"},
	Columns:    func(config.Config) []string { return []string{"Generator Loss", "Toy Distance"} },
	Cost: func(c config.Config) []config.NetworkCost {
		return []config.NetworkCost{{Name: "generator", Arch: c.Arch(), Passes: 3, Graphs: []float64{1}}}
	},
}, func(c config.Config, at place) Objective {
	return &toy{newModel("generator", newNetwork(c.Arch(), at), c, 0), c.Objective.Value("toy_weight")}
}}

type toy struct {
	generator *Model
	weight    float64
}

func (o *toy) Models() []*Model { return []*Model{o.generator} }

func (o *toy) Outputs() []Output { return []Output{{"generator.npz", o.generator}} }

func (o *toy) Step(batches []Batch) (values torch.Tensor) {
	torch.Scope(func() {
		distance := torch.MSELoss(o.generator.Network.Forward(batches[0].Source), batches[0].Target, "mean")
		loss := distance.MulScalar(o.weight)
		o.generator.update(torch.Grad([]torch.Tensor{loss}, o.generator.Network.tensors(), nil, false, false))
		values = row(loss, distance)
	})
	return values
}

func (o *toy) Keys(source torch.Tensor, _ int) torch.Tensor {
	return o.generator.best().Evaluate(source)
}

func (o *toy) Show(source torch.Tensor, first int) []Row {
	return []Row{{Name: "keys", Images: o.Keys(source, first)}}
}

// One file and one line add an objective: its parameter is known to YAML, --set, the schema, the table of options, --dry-run and
// metrics.csv. The hashes of other configurations stay, so that earlier runs can be resumed.
func TestAnObjectiveIsOneFileAndOneLine(t *testing.T) {
	before := config.Default()
	hash := before.Hash()
	t.Cleanup(register(toyKind))
	if after := config.Default(); after.Hash() != hash || strings.Contains(string(after.YAML()), "toy") {
		t.Errorf("a new objective changes what is recorded of others:\n%s", after.YAML())
	}

	const text = "source: [{synthetic: xray, count: 8}]\ntarget: [{synthetic: mri, count: 8}]\nobjective:\n  name: toy\n"
	for _, test := range []struct {
		text string
		set  []string
		want float64
		err  string
	}{
		{text, nil, 0.5, ""},
		{text + "  toy_weight: 2\n", nil, 2, ""},
		{text + "  toy_weight: 2\n", []string{"objective.toy_weight=0.25"}, 0.25, ""},
		{text + "  toy_weight: 9\n", nil, 0, "small.yaml:5: objective.toy_weight: must be from 0.125 to 8, not 9"},
		{text, []string{"objective.toy_weight=0.1"}, 0, "--set objective.toy_weight=0.1: objective.toy_weight: must be from 0.125"},
		{text + "  toy_wait: 2\n", nil, 0, "small.yaml:5: objective.toy_wait: unknown key; allowed here: "},
		{text + "  toy_weight: much\n", nil, 0, "small.yaml:5: objective.toy_weight: much is not a number"},
		{text + "generator: {name: dcgan}\n", nil, 0, "generator.name: must be resnet for the objective toy, not dcgan"},
	} {
		c, err := config.Read(writeConfig(t, test.text), test.set...)
		switch {
		case test.err == "" && (err != nil || c.Objective.Value("toy_weight") != test.want):
			t.Errorf("%s%v: %v, %v", test.text, test.set, c.Objective, err)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s%v: %v, want %s", test.text, test.set, err, test.err)
		}
	}

	schema, err := json.Marshal(object(reflect.ValueOf(config.Default()), ""))
	want := `"toy_weight":{"default":0.5,"description":"toy: of the squared difference","maximum":8,"minimum":0.125,"type":"number"}`
	if err != nil || !strings.Contains(string(schema), want) {
		t.Errorf("the schema lacks %s", want)
	}
	want = "| `objective.toy_weight` | `0.5` | toy: of the squared difference; from 0.125 to 8 |\n"
	if table := optionsTable(); !strings.Contains(table, want) || !strings.Contains(table, "`toy`: least squares") {
		t.Errorf("the table of options lacks the toy:\n%s", table)
	}

	c := traintest.SmallConfig(t)
	c.Objective = config.DefaultOf("toy", "", "").Objective
	c.Objective.Set("toy_weight", 0.25)
	var plan bytes.Buffer
	if err := Plan(c, &plan); err != nil {
		t.Error(err)
	}
	wants(t, "dry run", plan.String(), "\n  name: toy\n", "\n  toy_weight: 0.25\n", "# generator: ", "# time, estimated: ")
	if err := Run(context.Background(), c, Options{}); err != nil {
		t.Fatal(err)
	}
	wants(t, "metrics.csv", string(read(t, c.Dir(), "metrics.csv")), "Epoch,Generator Loss,Toy Distance,Training Plain SSIM,")
	wants(t, "config.yaml", string(read(t, c.Dir(), "config.yaml")), "\n  toy_weight: 0.25\n")
	if _, err := infer.ReadFile(c.GeneratorPath()); err != nil {
		t.Error(err)
	}
}
