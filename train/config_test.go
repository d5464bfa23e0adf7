package train

import (
	"bytes"
	"keygan/train/config"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The resolved configuration in a run folder must read back as what it was.
func TestResolvedConfigReadsBack(t *testing.T) {
	names, err := filepath.Glob("../configs/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no configurations found", err)
	}
	for _, name := range names {
		if text := read(t, name); !bytes.Contains(text, []byte("\nsource:")) {
			continue // only for keygan evaluate
		}
		c, err := config.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		again, err := config.Read(writeConfig(t, string(c.YAML())))
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

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.yaml")
	overwrite(t, path, []byte(text))
	return path
}
