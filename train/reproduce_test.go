package train

import (
	"path/filepath"
	"testing"

	"keygan/train/reproduce"
)

// Each configuration of tables, and the experiments of its rows, can be read, and has three seeds or more.
func TestTables(t *testing.T) {
	t.Chdir("..")
	tables, err := filepath.Glob("configs/reproduce*.yaml")
	studies, err2 := filepath.Glob("configs/study-*.yaml")
	if err != nil || err2 != nil || len(tables) < 2 || len(studies) < 1 {
		t.Fatal(tables, studies, err, err2)
	}
	for _, path := range append(tables, studies...) {
		if c, err := reproduce.Read(path); err != nil || len(c.Seeds) < 3 {
			t.Errorf("%s: %d seeds, %v", path, len(c.Seeds), err)
		}
	}
}
