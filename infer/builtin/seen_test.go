package builtin

import (
	"os"
	"slices"
	"testing"

	"keygan/data/dataset"
	"keygan/internal/strictyaml"
)

// The generator inside the program has seen what its configuration says: 787 source images, of which its volume has the rest.
func TestSeen(t *testing.T) {
	path := "../../configs/default-generator.yaml"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var configured, targets []dataset.Spec
	var data struct {
		HeldOut float64 `yaml:"held_out"`
	}
	for section, v := range map[string]any{"source": &configured, "target": &targets, "data": &data} {
		if _, found, err := strictyaml.DecodeSection(path, text, section, v); err != nil || !found {
			t.Fatal(section, found, err)
		}
	}
	drawn := slices.DeleteFunc(configured, func(s dataset.Spec) bool { return s.Synthetic == "" })
	if !slices.Equal(drawn, sources) || !slices.Equal(targets, []dataset.Spec{Target}) || data.HeldOut != heldOut {
		t.Errorf("%+v, %+v, %v held out", drawn, targets, data.HeldOut)
	}
	x, err := Seen()
	if err != nil {
		t.Fatal(err)
	}
	count := func(specs ...dataset.Spec) (n int) {
		src, err := dataset.Open(specs...)
		if err != nil {
			t.Fatal(err)
		}
		identities, err := dataset.Identities(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range identities {
			if x.Has(id) {
				n++
			}
		}
		return n
	}
	// infer/builtin/README.md: 787 were trained with, 171 of them slices of the volume.
	if n := count(sources...); n != 787-171 {
		t.Errorf("%d drawn images were trained with", n)
	}
	if n := count(Target); n != Target.Count {
		t.Errorf("%d targets", n)
	}
	if n := count(dataset.Spec{Synthetic: "xray", Count: 50, Seed: 101}); n != 0 {
		t.Errorf("%d of another seed", n)
	}
}
