package experiment

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/metrics.md anew")

// docs/metrics.md has a line for each metric, as its entry says.
func TestMetricsPageIsCurrent(t *testing.T) {
	const path, begin = "../../docs/metrics.md", "<!-- generated: go test ./evaluate/experiment -run Page -update -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, table, found := strings.Cut(string(page), begin)
	if !found {
		t.Fatalf("%s: there is no line %q", path, begin)
	}
	var b strings.Builder
	b.WriteString("\n| metric | identifier | definition | source |\n|---|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "*", `\*`)
	for _, m := range Metrics {
		name := m.Name
		if m.Unit != "" && !strings.Contains(name, m.Unit) {
			name += ", " + m.Unit
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", cell.Replace(name), m.ID, cell.Replace(m.Definition), cell.Replace(m.Formula))
	}
	if *update {
		if err := os.WriteFile(path, []byte(head+begin+b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if table != b.String() {
		t.Errorf("%s is not what the metrics' entries say: run go test ./evaluate/experiment -run Page -update", path)
	}
}
