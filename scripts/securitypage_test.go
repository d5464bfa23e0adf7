package scripts

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every test that docs/security.md names exists.
func TestSecurityPageNamesTests(t *testing.T) {
	page, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests bytes.Buffer
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		tests.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`).FindAllString(string(page), -1)
	for _, name := range names {
		if !bytes.Contains(tests.Bytes(), []byte("func "+name+"(")) {
			t.Errorf("there is no %s", name)
		}
	}
	scripts := 0
	for _, list := range regexp.MustCompile("scripts? ((`[a-z_]+`(, )?)+)").FindAllStringSubmatch(string(page), -1) {
		for _, name := range regexp.MustCompile("[a-z_]+").FindAllString(list[1], -1) {
			scripts++
			if _, err := os.Stat("../cmd/keygan/testdata/" + name + ".txtar"); err != nil {
				t.Error(err)
			}
		}
	}
	if len(names) < 20 || scripts < 10 {
		t.Errorf("the page names %d tests and %d scripts", len(names), scripts)
	}
}
