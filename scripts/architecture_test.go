package scripts

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every path that the page on the architecture names is there.
func TestArchitectureNamesWhatIsThere(t *testing.T) {
	page := read(t, "../docs/architecture.md")
	found := 0
	for _, m := range regexp.MustCompile("`((?:batch|cipher|cmd|configs|data|docs|evaluate|gotorch|infer|internal|scripts|train|web)/[\\w./-]*)`").FindAllStringSubmatch(page, -1) {
		found++
		if _, err := os.Stat("../" + m[1]); err != nil {
			t.Error(err)
		}
	}
	if found < 30 {
		t.Errorf("%d paths", found)
	}
}

// layers are the folders of the house from top to bottom. Imports only point down.
var layers = []string{"cmd", "web", "batch", "train", "evaluate", "gotorch", "infer", "cipher", "data", "internal"}

type goPackage struct {
	ImportPath, Name  string
	GoFiles, CgoFiles []string
	Imports           []string
}

func goPackages(t *testing.T) []goPackage {
	t.Helper()
	c := exec.Command("go", "list", "-json=ImportPath,Name,GoFiles,CgoFiles,Imports", "keygan/...")
	c.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestImportsPointDown(t *testing.T) {
	layer := func(importPath string) int {
		return slices.Index(layers, strings.Split(importPath, "/")[1])
	}
	seen := 0
	for _, p := range goPackages(t) {
		if strings.HasPrefix(p.ImportPath, "keygan/scripts") {
			continue
		}
		if layer(p.ImportPath) < 0 {
			t.Errorf("%s is in none of the folders %v", p.ImportPath, layers)
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported, "keygan/") {
				continue
			}
			seen++
			if layer(imported) < layer(p.ImportPath) {
				t.Errorf("%s imports %s, which is above it", p.ImportPath, imported)
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d imports", seen)
	}
}

// A folder has at most about 20 files of code, and a package's comment stands in one of them.
func TestFoldersAreSmall(t *testing.T) {
	for _, p := range goPackages(t) {
		files := slices.Concat(p.GoFiles, p.CgoFiles)
		if n := len(files); n > 20 {
			t.Errorf("%s has %d files of code", p.ImportPath, n)
		}
		documented := slices.ContainsFunc(files, func(file string) bool {
			text := read(t, path.Join("..", strings.TrimPrefix(p.ImportPath, "keygan/"), file))
			return regexp.MustCompile(`(?m)^// ?(Package ` + p.Name + `|Command |[A-Z].*\n(//.*\n)*package main)`).MatchString(text)
		})
		if len(files) > 0 && !documented {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}
