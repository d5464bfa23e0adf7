package main

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write docs/man anew")

const manFolder = "../../docs/man"

// docs/man holds a page for each command, made from its help, and nothing else.
func TestManPages(t *testing.T) {
	pages := map[string][]byte{}
	addManPages(t, newApp().command(), pages)
	if len(pages) < 10 || pages["keygan-decrypt.1"] == nil || pages["keygan-completion.1"] != nil {
		t.Fatalf("these are not the pages: %v", slices.Sorted(maps.Keys(pages)))
	}
	there, err := filepath.Glob(filepath.Join(manFolder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range there {
		if pages[filepath.Base(path)] != nil {
			continue
		}
		t.Logf("%s belongs to no command", path)
		if !*update {
			t.Fail()
		} else if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, page := range pages {
		path := filepath.Join(manFolder, name)
		if *update {
			if err := os.MkdirAll(manFolder, 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, page, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, page) {
			t.Errorf("%s is not what the command's help says (%v)", path, err)
		}
	}
	if t.Failed() {
		t.Log("make the pages anew with: go test ./cmd/keygan -run ManPages -update")
	}
}

// addManPages adds the pages of a command and of those below it, but for hidden ones and cobra's own (help, completion).
func addManPages(t *testing.T, c *cobra.Command, pages map[string][]byte) {
	t.Helper()
	for _, below := range c.Commands() {
		if below.IsAvailableCommand() && below.Name() != "help" && below.Name() != "completion" {
			addManPages(t, below, pages)
		} else {
			c.RemoveCommand(below) // SEE ALSO would name it
		}
	}
	c.DisableAutoGenTag, c.DisableFlagsInUseLine = true, true // the usage lines name the flags themselves
	if c.HasSubCommands() {
		c.Use += " COMMAND"
	}
	texts := []string{c.UseLine(), c.Short, c.Long}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		_, usage := pflag.UnquoteUsage(f)
		texts = append(texts, usage)
		f.Usage = asMarkdown(usage)
	})
	c.Use, c.Short, c.Long = asMarkdown(c.Use), asMarkdown(c.Short), asMarkdown(c.Long)
	var b bytes.Buffer
	if err := doc.GenMan(c, &doc.GenManHeader{Section: "1", Source: "keygan", Manual: "keygan", Date: &time.Time{}}, &b); err != nil {
		t.Fatal(err)
	}
	page := readable(b.String())
	for _, text := range texts {
		if !strings.Contains(words(page), words(text)) {
			t.Errorf("the page of %s does not show %q", c.CommandPath(), text)
		}
	}
	pages[strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"] = []byte(page)
}

var (
	markdown  = regexp.MustCompile("^[-+#>]|[\\\\`*_<\\[]")
	noValue   = regexp.MustCompile(`(?m)^(\\fB-.*)\[=false\]$`)
	noDefault = regexp.MustCompile(`(?m)^(\\fB-.*)=(""|\[\]|0)$`)
	option    = regexp.MustCompile(`(?m)^(?:\.PP\n)?(\\fB-.*)\n\t`)
	control   = regexp.MustCompile(`(?m)^\..*\n`)
)

// asMarkdown is a text that markdown, for which cobra takes all texts, shows as it is. Indented lines stay so.
func asMarkdown(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "  ") {
			lines[i] = "  " + line
		} else {
			lines[i] = markdown.ReplaceAllString(line, `\$0`)
		}
	}
	return strings.Join(lines, "\n")
}

// readable improves a page of cobra's: no date, an option with its text indented below it and no default that says nothing, and
// hyphens that can be copied from the page into a shell.
func readable(page string) string {
	page = strings.Replace(page, `"Jan 0001"`, `""`, 1)
	page = noValue.ReplaceAllString(page, "$1")
	page = noDefault.ReplaceAllString(page, "$1=VALUE")
	page = option.ReplaceAllString(page, ".TP\n$1\n")
	lines := strings.Split(page, "\n")
	for i, line := range lines {
		if !strings.HasPrefix(line, ".") {
			lines[i] = strings.ReplaceAll(strings.ReplaceAll(line, `\-`, "-"), "-", `\-`)
		}
	}
	return strings.Join(lines, "\n")
}

// words are the words of a page or a text.
func words(page string) string {
	page = control.ReplaceAllString(page, "")
	page = strings.NewReplacer(`\fB`, "", `\fP`, "", `\fR`, "", `\fI`, "", `\-`, "-", `\&`, "", `\e`, `\`).Replace(page)
	return strings.Join(strings.Fields(page), " ")
}
