package experiment

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/evaluate/attack"
	"keygan/infer/builtin"
)

// TestAttackTable: the table of attacks in docs/evaluation.md is what keygan evaluate -c configs/paper-demo.yaml measures.
func TestAttackTable(t *testing.T) {
	cfg, err := ReadConfig("../../configs/paper-demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	g := &generator{info: GeneratorInfo{Name: BuiltIn}}
	g.describe(builtin.Generator())
	e, sources, err := newExperiment(t.Context(), cfg, []*generator{g})
	if err != nil {
		t.Fatal(err)
	}
	e.progress = &tracker{}
	var specimens []*Specimen
	for _, src := range sources {
		sp := &Specimen{}
		for i := range e.planned(src) {
			m, err := src.Image(i)
			if err != nil {
				t.Fatal(err)
			}
			sp.Plains = append(sp.Plains, m.Fit(cfg.Size, e.channels).EightBits())
		}
		specimens = append(specimens, sp)
	}
	results, err := e.attacks(t.Context(), specimens)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/evaluation.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := attackTable(results); !strings.Contains(string(page), want) {
		t.Errorf("docs/evaluation.md has another table than\n%s", want)
	}
}

// attackTable is the table of docs/evaluation.md.
func attackTable(results []attack.Result) string {
	schemes := []string{"xor", "paper", "logistic", "sealed", "aes-256-gcm", "one-time key"}
	type line struct {
		kind   attack.Kind
		use    attack.Use
		scheme string
	}
	found := map[line]attack.Found{}
	for _, f := range attack.Sum(results) {
		scheme := f.Scheme
		if of := cipher.Describe(scheme).VariantOf; of == "aes-256-gcm" {
			scheme = of
		}
		found[line{f.Kind, f.Use, scheme}] = f
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| attacks that | `%s` |\n|%s\n", strings.Join(schemes, "` | `"), strings.Repeat("---|", 1+len(schemes)))
	for _, row := range []struct {
		name string
		kind attack.Kind
		use  attack.Use
	}{
		{"recover the image", attack.Recovers, attack.Published}, {"show something", attack.Distinguishes, attack.Published},
		{"forge", attack.Forges, attack.Published},
		{"recover, with a kept key", attack.Recovers, attack.KeptKey}, {"show something, with a kept key", attack.Distinguishes, attack.KeptKey},
	} {
		b.WriteString("| " + row.name)
		for _, s := range schemes {
			cell := "–"
			if f, ok := found[line{row.kind, row.use, s}]; ok {
				cell = f.String()
			}
			b.WriteString(" | " + cell)
		}
		b.WriteString(" |\n")
	}
	return b.String()
}
