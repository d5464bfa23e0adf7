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

// TestAttackCounts: the table of attacks in docs/evaluation.md is what keygan evaluate -c configs/paper-demo.yaml measures.
func TestAttackCounts(t *testing.T) {
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
	schemes := []string{"xor", "paper", "logistic", "sealed", "aes-256-gcm"}
	counts := map[attack.Count]attack.Count{}
	for _, c := range attack.Counts(results) {
		scheme := c.Scheme
		if of := cipher.Describe(scheme).VariantOf; of == "aes-256-gcm" {
			scheme = of
		}
		counts[attack.Count{Kind: c.Kind, Use: c.Use, Scheme: scheme}] = c
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| attacks that succeed | `%s` |\n|%s\n", strings.Join(schemes, "` | `"), strings.Repeat("---|", 1+len(schemes)))
	for _, row := range []struct {
		name string
		of   attack.Count
	}{
		{"recover the image", attack.Count{Kind: attack.Recovers, Use: attack.Published}},
		{"distinguish", attack.Count{Kind: attack.Distinguishes, Use: attack.Published}},
		{"forge", attack.Count{Kind: attack.Forges, Use: attack.Published}},
		{"recover, with a kept key", attack.Count{Kind: attack.Recovers, Use: attack.KeptKey}},
		{"distinguish, with a kept key", attack.Count{Kind: attack.Distinguishes, Use: attack.KeptKey}},
	} {
		b.WriteString("| " + row.name)
		for _, s := range schemes {
			row.of.Scheme = s
			cell := "–"
			if c, ok := counts[row.of]; ok {
				cell = fmt.Sprintf("%d of %d", c.Succeeded, c.Made)
			}
			b.WriteString(" | " + cell)
		}
		b.WriteString(" |\n")
	}
	return b.String()
}
