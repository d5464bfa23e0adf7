package scripts

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// pages are README.md and those that it points to, by path from this folder.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	content := map[string]string{}
	for _, path := range append(paths, "../README.md") {
		content[path] = read(t, path)
	}
	return content
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// anchors lists the headings of a page as links name them: in small letters, with hyphens, without punctuation.
func anchors(page string) (names []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		name := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

func TestLinksInPages(t *testing.T) {
	links := 0
	for path, page := range pages(t) {
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(page, -1) {
			file, anchor, _ := strings.Cut(link[1], "#")
			if strings.Contains(file, ":") {
				continue // on the web
			}
			links++
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, target)), anchor) {
				t.Errorf("%s: %s has no heading #%s", path, target, anchor)
			}
		}
	}
	if links < 20 {
		t.Errorf("the pages have only %d links", links)
	}
}

// Commands in pages exist, with their flags, and name configurations and scripts that exist. The man pages know the flags of keygan.
func TestCommandsInPages(t *testing.T) {
	commands := 0
	for path, page := range pages(t) {
		for _, line := range regexp.MustCompile(`(?m)^    (keygan .*)$`).FindAllStringSubmatch(page, -1) {
			for _, command := range strings.Split(strings.Split(strings.Split(line[1], " #")[0], " && ")[0], " | ") {
				words := strings.Fields(command)
				if words[0] != "keygan" {
					continue // another program of a pipe
				}
				commands++
				manual := strings.ReplaceAll(read(t, "../docs/man/keygan-"+words[1]+".1"), `\`, "")
				for _, word := range words {
					if regexp.MustCompile(`^-(-[a-z-]+|[a-z])$`).MatchString(word) && !strings.Contains(manual, "fB"+word+"fP") {
						t.Errorf("%s: %s has no flag %s", path, words[1], word)
					}
				}
			}
		}
		for _, file := range regexp.MustCompile(`\b(configs|scripts)/[\w./-]*\w`).FindAllString(page, -1) {
			if _, err := os.Stat(filepath.Join("..", file)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if commands < 20 {
		t.Errorf("the pages have only %d commands", commands)
	}
}

// README is a front door: short, and plain about what the systems are and what has not been tried.
func TestReadme(t *testing.T) {
	readme := read(t, "../README.md")
	if len(readme) > 8<<10 {
		t.Errorf("README.md has %d bytes", len(readme))
	}
	words := strings.Join(strings.Fields(readme), " ")
	expect(t, words, "docs/demo-strip.png", "patients' data", "not journal papers", "full-size trainings", "real data sets", "not chosen a licence",
		"https://github.com/Kishore-reigns/Secure_Image_key_Generation_For_Medical_Image_Security_Using_WGAN-GP",
		"https://github.com/denizeyup/Chaos-Based-Image-Encryption-Using-Deep-Learning")
	if picture, warning := strings.Index(words, "demo-strip.png"), strings.Index(words, "patients' data"); warning < picture || warning-picture > 300 {
		t.Error("the warning does not follow the picture")
	}
	expect(t, read(t, "../docs/training.md"), "<!-- options: generated -->", "<!-- end of options -->")
}

func TestCitation(t *testing.T) {
	var citation struct {
		Version    string `yaml:"cff-version"`
		Message    string
		Title      string
		Licence    string `yaml:"license"`
		Authors    []struct{ Name string }
		References []struct {
			Title      string
			Repository string `yaml:"repository-code"`
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "../CITATION.cff")), &citation); err != nil {
		t.Fatal(err)
	}
	if citation.Version != "1.2.0" || citation.Message == "" || citation.Title == "" || len(citation.Authors) == 0 || citation.Licence != "" {
		t.Errorf("%+v", citation)
	}
	readme := read(t, "../README.md")
	for _, reference := range citation.References {
		if reference.Title == "" || !strings.Contains(readme, "("+reference.Repository+")") {
			t.Errorf("README.md does not link %+v", reference)
		}
	}
	if len(citation.References) != 2 {
		t.Errorf("%d references", len(citation.References))
	}
}
