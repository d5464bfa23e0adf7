package train

import (
	"bytes"
	"path/filepath"
	"testing"

	"keygan/train/reproduce"
)

// Each configuration of tables, and the experiments of its rows, can be read, and has three seeds or more.
func TestTables(t *testing.T) {
	t.Chdir("..")
	files, err := filepath.Glob("configs/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for _, path := range files {
		if !bytes.Contains(read(t, path), []byte("\nrows:")) {
			continue // an experiment, or only for keygan evaluate
		}
		tables++
		if c, err := reproduce.Read(path); err != nil || len(c.Seeds) < 3 {
			t.Errorf("%s: %d seeds, %v", path, len(c.Seeds), err)
		}
	}
	if tables < 3 {
		t.Errorf("only %d", tables)
	}
}
